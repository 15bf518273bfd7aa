"""How much work a page gives its parser: a count that a few bytes can make exponential, so it is taken beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

MAX_FORM_DEPTH = 24  # forms within forms; real files have 5

_DRAWN = re.compile(rb"/([^\s/\[\]<>(){}%]{1,127})\s+Do(?![A-Za-z])")

Content = tuple[bytes, Mapping[str, int]]
"""A content stream after its filters, and the forms (XObjects with content of their own) that its names stand for."""


class Forms:
    """The work of the forms of a document; each is read once, however many pages draw it.

    `load` gives a form's content by its object number; it raises nothing, and an unreadable one is empty.
    """

    def __init__(self, load: Callable[[int], Content]) -> None:
        self._load = load
        self._known: dict[int, int] = {}

    def work(self, content: Content, limit: int) -> int:
        """Bytes of content that are interpreted when `content` is, forms as often as they are drawn; cut at `limit`."""
        return self._work(content, limit, 0)

    def _work(self, content: Content, limit: int, depth: int) -> int:
        raw, forms = content
        total = len(raw)
        if not forms or total >= limit:
            return min(total, limit)
        counts: dict[int, int] = {}
        for name in _DRAWN.findall(raw):
            number = forms.get(name.decode("latin-1"))
            if number is not None:
                counts[number] = counts.get(number, 0) + 1
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
