"""Blocks of a page as pieces of its text: which list, table, heading or code each is part of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from pipeline.extraction.html.page import N_PARENT, N_TAG
from pipeline.extraction.html.tags import TAG

_LI, _UL, _OL, _MENU, _TR, _TD, _TH, _TABLE, _PRE, _LISTING, _P, _H1, _H6 = (
    TAG[name] for name in ("li", "ul", "ol", "menu", "tr", "td", "th", "table", "pre", "listing", "p", "h1", "h6")
)
HEADING, ITEM, LISTS, CELL, ROW, TABLE, CODE, PARAGRAPH, PLACES = range(9)  # columns of `places_of`


class Piece(NamedTuple):
    """Text of one block, and the nodes it is part of, -1 for none; of tables and what is in them the innermost.

    heading: its level, 0 for none. lists: how many are around it.
    """

    text: str
    heading: int
    item: int
    lists: int
    cell: int
    row: int
    table: int
    code: int
    is_paragraph: int


@njit(cache=True, nogil=True)
def places_of(of: Any, nodes: Any) -> Any:
    """The columns of `Piece` behind its text, for blocks that stand in the nodes `of`."""
    out = np.full((len(of), PLACES), -1, np.int32)
    for at in range(len(of)):
        row = out[at]
        row[HEADING] = row[LISTS] = row[PARAGRAPH] = 0
        node = np.int64(of[at])
        while node >= 0:
            tag, in_table = nodes[node, N_TAG], row[TABLE] >= 0
            if tag in (_PRE, _LISTING):
                row[CODE] = node
            elif tag == _P:
                row[PARAGRAPH] = 1
            elif tag == _TABLE and not in_table:
                row[TABLE] = node
            elif in_table:
                pass
            elif _H1 <= tag <= _H6:
                row[HEADING] = 1 + tag - _H1
            elif tag == _LI and row[ITEM] < 0:
                row[ITEM] = node
            elif tag in (_UL, _OL, _MENU):
                row[LISTS] += 1
            elif tag in (_TD, _TH) and row[CELL] < 0:
                row[CELL] = node
            elif tag == _TR and row[ROW] < 0:
                row[ROW] = node
            node = np.int64(nodes[node, N_PARENT])
    return out
