"""Floors of recall on real benchmarks, and no hit in real pages; a floor is never lowered silently."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.canaries import canary
from pipeline.contamination.detector import Detector
from pipeline.contamination.index import build
from pipeline.contamination.items import FieldMap, read_items

DIGESTS = {"gsm8k": "e2f79df8bdb7", "mxeval": "6c51beaa1337"}
EVERY = 40
FLOORS = {
    "verbatim": 0.99,
    "reformatted": 0.99,
    "numbers": 0.97,
    "truncated": 0.75,
    "paraphrased": 0.80,
    "renamed": 0.70,
}


def digest(folder: Path) -> str:
    """Of the evaluation set: floors speak of it alone."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()[:12]


@pytest.mark.data
def test_what_is_found_of_planted_items_and_in_clean_pages(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("benchmarks")
    assert {name: digest(folder / name) for name in DIGESTS} == DIGESTS
    detector = Detector(build([item for name in DIGESTS for item in read_items(str(folder / name), FieldMap())]))
    items, short = detector.index.items, set(detector.index.too_short)
    with gzip.open(shared_data("web/mozilla_readability.gold.jsonl.gz"), "rt", encoding="utf-8") as lines:
        pages = [text for line in lines if (text := json.loads(line)["text"])]
    assert detector.hits(pa.array(pages, pa.large_string())) == []
    for form, floor in FLOORS.items():
        choice = random.Random(form)
        numbers = [n for n in range(0, len(items), EVERY) if n not in short]
        written = {n: text for n in numbers if (text := canary(items[n], form, choice)) is not None}
        texts = [f"{choice.choice(pages)[:3000]}\n{text}\nAnd so on." for text in written.values()]
        hit = {(one.row, items[one.item].question) for one in detector.hits(pa.array(texts, pa.large_string()))}
        found = sum((row, items[n].question) in hit for row, n in enumerate(written))
        assert found >= floor * len(written) and len(written) >= 20, (form, found, len(written))
