"""Chosen blocks of a page as text: paragraphs, headings, lists, rows of tables, code with its lines, formulas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.extraction.fences import fence_for
from pipeline.extraction.html.join import LINE, WRAPPED, plain_texts
from pipeline.extraction.html.math import latex_of, tidy
from pipeline.extraction.html.page import N_PARENT, N_TAG, S_BREAK, S_FORMULA, S_MATH, Page
from pipeline.extraction.html.pieces import CODE as IN_CODE
from pipeline.extraction.html.pieces import Piece, places_of
from pipeline.extraction.html.tables import rows_of
from pipeline.extraction.html.tags import TAG
from pipeline.extraction.html.words import B_END_SEGMENT, B_NODE, B_SEGMENT, CODE, SUB, SUP
from pipeline.extraction.references import web_unescaped
from pipeline.extraction.scripts import scripted

MAX_LIST_DEPTH: Final = 6
MAX_FORMULA_BYTES: Final = 100_000  # the longest of real pages has 60,000 as MathML
_LI, _OL = TAG["li"], TAG["ol"]
_WHITE: Final = bytes.maketrans(b"\v\f\r", b"  \n")
_CONTROLS: Final = bytes({*range(32), 0x7F} - set(b"\t\n\v\f\r"))
_CHANGED: Final = _CONTROLS + b"\v\f\r"  # bytes that `_decoded` does not leave as they are
_REFERENCE = re.compile(r"\[.{1,12}\]", re.S)
_START, _VALUE = (re.compile(rb"\s%s\s*=\s*[\"']?\s*(-?\d{1,9})\b" % name, re.I) for name in (b"start", b"value"))
_REVERSED = re.compile(rb"\sreversed(?=[\s=>/])", re.IGNORECASE)


def render(page: Page, chosen: NDArray[np.bool_]) -> str:
    """The text of the chosen blocks, in order. Blocks follow on a line of their own, paragraphs after an empty one."""
    pieces = list(_pieces(page, chosen))
    rows = rows_of(page, pieces)
    lines: list[str] = []
    started: set[int] = set()
    numbers = _item_numbers(page, pieces)
    at = 0
    while at < len(pieces):
        piece, end = pieces[at], at + 1
        if piece.code >= 0:
            end = _run(pieces, at, "code")
            text, loose = _code(pieces[at:end]), True
        elif piece.row in rows:
            end = _run(pieces, at, "row")
            text = "" if piece.row in started else rows[piece.row]  # again behind a table within it
            loose = piece.table not in started
            started |= {piece.table, piece.row}
        elif piece.heading:
            text, loose = f"{'#' * piece.heading} {' '.join(piece.text.split())}", True
        elif piece.item >= 0:
            mark = "" if piece.item in started else f"{numbers.get(piece.item, 0)}. " if piece.item in numbers else "- "
            started.add(piece.item)
            indent = "  " * min(MAX_LIST_DEPTH, max(0, piece.lists - 1))
            text, loose = indent + (mark or "  ") + piece.text.replace("\n", f"\n{indent}  "), False
        else:
            text, loose = piece.text, piece.is_paragraph > 0
        if text:
            if lines:
                before = pieces[at - 1]
                is_loose = (
                    loose
                    or (piece.item < 0) != (before.item < 0)
                    or before.table != piece.table
                    or (piece.item < 0 and _is_loose(before))
                )
                lines.append("\n\n" if is_loose else "\n")
            lines.append(text)
        at = end
    return "".join(lines)


def _is_loose(piece: Piece) -> bool:
    return piece.is_paragraph > 0 or piece.heading > 0 or piece.code >= 0


def _run(pieces: Sequence[Piece], at: int, part: str) -> int:
    """Behind the last of the pieces from `at` on that are in the same element."""
    end = at
    while end < len(pieces) and getattr(pieces[end], part) == getattr(pieces[at], part):
        end += 1
    return end


def _pieces(page: Page, chosen: NDArray[np.bool_]) -> Iterator[Piece]:
    """The chosen blocks that have text, with what they are part of."""
    blocks = page.blocks[chosen]
    if not len(blocks):
        return
    places = places_of(np.ascontiguousarray(blocks[:, B_NODE]), page.nodes)  # of one block it would be of another type
    mixed = places[:, IN_CODE] >= 0
    texts = plain_texts(page, blocks, mixed)
    for at in np.flatnonzero(mixed).tolist():
        parts = page.segments[blocks[at, B_SEGMENT] : blocks[at, B_END_SEGMENT]].tolist()
        texts[at] = _text(page.data, parts, is_code=bool(places[at, IN_CODE] >= 0))
    for text, place in zip(texts, places.tolist(), strict=True):
        if text:
            yield Piece(text, *place)


def _code(pieces: Sequence[Piece]) -> str:
    """A block of code in fences; '' for the numbers of its lines."""
    code = "\n".join(piece.text for piece in pieces).strip("\n")
    if not code.strip() or _are_line_numbers(code):
        return ""
    fence = fence_for(code)
    return f"{fence}\n{code}\n{fence}"


def _are_line_numbers(code: str) -> bool:
    """Whether a block of code counts its lines, as it stands beside one: not so any other numbers."""
    lines = code.split()
    if len(lines) < 2 or not all(line.isdecimal() and len(line) < 7 for line in lines):
        return False
    first = int(lines[0])
    return "\n" in code and [int(line) for line in lines] == list(range(first, first + len(lines)))


def _item_numbers(page: Page, pieces: Sequence[Piece]) -> dict[int, int]:
    """The number of each item of a numbered list: in order from 1 on, but for what `start`, `reversed`, `value` say."""
    tags, parents = page.nodes[:, N_TAG], page.nodes[:, N_PARENT]
    lists = {parent for piece in pieces if piece.item >= 0 and tags[parent := int(parents[piece.item])] == _OL}
    items = [(node, parent) for node in np.flatnonzero(tags == _LI).tolist() if (parent := int(parents[node])) in lists]
    sizes = Counter(parent for _, parent in items)
    steps: dict[int, int] = {}
    following: dict[int, int] = {}
    for numbered in lists:
        tag = page.tag_of(numbered)
        steps[numbered] = -1 if _REVERSED.search(tag) else 1
        start = _START.search(tag)
        following[numbered] = int(start[1]) if start else sizes[numbered] if steps[numbered] < 0 else 1
    numbers: dict[int, int] = {}
    for node, parent in items:
        value = _VALUE.search(page.tag_of(node))
        numbers[node] = int(value[1]) if value else following[parent]
        following[parent] = numbers[node] + steps[parent]
    return numbers


def _text(data: NDArray[np.uint8], parts: Sequence[Sequence[int]], *, is_code: bool) -> str:
    """The text of a block that has more than text and line breaks, or is code: that keeps its white space."""
    whole = _mixed(data, parts, is_code=is_code)
    if is_code:
        return "\n".join(line.rstrip() for line in re.split(f"[\n{LINE}]", whole)).strip("\n")
    return "\n".join(filter(None, [" ".join(line.split()) for line in whole.split(LINE)]))


def _mixed(data: NDArray[np.uint8], parts: Sequence[Sequence[int]], *, is_code: bool) -> str:
    """The same with white space as it is; lines that a tag ended end in LINE."""
    made: list[str] = []
    looks = 0
    first = parts[0][0]
    raw = data[first : parts[-1][1]].tobytes()
    is_clean = len(raw.translate(None, _CHANGED)) == len(raw)
    for start, end, shown in parts:
        part = raw[start - first : end - first]
        if shown >= S_BREAK:
            made.append(LINE if shown == S_BREAK else _formula(part, shown))
            continue
        text = part.decode("utf-8", "replace") if is_clean else _decoded(part)
        if "&" in text:
            text = web_unescaped(text).replace("\r", "\n").replace("\f", " ")
        if is_code or not text or text.isspace():
            made.append(text)
            continue
        if not text.isascii():
            text = WRAPPED.sub("", text)
        kind = shown & (CODE | SUP | SUB)  # bold and links do not show
        if (kind ^ looks) & CODE:
            made.append("`")
        looks = kind
        made.append(_small(text, kind, made) if kind & (SUP | SUB) else text)
    return "".join(made) + ("`" if looks & CODE else "")


def _decoded(raw: bytes) -> str:
    """Text with white space as spaces, tabs and line feeds, and without other control characters: LINE is ours."""
    return raw.replace(b"\r\n", b"\n").translate(_WHITE, _CONTROLS).decode("utf-8", "replace")


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
    text = _decoded(raw)
    display = False
    if kind == S_MATH:
        source, display = latex_of(text)
    elif kind == S_FORMULA:
        source = tidy(web_unescaped(text))
    else:
        source = tidy(text)
    if not source:
        return ""
    return f"{LINE}$${source}$${LINE}" if display else f"${source}$"
