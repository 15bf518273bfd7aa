"""The lines of wikitext whose templates, links and tags are undone: headings, lists, tables, quotations, paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from pipeline.extraction.wikitext.marks import BREAK, KEPT_BEGIN, KEPT_END, POEM, POEM_END, QUOTE, QUOTE_END, Kept
from pipeline.extraction.wikitext.tables import Tables
from pipeline.extraction.wikitext.verbatim import fenced

_HEADING = re.compile(r"(={1,6})(.+?)(={1,6})[ \x03]*\Z")
_LIST = re.compile(r"[*#:;]+")
_RULE = re.compile(r"-{4,}")
_KEPT_LINE = re.compile(f"{KEPT_BEGIN}\\d+{KEPT_END}")
_HATNOTE = re.compile(
    r"(?:for (?:other|the|a|more|information|an)|this (?:article|page|section) (?:is about|describes|contains|needs)"
    r"|see also|main article|not to be confused|further information|\"?[^\"]{1,80}\"? redirects here)\b",
    re.IGNORECASE,
)
MAX_LIST_DEPTH = 8  # deeper items are indented no further
MAX_HATNOTE_CHARS = 400


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of an article: a heading of a level from 1 to 6, or text of level 0."""

    text: str
    level: int = 0


def blocks_of(text: str, kept: Kept) -> list[Block]:
    """The headings and blocks of text in order, without empty ones; marks of `kept` and of holes stay in them."""
    return _Reader(text.split("\n"), kept).blocks()


class _Reader:
    def __init__(self, lines: list[str], kept: Kept) -> None:
        self._lines = lines
        self._kept = kept
        self._tables = Tables(lines)
        self._found: list[Block] = []
        self._paragraph: list[str] = []
        self._items: list[str] = []  # of the list that is being read
        self._numbers: dict[int, int] = {}  # the last number by depth
        self._code: list[str] = []  # lines that begin with a space
        self._term = ""  # of a definition that has not come yet
        self._is_quote = False
        self._is_poem = False

    def blocks(self) -> list[Block]:
        at = 0
        while at < len(self._lines):
            at = self._line(at)
        self._flush()
        return self._found

    def _line(self, at: int) -> int:
        """Read a line, or a table from it on; where the next one is."""
        row = self._lines[at]
        first = row[:1]
        if first == "":
            if self._code:
                self._code.append("")  # the next line shows whether the code goes on
            else:
                self._flush()
        elif first in (QUOTE, QUOTE_END, POEM, POEM_END):
            self._flush()
            self._is_quote = first == QUOTE if first in (QUOTE, QUOTE_END) else self._is_quote
            self._is_poem = first == POEM if first in (POEM, POEM_END) else self._is_poem
        elif self._is_poem:
            self._paragraph.append(row.strip() + BREAK)
        elif first == "=" and (heading := _HEADING.match(row)) is not None:
            self._flush()
            self._is_quote = False
            level = min(len(heading[1]), len(heading[3]))
            extra = "=" * (len(heading[1]) - level)
            self._found.append(Block((extra + heading[2].replace(BREAK, " ")).strip(), level))
        elif first in "*#:;":
            return self._list_line(at, row)
        elif self._tables.begins(at):
            return self._table(at)
        elif first == " ":
            self._indented(row)
        elif _KEPT_LINE.fullmatch(row.strip()):
            self._flush()
            self._add(row.strip())
        elif (rule := _RULE.match(row)) is not None:
            self._flush()
            self._text(row[rule.end() :])
        else:
            self._text(row)
        return at + 1

    def _text(self, row: str) -> None:
        if self._items or self._code:
            self._flush()
        if row.strip():
            self._paragraph.append(row.strip())

    def _table(self, at: int) -> int:
        self._flush()
        blocks, behind = self._tables.read(at)
        for block in blocks:
            self._add(block)
        return behind

    def _indented(self, row: str) -> None:
        """A line that begins with a space is code if another one stands beside it, else text."""
        if self._paragraph or self._items:
            self._flush()
        self._code.append(row[1:])

    def _list_line(self, at: int, row: str) -> int:
        if self._paragraph or self._code:
            self._flush()
        prefix = _LIST.match(row)
        assert prefix is not None
        signs, rest = prefix[0], row[prefix.end() :].strip()
        if signs.strip(":") == "" and self._tables.begins(at):
            return self._table(at)
        self._item(signs, rest)
        return at + 1

    def _item(self, signs: str, text: str) -> None:
        last, depth = signs[-1], len(signs)
        term, self._term = self._term, ""
        if term and last == ":":
            self._items.append(f"{term}: {text}" if text and not term.endswith(":") else f"{term} {text}".strip())
            return
        if term:
            self._items.append(term)
        for deeper in [known for known in self._numbers if known > depth or (known == depth and last != "#")]:
            del self._numbers[deeper]
        if not text:
            return
        if last == ";":
            term, colon, definition = text.partition(" : ")
            if colon:
                self._items.append(f"{term.strip()}: {definition.strip()}")
            else:
                self._term = text
            return
        if not self._items and signs.strip(":") == "" and _is_hatnote(text):
            return
        indent = "  " * min(len(signs.rstrip(":").replace(":", "")) - (last != ":"), MAX_LIST_DEPTH)
        if last == "#":
            self._numbers[depth] = self._numbers.get(depth, 0) + 1
            self._items.append(f"{indent}{self._numbers[depth]}. {text}")
        else:
            self._items.append(f"{indent}- {text}" if last == "*" else f"{indent}{text}")

    def _flush(self) -> None:
        """End the paragraph, list or code that is being read."""
        if self._code:
            code, self._code = self._code, []
            together = any(row.strip() and following.strip() for row, following in pairwise(code))
            if together and not any(KEPT_BEGIN in row for row in code):
                self._add(fenced("\n".join(code).replace(BREAK, ""), "", self._kept).strip("\n"))
            else:
                for row in code:
                    self._add(row.strip())
        if self._term:
            self._items.append(self._term)
            self._term = ""
        if self._items:
            items, self._items = self._items, []
            self._numbers.clear()
            self._add("\n".join(items))
        if self._paragraph:
            rows, self._paragraph = self._paragraph, []
            self._add(" ".join(rows))

    def _add(self, block: str) -> None:
        if BREAK in block:
            block = "\n".join(row for part in block.replace(BREAK, "\n").split("\n") if (row := part.strip()))
        if not block.strip():
            return
        if self._is_quote and KEPT_BEGIN not in block[:1]:
            block = "\n".join(f"> {row}" for row in block.split("\n") if row)
        self._found.append(Block(block))


def _is_hatnote(text: str) -> bool:
    """Whether an indented line before any text points to another article."""
    return len(text) <= MAX_HATNOTE_CHARS and _HATNOTE.match(text) is not None
