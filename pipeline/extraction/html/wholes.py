"""What a page shows as one is chosen as one: a block of code, a row of a table with short cells, text around code."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html.page import N_END_TOKEN, N_FLAGS, N_PARENT, N_TAG, N_TOKEN, Page
from pipeline.extraction.html.pieces import CELL, CODE, HEADING, LISTS, PLACES, ROW, places_of
from pipeline.extraction.html.tags import TAG, TAG_NAMES
from pipeline.extraction.html.words import B_LETTERS, B_LINKS, B_NODE, B_UNITS

BARE: Final = np.zeros(len(TAG_NAMES), np.bool_)
"""Elements that only say what a text is, not which part of a page."""
BARE[[TAG[name] for name in ("main", "article", "p", "blockquote", "pre", "listing")]] = True
BARE[[TAG[name] for name in ("ul", "ol", "menu", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6")]] = True
MAX_CELL_LETTERS: Final = 300  # a row with a longer cell, a heading or a list lays out a page


def completed(page: Page, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The chosen blocks, and the others of an element of code or a row of which they are at least half by units.

    Code of which nothing is chosen is taken where it stands between two chosen blocks, with nothing else between.
    The model judges block by block; half a row says something else than the row, and so does code without a line,
    or text without the code that it speaks of. Of a page that has nothing but text, without a link, all is chosen: it
    learnt from pages that have menus, and of a few words it cannot tell what they are.
    """
    if _is_bare(page.blocks, page.nodes):
        return np.ones(len(chosen), np.bool_)
    places = places_of(np.ascontiguousarray(page.blocks[:, B_NODE]), page.nodes)
    return np.asarray(_completed(places, page.blocks, chosen, len(page.nodes)))


@njit(cache=True, nogil=True)
def _is_bare(blocks: Any, nodes: Any) -> Any:
    """Whether no block has a link, or stands in an element that is not bare, has a class, id or role, or a flag."""
    for b in range(len(blocks)):
        if blocks[b, B_LINKS]:
            return False
        node = np.int64(blocks[b, B_NODE])
        while node > 0:  # 0 is all that there is
            row = nodes[node]
            if not BARE[row[N_TAG]] or row[N_FLAGS] or row[N_END_TOKEN] > row[N_TOKEN]:
                return False
            node = np.int64(row[N_PARENT])
    return True


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
