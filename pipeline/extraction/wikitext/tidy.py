"""What is left to mend in wikitext once templates and references are gone: emphasis, bare links, empty brackets."""

from __future__ import annotations

import re

from pipeline.extraction.wikitext.marks import HOLE, LOST

_QUOTES = re.compile(r"'{2,}")
_EXTERNAL = re.compile(
    r"\[(?:(?:https?|ftps?|sftp|ircs?|news|gopher|git|svn)?:?//|mailto:)[^\s\[\]]*(?:[ \xa0]++([^\[\]\n]*))?\]",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\([^()\n]*\)")
_WIDE = "\xa0\u2009\u202f"  # spaces that do not break, or are thin
_WIDE_FIRST = re.compile(f"\n[ {_WIDE}]*[{_WIDE}]")
_RUN = re.compile(r" (?<=\S ) +")
_BETWEEN = " ,;:/" + _WIDE  # what stands between things in brackets
_BRACKETS = {"(": ")", "[": "]"}


def without_emphasis(text: str) -> str:
    """`text` without the runs of apostrophes that make it bold or italic."""
    return _QUOTES.sub(_apostrophes, text)


def _apostrophes(run: re.Match[str]) -> str:
    size = len(run[0])
    return "'" if size == 4 else "'" * max(0, size - 5)


def without_external_links(text: str) -> str:
    """Links out of the wiki as their labels; one without a label is a number in brackets, and goes."""
    if "[" not in text:
        return text
    return _EXTERNAL.sub(lambda link: link[1] or HOLE, text)


def mended(text: str) -> str:
    """`text` without the marks of what is missing, and without the brackets, commas and spaces that it leaves.

    Spaces are plain ones, and single except where they begin a line.
    """
    if LOST in text:
        text = _IN_BRACKETS.sub(lambda found: HOLE if LOST in found[0] else found[0], text).replace(LOST, HOLE)
    if HOLE in text:
        first, *rest = text.split(HOLE)
        parts = [first]
        for part in rest:
            _join(parts, part)
        text = "".join(parts)
    text = _WIDE_FIRST.sub("\n", text) if "\xa0" in text or "\u2009" in text else text
    for space in _WIDE:
        text = text.replace(space, " ")
    return _RUN.sub(" ", text) if "  " in text else text


def _join(parts: list[str], right: str) -> None:
    """Put `right`, which stands behind a hole, behind the parts before it."""
    left = parts[-1]
    if left[-1:] in ("", "\n"):  # at the start of a line, where a space would mean something
        parts.append(right.lstrip(" "))
        return
    before, behind = left.rstrip(_BETWEEN), right.lstrip(_BETWEEN)
    opening, closing = before[-1:], behind[:1]
    if opening in _BRACKETS and opening:
        if closing == _BRACKETS[opening]:  # nothing else stood in them
            left, right = before[:-1], behind[1:]
            _join_plainly(parts, left, right)
        else:
            parts[-1:] = [before, behind]
    elif closing in (")", "]"):
        parts[-1:] = [before, behind]
    else:
        _join_plainly(parts, left, right)


def _join_plainly(parts: list[str], left: str, right: str) -> None:
    """The same where no bracket stands beside the hole: no space before a comma, no two commas."""
    after = right.lstrip(" \xa0")
    if after[:1] in (".", ",", ";", ":", "!", "?", ")", "]"):
        left, right = left.rstrip(" \xa0"), after
        if left[-1:] in (",", ";") and right[:1] in (",", ";", "."):
            left = left[:-1]
    parts[-1:] = [left, right] if right else [left]
