"""All licences that a sentence or an address names, as SPDX ids; what restricts them is not asked here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipeline.licences.expression import ids_in, named
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.statements.creative_commons import ADDRESS, of_address, of_words

_Table = tuple[tuple[re.Pattern[str], str], ...]
_LINKED: Final[_Table] = (
    (re.compile(r"gnu\.org/(?:copyleft|licenses)/(?:old-licenses/)?fdl(?:-(1\.[123]))?", re.I), "GFDL-{}-or-later"),
    (re.compile(r"gnu\.org/(?:copyleft|licenses)/(?:old-licenses/)?gpl-([23]\.0)", re.I), "GPL-{}-only"),
    (re.compile(r"opensource\.org/licenses/mit\b|choosealicense\.com/licenses/mit\b", re.I), "MIT"),
    (re.compile(r"apache\.org/licenses/license-2\.0", re.I), "Apache-2.0"),
    (re.compile(r"nationalarchives\.gov\.uk/doc/open-government-licence(?:/version/([123]))?", re.I), "OGL-UK-{}.0"),
    (re.compile(r"arxiv\.org/licenses/nonexclusive-distrib/(\d\.\d)", re.I),
     "LicenseRef-arXiv-nonexclusive-distrib-{}"),
)  # fmt: skip
_SPELLED: Final[_Table] = (
    (re.compile(r"gnu free documentation licen[cs]e(?:,? (?:version )?(1\.[123]))?", re.I), "GFDL-{}-or-later"),
    (re.compile(r"open government licen[cs]e(?: v(?:ersion )?([123])(?:\.0)?)?", re.I), "OGL-UK-{}.0"),
    (re.compile(r"python software foundation licen[cs]e", re.I), "PSF-2.0"),
    (re.compile(r"\b(?:mit|expat) licen[cs]e", re.I), "MIT"),
    (re.compile(r"apache(?: software)? licen[cs]e,?(?: version)? ?2|apache 2\.0 licen[cs]e", re.I), "Apache-2.0"),
    (re.compile(r"(?:this|these) .{0,40}\bin the public domain", re.I), "LicenseRef-public-domain"),
)  # fmt: skip
_SPDX: Final = re.compile(r"spdx\.org/licenses/([A-Za-z0-9.+-]{2,60})", re.IGNORECASE)
_SUFFIX: Final = re.compile(r"\.(?:html|json)$|[.-]+$")


def mentioned(said: str) -> tuple[str, ...]:
    """The ids of all that `said` names, sorted, without those that only say less of another one of them.

    NOASSERTION for an address on the SPDX list that is none of its licences.
    """
    ids = {of_address(found) for found in ADDRESS.finditer(said)} | _known(_LINKED, said) | _known(_SPELLED, said)
    for found in _SPDX.finditer(said):
        ids |= ids_in(named(_SUFFIX.sub("", found[1])) or NOT_KNOWN)
    words = set(of_words(said))
    if ids and words == {"LicenseRef-CreativeCommons"}:  # the words of an address
        words = set()
    return tuple(sorted(specific(ids | words)))


def specific(ids: Iterable[str]) -> set[str]:
    """Without those that only say less of what others say: a kind without a version beside one with it."""
    said = set(ids)

    def is_vague(spdx: str) -> bool:
        if spdx == "LicenseRef-CreativeCommons":
            return any("CC-BY" in other or other.startswith("CC") for other in said - {spdx})
        bare = spdx.removeprefix("LicenseRef-")
        if spdx != bare and not bare[-1].isdigit():
            return any(re.fullmatch(rf"(?:LicenseRef-)?{re.escape(bare)}-\d.*", other) for other in said)
        longer = (rf"(?:LicenseRef-)?{re.escape(bare)}-[A-Z]{{2,3}}", rf"{re.escape(bare)}-or-later")
        return any(re.fullmatch(pattern, other) for other in said for pattern in longer) or (
            spdx == "LicenseRef-GFDL" and any(other.startswith("GFDL") for other in said)
        )

    return {each for each in said if not is_vague(each)}


def _known(table: _Table, said: str) -> set[str]:
    return {_id_of(name, found) for pattern, name in table for found in pattern.finditer(said)}


def _id_of(name: str, found: re.Match[str]) -> str:
    if "{}" not in name:
        return name
    if found[1]:
        return name.format(found[1])
    return "LicenseRef-" + name.partition("-{}")[0]
