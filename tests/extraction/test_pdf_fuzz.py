"""Damaged copies of real PDFs, and pictures of any shape: nothing that they hold reaches the worker as an exception.

`PDF_FUZZ=5000 pytest tests/extraction/test_pdf_fuzz.py` makes a long run of it; the files stay the same for a number.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.extraction.ocr.engines import Picture, RapidOcr, Reading
from pipeline.extraction.pdf import extract

COUNT = int(os.environ.get("PDF_FUZZ", "60"))
LARGEST = 400_000  # bytes of a file that is damaged
WORDS = (
    b"/Length",
    b"/Filter",
    b"/Kids",
    b"/Contents",
    b"/XObject",
    b"/Font",
    b"/ToUnicode",
    b"endobj",
    b"stream",
    b"Do",
    b"Tf",
)


def damaged(content: bytes, other: bytes, order: random.Random) -> bytes:
    """A copy with a few of the things done to it that fuzzers do: bytes, cuts, repeats, splices, swapped words."""
    made = bytearray(content)
    for _ in range(order.randint(1, 4)):
        at, length = order.randrange(len(made)), order.choice((1, 4, 64, 2_000))
        match order.randrange(7):
            case 0:
                for _ in range(order.choice((1, 20, 400))):
                    made[order.randrange(len(made))] = order.randrange(256)
            case 1:
                del made[at : at + length]
            case 2:
                made[at:at] = made[at : at + length] * order.choice((1, 30))
            case 3:
                start = order.randrange(len(other))
                made[at : at + length] = other[start : start + length]
            case 4:
                del made[max(at, 1_100) :]
            case 5:
                made[at:at] = str(order.choice((-1, 0, 2**31, 2**63, 10**30))).encode()
            case _:
                word, new = order.sample(WORDS, 2)
                made = made.replace(word, new, order.choice((1, 3)))
        if len(made) < 2_000:
            break
    return bytes(made)


@pytest.mark.data
def test_damaged_files_end_in_a_document_or_a_reason(
    shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = shared_data("pdf/index.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, index) if row["bytes"] <= LARGEST]
    ends: Counter[str] = Counter()
    pictures = 0
    for seed in range(COUNT):
        order = random.Random(seed)
        first, second = (shared_data(f"pdf/{row['file']}").read_bytes() for row in order.sample(rows, 2))
        options = {"max_page_work": 4 << 20, "max_work": 1 << 26}
        content = damaged(first, second, order)
        found = extract(content, ocr="never", **options)
        drawn = []
        with monkeypatch.context() as patch:
            patch.setattr(RapidOcr, "read", lambda _, picture, into=drawn: into.append(picture) or Reading(text="Text"))
            redone = extract(content, ocr="always", engine=RapidOcr(dpi=50), max_ocr_pages=2, **options)
        assert len(redone.pages) == len(found.pages)
        assert all(len(picture.content) == picture.width * picture.height for picture in drawn)
        pictures += len(drawn)
        assert bool(found.text) != bool(found.reason)
        assert not found.text or any(page.text for page in found.pages)
        ends[found.reason or "text"] += 1
    assert ends["text"] > COUNT // 5  # else nothing was fuzzed but the opening
    assert pictures > COUNT // 5
    print(dict(ends), pictures, "pages drawn")


@pytest.mark.parametrize("shape", [(1, 1), (1, 3_000), (3_000, 1), (2, 2), (40, 7), (31, 2_000), (500, 333)])
@pytest.mark.parametrize("kind", ["noise", "white", "black", "stripes"])
def test_pictures_of_any_shape_end_in_a_reading(shape: tuple[int, int], kind: str) -> None:
    random_ = np.random.default_rng(0)
    gray = {
        "noise": random_.integers(0, 256, shape, np.uint8),
        "white": np.full(shape, 255, np.uint8),
        "black": np.zeros(shape, np.uint8),
        "stripes": np.tile(np.array([[0], [255]], np.uint8), (shape[0] // 2 + 1, shape[1]))[: shape[0]],
    }[kind]
    picture = Picture(np.ascontiguousarray(gray).tobytes(), shape[1], shape[0], 72.0)
    found = RapidOcr(detect_side=320).read(picture)
    assert found.reason == ""
    assert not (found.is_blank and found.lines)
