"""The text of a post that a site made out of Markdown: paragraphs, lists, quotes, tables, and code as it was written.

One pass over the tags, in time linear in the HTML: posts are short, and hold the two dozen elements that the site lets
through. A tree parser costs more and gives no better text (tests compare its words with lxml's); what this reader
does with broken nesting is simple: an end tag closes what is open up to its element, or nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.extraction.fences import fence_for
from pipeline.extraction.post_html_inline import BREAK, STRUCK, attribute, caption, language, marked
from pipeline.extraction.references import unescaped

MAX_DEPTH = 16  # quotes and lists within one another; deeper ones are written as if they stood at this depth

# `<` does not occur in attributes: the site writes `&lt;`. Splitting there keeps every scan local.
_TAG = re.compile(r"""(/?)([A-Za-z][A-Za-z0-9]*+)((?:[^"'>]++|"[^"]*+"|'[^']*+')*+)>""")
_HEADING = re.compile(r"<[hH]([1-6])[\s>]")
_DISPLAY_MATH = ("$$", "\\begin{", "\\[")
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "blockquote",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "pre",
        "hr",
        "table",
        "section",
        "details",
        "summary",
    }
    | {f"h{level}" for level in range(1, 7)}
)
_CONTAINERS = frozenset({"blockquote", "ul", "ol", "li", "dd"})
_ROW_PARTS = frozenset({"tr", "td", "th", "thead", "tbody", "tfoot", "caption", "colgroup", "col"})


def post_text(source: str) -> str:
    """The text of a post's HTML, "" where there is none.

    Code blocks are fenced with their indentation exact, and named after the class `lang-...`; inline code stands in
    backticks; lists, quotes and tables as in Markdown; the highest heading at level 3, so that it stands below a title
    and the posts' own; a link is its text, an image its caption where somebody wrote one; emphasis leaves no mark,
    struck text `~~`, an exponent `^` and an index `_` where Unicode has no such characters. TeX between dollars stays
    as it is, with its lines where it is displayed.
    """
    levels = [int(level) for level in _HEADING.findall(source)]
    writer = _Writer(3 - min(levels, default=1))
    in_comment = False
    text, *tags = source.replace(BREAK, "").split("<")
    writer.text(text)
    for chunk in tags:
        if in_comment or chunk.startswith("!--"):
            _, end, rest = chunk.partition("-->")
            in_comment = not end
            writer.text(rest)
            continue
        tag = _TAG.match(chunk)
        if tag is None:
            writer.text(f"<{chunk}")
            continue
        if tag[1]:
            writer.close(tag[2].lower())
        else:
            writer.open(tag[2].lower(), tag[3])
        if len(chunk) > tag.end():
            writer.text(chunk[tag.end() :])
    return writer.done()


@dataclass(slots=True)
class _Container:
    """A quote, a list (without a prefix of its own) or an item of one; `first` stands before its first line."""

    name: str
    first: str = ""
    rest: str = ""
    number: int = 0
    blocks: int = 0
    is_started: bool = False
    is_loose: bool = False


@dataclass(slots=True)
class _Table:
    """The rows so far; `depth` counts the tables within, whose cells are cells of this one."""

    rows: list[list[str]] = field(default_factory=list)
    in_cell: bool = False
    depth: int = 1


class _Writer:
    """Takes tags and text in order; holds the finished lines and the paragraph that is being written."""

    def __init__(self, lower: int) -> None:
        self._lower = lower  # levels that headings go down
        self._lines: list[str] = []
        self._inline: list[str] = []
        self._containers: list[_Container] = []
        self._common = 0  # how many containers the last block shares with what comes
        self._code: list[str] | None = None  # of the `pre` that is open
        self._language = ""
        self._marks: list[tuple[str, int]] = []  # open code, sup, sub and struck text, and where it began
        self._level = 0  # of the heading that is open
        self._table: _Table | None = None

    def text(self, raw: str) -> None:
        """Text between tags, its entities not yet resolved."""
        if raw:
            (self._inline if self._code is None else self._code).append(unescaped(raw))

    def open(self, name: str, attributes: str) -> None:
        """A start tag."""
        if self._code is not None:
            if name == "br":
                self._code.append("\n")
            elif name == "code":
                self._language = self._language or language(attributes)
        elif self._table is not None and (name in _BLOCKS or name in _ROW_PARTS):
            self._open_in_table(self._table, name)
        elif name in _BLOCKS:
            self._open_block(name, attributes)
        elif name == "br":
            self._inline.append(BREAK)
        elif name == "img":
            self._inline.append(caption(attributes))
        elif (name in ("code", "sup", "sub") or name in STRUCK) and len(self._marks) < MAX_DEPTH:
            self._marks.append((name, len(self._inline)))

    def close(self, name: str) -> None:
        """An end tag."""
        if self._code is not None:
            if name == "pre":
                self._end_code(self._code)
        elif self._table is not None and (name in _BLOCKS or name in _ROW_PARTS):
            self._close_in_table(self._table, name)
        elif name in _CONTAINERS:
            self._paragraph()
            if any(container.name == name for container in self._containers):
                while self._pop() != name:
                    pass
        elif name in _BLOCKS:
            self._paragraph()
        else:
            self._close_mark(name)

    def done(self) -> str:
        """The whole text; what is still open ends here."""
        if self._code is not None:
            self._end_code(self._code)
        if self._table is not None:
            self._end_table(self._table)
        self._paragraph()
        return "\n".join(self._lines).strip("\n")

    # --- inline ---

    def _close_mark(self, name: str) -> None:
        if not any(mark == name for mark, _ in self._marks):
            return
        while True:
            mark, start = self._marks.pop()
            if mark == name:
                break
        content = "".join(self._inline[start:])
        if content.strip():
            del self._inline[start:]
            self._inline.append(marked(name, content, self._inline[-1][-1:] if self._inline else ""))

    def _taken(self) -> list[str]:
        """The lines of the paragraph that is being written, which is then empty."""
        raw = "".join(self._inline)
        self._inline, self._marks = [], []
        if any(sign in raw for sign in _DISPLAY_MATH):
            raw = raw.replace("\n", BREAK)
        lines = [" ".join(line.split()) for line in raw.split(BREAK)]
        return [line for line in lines if line]

    # --- blocks ---

    def _open_block(self, name: str, attributes: str) -> None:
        self._paragraph()
        if name == "pre":
            self._code, self._language = [], language(attributes)
        elif name == "table":
            self._table = _Table()
        elif name in ("ul", "ol"):
            start = attribute(attributes, "start") or "1"
            self._push(_Container(name, number=int(start) if re.fullmatch(r"[0-9]{1,9}", start) else 1))
        elif name == "li":
            self._open_item()
        elif name == "blockquote":
            self._push(_Container(name, "> ", "> "))
        elif name == "dd":
            self._push(_Container(name, "  ", "  "))
        elif name.startswith("h") and name != "hr":
            self._level = min(int(name[1]) + self._lower, 6)

    def _open_item(self) -> None:
        for depth in range(len(self._containers) - 1, -1, -1):
            if self._containers[depth].name in ("ul", "ol"):
                while len(self._containers) > depth + 1:
                    self._pop()
                break
        else:
            self._push(_Container("ul", number=1))
        if (above := self._containers[-1]).name not in ("ul", "ol"):  # too deep for a list of its own
            above = _Container("ul")
        first = f"{above.number}. " if above.name == "ol" else "- "
        above.number += 1
        self._push(_Container("li", first, " " * len(first)))

    def _push(self, container: _Container) -> None:
        if len(self._containers) < 2 * MAX_DEPTH:
            self._containers.append(container)

    def _pop(self) -> str:
        """Ends the innermost container; its name. An item of several paragraphs makes its list a loose one."""
        ended = self._containers.pop()
        self._common = min(self._common, len(self._containers))
        if ended.name == "li" and ended.blocks > 1 and self._containers:
            self._containers[-1].is_loose = True
        return ended.name

    def _paragraph(self) -> None:
        lines, level = self._taken(), self._level
        self._level = 0
        if lines and level:
            lines = [f"{'#' * level} {' '.join(lines)}"]
        self._block(lines)

    def _block(self, lines: list[str]) -> None:
        if not lines:
            return
        if self._lines and self._needs_blank():
            self._lines.append("".join(container.rest for container in self._containers[: self._common]).rstrip())
        for line in lines:
            prefix = "".join(c.rest if c.is_started else c.first for c in self._containers)
            self._lines.append((prefix + line).rstrip())
            for container in self._containers:
                container.is_started = True
        if self._containers:
            self._containers[-1].blocks += 1
        self._common = len(self._containers)

    def _needs_blank(self) -> bool:
        """Whether a blank line goes before the next block: not between the items of a list whose items are short."""
        if not self._containers or self._containers[-1].name != "li" or self._containers[-1].is_started:
            return True
        above = self._containers[-2] if len(self._containers) > 1 else None
        if above is None or not above.is_started:  # the first item: of a list in an item, or in the text
            return not any(container.name == "li" for container in self._containers[:-1])
        return above.is_loose

    # --- code ---

    def _end_code(self, code: list[str]) -> None:
        content = "".join(code).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n").rstrip()
        language, self._code, self._language = self._language, None, ""
        if content.strip():
            fence = fence_for(content)
            self._block([fence + language, *content.split("\n"), fence])

    # --- tables ---

    def _open_in_table(self, table: _Table, name: str) -> None:
        if name in ("td", "th", "tr"):
            self._end_cell(table)
            if name == "tr":
                table.rows.append([])
            else:
                table.in_cell = True
        elif name == "table":
            table.depth += 1
        else:
            self._inline.append(" ")

    def _close_in_table(self, table: _Table, name: str) -> None:
        if name in ("td", "th", "tr"):
            self._end_cell(table)
        elif name == "table":
            table.depth -= 1
            if table.depth == 0:
                self._end_table(table)
        else:
            self._inline.append(" ")

    def _end_cell(self, table: _Table) -> None:
        content = " ".join(self._taken()).replace("|", "\\|")
        if table.in_cell or content:
            if not table.rows:
                table.rows.append([])
            table.rows[-1].append(content)
        table.in_cell = False

    def _end_table(self, table: _Table) -> None:
        self._end_cell(table)
        self._table = None
        rows = [row for row in table.rows if any(row)]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        self._block([*lines[:1], f"|{' --- |' * len(rows[0])}", *lines[1:]] if lines else [])
