"""Spaces that were lost, found again by the gaps between characters; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.pdf.spans import TIGHT_SPACE
from pipeline.extraction.pdf.textpage import F32, F64, I32, SPACE_CODE, is_blank

MIN_GAPS = 4  # of a span, to know what is usual in it


@njit(cache=True)
def respaced(codes: I32, reach: F32, span_range: I32, span_size: F64) -> Any:
    """`codes` and `span_range` with a space at every gap that is wider than between most letters of its span.

    For lines set so tight that their spaces are below what MuPDF takes for one.
    """
    found = np.empty(2 * len(codes), np.int32)
    ranges = np.empty_like(span_range)
    gaps = np.empty(len(codes), np.float64)
    count = 0
    for span in range(len(span_range)):
        start, stop = span_range[span, 0], span_range[span, 1]
        ranges[span, 0] = count
        for at in range(start, stop - 1):
            gaps[at - start] = np.float64(reach[at + 1, 0]) - np.float64(reach[at, 1])
        least = np.inf
        if stop - 1 - start >= MIN_GAPS:
            least = np.sort(gaps[: stop - 1 - start])[(stop - 2 - start) // 2] + TIGHT_SPACE * span_size[span]
        for at in range(start, stop):
            is_apart = at > start and gaps[at - 1 - start] > least
            if is_apart and not (is_blank(codes[at - 1]) or is_blank(codes[at])):
                found[count] = SPACE_CODE
                count += 1
            found[count] = codes[at]
            count += 1
        ranges[span, 1] = count
    return found[:count], ranges
