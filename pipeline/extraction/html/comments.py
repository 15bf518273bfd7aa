"""Readers' comments below the main text: which blocks stand in them, and which of those are what a reader wrote."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from pipeline.extraction.html.page import COMMENTS, N_FLAGS, N_PARENT, N_TAG
from pipeline.extraction.html.tags import TAG
from pipeline.extraction.html.words import B_CUES, B_LINK_UNITS, B_NODE, B_TERMINALS, B_UNITS, B_WORDS

MIN_UNITS: Final = 8  # four words, or eight characters of a script without spaces; below that, only sentences
_FORM, _BUTTON, _LABEL, _LEGEND, _NAV = (TAG[name] for name in ("form", "button", "label", "legend", "nav"))


@njit(cache=True, nogil=True)
def in_comments(blocks: Any, nodes: Any, likely: Any) -> Any:
    """For each block whether it stands in readers' comments, by what elements around it are called.

    An element with at least half of what is likely main text is no comment section, whatever it is called. Where the
    sections have half of it together, or a third and most of their words are likely main text, they are what the page
    is for: a forum, or questions and answers. `likely` is in 1/256.
    """
    held = np.zeros(len(nodes), np.int64)
    for b in range(len(blocks)):
        held[blocks[b, B_NODE]] += np.int64(blocks[b, B_UNITS]) * likely[b]
    for n in range(len(nodes) - 1, 0, -1):
        held[nodes[n, N_PARENT]] += held[n]
    inside = np.zeros(len(nodes), np.bool_)
    found = np.zeros(len(blocks), np.bool_)
    for n in range(1, len(nodes)):
        inside[n] = inside[nodes[n, N_PARENT]] or (nodes[n, N_FLAGS] & COMMENTS != 0 and 2 * held[n] < held[0])
    units = mass = np.int64(0)
    for b in range(len(blocks)):
        found[b] = inside[blocks[b, B_NODE]]
        if found[b]:
            units += np.int64(blocks[b, B_UNITS])
            mass += np.int64(blocks[b, B_UNITS]) * likely[b]
    if 2 * mass >= held[0] or (3 * mass >= held[0] and 2 * mass >= 256 * units):
        found[:] = False
    return found


@njit(cache=True, nogil=True)
def are_remarks(blocks: Any, nodes: Any) -> Any:
    """For each block, taken that it stands in comments, whether a reader wrote it: no link, form, button or label."""
    apart = np.zeros(len(nodes), np.bool_)
    for n in range(1, len(nodes)):
        tag = nodes[n, N_TAG]
        apart[n] = apart[nodes[n, N_PARENT]] or tag in (_FORM, _BUTTON, _LABEL, _LEGEND, _NAV)
    found = np.zeros(len(blocks), np.bool_)
    for b in range(len(blocks)):
        units = blocks[b, B_UNITS]
        found[b] = (
            not apart[blocks[b, B_NODE]]
            and blocks[b, B_LINK_UNITS] * 2 < units
            and (units >= MIN_UNITS or blocks[b, B_TERMINALS] > 0)
            and blocks[b, B_CUES] * 3 < blocks[b, B_WORDS] + 1
        )
    return found
