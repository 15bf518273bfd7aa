"""Spans taken out of texts: what a cut is, and the text without it."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.hashing.words import MARK, OWN_WORD, SEPARATOR, Bytes, Characters, characters, utf8
from pipeline.schema import field
from pipeline.text.utf8 import code_point

LINE, PASSAGE = "line", "passage"

CUT = pa.schema(
    [
        field("row", pa.uint32(), "row of the document in its shard, first is 0", nullable=False),
        field("doc_id", pa.string(), "the document", nullable=False),
        field(
            "level",
            pa.string(),
            "line: it stands on many pages of its site | passage: twice in the corpus",
            nullable=False,
        ),
        field("removed", pa.bool_(), "whether it was taken out of the text, or only marked", nullable=False),
        field(
            "start",
            pa.int64(),
            "first byte of the span in the text in `20_filtered`",
            unit="UTF-8 bytes",
            nullable=False,
        ),
        field("stop", pa.int64(), "the byte after its last one", unit="UTF-8 bytes", nullable=False),
        field("pages", pa.int64(), "of a line: pages of the site that have it", unit="documents"),
        field("other", pa.string(), "of a passage: doc_id of the document that keeps it"),
        field("other_start", pa.int64(), "first byte of the passage in the text of that document", unit="UTF-8 bytes"),
    ]
)
"""Sorted by (row, start, stop, level)."""

_SPACE, _TAB, _NEWLINE = 0x20, 0x09, 0x0A


def without(texts: Any, rows: NDArray[np.int64], begins: NDArray[np.int64], ends: NDArray[np.int64]) -> Any:
    """The texts (`large_string`) without the spans [begin, end) of `rows`, given by (row, begin); they may overlap.

    What is cut up to the end of a text goes with the white space before it. Where a cut would join two words a space
    stands in its place. Spans begin and end between characters.
    """
    data, offsets = utf8(texts)
    held, bounds = _without(data, offsets, rows, begins, ends, characters())
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(bounds.tobytes()), pa.py_buffer(held.tobytes()))


@numba.njit(cache=True)
def _without(
    data: Bytes,
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    characters: Characters,
) -> tuple[Bytes, NDArray[np.int64]]:
    """The bytes and the offsets of the texts that are left."""
    texts = len(offsets) - 1
    held = np.empty(offsets[texts] - offsets[0] + len(rows), dtype=np.uint8)
    bounds = np.zeros(texts + 1, dtype=np.int64)
    written, span = 0, 0
    for row in range(texts):
        text = data[offsets[row] : offsets[row + 1]]
        start, at = written, 0
        while span < len(rows) and rows[span] == row:
            begin, end = begins[span], ends[span]
            span += 1
            while span < len(rows) and rows[span] == row and begins[span] <= end:
                end = max(end, ends[span])
                span += 1
            held[written : written + begin - at] = text[at:begin]
            written += begin - at
            at = end
            if end == len(text):
                while written > start and held[written - 1] in (_SPACE, _TAB, _NEWLINE):
                    written -= 1
            elif written > start and _joins(held[start:written], text, end, characters):
                held[written] = _SPACE
                written += 1
        held[written : written + len(text) - at] = text[at:]
        written += len(text) - at
        bounds[row + 1] = written
    return held[:written], bounds


@numba.njit(cache=True)
def _joins(before: Bytes, text: Bytes, at: int, characters: Characters) -> bool:
    """Whether the last word of `before` and what begins at `at` would be one word side by side."""
    point, _ = code_point(text, at)
    follows = characters.kind[point]
    if follows in (SEPARATOR, OWN_WORD):
        return False
    last = len(before) - 1
    while last > 0 and before[last] & 0xC0 == 0x80:
        last -= 1
    point, _ = code_point(before, last)
    if characters.kind[point] == OWN_WORD:
        return follows == MARK
    return characters.kind[point] != SEPARATOR
