"""The names of the features of blocks, in their order, and the tables of tags that some of them are read from."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.extraction.html.hints import OPEN_GRAPH, PATH, TYPES
from pipeline.extraction.html.tags import TAG, TAG_NAMES

# Around a block: elements that say what they hold. A block is in one if any element around it has the name.
AROUND: Final = (
    *("article", "main", "section", "nav", "header", "footer", "aside", "form", "table", "ul", "ol", "dl", "figure"),
    *("button", "details", "blockquote", "pre", "dialog", "noscript", "label", "figcaption", "address", "p", "li"),
)
AROUND_BIT = np.zeros(len(TAG_NAMES), np.int64)
for _place, _name in enumerate(AROUND):
    AROUND_BIT[TAG[_name]] = 1 << _place
HIDDEN_BIT, ARIA_BIT, ROLE_BIT, ITEM_BIT = (1 << (len(AROUND) + place) for place in range(4))
N_AROUND: Final = len(AROUND) + 4

# Tags in an order in which neighbours mean alike: what follows from a threshold is then seldom nonsense.
_ORDER = (
    *("p", "pre", "blockquote", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "dd", "dt", "td", "th", "caption"),
    *("li", "summary", "article", "section", "main", "div", "span", "?", "label", "legend", "address", "time", "a"),
    *("button", "option", "header", "aside", "form", "nav", "footer"),
)
RANK = np.full(len(TAG_NAMES), len(_ORDER), np.int64)
for _place, _name in enumerate(_ORDER):
    RANK[TAG[_name]] = _place + 1

LEVELS: Final = 6  # elements around a block that are described one by one, from the innermost holding more than it
LEVEL_FEATURES: Final = ("units", "links", "marks", "blocks", "share", "score", "tag", "images", "alike", "cues")
NEAR: Final = (-3, -2, -1, 1, 2, 3)  # blocks before and after
NEAR_FEATURES: Final = ("units", "links", "tag", "marks")
OWN: Final = (
    *("units", "links", "capitalised", "shouted", "numbers", "commas", "terminals", "marks", "separators", "short"),
    *("letters", "anchors", "function", "title", "summary", "last", "tag", "inline", "breaks", "bold", "longest"),
    *("code", "repeated", "depth", "place", "units_before", "index", "index_from_end", "score", "score_max"),
    *("score_min", "score_sum", "score_root", "since_heading", "heading_level", "since_h1", "h1_seen"),
    *("long_before", "long_after"),
    *("long_share_before", "window_units_2", "window_links_2", "window_units_6", "window_links_6", "alike"),
    *("alike_units", "parent_alike", "parent_alike_units", "since_title", "title_seen", "cues"),
    *("cue_share", "near_cues"),
)
PAGE: Final = (
    *("units", "links", "blocks", "long_share", "paragraph_share", "h1", "h2", "list_share", "table_share", "function"),
    *("marks", "articles", "code_share", "score", "images", "cues"),
)
FEATURES: Final = (
    *OWN,
    *(f"in_{name}" for name in AROUND),
    *("is_hidden", "is_aria_hidden", "has_role", "has_item"),
    *(f"level{level}_{name}" for level in range(LEVELS) for name in LEVEL_FEATURES),
    *(f"near{place:+d}_{name}" for place in NEAR for name in NEAR_FEATURES),
    *(f"page_{name}" for name in PAGE),
    *(f"page_is_{types[0]}" for types in TYPES),
    *(f"page_og_{types[0]}" for types in OPEN_GRAPH),
    *(f"path_{name}" for name in PATH),
)
N_FEATURES: Final = len(FEATURES)
