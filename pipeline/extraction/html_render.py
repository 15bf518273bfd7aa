"""Chosen blocks of a page as text: paragraphs, headings, lists, rows of tables, code with its lines, formulas."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.extraction.fences import fence_for
from pipeline.extraction.html_math import latex_of, tidy
from pipeline.extraction.html_page import N_PARENT, N_TAG, S_BREAK, S_FORMULA, S_MATH, Page
from pipeline.extraction.html_tags import TAG
from pipeline.extraction.html_words import B_END_SEGMENT, B_NODE, B_SEGMENT, BOLD, CODE, LINKED, SUB, SUP
from pipeline.extraction.scripts import scripted

MAX_CELL_CHARS: Final = 300  # a table with longer cells lays out a page
MAX_LIST_DEPTH: Final = 6
MAX_FORMULA_BYTES: Final = 100_000  # the longest of real pages has 60,000 as MathML
_HEADINGS = {TAG[f"h{level}"]: level for level in range(1, 7)}
_LI, _OL, _TR, _TABLE, _PRE, _P, _BLOCKQUOTE, _LISTING = (
    TAG[name] for name in ("li", "ol", "tr", "table", "pre", "p", "blockquote", "listing")
)
_UL, _MENU, _DT, _DD = (TAG[name] for name in ("ul", "menu", "dt", "dd"))
_CELLS = frozenset((TAG["td"], TAG["th"]))
_LISTS = frozenset((_UL, _OL, _MENU))
_KNOWN = frozenset((*_HEADINGS, *_CELLS, *_LISTS, _LI, _TR, _TABLE, _PRE, _LISTING, _BLOCKQUOTE, _P, _DT, _DD))
_UNSEEN = LINKED | BOLD
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_REFERENCE = re.compile(r"\[.{1,12}\]", re.S)
_LINE_NUMBERS = re.compile(r"[\d\s]+")


@dataclass(slots=True)
class Piece:
    """Text of one block, and what it is part of: the nodes of the innermost row, table, item and code around it."""

    text: str
    heading: int = 0
    item: int = -1
    lists: list[int] = field(default_factory=list)
    cell: int = -1
    row: int = -1
    table: int = -1
    code: int = -1
    is_paragraph: bool = False


def render(page: Page, chosen: NDArray[np.bool_]) -> str:
    """The text of the chosen blocks, in order. Blocks follow on a line of their own, paragraphs after an empty one."""
    pieces = list(_pieces(page, chosen))
    data_tables = _data_tables(pieces)
    lines: list[str] = []
    started: set[int] = set()
    numbers = _item_numbers(page, pieces)
    at = 0
    while at < len(pieces):
        piece, end = pieces[at], at + 1
        if piece.code >= 0:
            end = _run(pieces, at, "code")
            text, loose = _code(pieces[at:end]), True
        elif piece.table in data_tables and piece.row >= 0:
            end = _run(pieces, at, "row")
            text = _row(pieces[at:end], piece.table not in started)
            loose = piece.table not in started
            started.add(piece.table)
        elif piece.heading:
            text, loose = f"{'#' * piece.heading} {' '.join(piece.text.split())}", True
        elif piece.item >= 0:
            mark = "" if piece.item in started else f"{numbers.get(piece.item, 0)}. " if piece.item in numbers else "- "
            started.add(piece.item)
            indent = "  " * min(MAX_LIST_DEPTH, max(0, len(piece.lists) - 1))
            text, loose = indent + (mark or "  ") + piece.text.replace("\n", f"\n{indent}  "), False
        else:
            text, loose = piece.text, piece.is_paragraph
        if text:
            before = pieces[at - 1] if at else piece
            is_loose = (
                loose or _is_loose(before) or (before.item < 0) != (piece.item < 0) or before.table != piece.table
            )
            if lines:
                lines.append("\n\n" if is_loose else "\n")
            lines.append(text)
        at = end
    return "".join(lines)


def _is_loose(piece: Piece) -> bool:
    return piece.is_paragraph or piece.heading > 0 or piece.code >= 0


def _run(pieces: Sequence[Piece], at: int, part: str) -> int:
    """Behind the last of the pieces from `at` on that are in the same element."""
    end = at
    while end < len(pieces) and getattr(pieces[end], part) == getattr(pieces[at], part):
        end += 1
    return end


def _pieces(page: Page, chosen: NDArray[np.bool_]) -> Iterator[Piece]:
    """The chosen blocks that have text, with what they are part of."""
    blocks, segments = page.blocks[chosen].tolist(), page.segments
    tags, parents = page.nodes[:, N_TAG].tolist(), page.nodes[:, N_PARENT].tolist()
    known: dict[int, list[int]] = {}  # the elements around a node that matter, itself first
    raw = page.data.tobytes()
    for block in blocks:
        piece = Piece("")
        for node in _path(block[B_NODE], tags, parents, known):
            _place(piece, node, tags[node])
        parts = segments[block[B_SEGMENT] : block[B_END_SEGMENT]].tolist()
        piece.text = _text(raw, parts, is_code=piece.code >= 0)
        if piece.text:
            yield piece


def _path(node: int, tags: list[int], parents: list[int], known: dict[int, list[int]]) -> list[int]:
    path = known.get(node)
    if path is None:
        above = parents[node]
        path = _path_of(above, tags, parents, known) if above >= 0 else []
        path = [node, *path] if tags[node] in _KNOWN else path
        known[node] = path
    return path


def _path_of(node: int, tags: list[int], parents: list[int], known: dict[int, list[int]]) -> list[int]:
    """The same, going up in a loop: pages are deeper than Python's stack."""
    waiting = []
    while node >= 0 and node not in known:
        waiting.append(node)
        node = parents[node]
    path = known[node] if node >= 0 else []
    for below in reversed(waiting):
        path = [below, *path] if tags[below] in _KNOWN else path
        known[below] = path
    return path


def _place(piece: Piece, node: int, tag: int) -> None:
    """Note an element around the piece; called from the innermost outwards."""
    if tag in _HEADINGS and not piece.heading and piece.table < 0:
        piece.heading = _HEADINGS[tag]
    elif tag in (_PRE, _LISTING):
        piece.code = node
    elif tag == _P:
        piece.is_paragraph = True
    elif tag == _LI and piece.item < 0 and piece.table < 0:
        piece.item = node
    elif tag in _LISTS and piece.table < 0:
        piece.lists.append(node)
    elif tag in _CELLS and piece.cell < 0 and piece.table < 0:
        piece.cell = node
    elif tag == _TR and piece.row < 0 and piece.table < 0:
        piece.row = node
    elif tag == _TABLE and piece.table < 0:
        piece.table = node


def _data_tables(pieces: Sequence[Piece]) -> set[int]:
    """The tables that hold data: at least two rows of short cells, one of them with two; no code or headings in it."""
    rows: dict[int, dict[int, set[int]]] = {}
    bad: set[int] = set()
    lengths: dict[int, int] = {}
    for piece in pieces:
        if piece.table < 0 or piece.row < 0:
            continue
        rows.setdefault(piece.table, {}).setdefault(piece.row, set()).add(piece.cell)
        lengths[piece.cell] = lengths.get(piece.cell, 0) + len(piece.text)
        if lengths[piece.cell] > MAX_CELL_CHARS or piece.code >= 0 or piece.heading:
            bad.add(piece.table)
    return {
        table
        for table, cells in rows.items()
        if table not in bad and len(cells) >= 2 and max(map(len, cells.values())) >= 2
    }


def _row(pieces: Sequence[Piece], is_first: bool) -> str:
    """A row of a table; below the first one the line that Markdown needs."""
    cells: dict[int, list[str]] = {}
    for piece in pieces:
        cells.setdefault(piece.cell, []).append(" ".join(piece.text.split()).replace("|", r"\|"))
    row = f"| {' | '.join(' '.join(texts) for texts in cells.values())} |"
    return f"{row}\n|{' --- |' * len(cells)}" if is_first else row


def _code(pieces: Sequence[Piece]) -> str:
    """A block of code in fences; '' for the numbers of its lines."""
    code = "\n".join(piece.text for piece in pieces).strip("\n")
    if not code.strip() or (_LINE_NUMBERS.fullmatch(code) and "\n" in code):
        return ""
    fence = fence_for(code)
    return f"{fence}\n{code}\n{fence}"


def _item_numbers(page: Page, pieces: Sequence[Piece]) -> dict[int, int]:
    """The place in its list of each numbered item."""
    tags, parents = page.nodes[:, N_TAG], page.nodes[:, N_PARENT]
    numbers: dict[int, int] = {}
    for parent in {int(parents[piece.item]) for piece in pieces if piece.item >= 0}:
        if tags[parent] == _OL:
            items = np.flatnonzero((parents == parent) & (tags == _LI))
            numbers |= {int(node): place for place, node in enumerate(items, 1)}
    return numbers


def _text(raw: bytes, parts: Sequence[Sequence[int]], *, is_code: bool) -> str:
    """The text of a block's segments; references decoded, white space collapsed where it is not code."""
    if len(parts) == 1 and not parts[0][2] & ~_UNSEEN and not is_code:  # most blocks
        return _line(_decoded(raw[parts[0][0] : parts[0][1]]))
    made: list[str] = []
    looks = 0
    for start, end, shown in parts:
        kind = shown if shown >= S_BREAK else shown & (CODE | SUP | SUB)  # bold and links do not show
        if kind == S_BREAK:
            made.append("\n")
        elif kind >= S_BREAK:
            made.append(_formula(raw[start:end], kind))
        else:
            text = _decoded(raw[start:end])
            if is_code:
                made.append(text)
                continue
            text = text.replace("\n", " ")
            if (kind ^ looks) & CODE and text.strip():
                made.append(" `" if kind & CODE and made and made[-1][-1:].isspace() else "`")
            looks = kind if text.strip() else looks
            made.append(_small(text, kind, made) if kind & (SUP | SUB) else text)
    if looks & CODE and not is_code:
        made.append("`")
    whole = "".join(made)
    if is_code:
        return "\n".join(line.rstrip() for line in whole.split("\n")).strip("\n")
    return "\n".join(filter(None, map(_line, whole.split("\n"))))


def _line(text: str) -> str:
    return " ".join(text.split())


def _decoded(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    if "&" in text:
        text = html.unescape(text)
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _small(text: str, kind: int, before: Sequence[str]) -> str:
    """Raised or lowered text; a reference in brackets stays as it is."""
    inner = text.strip()
    if not inner or _REFERENCE.fullmatch(inner):
        return text
    last = before[-1][-1:] if before else ""
    return scripted(inner, is_super=bool(kind & SUP), before=last)


def _formula(raw: bytes, kind: int) -> str:
    """A formula between dollars; '' where its markup says nothing."""
    if len(raw) > MAX_FORMULA_BYTES:
        return ""
    text = _CONTROLS.sub("", raw.decode("utf-8", "replace"))
    display = False
    if kind == S_MATH:
        source, display = latex_of(text)
    elif kind == S_FORMULA:
        source = tidy(html.unescape(text))
    else:
        source = tidy(text)
    if not source:
        return ""
    return f"\n$${source}$$\n" if display else f"${source}$"
