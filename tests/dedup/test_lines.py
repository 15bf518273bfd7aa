"""Lines on many pages of a site, against a definition that knows neither shards nor bytes."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.dedup.cut_settings import Lines
from pipeline.dedup.cuts.spans import without
from pipeline.dedup.settings import Deduplication
from tests.dedup.shards import Doc, kept_of, run_shuffled, write_shards
from tests.literal_fences import blocks

SLOW = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def cut(shards: Sequence[Sequence[Doc]], recipe: Deduplication, seed: int = 0) -> tuple[Any, list[list[str]]]:
    """(table of duplicates, texts of what is left by shard and in order, without what is cut)."""
    with tempfile.TemporaryDirectory() as folder:
        rows = run_shuffled(Path(folder), write_shards(Path(folder), shards), recipe, Random(seed))
        spans = [pq.read_table(Path(folder) / f"cuts.{shard}.parquet").to_pylist() for shard in range(len(shards))]
    texts = []
    for docs, mine in zip(shards, spans, strict=True):
        assert all(row["doc_id"] == docs[row["row"]].doc_id and row["start"] < row["stop"] for row in mine)
        columns = (
            np.array([[row[name] for name in ("row", "start", "stop")] for row in mine], np.int64).reshape(-1, 3).T
        )
        texts.append(without(pa.array([doc.text for doc in docs], pa.large_string()), *columns).to_pylist())
    table = rows["clusters"]
    gone = {(row["shard"], row["row"]) for row in table if row["reason"]}
    return table, [[text for i, text in enumerate(held) if (s, i) not in gone] for s, held in enumerate(texts)]


def words(line: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", line.lower()).split())


def expected(shards: Sequence[Sequence[Doc]], table: list[dict[str, Any]], asked: Lines) -> list[list[list[str]]]:
    """The lines with a word that stay in every document that is left."""

    def site(doc: Doc) -> str | None:
        if doc.url is None or (asked.sources and doc.source not in asked.sources):
            return None
        return ".".join(doc.url.split("/")[2].split(".")[-2:])

    def marked(doc: Doc) -> list[tuple[str, bool]]:
        code = {line for first, last in blocks(doc.text) for line in range(first, last + 1)}
        return [(line, number in code) for number, line in enumerate(doc.text.split("\n"))]

    kept = kept_of(shards, table)
    every = [doc for docs in kept for doc in docs if site(doc)]
    pages = Counter((site(doc), key) for doc in every for key in {words(x) for x, code in marked(doc) if not code})
    of_site = Counter(site(doc) for doc in every)

    def stays(doc: Doc, line: str, code: bool) -> bool:
        count = pages[site(doc), words(line)]
        return code or count < asked.min_pages or count * 10_000 < asked.min_share_e4 * of_site[site(doc)]

    return [
        [[x for x, c in marked(doc) if words(x) and (site(doc) is None or stays(doc, x, c))] for doc in docs]
        for docs in kept
    ]


lines = st.sampled_from(
    ["Menu", "menu!", "Home | News", "A story of its own", "one", "two", "", "", " - ", "```", "  ```", "````", "2019"]
)
docs = st.builds(
    Doc,
    st.integers(0, 10**6),
    st.lists(lines, max_size=7).map("\n".join)
    | st.lists(lines, max_size=7).map("\n".join).map(lambda text: text.strip("\n")),
    st.sampled_from(["web", "books"]),
    st.none(),
    st.sampled_from([None, "http://a.example/1", "https://www.a.example/2", "http://b.example/"]),
)
asked = st.builds(
    Lines,
    sources=st.sampled_from([(), ("web",)]),
    min_pages=st.integers(2, 4),
    min_share=st.sampled_from([0.0, 0.5, 0.6667, 1.0]),
)


@SLOW
@given(st.lists(st.lists(docs, max_size=6), max_size=3), asked, st.sampled_from([5, 40, 10**6]))
def test_lines_on_many_pages_go(shards: list[list[Doc]], asked: Lines, rows_per_partition: int) -> None:
    recipe = Deduplication(lines=asked, rows_per_partition=rows_per_partition, bands=1, rows_per_band=1)
    table, texts = cut(shards, recipe)
    left = [[[line for line in text.split("\n") if words(line)] for text in held] for held in texts]
    assert left == expected(shards, table, asked)


@SLOW
@given(
    st.lists(docs, max_size=12, unique_by=lambda doc: doc.number),
    asked,
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_neither_shards_nor_tasks_decide(docs: list[Doc], asked: Lines, count: int, random: Random) -> None:
    recipe = Deduplication(lines=asked, bands=1, rows_per_band=1)
    mixed = random.sample(docs, len(docs))
    one = sorted(text for held in cut([docs], recipe)[1] for text in held)
    other = recipe.model_copy(update={"rows_per_partition": 30})
    many = cut([mixed[i::count] for i in range(count)], other, seed=count)[1]
    assert one == sorted(text for held in many for text in held)


TIDY = [
    ("Menu\n\nstory {}", "story {}"),
    ("Menu\nstory {}", "story {}"),
    ("story {}\nMenu", "story {}"),
    ("story {}\n\nMenu", "story {}"),
    ("story {}\n\nMenu\n\nmore", "story {}\n\nmore"),
    ("story {}\nMenu\n\nmore", "story {}\n\nmore"),
    ("story {}\n\nMenu\nmore", "story {}\n\nmore"),
    ("story {}\nMenu\nmore", "story {}\nmore"),
    ("story {}\nMenu\n\nMenu\nmore", "story {}\n\nmore"),
    ("Menu\n \n\nMenu", ""),
    ("```\nMenu\n```\nstory {}", "```\nMenu\n```\nstory {}"),
    ("story {}\n- MENU -\nmore", "story {}\nmore"),
    ("1. Run {}\n\n   ```\n   Menu\n   ```", "1. Run {}\n\n   ```\n   Menu\n   ```"),
    ("````md\n```\nMenu\n```\n````\nstory {}", "````md\n```\nMenu\n```\n````\nstory {}"),
    ("```Menu {}``` is the command\nMenu\nmore", "```Menu {}``` is the command\nmore"),
    ("story {}\n```\nMenu\nmore", "story {}\n```\nmore"),
]


@pytest.mark.parametrize(("text", "left"), TIDY)
def test_what_is_left_is_in_normal_form(text: str, left: str) -> None:
    other = ["first", "second", "third"]
    pages = [
        Doc(i, f"{text.format(name)}\n\nMenu\n\n{name} {i}", url="http://a.example/") for i, name in enumerate(other)
    ]
    pages = [Doc(7, text.format("of its own"), url="http://a.example/7"), *pages]
    recipe = Deduplication(lines=Lines(min_pages=3), min_jaccard=1.0)
    if "more" in text:  # a line of its own in every text
        pages = [pages[0], *(Doc(d.number, d.text.replace("more", f"more {d.number}"), url=d.url) for d in pages[1:])]
    _, ((found, *_),) = cut([pages], recipe)
    assert found == left.format("of its own")


def test_a_large_site_says_some_things_often() -> None:
    """30 pages of 100 with a line: a share of .3, so that at .3 it goes and beyond it stays."""
    pages = [
        Doc(i, f"page {i}\n{'Thank you' if i < 30 else f'number {i}'}", url="http://a.example/") for i in range(100)
    ]
    for share, left in ((0.3, 0), (0.3001, 30)):
        _, (texts,) = cut([pages], Deduplication(lines=Lines(min_share=share)))
        assert sum("Thank you" in text for text in texts) == left


def test_near_copies_of_a_page_do_not_make_its_lines_boilerplate() -> None:
    """Pages are counted once what is a duplicate is gone."""
    story = " ".join(f"word{i}" for i in range(90))
    copies = [Doc(i, f"{story}\nsaid {i}\nMenu", url="http://a.example/") for i in range(9)]
    others = [Doc(20 + i, f"other {i}\nMenu", url="http://a.example/") for i in range(2)]
    table, (texts,) = cut([[*copies, *others]], Deduplication(lines=Lines(min_pages=3)))
    assert sum(row["reason"] == "dedup:near" for row in table) == 8
    assert len(texts) == 3 and all("Menu" not in text for text in texts) and story in texts[0]


@pytest.mark.parametrize("wrong", [{"min_pages": 1}, {"min_share": 1.1}, {"min_share": 0.00001}, {"pages": 3}])
def test_settings_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Deduplication.model_validate({"lines": wrong})
