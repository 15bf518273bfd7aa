"""What sources declare in words of their own, in one normal form: an SPDX expression."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pipeline.licences.expression import named
from pipeline.licences.restrictions import denies, reserves, restricts
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.statements.mentions import mentioned
from pipeline.licences.taxonomy import OPEN, RESERVED, class_of

MAX_SENTENCE: Final = 300
"""Characters; a longer text is terms to be read, not the name of a licence."""


@lru_cache(maxsize=4096)
def normal_form(declared: str) -> str | None:
    """The expression of an SPDX expression, a known name, an address or a sentence; None where it says less.

    A sentence is under all that it names, with AND, and reserved where it reserves all rights. None where it names open
    licences and denies or restricts beside them, and for one of more than 300 characters.
    `http://arxiv.org/licenses/nonexclusive-distrib/1.0/` is LicenseRef-arXiv-nonexclusive-distrib-1.0.
    """
    if len(declared) > 2 * MAX_SENTENCE or len(said := " ".join(declared.split())) > MAX_SENTENCE:
        return None
    known = named(said)
    if known is not None:
        return known
    ids = [*mentioned(said), *([RESERVED] if reserves(said) else [])]
    if not ids or NOT_KNOWN in ids:
        return None
    expressed = " AND ".join(ids)
    return None if class_of(expressed) in OPEN and (denies(said) or restricts(said)) else expressed
