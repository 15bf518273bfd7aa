"""What sources declare in words of their own, in one normal form: an SPDX expression."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pipeline.licences.creative_commons import ADDRESS, of_address, of_words
from pipeline.licences.expression import named
from pipeline.licences.page import named_in

_ARXIV: Final = re.compile(r"arxiv\.org/licenses/([a-z]{3,30}(?:-[a-z]{3,30})?)/(\d\.\d)", re.IGNORECASE)
_SPDX: Final = re.compile(r"https?://spdx\.org/licenses/([A-Za-z0-9.+-]{2,60})", re.IGNORECASE)
MAX_CHARACTERS: Final = 1000


@lru_cache(maxsize=4096)
def normal_form(declared: str) -> str | None:
    """The expression of an SPDX expression, a known name, an address or a short sentence; None where it says less.

    `http://arxiv.org/licenses/nonexclusive-distrib/1.0/` is LicenseRef-arXiv-nonexclusive-distrib-1.0.
    """
    said = " ".join(declared[:MAX_CHARACTERS].split())
    known = named(said)
    if known is not None:
        return known
    for pattern in (ADDRESS, _ARXIV, _SPDX):
        found = pattern.search(said)
        if found is not None:
            if pattern is ADDRESS:
                return of_address(found)
            return (
                named(found[1].removesuffix(".html").removesuffix(".json"))
                if pattern is _SPDX
                else f"LicenseRef-arXiv-{found[1].lower()}-{found[2]}"
            )
    return of_words(said) or named_in(said)
