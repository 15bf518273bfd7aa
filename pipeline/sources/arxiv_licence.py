"""A licence that a paper states for itself in its source; not those of data or programs that it speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass

QUOTE_CHARS = 200
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_SAYING = re.compile(
    r"[Tt]his\s+(?:work|article|paper|preprint|manuscript|publication|document)\s+(?:is|was|has\s+been)\s+"
    r"(?:openly\s+|freely\s+)?(?:licen[sc]ed|distributed|published|released|made\s+available|provided)\s+under\b"
)
_ADDRESS = re.compile(
    r"creativecommons\.org/(?:licenses/(by(?:-nc)?(?:-sa|-nd)?)|publicdomain/(zero))/(\d\.\d)", re.IGNORECASE
)
_SPELT = re.compile(
    r"(?:Creative\s+Commons|\bCC)[\s~-]+((?:Attribution|BY)(?:[\s~-]*(?:Non-?Commercial|NC))?"
    r"(?:[\s~-]*(?:Share-?Alike|SA|No-?Deriv(?:ative)?s?|ND))?)\b[^.;\d]{0,40}(\d\.\d)",
    re.IGNORECASE,
)
_DOCLICENSE = re.compile(r"\\usepackage\s*\[([^\]]{1,200})\]\s*\{doclicense\}")
_ACM = re.compile(r"\\setcctype(?:\[(\d\.\d)\])?\{(by(?:-nc)?(?:-sa|-nd)?|zero)\}")
_SETTING = re.compile(r"(type|modifier|version)\s*=\s*\{?([\w.-]{1,20})")


@dataclass(frozen=True, slots=True)
class Licence:
    """An SPDX identifier and the words that declare it, at most 200 characters."""

    spdx: str
    quote: str


def stated(source: str) -> Licence | None:
    """The Creative Commons licence that the main file declares for the paper; None where it declares none."""
    text = _COMMENT.sub("", source)
    found = _DOCLICENSE.search(text)
    if found is not None:
        settings = dict(_SETTING.findall(found[1]))
        kind = "zero" if settings.get("type", "CC").upper() == "CC0" else settings.get("modifier", "")
        return _licence(kind, settings.get("version", "4.0"), found[0])
    found = _ACM.search(text)
    if found is not None and re.search(r"\\setcopyright\{cc\}", text):
        return _licence(found[2], found[1] or "4.0", found[0])
    for saying in list(_SAYING.finditer(text))[:20]:
        words = text[saying.start() : saying.end() + 300]
        address = _ADDRESS.search(words)
        if address is not None:
            return _licence((address[1] or address[2]).lower(), address[3], words[: max(address.end(), QUOTE_CHARS)])
        spelt = _SPELT.search(words)
        if spelt is not None:
            return _licence(_kind(spelt[1]), spelt[2], words[: spelt.end()])
    return None


def _kind(words: str) -> str:
    lower = re.sub(r"[\s~-]", "", words.lower())
    kind = "by"
    if "noncommercial" in lower or "nc" in lower.removeprefix("by"):
        kind += "-nc"
    if "sharealike" in lower or lower.endswith("sa"):
        kind += "-sa"
    elif "noderiv" in lower or lower.endswith("nd"):
        kind += "-nd"
    return kind


def _licence(kind: str, version: str, words: str) -> Licence | None:
    quote = " ".join(words.split())[:QUOTE_CHARS]
    if kind == "zero":
        return Licence("CC0-1.0", quote)
    if kind not in ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd"):
        return None
    return Licence(f"CC-{kind.upper()}-{version}", quote) if version in ("2.0", "2.5", "3.0", "4.0", "1.0") else None
