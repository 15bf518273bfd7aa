"""The licence that a Ruby gem declares in its gemspec, which is a program: only what is written out is read."""

from __future__ import annotations

import re
from typing import Final

from pipeline.licences.expression import named
from pipeline.licences.statements.notices import PROPRIETARY
from pipeline.sources.code.manifest import names_closed

SUFFIX: Final = ".gemspec"
_TEXT: Final = r"(?:\"[^\"\\#\n]{1,200}\"|'[^'\\\n]{1,200}')(?:\.freeze)?"
_STATED: Final = re.compile(
    rf"^[ \t]*\w{{1,40}}\.licenses?[ \t]*=[ \t]*(\[[ \t]*{_TEXT}[ \t]*\]|%w\[[ \t]*[^\[\]\s]{{1,200}}[ \t]*\]|{_TEXT})"
    r"[ \t]*(?:#[^\n]{0,200})?$",
    re.MULTILINE,
)
_ASSIGNED: Final = re.compile(r"^[ \t]*\w{1,40}\.licenses?[ \t]*(?:=|<<)", re.MULTILINE)
_WORDS: Final = re.compile(r"%w|[\[\]\"']")


def licence_of_gemspec(text: str) -> tuple[str, str] | None:
    """The expression that is assigned and the line that does it; None where none is, or not one alone.

    Whether of several licences all hold or any may be chosen, a gemspec does not say (guides.rubygems.org,
    specification reference, `licenses=`).
    """
    stated = list(_STATED.finditer(text))
    if len(stated) != 1 or len(_ASSIGNED.findall(text)) != 1:
        return None
    words = _WORDS.sub("", stated[0][1].strip("[] \t").removesuffix(".freeze")).strip()
    licence = PROPRIETARY if names_closed(words) else named(words)
    return None if licence is None else (licence, " ".join(stated[0][0].split()))
