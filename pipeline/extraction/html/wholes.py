"""What a page shows as one is chosen as one: a block of code, a row of a table with short cells, text around code."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html.page import Page
from pipeline.extraction.html.pieces import CELL, CODE, HEADING, LISTS, PLACES, ROW, places_of
from pipeline.extraction.html.words import B_LETTERS, B_NODE, B_UNITS

MAX_CELL_LETTERS: Final = 300  # a row with a longer cell, a heading or a list lays out a page


def completed(page: Page, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The chosen blocks, and the others of an element of code or a row of which they are at least half by units.

    Code of which nothing is chosen is taken where it stands between two chosen blocks, with nothing else between.
    The model judges block by block; half a row says something else than the row, and so does code without a line,
    or text without the code that it speaks of.
    """
    places = places_of(np.ascontiguousarray(page.blocks[:, B_NODE]), page.nodes)
    return np.asarray(_completed(places, page.blocks, chosen, len(page.nodes)))


@njit(cache=True, nogil=True)
def _completed(places: Any, blocks: Any, chosen: Any, nodes: Any) -> Any:
    held = np.zeros((nodes, PLACES), np.int64)  # of each element the units that are chosen less those that are not
    letters = np.zeros(nodes, np.int64)
    for b in range(len(blocks)):
        for kind in (CODE, ROW):
            if places[b, kind] >= 0:
                held[places[b, kind], kind] += blocks[b, B_UNITS] if chosen[b] else -blocks[b, B_UNITS]
        if places[b, CELL] >= 0:
            letters[places[b, CELL]] += blocks[b, B_LETTERS]
    for b in range(len(blocks)):
        is_long = places[b, CELL] >= 0 and letters[places[b, CELL]] > MAX_CELL_LETTERS
        if places[b, ROW] >= 0 and (is_long or places[b, HEADING] or places[b, LISTS]):
            held[places[b, ROW], ROW] = -(1 << 60)
    out = chosen.copy()
    for b in range(len(blocks)):
        for kind in (CODE, ROW):
            out[b] |= places[b, kind] >= 0 and held[places[b, kind], kind] >= 0
    start = 0  # of the blocks of code at hand
    for b in range(len(blocks)):
        if places[b, CODE] < 0:
            if out[b] and start and out[start - 1] and not np.any(out[start:b] | (places[start:b, ROW] >= 0)):
                out[start:b] = True
            start = b + 1
    return out
