"""How much work a page gives its parser: a count that a few bytes can make exponential, so it is taken beforehand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

MAX_FORM_DEPTH = 24  # forms within forms; real files have 5

_END = rb"(?=[\0\s/(\[<{%]|$)"  # of an operator; before it, too, stands white space, or what ends an operand
_DRAWN = re.compile(rb"/([^\0\s/\[\]<>(){}%]{1,127})[\0\s]+Do" + _END)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_COMMENT = re.compile(rb"%[^\r\n]*")
_DO = re.compile(rb"Do(?<![^\0\s)\]>}]Do)" + _END)  # what must stand before it is looked at last: a third of the time
_BI = re.compile(rb"BI(?<![^\0\s)\]>}]BI)" + _END)
_MARK = re.compile(rb"(?:^|(?<=[\0\s)\]>}]))(?:[fFSsBb]\*?|sh|Do|BI|Tj|TJ|'|\")" + _END)

Content = tuple[bytes, Mapping[str, int]]
"""A content stream after its filters, and the forms (XObjects with content of their own) that its names stand for."""


class Forms:
    """The work of the forms of a document; each is read once, however many pages draw it.

    `load` gives a form's content by its object number; it raises nothing, and an unreadable one is empty. `measure`
    says what the bytes of a content stream cost, its forms apart.
    """

    def __init__(self, load: Callable[[int], Content], measure: Callable[[bytes], int] = len) -> None:
        self._load, self._measure = load, measure
        self._known: dict[int, int] = {}

    def work(self, content: Content, limit: int) -> int:
        """What it costs to interpret `content`, with its forms as often as they are drawn; cut at `limit`."""
        return self._work(content, limit, 0)

    def work_of(self, number: int, limit: int) -> int:
        """`work` of a form by its object number, where it is drawn once."""
        return min(self._of_form(number, limit, 1), limit)

    def _work(self, content: Content, limit: int, depth: int) -> int:
        raw, forms = content
        total = self._measure(raw)
        if not forms or total >= limit:
            return min(total, limit)
        counts: dict[int, int] = {}
        names = drawn_names(raw)
        for name, times in names.items():
            number = forms.get(name)
            if number is not None:
                counts[number] = counts.get(number, 0) + times
        unnamed = len(_DO.findall(raw)) - names.total()  # what they draw stands elsewhere: it may be the dearest
        if unnamed > 0:
            dearest = max(sorted(set(forms.values())), key=lambda number: self._of_form(number, limit, depth + 1))
            counts[dearest] = counts.get(dearest, 0) + unnamed
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
            self._known[number] = self._work(self._load(number), limit, depth) + 1
        return self._known[number]


def drawn_names(raw: bytes) -> Counter[str]:
    """The names that a content stream draws, and how often, where the name stands right before the operator."""
    if b"Do" not in raw:
        return Counter()
    if b"%" in raw:
        raw = _COMMENT.sub(b"", raw)
    found = Counter(_DRAWN.findall(raw))
    names: Counter[str] = Counter()
    for name, times in found.items():
        names[_ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), name).decode("latin-1")] += times
    return names


def pictures(raw: bytes) -> int:
    """The operators of a content stream that draw a picture or a form; some may stand in strings."""
    return len(_DO.findall(raw)) + len(_BI.findall(raw))


def marks(raw: bytes) -> int:
    """The operators of a content stream that draw anything; some may stand in strings."""
    return len(_MARK.findall(raw))
