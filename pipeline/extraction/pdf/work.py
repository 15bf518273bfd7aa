"""How much work a page gives its parser: a count that a few bytes can make exponential, so it is taken beforehand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

MAX_FORM_DEPTH = 24  # forms within forms; real files have 5
MAX_NAME = 127  # bytes (ISO 32000-1, Annex C)
MAX_BEFORE = 2 * MAX_NAME  # bytes before an operator in which its name is looked for

_END = rb"(?=[\0\s/(\[<{%]|$)"  # of an operator; before it, too, stands white space, or what ends an operand
_NAME = re.compile(rb"/([^\0\s/\[\]<>(){}%%]{1,%d})[\0\s]+" % MAX_NAME)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_COMMENT = re.compile(rb"%[^\r\n]*")
_DO = re.compile(rb"Do(?<![^\0\s)\]>}]Do)" + _END)  # what must stand before it is looked at last: a third of the time
_BI = re.compile(rb"BI(?<![^\0\s)\]>}]BI)" + _END)
_MARK = re.compile(rb"(?:^|(?<=[\0\s)\]>}]))(?:[fFSsBb]\*?|sh|Do|BI|Tj|TJ|'|\")" + _END)
# White space before is looked for last, so that the search is for two letters.
_BEGIN = re.compile(rb"BI(?<!\SBI)(?=\s)")
_STOP = re.compile(rb"EI(?<!\SEI)(?!\S)")
NOTHING: Mapping[str, int] = MappingProxyType({})


class Content(NamedTuple):
    """What a content stream makes its parser do; its bytes are not kept.

    size: bytes after its filters. draws: operators that draw a picture or a form, some may stand in strings; unnamed:
    of these the `Do` without a name right before. names: what it draws by name, and how often. forms: by its names the
    object numbers of forms (XObjects with content of their own). inline: digests of the pictures that stand in it.
    """

    size: int
    draws: int = 0
    unnamed: int = 0
    names: Mapping[str, int] = NOTHING
    forms: Mapping[str, int] = NOTHING
    inline: tuple[int, ...] = ()


def content_of(raw: bytes) -> Content:
    """Of a content stream after its filters, its forms apart."""
    drawn, held = len(_DO.findall(raw)), len(_BI.findall(raw))
    names = drawn_names(raw) if drawn else NOTHING
    inline = tuple(map(digest, inline_pictures(raw))) if held else ()
    return Content(len(raw), drawn + held, drawn - sum(names.values()), names, inline=inline)


class Forms:
    """The work of the forms of a document; each is counted once, however many pages draw it.

    `load` gives by a form's object number what it costs, forms apart, and its content; it raises nothing, and an
    unreadable one is empty.
    """

    def __init__(self, load: Callable[[int], tuple[int, Content]]) -> None:
        self._load = load
        self._known: dict[int, int] = {}

    def work(self, cost: int, content: Content, limit: int) -> int:
        """What it costs to interpret `content`, with its forms as often as they are drawn; cut at `limit`."""
        return self._work(cost, content, limit, 0)

    def work_of(self, number: int, limit: int) -> int:
        """`work` of a form by its object number, where it is drawn once."""
        return min(self._of_form(number, limit, 1), limit)

    def _work(self, cost: int, content: Content, limit: int, depth: int) -> int:
        total, forms = cost, content.forms
        if not forms or total >= limit:
            return min(total, limit)
        counts: dict[int, int] = {}
        for name, times in content.names.items():
            number = forms.get(name)
            if number is not None:
                counts[number] = counts.get(number, 0) + times
        if content.unnamed > 0:  # what they draw stands elsewhere: it may be the dearest
            dearest = max(sorted(set(forms.values())), key=lambda number: self._of_form(number, limit, depth + 1))
            counts[dearest] = counts.get(dearest, 0) + content.unnamed
        for number, times in counts.items():
            total += times * self._of_form(number, limit, depth + 1)
            if total >= limit:
                return limit
        return total

    def _of_form(self, number: int, limit: int, depth: int) -> int:
        if depth > MAX_FORM_DEPTH:
            return limit
        if number not in self._known:
            self._known[number] = 0  # a form that draws itself is not drawn again
            self._known[number] = self._work(*self._load(number), limit, depth) + 1
        return self._known[number]


def drawn_names(raw: bytes) -> Counter[str]:
    """The names that a content stream draws, and how often, where the name stands right before the operator."""
    if b"%" in raw:
        raw = _COMMENT.sub(b"", raw)
    names: Counter[str] = Counter()
    for operator in _DO.finditer(raw):
        at = operator.start()
        start = raw.rfind(b"/", max(at - MAX_BEFORE, 0), at)
        if start >= 0 and (found := _NAME.fullmatch(raw, start, at)):
            names[_ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), found[1]).decode("latin-1")] += 1
    return names


def marks(raw: bytes) -> int:
    """The operators of a content stream that draw anything; some may stand in strings."""
    return len(_MARK.findall(raw))


def inline_pictures(raw: bytes) -> Iterator[bytes]:
    """What stands in a page's content from each BI on up to the next EI, which most pictures do not hold; one pass."""
    stop = 0
    while (begin := _BEGIN.search(raw, stop)) and (end := _STOP.search(raw, begin.end())):
        stop = end.end()
        yield raw[begin.start() : stop]


def digest(raw: bytes) -> int:
    """Of 64 bits."""
    return int.from_bytes(blake2b(raw, digest_size=8).digest())
