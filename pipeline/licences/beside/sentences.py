"""What stands around a licence, taken apart: sentences, paragraphs, comments, code, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_MARGIN: Final = re.compile(
    r"^[ \t]*(?:(?://+|/?\*+/?|#+|;+|--+|%+|\.\.|>+|\||dnl\b|rem\b|@rem\b|<!--|\"\"\"|''')[ \t]*)*",
    re.IGNORECASE | re.MULTILINE,
)
_RULE: Final = re.compile(r"([=\-_*#~+./\\])(?:[ \t]?\1){3,}")
_FIELDS: Final = re.compile(
    r"^(?:metadata-version|name|summary|home-page|author-email|maintainer-email|license-expression|license-file"
    r"|project-url|keywords|platform|classifier|requires-python|requires-dist|provides-extra|description-content-type"
    r"|dynamic|download-url|files|upstream-name|files-excluded):[^\n]{0,500}|^licen[cs]e:[ \t]*[\w.+-]+[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Lines of a package's metadata and of Debian's files of copyright, whose values are no sentences."""
_EMPTY: Final = re.compile(r"\n[^\w\n]*\n")
_ENDING: Final = (
    r"(?<![ .(][A-Za-z]\.)(?<!Inc\.)(?<!Ltd\.)(?<!Corp\.)(?<!Co\.)(?<!\bSt\.)(?<!Dr\.)(?<!Jr\.)(?<!e\.g\.)(?<!i\.e\.)"
    r"(?<!al\.)"
)
_BEHIND: Final = r"[\"')\]’”]{0,3}\s+"
_END: Final = re.compile(
    rf"{_ENDING}(?:(?<=[.;!?]){_BEHIND}(?=[0-9])|(?<=[.;!?:]){_BEHIND}(?=[A-Z\"'(\[<*•¿¡À-Þ-]))"
    r"|(?<=[\w)])[ \t]+(?=Copyright \()"
)
"""Between two sentences; a colon before a number is none: "Seats: 5"."""
_HOLDER: Final = r"(?:copyright|\(c\)|©)"
_OF_COPYRIGHT: Final = re.compile(
    rf"^([^\w\n]*{_HOLDER}[^\n]*|[^\n]*{_HOLDER}[^\n]{{0,20}}\b[12]\d{{3}}\b[^\n]*)$", re.IGNORECASE | re.MULTILINE
)
_CODE: Final = re.compile(
    r"^[ \t]*(?:import [\w.{*]|from [\w.]+ import|package [\w.]+;?$|using [\w.:]+;|namespace |use [\w:]+;"
    r"|#(?:include[ \t]*[<\"]|(?:define|undef|ifn?def)[ \t]+[A-Za-z_]+|if[ \t]+(?:[!(01A-Z]|defined\b)"
    r"|(?:pragma|error|endif)\b)"
    r"|(?:typedef|cdef|cpdef|cimport|extern|template) ?[\w<\"]|if \["
    r"|(?:def|class|struct|enum|func|fn|void|int|static|const|let|var|export|module) [\w*$\[{].*[({:;=]"
    r"|[\w.\[\]'\"$]+[ \t]*[:+]?=[ \t]*\S|[\w.]+\(.*\)[ \t]*[;{]?$|[{}()\];,]+$|['\"]use strict"
    r"|@\w+\b|if __name__)",
    re.MULTILINE,
)
"""How a line of code begins."""
_CODE_OR_DOCS: Final = re.compile(rf"{_CODE.pattern}|^[ \t]*[rub]{{0,2}}(?:\"\"\"|''')", re.MULTILINE)
"""The same, and a string that documents it."""
_HEADING: Final = re.compile(
    r"(?:\A|\n[ \t]*\n)#{1,6} [^\n]{1,60}(?<![.!?])\n[ \t]*\n|\n[^\s#*/][^\n]*\n(?:={3,}|-{3,}|~{3,})[ \t]*\n"
)
_SIGN: Final = re.compile(r"[ \t]*(//|#|;|--|%|\*|>|!|\.\.|dnl\b|rem\b)", re.IGNORECASE)
_COMMENTS: Final = (
    *(("/*", "*/"), ("<!--", "-->"), ('"' * 3, '"' * 3), ("'''", "'''"), ("{-", "-}"), ("(*", "*)")),
    ("#|", "|#"),
)
_WHOLE: Final = re.compile(r"/\*.*?\*/|<!--.*?-->|\"\"\".*?\"\"\"|'''.*?'''", re.DOTALL)
MAX_COMMENT: Final = 20_000
"""Characters of a comment before and behind a licence's words that are looked at."""


def sentences(text: str) -> Iterator[str]:
    """Its sentences, without signs of comments and rules; a line that says whose something is counts as one."""
    bare = _RULE.sub("\n\n", _FIELDS.sub("", _MARGIN.sub("", text)))
    for paragraph in _EMPTY.split(bare):
        for lines in _OF_COPYRIGHT.split(paragraph):
            for sentence in _END.split(lines):
                if sentence.strip():
                    yield sentence


def before_code(stretch: str, *, with_docs: bool = False) -> str:
    """What stands up to the first line of code; a string that documents it counts as code unless `with_docs`."""
    found = (_CODE if with_docs else _CODE_OR_DOCS).search(stretch)
    return stretch if found is None else stretch[: found.start()]


def behind_code(stretch: str, *, with_docs: bool = False) -> str:
    """What stands behind the last line of code, in the same way."""
    last = None
    for found in (_CODE if with_docs else _CODE_OR_DOCS).finditer(stretch):
        last = found
    if last is None:
        return stretch
    end = stretch.find("\n", last.end())
    return "" if end < 0 else stretch[end:]


def last_paragraph(stretch: str) -> str:
    """What follows the last empty line."""
    return _EMPTY.split(stretch)[-1]


def first_paragraph(stretch: str) -> str:
    """What stands before the first empty line."""
    return _EMPTY.split(stretch, maxsplit=1)[0]


def is_headed(text: str) -> bool:
    """Whether a text has headings as a README has them: it is a page of its own."""
    return _HEADING.search(text) is not None


def comment_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The comment that characters [start, end) of a text stand in; all of the text where it is in none.

    A comment with signs at its lines ends where a line has none. One between signs counts as the whole only where what
    stands outside is code or other comments: a file of licences may have some of them in comments.
    """
    first, last = max(0, start - MAX_COMMENT), min(len(text), end + MAX_COMMENT)
    for opens, closes in _COMMENTS:
        begin = text.rfind(opens, first, start)
        if begin < 0 or (text.count(opens, first, start) % 2 == 0 if opens == closes else closes in text[begin:start]):
            continue
        stop = text.find(closes, end, last)
        if stop >= 0 and (opens == closes or closes not in text[start:end]):
            outside = text[first:begin], text[stop + len(closes) : last]
            return (0, len(text)) if any(map(_is_prose, outside)) else (begin + len(opens), stop)
    line = text.rfind("\n", 0, start) + 1
    sign = _SIGN.match(text, line, start + 1)
    if sign is None or not all(_begins(each, sign[1]) for each in text[line:end].split("\n") if each.strip()):
        return 0, len(text)
    while line > first and _begins(text[text.rfind("\n", 0, line - 1) + 1 : line - 1], sign[1]):
        line = text.rfind("\n", 0, line - 1) + 1
    stop = text.find("\n", end)
    while 0 <= stop < last:
        after = text.find("\n", stop + 1)
        if not _begins(text[stop + 1 : after if after >= 0 else len(text)], sign[1]):
            break
        stop = after
    return line, stop if stop >= 0 else len(text)


def words_outside_comments(text: str) -> int:
    """How many words stand in no comment, and in no string that documents code."""
    return sum(len(line.split()) for line in _WHOLE.sub("", text).split("\n") if _SIGN.match(line) is None)


def _begins(line: str, sign: str) -> bool:
    return line.lstrip()[: len(sign)].lower() == sign.lower()


def _is_prose(outside: str) -> bool:
    """Whether it is text, not code or other comments."""
    return _CODE_OR_DOCS.search(outside) is None and any(
        len(line.split()) > 1 and _SIGN.match(line) is None and not line.lstrip().startswith("/")
        for line in outside.split("\n")
    )
