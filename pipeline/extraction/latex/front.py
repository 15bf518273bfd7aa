"""Who wrote a paper: the names out of \\author, without affiliations, addresses and marks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.extraction.latex.state import NEXT_AUTHOR

MAX_AUTHORS_CHARS = 2_000
_SAVED = re.compile("\x0e\\d+\x0f|[\x00-\x08\x0b-\x1d\x1f]")
_MARKS = re.compile(r"[*†‡§¶‖]+|\^?\(?\d+(?:,\s*\d+)*\)?|\^\S+|\[\d*\]")
_PLACE = re.compile(
    r"\b(?:university|universit|institut|department|dept|laborator|school|college|cent(?:er|re)\b|faculty|google|research"
    r"|academy|inc\b|ltd|corporation|hospital|observator|street|avenue|road|@|https?:|www|division|group|email|e-mail"
    r"|ieee|member|fellow|student|foundation|ministry|program|technolog|sciences?\b|laboratoire|cnrs|infn|usa|collaboration:|correspond)",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_][^\d@/:]*")
_AND = re.compile(r"\s*(?:,\s*and|\band\b|;|&)\s+|\s*,\s*")


def names(blocks: Sequence[str]) -> str | None:
    """The names, separated by commas; None where none was found.

    A block may hold several authors, each with lines of affiliation: the first line of each is the name, and so is a
    line behind one that ends in a comma.
    """
    found: list[str] = []
    for block in blocks:
        for part in block.split(NEXT_AUTHOR):
            for name in _of_part(part):
                if name not in found:
                    found.append(name)
    text = ", ".join(found)
    if len(text) > MAX_AUTHORS_CHARS:
        text = text[:MAX_AUTHORS_CHARS].rpartition(", ")[0] + ", et al."
    return text or None


def _of_part(part: str) -> list[str]:
    found: list[str] = []
    is_list = True
    for line in part.split("\n"):
        words = " ".join(_MARKS.sub(" ", _SAVED.sub("", line)).split()).strip(" .;")
        if not words:
            continue
        if not is_list:
            break
        is_list = words.endswith((",", " and", "&"))
        for name in _AND.split(words):
            clean = name.strip(" ,.;:~")
            if 2 < len(clean) <= 60 and _NAME.fullmatch(clean) and not _PLACE.search(clean) and len(clean.split()) <= 7:
                found.append(clean)
    return found
