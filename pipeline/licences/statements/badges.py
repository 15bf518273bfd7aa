"""Badges of Creative Commons: pictures that name a licence by their address, their file's name or their text.

Addresses and file names are those of its own buttons and icons (mirrors.creativecommons.org/presskit), which sites copy
under the same names. A row of icons (by, nc, sa) is one licence without a version.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from pipeline.licences.statements.creative_commons import ADDRESS, of_address, of_words, spdx_of
from pipeline.licences.statements.mentions import specific

_DEDICATED: Final = re.compile(
    r"(?:creativecommons\.org|licensebuttons\.net)/p/(zero|mark)\b|presskit/buttons/\S{0,40}/(zero|cc-zero|publicdomain)\.",
    re.IGNORECASE,
)
_ICON: Final = re.compile(
    r"presskit/icons/(cc|by|nc|nc-eu|nc-jp|sa|nd|zero)(?:\.(?:large|xlarge))?\.(?:svg|png)", re.IGNORECASE
)
_COMMONS: Final = re.compile(r"creativecommons\.org/(?!presskit/(?:logos|cc\.))|licensebuttons\.net/", re.IGNORECASE)
_NAME: Final = re.compile(r"(?:\d+px-)?([\w.@ -]{2,60})\.(?:png|svg|gif|jpe?g|webp|avif)", re.IGNORECASE)
_PART: Final = re.compile(r"\d+x\d+|\d\.\d|\d+(?:px)?|[a-z]+", re.IGNORECASE)
_CODE: Final = re.compile(r"(?P<cc>cc)?(?P<by>by)?(?P<others>(?:nc|sa|nd)*)(?P<zero>zero)?", re.IGNORECASE)
_ABOUT_FILES: Final = frozenset(
    {"icon", "icons", "badge", "button", "license", "licence", "large", "small", "new", "white", "black", "eu", "jp"}
    | {"plain", "compact", "international", "int", "unported", "png", "svg", "min", "x", "creative", "commons"}
)
_VERSION: Final = re.compile(r"[1-4]\.\d")
_WORD: Final = re.compile(r"[^\W\d_]+")
_OF_TEXTS: Final = (
    "cc by nc sa nd licence license licensed licenses lizenz lizenzvertrag licencia licença licenza licentie licens"
    " licencja лицензия attribution noncommercial non commercial sharealike share alike noderivatives noderivs no"
    " derivatives derivative works international unported generic public domain dedication mark zero universal"
    " namensnennung nicht kommerziell keine bearbeitung weitergabe unter gleichen bedingungen reconocimiento atribución"
    " compartirigual compartir igual sin obra derivada atribuição naamsvermelding attribuzione paternité some rights"
    " reserved this work is under a an the de of v deed"
)
_NAMES: Final = frozenset(
    {"creative", "commons", "image", "icon", "logo", "badge", "button", "symbol", "bild", "png", "svg", "x"}
)
_TEXT_WORDS: Final = frozenset(_OF_TEXTS.split())
"""Words that the text of a badge is made of; that of a photo under a licence has others."""


def of_badges(shown: str) -> tuple[str, ...]:
    """The licences that pictures in a row name, sorted: each line of `shown` is a source, a blank and the text.

    None where neither the source nor the text is that of a badge: a photo whose text ends with "CC BY 2.0" is none.
    """
    ids: set[str] = set()
    icons: set[str] = set()
    for line in shown.splitlines():
        source, _, text = line.partition(" ")
        source = unquote(unquote(source))  # an address within that of a server of pictures
        icon = _ICON.search(source)
        if icon:
            icons.add(icon[1].lower()[:2])
        elif (
            not text or _is_badge_text(text) or _COMMONS.search(source)
        ):  # else a file of that name shows another thing
            ids |= _of_source(source)
        if _is_badge_text(text):
            ids.update(of_words(text))
    if "ze" in icons:
        ids.add("CC0-1.0")
    elif "by" in icons:
        ids.add(spdx_of("-".join(["by", *(part for part in ("nc", "nd", "sa") if part in icons)]), None))
    elif icons:
        ids.add("LicenseRef-CreativeCommons")
    return tuple(sorted(specific(ids)))


def _of_source(source: str) -> set[str]:
    address = ADDRESS.search(source)
    if address:
        return {of_address(address)}
    dedicated = _DEDICATED.search(source)
    if dedicated:
        return {"CC-PDM-1.0" if (dedicated[1] or dedicated[2]).lower() in ("mark", "publicdomain") else "CC0-1.0"}
    is_commons = _COMMONS.search(source) is not None
    for name in source.partition("?")[0].partition("#")[0].split("/")[-2:]:
        found = _NAME.fullmatch(name)
        spdx = _of_file(found[1].lower(), is_commons=is_commons) if found else None
        if spdx:
            return {spdx}
    return {"LicenseRef-CreativeCommons"} if is_commons else set()


def _of_file(name: str, *, is_commons: bool) -> str | None:
    """The licence that a file's name, in lower case, names and nothing else; `by` alone is also a word."""
    kinds: set[str] = set()
    version = None
    is_told = is_commons or "creative" in name
    for part in _PART.findall(name):
        code = _CODE.fullmatch(part)
        if code:
            is_told |= bool(code["cc"])
            kinds.update(re.findall("by|nc|sa|nd|zero", part.removeprefix("cc")))
        elif _VERSION.fullmatch(part):
            version = part
        elif part[0].isdigit():
            is_told |= part in ("88x31", "80x15")
            kinds |= {"zero"} if part == "0" and not kinds else set()
        elif part not in _ABOUT_FILES:
            return None
    if kinds == {"zero"}:
        return "CC0-1.0" if is_told else None
    if "by" not in kinds or not (is_told or len(kinds) > 1):
        return None
    return spdx_of("-".join(["by", *(part for part in ("nc", "nd", "sa") if part in kinds)]), version)


def _is_badge_text(text: str) -> bool:
    words = {word.lower() for word in _WORD.findall(text)}
    return len(text) <= 120 and words <= _TEXT_WORDS | _NAMES and bool(words & _TEXT_WORDS)
