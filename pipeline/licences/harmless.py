"""Words that stand in a copy of a licence, or are missing from it, and neither give nor take anything."""

from __future__ import annotations

from typing import Final

_NOTICE_WORDS: Final = (
    "copyright notice notices attribution attributions disclaimer disclaimers acknowledgement acknowledgements"
    " permission license list conditions text header headers reference file files source software every each all any"
    " other these this those above below following found in of to and or with"
)
NOTICE: Final = frozenset(_NOTICE_WORDS.split())
"""Without a verb: such words can only say which notices are to be kept."""
_KEPT: Final = frozenset(["notice", "notices", "attribution", "attributions", "disclaimer", "disclaimers"])
_LEFT_OUT_WORDS: Final = (
    "not no neither never only unless use copy modify distribute sell granted commercial noncommercial derivative"
    " derivatives irrevocable perpetual royalty redistributions shall condition conditions"
)
LEFT_OUT: Final = frozenset(_LEFT_OUT_WORDS.split())
"""Words that may not be left out: the grant, and the conditions under which it stands."""
GIVING: Final = LEFT_OUT.difference(["derivative", "derivatives"]).union(
    ["may", "permission", "permitted", "permits", "permit", "allow", "allows", "allowed", "free", "freely", "grant",
     "grants", "right", "rights", "hereby", "can"]
)  # fmt: skip
"""Without any of these a passage neither gives nor binds, and its absence takes nothing away."""


def only_of_notices(put_in: list[str]) -> bool:
    """Whether these words only say which notices are to be kept."""
    return NOTICE.issuperset(put_in) and not _KEPT.isdisjoint(put_in)


def gives_nothing(gone: list[str]) -> bool:
    """Whether a passage that is left out neither gives nor binds."""
    return GIVING.isdisjoint(gone)
