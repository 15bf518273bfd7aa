"""Real text of many kinds that is no benchmark: pages, news, reviews, posts, encyclopedia, source code."""

from __future__ import annotations

import bz2
import csv
import gzip
import html
import io
import json
import re
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import zstandard

CODE_PACKAGES = ("numpy", "scipy", "pandas", "sklearn", "distributed", "dask", "numba", "sympy", "networkx", "moto")
"""Source files of these, as far as they are installed."""


def clean_texts(shared: Path) -> dict[str, list[str]]:
    """The texts by source."""
    return {name: [text for text in texts if text.strip()] for name, texts in _sources(shared)}


def _sources(shared: Path) -> Iterator[tuple[str, list[str]]]:
    pages = sorted((shared / "web").glob("*.gold.jsonl.gz"))
    yield "pages", [json.loads(line).get("text") or "" for path in pages for line in _lines(path)]
    yield "topics", [json.loads(line)["text"] for line in _lines(shared / "labelled/dolma_topic_train.jsonl.gz")]
    yield "news", [": ".join(row[1:]) for row in csv.reader(_lines(shared / "labelled/ag_news_test.csv.gz"))]
    articles = (shared / "neardup/articles_1000.txt").read_text(encoding="utf-8", errors="replace")
    yield "articles", articles.splitlines()
    with zipfile.ZipFile(shared / "labelled/nltk_movie_reviews.zip") as reviews:
        yield "reviews", [reviews.read(n).decode("latin-1") for n in reviews.namelist() if n.endswith(".txt")]
    with (shared / "reddit/RS_2013-08.zst").open("rb") as packed:
        reader = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(packed)
        posts = [json.loads(line) for line in io.TextIOWrapper(reader, encoding="utf-8")]
    yield "posts", [f"{post['title']}\n\n{post.get('selftext') or ''}" for post in posts]
    articles = [bz2.decompress(path.read_bytes()).decode() for path in sorted((shared / "wikipedia").glob("*.bz2"))]
    found = [text for dump in articles for text in re.findall(r"<text[^>]*>([^<]*)</text>", dump)]
    yield "encyclopedia", [html.unescape(text) for text in found]
    packages = Path(sysconfig.get_paths()["purelib"])
    files = [path for name in CODE_PACKAGES for path in sorted((packages / name).rglob("*.py"))]
    yield "code", [path.read_text(encoding="utf-8", errors="replace") for path in files]


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from lines
