"""What is raised or lowered in the lines that `plain_lines` puts together; compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.extraction.pdf.characters import MAX_SUPERSCRIPT, SUPERSCRIPTS
from pipeline.extraction.pdf.spans import MIN_GAP, SMALL
from pipeline.extraction.pdf.textpage import F64, I32, is_blank

CAPITAL_A, CAPITAL_Z, UNDERSCORE, A, SMALL_N, Z, ZERO, NINE = 0x41, 0x5A, 0x5F, 0x61, 0x6E, 0x7A, 0x30, 0x39
LOST = 0xFFFD
LONE_SUPERSCRIPTS = (0x2B, 0x2D, 0x2212, 0x6E)  # + - − n


@njit(cache=True)
def bare(codes: I32, start: int, stop: int) -> tuple[int, int]:
    """From where to where there is anything but the white space at the start and the end."""
    while start < stop and is_blank(codes[start]):
        start += 1
    while start < stop and is_blank(codes[stop - 1]):
        stop -= 1
    return start, stop


@njit(cache=True)
def gap(box: F64, other: F64) -> float:
    """Between two boxes of a line; as `spans._gap`."""
    return max(box[0] - other[2], other[0] - box[2], box[1] - other[3], other[1] - box[3])


@njit(cache=True)
def levels_of(
    first: int,
    last: int,
    span_range: I32,
    span_box: F64,
    span_size: F64,
    span_foot: F64,
    lengths: I32,
    filled: I32,
    levels: I32,
) -> tuple[bool, bool]:
    """Whether spans of a level line are raised or lowered (see `runs._level`); whether they are more than pieces of one
    superscript or index, as in fractions. Filled in of each span: 1 where it is raised, -1 where it is lowered, else 0.
    """
    smallest, largest, large = np.inf, -np.inf, -np.inf
    for span in range(first, last):
        smallest, largest = min(smallest, span_size[span]), max(largest, span_size[span])
        if lengths[span - first]:
            large = max(large, span_size[span])
    if not smallest < SMALL * largest:
        return False, False
    main, is_large = first, False
    for span in range(first, last):
        larger = span_size[span] > 0.9 * large
        if (larger and not is_large) or (larger == is_large and lengths[span - first] > lengths[main - first]):
            main, is_large = span, larger
    has_any, is_hard, before, begun = False, False, -1, 0.0
    for span in range(first, last):
        raised = (span_foot[main] - span_foot[span]) / max(span_size[main], 0.1)
        is_small = span_size[span] < SMALL * span_size[main]
        levels[span - first] = int(is_small and raised > 0.15) - int(is_small and raised < -0.1)
        if not filled[span - first]:
            continue
        has_any |= levels[span - first] != 0
        if before < 0 or not levels[before - first]:
            begun = span_size[span]
        elif levels[span - first]:
            is_hard |= levels[before - first] != levels[span - first] or not (
                _is_bare(span, first, span_range, lengths) and _is_bare(before, first, span_range, lengths)
            )
            is_hard |= gap(span_box[span], span_box[before]) > MIN_GAP * min(begun, span_size[span])
        before = span
    return has_any, is_hard


@njit(cache=True)
def _is_bare(span: int, first: int, span_range: I32, lengths: I32) -> bool:
    """Whether a span neither begins nor ends with white space."""
    return lengths[span - first] == span_range[span, 1] - span_range[span, 0]


@njit(cache=True)
def has_foreign(first: int, last: int, codes: I32, span_range: I32, levels: I32) -> bool:
    """Whether a raised span has a character that may be a digit of another script."""
    found = False
    for span in range(first, last):
        if levels[span - first] == 1:
            for code in codes[span_range[span, 0] : span_range[span, 1]]:
                found |= 0x660 <= code < 0x2000 or 0x2C00 <= code < 0xE000 or (code >= 0xF900 and code != LOST)
    return found


@njit(cache=True)
def set_superscript(said: I32, start: int, stop: int) -> None:
    """As `characters.as_superscript`, of ASCII and minuses, in place."""
    start, stop = bare(said, start, stop)
    is_number = False
    for code in said[start:stop]:
        is_number |= ZERO <= code <= NINE or (stop - start == 1 and code in LONE_SUPERSCRIPTS)
        is_letter = CAPITAL_A <= code <= CAPITAL_Z or A <= code <= Z or code == UNDERSCORE
        if is_letter and code != SMALL_N:
            return
    if not is_number or stop - start > MAX_SUPERSCRIPT:
        return
    for at in range(start, stop):
        for sign, raised in SUPERSCRIPTS:
            if said[at] == sign:
                said[at] = raised
                break
