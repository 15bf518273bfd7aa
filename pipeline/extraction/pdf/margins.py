"""Running heads, feet and page numbers: what comes again in the same place page after page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.extraction.pdf.layout import Line
from pipeline.extraction.pdf.spans import Box, commonest_size

MIN_PAGES = 3  # on which a line must come again, or on half of them, two at least
MAX_PEELED = 8  # rows looked at from the top, and from the bottom
NEAR = 0.02  # of the page's height: how far a line may be from where it was
FOOT = 0.07  # of the page's height
MARGIN = 0.2  # of the page's height; what stands further in is no running head, though it comes again
OUTSIDE = 0.12  # of the page's height, where page numbers stand
_NUMBER = re.compile(r"\d+|\b[ivxlc]{1,7}\b")
_PAGE_NUMBER = re.compile(r"[\s\-–—.|\[\]()]*(?:page|p\.)?\s*#(?:\s*(?:of|/)\s*#)?[\s\-–—.|\[\]()]*")
_AT_END = re.compile(r"(?:^|[^\d.,])(\d{1,5})\W{0,3}$")
_AT_START = re.compile(r"^\W{0,3}(\d{1,5})(?:[^\d.,]|$)")
_COUNTING = (_AT_START.pattern, _AT_END.pattern)
# What browsers print around a page.
_PRINTED = re.compile(
    r"(?:https?|file)://\S+(?:\s+\d+/\d+)?|\d\d?[/.]\d\d?[/.]\d{2,4},? \d\d?:\d\d(?: [AP]M)?(?:\s.*)?"
)


@dataclass(slots=True)
class Page:
    """The lines of one face of page `number`, column by column, and its box. Lines are removed in place."""

    number: int
    columns: list[list[Line]]
    box: Box


_Placed = tuple[float, float, int, Line]  # a line after its middle, where it begins, and its place in reading order


@dataclass(frozen=True, slots=True)
class _Edge:
    """What stands side by side at the top or the bottom of a page; `height`: where, as a share of the page's height."""

    of: Page
    is_top: bool
    lines: tuple[Line, ...]
    text: str
    height: float

    @property
    def page(self) -> int:
        return self.of.number

    @property
    def is_small(self) -> bool:
        """Whether its type is smaller than that of most lines of its page; few edges are asked."""
        sizes = Counter([line.size for column in self.of.columns for line in column])
        return self.lines[0].size < 0.9 * commonest_size(sizes.items())

    @property
    def masked(self) -> str:
        """Its text without digits and spaces."""
        return "".join(_NUMBER.sub("#", self.text.lower()).split())


def remove_margins(pages: Sequence[Page]) -> None:
    """Take away, from outside to inside, the outermost lines that at least MIN_PAGES or half of the pages share.

    Only the outer fifths of the page's height are looked at. Lines are alike where they differ in digits only and
    stand within 2 % of the height of one another; or where they begin or end with a number that grows with the page.
    What only two pages share stays on the first, unless it counts the pages, is set small, or stands at the very foot.
    Of any page, a number alone goes where it is the last or first line and stands clear of the text.
    """
    lines = [_by_height(page) for page in pages]
    ends = [
        _edges(page, iter(its) if is_top else reversed(its), is_top=is_top)
        for page, its in zip(pages, lines, strict=True)
        for is_top in (True, False)
    ]
    count = len({page.number for page in pages})
    gone: set[int] = set()
    for _ in range(MAX_PEELED):
        outer = [(edges, edge) for edges in ends if (edge := next(edges, None)) is not None]
        for edge in _shared([edge for _, edge in outer], count):
            gone.update(map(id, edge.lines))
        ends = [edges for edges, edge in outer if id(edge.lines[0]) in gone]
    for page, its in zip(pages, lines, strict=True):
        for is_top in (True, False):
            left = (placed for placed in (its if is_top else reversed(its)) if id(placed[3]) not in gone)
            gone.update(map(id, _lone_number(page, left, is_top)))
        _keep(page, gone)


def _shared(edges: Sequence[_Edge], pages: int) -> Iterator[_Edge]:
    keys = [list(_keys(edge)) for edge in edges]
    places: dict[tuple[bool, str, int], set[int]] = {}
    for edge, its in zip(edges, keys, strict=True):
        for key in its:
            places.setdefault(key, set()).add(edge.page)
    for edge, its in zip(edges, keys, strict=True):
        most = max((places[key] for key in its), key=len, default=set())
        is_few = len(most) < MIN_PAGES
        if len(most) < 2 or (is_few and 2 * len(most) < pages):
            continue
        counts_pages = any(key[1] in _COUNTING and len(places[key]) > 1 for key in its)
        if not is_few or edge.page != min(most) or counts_pages or edge.height > 1 - FOOT or edge.is_small:
            yield edge


def _keys(edge: _Edge) -> Iterator[tuple[bool, str, int]]:
    """What a line may have in common with another page's."""
    if MARGIN <= edge.height <= 1 - MARGIN:
        return
    masked = edge.masked
    if masked.count("#") < 3 or re.search(r"[^\W\d_]", masked):  # else it is a row of numbers
        place = int(edge.height / NEAR)
        yield edge.is_top, masked, place
        yield edge.is_top, masked, place + 1
    if len(edge.text) <= 100:
        for pattern in (_AT_START, _AT_END):
            found = pattern.search(edge.text)
            if found:
                yield edge.is_top, pattern.pattern, int(found[1]) - edge.page


def _by_height(page: Page) -> list[_Placed]:
    """The lines of a page from top to bottom, and from left to right."""
    lines = [line for column in page.columns for line in column]
    return sorted([((line.y0 + line.y1) / 2, line.x0, at, line) for at, line in enumerate(lines)])


def _edges(page: Page, lines: Iterable[_Placed], *, is_top: bool) -> Iterator[_Edge]:
    """The outermost rows of a page; `lines` come from outside."""
    row: list[_Placed] = []
    count = 0
    for placed in lines:
        if row and abs(placed[0] - row[0][0]) < 0.4 * min(placed[3].size, row[0][3].size):
            row.append(placed)
            continue
        if row:
            yield _edge(page, is_top, row)
            count += 1
        if count == MAX_PEELED:
            return
        row = [placed]
    if row:
        yield _edge(page, is_top, row)


def _edge(page: Page, is_top: bool, row: Sequence[_Placed]) -> _Edge:
    lines = [placed[3] for placed in sorted(row, key=_across)]
    text = " ".join([line.text for line in lines])
    share = (lines[0].middle - page.box[1]) / max(page.box[3] - page.box[1], 1)
    return _Edge(page, is_top, tuple(lines), text, share)


def _across(placed: _Placed) -> tuple[float, int]:
    return placed[1], placed[2]


def _lone_number(page: Page, lines: Iterable[_Placed], is_top: bool) -> Sequence[Line]:
    """A number alone at the top or the bottom, clear of the text, or what a browser printed there."""
    edges = _edges(page, lines, is_top=is_top)
    edge = next(edges, None)
    if edge is None or not (edge.height < OUTSIDE if is_top else edge.height > 1 - OUTSIDE):
        return ()
    neighbour = next(edges, None)
    if neighbour is None:
        return ()
    apart = abs(edge.height - neighbour.height) * (page.box[3] - page.box[1])
    is_number = apart > 1.5 * edge.lines[0].size and _PAGE_NUMBER.fullmatch(edge.masked)
    return edge.lines if is_number or _PRINTED.fullmatch(edge.text) else ()


def _keep(page: Page, gone: set[int]) -> None:
    """Keep only what is not gone."""
    if gone:
        for column in page.columns:
            column[:] = [line for line in column if id(line) not in gone]
        page.columns[:] = [column for column in page.columns if column]
