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
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import zstandard

CODE_PACKAGES = ("numpy", "scipy", "pandas", "sklearn", "distributed", "dask", "numba", "sympy", "networkx", "moto")
"""Source files of these, as far as they are installed."""


def clean_texts(shared: Path, *names: str) -> dict[str, list[str]]:
    """The texts of these sources of SOURCES, all of them where none is named; what is blank is left out."""
    return {name: [text for text in SOURCES[name](shared) if text.strip()] for name in names or SOURCES}


def _pages(shared: Path) -> Iterable[str]:
    """The main texts of the real pages."""
    files = sorted((shared / "web").glob("*.gold.jsonl.gz"))
    return (json.loads(line).get("text") or "" for path in files for line in _lines(path))


def _topics(shared: Path) -> Iterable[str]:
    return (json.loads(line)["text"] for line in _lines(shared / "labelled/dolma_topic_train.jsonl.gz"))


def _news(shared: Path) -> Iterable[str]:
    return (": ".join(row[1:]) for row in csv.reader(_lines(shared / "labelled/ag_news_test.csv.gz")))


def _articles(shared: Path) -> Iterable[str]:
    return (shared / "neardup/articles_1000.txt").read_text(encoding="utf-8", errors="replace").splitlines()


def _reviews(shared: Path) -> Iterable[str]:
    with zipfile.ZipFile(shared / "labelled/nltk_movie_reviews.zip") as reviews:
        yield from (reviews.read(name).decode("latin-1") for name in reviews.namelist() if name.endswith(".txt"))


def _posts(shared: Path) -> Iterable[str]:
    with (shared / "reddit/RS_2013-08.zst").open("rb") as packed:
        reader = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(packed)
        for line in io.TextIOWrapper(reader, encoding="utf-8"):
            post = json.loads(line)
            yield f"{post['title']}\n\n{post.get('selftext') or ''}"


def _encyclopedia(shared: Path) -> Iterable[str]:
    for path in sorted((shared / "wikipedia").glob("*.bz2")):
        dump = bz2.decompress(path.read_bytes()).decode()
        yield from (html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", dump))


def _code(shared: Path) -> Iterable[str]:
    packages = Path(sysconfig.get_paths()["purelib"])
    files = (path for name in CODE_PACKAGES for path in sorted((packages / name).rglob("*.py")))
    return (path.read_text(encoding="utf-8", errors="replace") for path in files)


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from lines


SOURCES: dict[str, Callable[[Path], Iterable[str]]] = {
    "pages": _pages,
    "topics": _topics,
    "news": _news,
    "articles": _articles,
    "reviews": _reviews,
    "posts": _posts,
    "encyclopedia": _encyclopedia,
    "code": _code,
}
