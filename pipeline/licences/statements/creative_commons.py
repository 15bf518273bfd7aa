"""Licences of Creative Commons, as addresses and in words: kind, version and jurisdiction to an SPDX id.

The kinds and versions are those of creativecommons.org/licenses. SPDX lists some of the ports to a jurisdiction; the
others, and a licence whose version nobody says, get a LicenseRef that says what is known: LicenseRef-CC-BY-2.0-FR,
LicenseRef-CC-BY-SA.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.licences.spdx_ids import NOT_KNOWN

ADDRESS: Final = re.compile(
    r"(?:creativecommons\.org|licensebuttons\.net)/(?:licen[sc]es/(by(?:-nc)?(?:-nd|-sa)?|by-nd-nc)(?:/(\d\.\d)(?:/(?!legal|deed)([a-z]{2,3})\b)?"
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
KINDS: Final = frozenset({"BY", "BY-SA", "BY-NC", "BY-ND", "BY-NC-SA", "BY-NC-ND"})
_LATIN: Final = "A-Za-zÀ-ɏ0-9"
"""What beside a name in Latin letters makes it a part of a word: characters of Chinese, Japanese and Korean do not."""
_CODE: Final = rf"by(?:[\W_]{{1,3}}(?:nc|sa|nd)(?![{_LATIN}]))*"
_ATTRIBUTION: Final = (
    r"attribution|namensnennung|atribuci[oó]n|reconocimiento|atribui[cç][aã]o|attribuzione|paternit[eé]|naamsvermelding"
    r"|署名|姓名標示|表示|저작자 ?표시"
)
_OTHERS: Final = tuple(
    (
        part,
        re.compile(spelled.replace("_", r"[\W_]{0,3}"), re.I),
        re.compile(rf"(?<![{_LATIN}]){part}(?![{_LATIN}])", re.I),
    )
    for part, spelled in (
        ("NC", "non_commercial|nicht_kommerziell|keine?_kommerzielle_nutzung|n[oã]o?_comercial"
               "|pas_d.utilisation_commerciale|niet_commercieel|non_commerciale|非商[业業]|非営利|비_?영리"),
        ("ND", "no[nt]?_deriv|keine?_bearbeitung|sin_(?:obras?_)?derivad|pas_de_modification|geen_afgeleide|sem_deriva"
               "|non_opere_derivate|禁止演[绎繹]|禁止改作|改変禁止|변경_금지"),
        ("SA", "share_alike|weitergabe_unter_gleichen|compartir_igual|compartilha|partage_dans_les_m|gelijk_delen"
               "|condividi_allo_stesso|相同方式[共分]享|継承|동일_조건"),
    )
)  # fmt: skip
"""Beside attribution: in words, `_` for blanks, hyphens of any kind or nothing; and short, between name and version."""
_EAST: Final = "知[识識]共享|クリエイティブ[・ ]?コモンズ|크리에이티브 ?커먼즈"
_NAMED: Final = re.compile(
    rf"(?:(?:creative[\W_]{{0,3}}commons|{_EAST})"
    r"(?:[ ・-]?(?:license|licence|lizenz|licencia|ライセンス|许可(?:协议)?|라이선스))?"
    rf"|(?<![{_LATIN}_])cc)[的の의]?"
    rf"(?:[\W_]{{0,4}}|[ -][1-4]\.\d[ -])(?:(?<![{_LATIN}_])(?P<code>{_CODE})(?![{_LATIN}])|(?P<words>{_ATTRIBUTION}))"
    rf"(?P<rest>[^.;|©。]{{0,110}}?(?P<version>(?<![{_LATIN}_])[1-4]\.\d(?![{_LATIN}_]))|)"
    r"(?P<place>[ -]{1,2}\(?[A-Za-z]{2,14} ?[A-Za-z]{0,7}|[ -]{0,2}(?:中[国國]大[陆陸]|[台臺]灣|香港|日本|대한민국))?",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(rf"(?:[\W_]{{1,3}}(?:nc|nd|sa)(?![{_LATIN}]))+", re.IGNORECASE)
REST: Final = 60
"""Characters behind a name in which NonCommercial and the like may stand."""
_ZERO: Final = re.compile(
    rf"(?<![{_LATIN}_])cc-?0(?![{_LATIN}_])|creative commons zero|public domain dedication", re.IGNORECASE
)
_ANY: Final = re.compile(rf"creative[\W_]{{0,3}}commons|{_EAST}|[創创]用 ?cc", re.IGNORECASE)
_PLACES: Final = {
    "DE": "DE", "DEUTSCHLAND": "DE", "GERMANY": "DE", "AT": "AT", "AUSTRIA": "AT", "ÖSTERREICH": "AT", "US": "US",
    "UNITED STATES": "US", "AU": "AU", "AUSTRALIA": "AU", "NL": "NL", "IGO": "IGO", "UK": "UK", "FR": "FR",
    "FRANCE": "FR", "ES": "ES", "SPAIN": "ES", "ESPAÑA": "ES", "IT": "IT", "JP": "JP", "BR": "BR", "NZ": "NZ",
    "中国大陆": "CN", "中國大陸": "CN", "台灣": "TW", "臺灣": "TW", "香港": "HK", "日本": "JP", "대한민국": "KR",
}  # fmt: skip


def spdx_of(kind: str, version: str | None, place: str | None = None) -> str:
    """The id of a licence: kind `by-nc-sa` in any case, version `3.0` or None, jurisdiction `de` or None.

    NOASSERTION for a version that there never was.
    """
    name = kind.upper()
    name = "BY-NC-ND" if name == "BY-ND-NC" else name
    if version is None:
        return f"LicenseRef-CC-{name}"
    if version not in _VERSIONS:
        return NOT_KNOWN
    if name not in KINDS:
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


def of_words(words: str) -> tuple[str, ...]:
    """The licences that a sentence names, sorted; LicenseRef-CreativeCommons where it does not say which."""
    found = {_named(each, words) for each in _NAMED.finditer(words)}
    if _ZERO.search(words):
        found.add("CC0-1.0")
    if not found and _ANY.search(words):
        return ("LicenseRef-CreativeCommons",)
    return tuple(sorted(found))


def _named(found: re.Match[str], words: str) -> str:
    """The id of one that is named; what stands up to 60 characters behind may add NonCommercial and the like."""
    said = words[found.start() : found.end() + REST]
    behind = _BEHIND.match(words, found.end())
    coded = found[0] + (behind[0] if behind else "")
    parts = [part for part, spelled, short in _OTHERS if spelled.search(said) or short.search(coded)]
    kind = "-".join(["BY", *parts])
    if kind == "BY-NC-ND-SA":  # no licence of theirs; SA of what may not be altered says nothing
        kind = "BY-NC-SA" if found["words"] else "BY-NC-ND"
    place = (found["place"] or "").strip(" -(").upper()
    port = _PLACES.get(place) or _PLACES.get(place.split(" ")[0])
    return spdx_of(kind, found["version"], port if found["version"] in ("2.0", "2.1", "2.5", "3.0") else None)
