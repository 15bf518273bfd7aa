"""Licences of Creative Commons, as addresses and in words: kind, version and jurisdiction to an SPDX id.

The kinds and versions are those of creativecommons.org/licenses. SPDX lists some of the ports to a jurisdiction; the
others, and a licence whose version nobody says, get a LicenseRef that says what is known: LicenseRef-CC-BY-2.0-FR,
LicenseRef-CC-BY-SA.
"""

from __future__ import annotations

import re
from typing import Final

ADDRESS: Final = re.compile(
    r"creativecommons\.org/(?:licen[sc]es/(by(?:-nc)?(?:-nd|-sa)?|by-nd-nc)(?:/(\d\.\d)(?:/(?!legal|deed)([a-z]{2,3})\b)?"
    r"(?:/(?:deed|legalcode)\.([a-z]{2}))?)?(?![\w-])|publicdomain/(zero|mark)\b|l/(by(?:-nc)?(?:-nd|-sa)?)/(\d\.\d)"
    r"(?:/([a-z]{2,3})\b)?)",
    re.IGNORECASE,
)
"""Also that of a badge (i.creativecommons.org/l/by/3.0/88x31.png). The language of a deed is no jurisdiction."""
_PORTED: Final = {
    "3.0": {"BY": "AT AU DE IGO NL US", "BY-SA": "AT DE IGO", "BY-NC": "DE", "BY-ND": "DE", "BY-NC-ND": "DE IGO",
            "BY-NC-SA": "DE IGO"},
    "2.5": {"BY": "AU"}, "2.1": {"BY-SA": "JP"}, "2.0": {"BY-SA": "UK", "BY-NC-SA": "DE FR UK"},
}  # fmt: skip
"""Which ported licences are on the SPDX list."""
_VERSIONS: Final = frozenset({"1.0", "2.0", "2.1", "2.5", "3.0", "4.0"})
_KINDS: Final = frozenset({"BY", "BY-SA", "BY-NC", "BY-ND", "BY-NC-SA", "BY-NC-ND"})
_CODE: Final = r"by(?:[ -]{1,3}(?:nc|sa|nd))*"
_ATTRIBUTION: Final = (
    r"attribution|namensnennung|atribuci[oó]n|reconocimiento|atribui[cç][aã]o|attribuzione|paternit[eé]|naamsvermelding"
)
_OTHERS: Final = (
    ("NC", r"non-? ?commercial|nicht-? ?kommerziell|keine? kommerzielle nutzung|no ?comercial"
           r"|pas d.utilisation commerciale|niet-?commercieel|non commerciale"),
    ("ND", r"no-? ?deriv|keine? bearbeitung|sin ?obra ?derivada|pas de modification|geen ?afgeleide|sem deriva"),
    ("SA", r"share-? ?alike|weitergabe unter gleichen|compartir ?igual|compartilha|partage dans les m|gelijk ?delen"
           r"|condividi allo stesso"),
)  # fmt: skip
_NAMED: Final = re.compile(
    rf"(?:creative[\W_]{{0,3}}commons(?:[ -](?:license|licence|lizenz|licencia))?|\bcc)[\W_]{{0,4}}"
    rf"(?:\b(?P<code>{_CODE})\b|(?P<words>{_ATTRIBUTION}))"
    r"(?P<rest>[^.;|©]{0,110}?(?P<version>\b[1-4]\.\d\b)|)(?P<place>[ -]{1,2}(?:\(?[A-Za-z]{2,14} ?[A-Za-z]{0,7}))?",
    re.IGNORECASE,
)
_ZERO: Final = re.compile(r"\bcc-?0\b|creative commons zero|public domain dedication", re.IGNORECASE)
_ANY: Final = re.compile(r"creative[\W_]{0,3}commons", re.IGNORECASE)
_PLACES: Final = {
    "DE": "DE", "DEUTSCHLAND": "DE", "GERMANY": "DE", "AT": "AT", "AUSTRIA": "AT", "ÖSTERREICH": "AT", "US": "US",
    "UNITED STATES": "US", "AU": "AU", "AUSTRALIA": "AU", "NL": "NL", "IGO": "IGO", "UK": "UK", "FR": "FR",
    "FRANCE": "FR", "ES": "ES", "SPAIN": "ES", "ESPAÑA": "ES", "IT": "IT", "JP": "JP", "BR": "BR", "NZ": "NZ",
}  # fmt: skip


def spdx_of(kind: str, version: str | None, place: str | None = None) -> str:
    """The id of a licence: kind `by-nc-sa` in any case, version `3.0` or None, jurisdiction `de` or None."""
    name = kind.upper()
    name = "BY-NC-ND" if name == "BY-ND-NC" else name
    if version is None:
        return f"LicenseRef-CC-{name}"
    if name not in _KINDS or version not in _VERSIONS:
        return f"LicenseRef-CC-{name}-{version}"
    if not place:
        return f"CC-{name}-{version}"
    ported = f"CC-{name}-{version}-{place.upper()}"
    return ported if place.upper() in _PORTED.get(version, {}).get(name, "").split() else f"LicenseRef-{ported}"


def of_address(found: re.Match[str]) -> str:
    """The id of an ADDRESS."""
    kind, version, place, _, dedicated, badge, badge_version, badge_place = found.groups()
    if dedicated:
        return "CC0-1.0" if dedicated.lower() == "zero" else "CC-PDM-1.0"
    return spdx_of(kind or badge, version or badge_version, place or badge_place)


def of_words(words: str) -> str | None:
    """The id of the licence that a sentence names; LicenseRef-CreativeCommons where it does not say which."""
    if _ZERO.search(words):
        return "CC0-1.0"
    found = _NAMED.search(words)
    if found is None:
        return "LicenseRef-CreativeCommons" if _ANY.search(words) else None
    if found["code"]:
        kind = re.sub(r"[ -]+", "-", found["code"])
    else:
        said = words[found.start() : found.end() + 60]
        kind = "-".join(["BY", *(part for part, pattern in _OTHERS if re.search(pattern, said, re.IGNORECASE))])
        kind = "BY-NC-SA" if kind == "BY-NC-ND-SA" else kind
    place = _PLACES.get((found["place"] or "").strip(" -(").upper()) or _PLACES.get(
        (found["place"] or "").strip(" -(").upper().split(" ")[0]
    )
    return spdx_of(kind, found["version"], place if found["version"] in ("2.0", "2.1", "2.5", "3.0") else None)
