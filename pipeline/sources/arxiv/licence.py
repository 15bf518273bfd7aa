"""A licence that a paper states for itself in its source; not those of data or programs that it speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipeline.licences.restrictions import denies, restricts
from pipeline.licences.statements.creative_commons import KINDS, spdx_of
from pipeline.licences.statements.mentions import mentioned
from pipeline.licences.taxonomy import OPEN, class_of

QUOTE_CHARS: Final = 200
SENTENCE_CHARS: Final = 300  # behind "licensed under"
MAX_SAYINGS: Final = 20
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_SAYING = re.compile(
    r"[Tt]his\s+(?:work|article|paper|preprint|manuscript|publication|document)\s+(?:is|was|has\s+been)\s+"
    r"(?:openly\s+|freely\s+)?(?:licen[sc]ed|distributed|published|released|made\s+available|provided)\s+under\b"
)
_SENTENCE_END = re.compile(r"\.\s+(?=[A-Z\\])|\n[ \t]*\n|\\end\b|\\par\b")
_MARKUP = re.compile(r"\\[a-zA-Z]{1,20}|[{}~\s]+")
_DOCLICENSE = re.compile(r"\\usepackage\s*\[([^\]]{1,200})\]\s*\{doclicense\}")
_ACM = re.compile(r"\\setcctype(?:\[(\d\.\d)\])?\{([a-z-]{1,20})\}")
_SETTING = re.compile(r"(type|modifier|version)\s*=\s*\{?([\w.-]{1,20})")


@dataclass(frozen=True, slots=True)
class Licence:
    """An SPDX expression, None for terms that are not known, and the words that declare it, at most 200 characters."""

    spdx: str | None
    quote: str


def stated(source: str) -> Licence | None:
    """The licence of Creative Commons that the main file declares for the paper; None where it declares none."""
    text = _COMMENT.sub("", source)
    found = _DOCLICENSE.search(text)
    if found is not None:
        settings = dict(_SETTING.findall(found[1]))
        kind = "zero" if settings.get("type", "CC").upper() == "CC0" else settings.get("modifier", "")
        return _of_setting(kind, settings.get("version", "4.0"), found[0])
    found = _ACM.search(text)
    if found is not None and re.search(r"\\setcopyright\{cc\}", text):
        return _of_setting(found[2], found[1] or "4.0", found[0])
    for saying in list(_SAYING.finditer(text))[:MAX_SAYINGS]:
        rest = text[saying.start() : saying.end() + SENTENCE_CHARS]
        end = _SENTENCE_END.search(rest, saying.end() - saying.start())
        words = " ".join(_MARKUP.sub(" ", rest[: end.start()] if end else rest).split())
        ids = [each for each in mentioned(words) if each.removeprefix("LicenseRef-").startswith("C")]
        if ids:
            spdx = " AND ".join(ids)
            is_doubtful = class_of(spdx) in OPEN and (denies(words) or restricts(words))
            return Licence(None if is_doubtful or "LicenseRef-CreativeCommons" in ids else spdx, words[:QUOTE_CHARS])
    return None


def _of_setting(kind: str, version: str, words: str) -> Licence:
    """What a package for licences is told: `by-nc-sa` or `zero`, and the version."""
    quote = " ".join(words.split())[:QUOTE_CHARS]
    if kind == "zero":
        return Licence("CC0-1.0", quote)
    return Licence(spdx_of(kind, version) if kind.upper() in KINDS else None, quote)
