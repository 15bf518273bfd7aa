"""Templates and links of wikitext, which nest: one pass from the inside out, linear whatever the brackets are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.extraction.wikitext.marks import HOLE, PIPE

MAX_DEPTH = 40  # as MediaWiki's own limit of templates within templates; what is deeper gives no text
MAX_LINK_CHARS = 5_000  # of a link that is no file: longer ones are two brackets that do not belong together
# `{{{` is a brace and a template (`{{{!}}` begins a table); of a run of four, two templates begin.
_TOKEN = re.compile(r"\{\{(?!\{(?!\{))|\}\}|\[\[|\]\]|\|")


@dataclass(slots=True)
class _Frame:
    """A template or link that is being read: its parts between the bars, each the strings that it is made of.

    The first string of a part is as it was written, if empty; what follows may have been given by a template.
    """

    closed_by: int
    parts: list[list[str]] = field(default_factory=lambda: [[]])

    def add(self, text: str) -> None:
        self.parts[-1].append(text)

    def give(self, text: str) -> None:
        part = self.parts[-1]
        if not part:
            part.append("")
        part.append(text)


@dataclass(frozen=True, slots=True)
class Nest:
    """How templates and links are read.

    skipped(name, is_inline): what a template gives that needs no reading, None where it must be read. template(parts,
    is_inline): what it gives. In both, `is_inline` says that text stands beside it on its line. is_dropped(target):
    whether a link gives nothing; is_file(target): whether it shows a file; link(parts): what it gives.
    """

    skipped: Callable[[str, bool], str | None]
    template: Callable[[list[list[str]], bool], str]
    is_dropped: Callable[[str], bool]
    is_file: Callable[[str], bool]
    link: Callable[[list[str]], str]

    def flattened(self, text: str) -> str:
        """`text` with what its templates and links give in their places; brackets without a partner go."""
        tokens = list(_TOKEN.finditer(text))
        partner = self._partners(text, tokens)
        root = _Frame(-1)
        stack = [root]
        at = index = 0
        while index < len(tokens):
            token = tokens[index]
            top = stack[-1]
            if token.start() > at:
                top.add(text[at : token.start()])
            at = token.end()
            kind = token[0]
            if kind == "|":
                if top is root:
                    top.add("|")
                else:
                    top.parts.append([])
            elif partner[index] > index:
                closing = partner[index]
                given = self._skipped(text, tokens, index, closing, len(stack))
                if given is None:
                    stack.append(_Frame(closing))
                else:
                    top.give(given)
                    index, at = closing, tokens[closing].end()
            elif index == top.closed_by:
                stack.pop()
                if kind == "]]":
                    given = self.link(["".join(part) for part in top.parts])
                else:
                    opening = tokens[partner[index]].start()
                    given = self.template(top.parts, _is_inline(text, opening, at))
                stack[-1].give(given)
            index += 1
        root.add(text[at:])
        return "".join(root.parts[0])

    def _skipped(self, text: str, tokens: list[re.Match[str]], index: int, closing: int, depth: int) -> str | None:
        """What is given for a template or link that is not read at all; None where it must be read."""
        start, stop = tokens[index].end(), tokens[closing].start()
        if depth > MAX_DEPTH:
            return ""
        name = text[start : min(tokens[index + 1].start(), start + MAX_LINK_CHARS)]
        if tokens[index][0] == "[[":
            return HOLE if self.is_dropped(name) else None
        if tokens[index + 1][0] not in ("|", "}}"):  # the name is made by another template, or a function's argument
            return None
        return self.skipped(name, _is_inline(text, start - 2, stop + 2))

    def _partners(self, text: str, tokens: list[re.Match[str]]) -> list[int]:
        """For each token the index of the one that closes or opens it; -1 where it has none."""
        partner = [-1] * len(tokens)
        stack: list[int] = []
        templates = 0  # of those on the stack
        for index, token in enumerate(tokens):
            kind = token[0]
            if kind in ("{{", "[["):
                stack.append(index)
                templates += kind == "{{"
            elif kind == "}}" and templates:
                while tokens[stack[-1]][0] == "[[":
                    stack.pop()
                opening = stack.pop()
                templates -= 1
                partner[opening], partner[index] = index, opening
            elif kind == "]]" and stack and tokens[stack[-1]][0] == "[[":
                opening = stack.pop()
                if self._is_link(text, tokens[opening].end(), token.start()):
                    partner[opening], partner[index] = index, opening
        return partner

    def _is_link(self, text: str, start: int, stop: int) -> bool:
        if self.is_file(text[start : start + 64]):
            return True
        return stop - start <= MAX_LINK_CHARS and text.find("\n\n", start, stop) < 0


def _is_inline(text: str, start: int, stop: int) -> bool:
    """Whether anything stands beside text[start:stop] on its line; what is deeper in a template counts as beside."""
    before = text[max(0, start - 1) : start]
    behind = text[stop : stop + 1]
    return not ((before in ("", "\n")) and (behind in ("", "\n")))


def label_of(parts: list[str]) -> str:
    """What a link shows: its label; without one, its target, without namespace and brackets after a bar (`a (b)|`)."""
    target = parts[0].strip().removeprefix(":")
    if len(parts) == 1:
        return target.replace("_", " ")
    label = PIPE.join(parts[1:])
    if label.strip():
        return label
    target = target.rpartition(":")[2]
    return target[: target.rfind("(")].rstrip() if target.endswith(")") else target.partition(", ")[0]
