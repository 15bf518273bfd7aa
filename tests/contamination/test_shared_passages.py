"""Passages that many items share: of a text that holds them all every item is found; texts made of one cost little."""

from __future__ import annotations

import random
import time

import pyarrow as pa
import pytest

from pipeline.contamination.detector import Detector
from pipeline.contamination.index import MAX_PLACES, MAX_WORDS, SEED, build
from pipeline.contamination.items import Item

_CHOICE = random.Random(5)
WORDS = ["".join(_CHOICE.choice("abcdefghijklmnop") for _ in range(_CHOICE.randint(4, 9))) for _ in range(4000)]
MAX_CPU_S = 3.0


def prose(count: int) -> str:
    return " ".join(_CHOICE.choice(WORDS) for _ in range(count))


def sharing(passage: str, length: int) -> list[Item]:
    """As many items as may share a run of words, each with this passage in its middle."""
    own = (length - len(passage.split())) // 2
    questions = [f"{prose(own)} {passage} {prose(own)}?" for _ in range(MAX_PLACES[SEED])]
    return [Item("own", str(n), question, "", (), "own.jsonl", n) for n, question in enumerate(questions)]


def test_items_that_share_a_passage_are_all_found() -> None:
    long, brief = sharing(prose(48), MAX_WORDS), sharing(prose(9), 30)
    items = [*long, *brief]
    text = "\n".join(item.question for item in items)
    hits = Detector(build(items)).hits(pa.array([text], pa.large_string()))
    whole = {hit.item for hit in hits if hit.kind == "verbatim"}
    assert whole == set(range(len(items)))


@pytest.mark.parametrize(("shared", "times"), [(SEED, 8000), (48, 200)])
def test_a_text_made_of_what_items_share_costs_little(shared: int, times: int) -> None:
    passage = prose(shared)
    detector = Detector(build(sharing(passage, MAX_WORDS)))
    detector.hits(pa.array([passage], pa.large_string()))  # compiled, and in memory
    before = time.process_time()
    assert detector.hits(pa.array([f"{passage} " * times], pa.large_string())) == []
    assert time.process_time() - before < MAX_CPU_S
