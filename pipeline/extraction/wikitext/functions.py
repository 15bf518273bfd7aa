"""Parser functions and variables: {{#if: ...}}, {{lc:...}}, {{PAGENAME}}. What only the wiki knows gives a hole."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.extraction.wikitext.marks import HOLE, LOST
from pipeline.extraction.wikitext.measures import thousands
from pipeline.extraction.wikitext.names import names

_TITLES = frozenset(
    names("""
PAGENAME; FULLPAGENAME; SUBPAGENAME; BASEPAGENAME; ROOTPAGENAME; PAGENAMEE; ARTICLEPAGENAME; SUBJECTPAGENAME
""")
)
_VARIABLES = ("CURRENT", "LOCAL", "REVISION", "NUMBEROF", "SITE", "SERVER", "NAMESPACE", "CONTENTLANG", "DISPLAYTITLE")
_CASES: dict[str, Callable[[str], str]] = {
    "lc": str.lower,
    "uc": str.upper,
    "ucfirst": lambda text: text[:1].upper() + text[1:],
    "lcfirst": lambda text: text[:1].lower() + text[1:],
    "formatnum": thousands,
    "padleft": str,
    "nowrap": str,
}
_WITHOUT = frozenset(
    names("""
defaultsort; displaytitle; fullurl; localurl; canonicalurl; filepath; urlencode; anchorencode; ns; int; plural;
gender; grammar; formatdate; defaultsortkey; defaultcategorysort; numberingroup; pagesincategory; pagesize;
protectionlevel; tag
""")
)


def function(written: str, parts: list[list[str]], title: str) -> str | None:
    """What a parser function or variable gives; None where `written`, the template's name, is none of them."""
    name, colon, first = written.partition(":")
    if not colon:
        if written in _TITLES:
            return title
        return HOLE if written.startswith(_VARIABLES) and written.isupper() else None
    name = name.strip().lower()
    arguments = [first.strip(), *("".join(part).strip() for part in parts[1:])]
    if name.startswith("#"):
        return _conditional(name, arguments)
    if name in _CASES:
        return _CASES[name](arguments[0])
    return "" if name in _WITHOUT else None


def _conditional(name: str, arguments: list[str]) -> str:
    def argument(place: int) -> str:
        return arguments[place] if place < len(arguments) else ""

    if name == "#if":
        return argument(1) if argument(0).strip(HOLE) else argument(2)
    if name == "#ifeq":
        return argument(2) if argument(0) == argument(1) else argument(3)
    if name in ("#iferror", "#ifexist", "#ifexpr"):
        return argument(0) if name == "#iferror" and len(arguments) < 3 else argument(2)
    if name == "#switch":
        return _switch(arguments)
    if name in ("#time", "#dateformat", "#formatdate"):
        return argument(0) if name != "#time" else argument(1)
    if name == "#tag":
        return argument(1) if argument(0).lower() in ("small", "span", "sub", "sup", "poem", "blockquote") else ""
    return LOST if name in ("#expr", "#property", "#statements") else HOLE


def _switch(arguments: list[str]) -> str:
    """The value of the first case equal to the first argument, else the default; without one they fall through."""
    wanted, default, is_found = arguments[0], "", False
    for case in arguments[1:]:
        key, equals, value = case.partition("=")
        key = key.strip()
        if key == wanted or is_found:
            is_found = True
            if equals:
                return value.strip()
        if equals and key == "#default":
            default = value.strip()
    last = arguments[-1]
    return last if len(arguments) > 1 and "=" not in last else default
