"""What stands beside the licences of a text and is no part of them: sentence by sentence explained, or against them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache
from typing import Final

from pipeline.licences.explained import Known, binds, explained
from pipeline.licences.index import index

_MARGIN: Final = re.compile(r"^[ \t]*(?:(?://+|/?\*+/?|#+|;+|--+|%+|\.\.|>+|\||dnl\b|rem\b|@rem\b|<!--|\"\"\"|''')[ \t]*)*", re.I | re.M)
_RULE: Final = re.compile(r"([=\-_*#~+./\\])(?:[ \t]?\1){3,}")
_EMPTY: Final = re.compile(r"\n[^\w\n]*\n")
_END: Final = re.compile(
    r"(?<![ .(][A-Za-z]\.)(?<!Inc\.)(?<!Ltd\.)(?<!Corp\.)(?<!Co\.)(?<!\bSt\.)(?<!Dr\.)(?<!Jr\.)(?<!e\.g\.)(?<!i\.e\.)(?<!al\.)"
    r"(?:(?<=[.;!?])[\"')\]’”]{0,3}\s+(?=[0-9])|(?<=[.;!?:])[\"')\]’”]{0,3}\s+(?=[A-Z\"'(\[<*•¿¡À-Þ-]))|(?<=[\w)])[ \t]+(?=Copyright \()"
)
_OF_COPYRIGHT: Final = re.compile(
    r"^([^\w\n]*(?:copyright|\(c\)|©)[^\n]*|[^\n]*(?:copyright|\(c\)|©)[^\n]{0,20}\b[12]\d{3}\b[^\n]*)$", re.I | re.M
)
"""Lines that say whose something is: a sentence of its own each."""
_STARTS_COPYRIGHT: Final = re.compile(r"[^\w\n]*(?:\w+ )?(?:copyright|\(c\)|©)", re.IGNORECASE)
_UNENDED: Final = (",", " of", " and", " the", " University", " by")
NEAR: Final = 100  # words, about a paragraph
MAX_BEGUN: Final = 12
_ENDS: Final = re.compile(r"[.;!?:]\W*\Z|\n[^\w\n]*\n\W*\Z")
_CODE: Final = re.compile(
    r"^[ \t]*(?:import [\w.{*]|from [\w.]+ import|package [\w.]+;?$|using [\w.:]+;|namespace |use [\w:]+;"
    r"|#(?:include[ \t]*[<\"]|(?:define|undef|ifn?def)[ \t]+[A-Za-z_]+|if[ \t]+[!(01A-Z]|pragma\b|endif\b)|(?:def|class|struct|enum|func|fn|void|int|static|const|let|var|export|module)"
    r" [\w*$\[{].*[({:;=]|[\w.\[\]'\"$]+[ \t]*[:+]?=[ \t]*\S|[\w.]+\(.*\)[ \t]*[;{]?$|[{}()\];,]+$|['\"]use strict|[rub]{0,2}(?:\"\"\"|''')|@\w+\b|if __name__)",
    re.M,
)
_HEADING: Final = re.compile(
    r"(?:\A|\n[ \t]*\n)#{1,6} [^\n]{1,60}(?<![.!?])\n[ \t]*\n|\n[ \t]*\n?[^\s#*/][^\n]*\n(?:={3,}|-{3,}|~{3,})[ \t]*\n"
)


_FIELDS: Final = re.compile(
    r"^(?:metadata-version|name|summary|home-page|author-email|maintainer-email|license-expression|license-file|project-url|keywords"
    r"|platform|classifier|requires-python|requires-dist|provides-extra|description-content-type|dynamic|download-url"
    r"|files|upstream-name|files-excluded):[^\n]{0,500}|^licen[cs]e:[ \t]*[\w.+-]+[ \t]*$",
    re.I | re.M,
)
"""Lines of a package's metadata, and of Debian's files of copyright, whose values are no sentences."""


def sentences(text: str) -> Iterator[str]:
    """Its sentences, without signs of comments and rules."""
    bare = _RULE.sub("\n\n", _FIELDS.sub("", _MARGIN.sub("", text)))
    for paragraph in _EMPTY.split(bare):
        for lines in _OF_COPYRIGHT.split(paragraph):
            for sentence in _END.split(lines):
                if sentence.strip():
                    yield sentence


@lru_cache(maxsize=1)
def _known() -> Known:
    return Known(index())


def unexplained(stretch: str, own: Sequence[str], free: Container[str] = (), *, goes_on: bool = False) -> str | None:
    """The first sentence of a stretch of text that says anything but what may stand beside a licence.

    Farther from the licence than about a paragraph only where it has words that bind. goes_on: whether the last
    sentence goes on as words of the licence.
    """
    known = _known()
    told = list(sentences(stretch))
    sizes = [len(each.split()) for each in told]
    before, whole = 0, sum(sizes)
    for at, sentence in enumerate(told):
        is_near = min(before, whole - before - sizes[at]) < NEAR
        before += sizes[at]
        if _is_explained(sentence, known, own, free):
            continue
        if at and _STARTS_COPYRIGHT.match(told[at - 1]) and (
            told[at - 1].rstrip().endswith(_UNENDED) or sentence.lstrip()[:1].islower()
        ):
            first, _, rest = sentence.lstrip().partition("\n")
            if _is_explained(f"{told[at - 1].strip()} {first}", known, own, free) and (
                not rest.strip() or _is_explained(rest, known, own, free)
            ):
                continue
        is_begun = goes_on and at == len(told) - 1 and sizes[at] <= MAX_BEGUN and not _ENDS.search(stretch)
        if (is_near and not is_begun) or binds(sentence):
            return " ".join(sentence.split())
    return None


def strange_words(stretch: str, most: int) -> int:
    """How many words of a stretch of text stand in sentences that are not explained, counted up to more than `most`."""
    known, count = _known(), 0
    for sentence in sentences(stretch):
        if not _is_explained(sentence, known, (), ()):
            count += len(sentence.split())
            if count > most:
                break
    return count


def _is_explained(sentence: str, known: Known, own: Sequence[str], free: Container[str]) -> bool:
    return explained(sentence, known, own, free) or (
        "\n" in sentence and all(explained(line, known, own, free) for line in sentence.split("\n"))
    )


def before_code(stretch: str) -> str:
    """What stands up to the first line of code."""
    found = _CODE.search(stretch)
    return stretch if found is None else stretch[: found.start()]


def behind_code(stretch: str) -> str:
    """What stands behind the last line of code."""
    last = None
    for found in _CODE.finditer(stretch):
        last = found
    if last is None:
        return stretch
    end = stretch.find("\n", last.end())
    return "" if end < 0 else stretch[end:]


def paragraph_before(stretch: str) -> str:
    """The part of the last paragraph."""
    return _EMPTY.split(stretch)[-1]


def paragraph_behind(stretch: str) -> str:
    """The part of the first paragraph."""
    return _EMPTY.split(stretch, maxsplit=1)[0]


def is_headed(text: str) -> bool:
    """Whether a text has headings of Markdown or of reStructuredText: it is a page of its own."""
    return _HEADING.search(text) is not None


_STOPS: Final = re.compile(r"[^\W_]\W*[.;:!?]|\n[^\w\n]*\n")
_STOPPED: Final = re.compile(r".*(?:[.;:!?][\"')\]’”]{0,3}(?=\s)|\n[^\w\n]*\n)", re.DOTALL)


def put_in(gap: str, own: Sequence[str], free: Container[str]) -> str | None:
    """A sentence in the text between two words of a licence that is not explained; words within one are not looked at."""
    stopped = _STOPPED.match(gap)
    return unexplained(stopped[0], own, free) if stopped is not None and _STOPS.search(gap) is not None else None


_SIGN: Final = re.compile(r"[ \t]*(//|#|;|--|%|\*|>|!|\.\.|dnl\b|rem\b)", re.IGNORECASE)
_COMMENTS: Final = (("/*", "*/"), ("<!--", "-->"), ('"\""', '"\""'), ("'''", "'''"), ("{-", "-}"), ("(*", "*)"), ("#|", "|#"))


def comment_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The comment that words [start, end) of a text stand in, in characters; the whole text where it is in none."""
    for opens, closes in _COMMENTS:
        begin = text.rfind(opens, 0, start)
        if begin < 0 or (opens == closes and text.count(opens, 0, start) % 2 == 0):
            continue
        if text.find(closes, begin + len(opens), start) >= 0 and opens != closes:
            continue
        stop = text.find(closes, end)
        if stop >= 0 and (opens == closes or text.find(closes, start, end) < 0):
            inside = begin + len(opens), stop
            return (0, len(text)) if _is_prose(text[:begin]) or _is_prose(text[stop + len(closes) :]) else inside
    first = text.rfind("\n", 0, start) + 1
    sign = _SIGN.match(text, first, start + 1)
    if sign is None or not _all_begin(text[first:end], sign[1]):
        return 0, len(text)
    while first > 0:
        before = text.rfind("\n", 0, first - 1) + 1
        if not text[before : first - 1].lstrip().lower().startswith(sign[1].lower()):
            break
        first = before
    stop = text.find("\n", end)
    while stop >= 0:
        after = text.find("\n", stop + 1)
        if not text[stop + 1 : after if after >= 0 else len(text)].lstrip().lower().startswith(sign[1].lower()):
            break
        stop = after
    return first, stop if stop >= 0 else len(text)


def _is_prose(outside: str) -> bool:
    """Whether what stands around a comment is text, not code or other comments."""
    return _CODE.search(outside) is None and any(
        len(line.split()) > 1 and _SIGN.match(line) is None and not line.lstrip().startswith("/")
        for line in outside.split("\n")
    )


def _all_begin(lines: str, sign: str) -> bool:
    return all(line.lstrip().lower().startswith(sign.lower()) for line in lines.split("\n") if line.strip())
