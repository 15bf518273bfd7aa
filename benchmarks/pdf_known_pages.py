"""Pages whose text and order are known: the demo's texts set in one, two and three columns, with what papers have.

Every page is drawn once from top to bottom and once in a shuffled order: what a reader makes of it must not change.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.demo import pdf as demo_pdf
from pipeline.demo.pdf import Line, set_lines, width

TEXTS = ("settling-ponds", "counting-twice", "field-guide")
SIZE = 9.0
LEADING = 11.0
TOP, BOTTOM = 760.0, 70.0
LEFT, RIGHT = 50.0, 545.0
TABLE = [
    ("Metal", "Density", "Melts at", "Found"),
    ("Copper", "8.96", "1,085", "in veins"),
    ("Tin", "7.26", "232", "in rivers"),
    ("Lead", "11.34", "327", "in veins"),
    ("Gold", "19.32", "1,064", "in rivers"),
]
NOTE = "A riffle is the ribbed floor of a sluice box, as the old hands call it."


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A file of one or more pages, and what it says: blocks in reading order (headings without marks)."""

    name: str
    content: bytes
    blocks: Sequence[str]


def known_pages() -> Iterator[KnownPage]:
    """All layouts of all texts, in order and shuffled."""
    for text in TEXTS:
        title, paragraphs = demo_pdf._title_and_paragraphs(text)
        for columns in (1, 2, 3):
            for extra in ("plain", "table", "footnote"):
                pages, blocks = _set(title, paragraphs, columns, extra)
                for order in ("drawn in order", "drawn out of order"):
                    if order != "drawn in order":
                        for at, page in enumerate(pages):
                            random.Random(at).shuffle(page)
                    yield KnownPage(f"{columns} {extra}, {order}", demo_pdf.document(pages, {}), blocks)


def _set(title: str, paragraphs: Sequence[str], columns: int, extra: str) -> tuple[list[list[Line]], list[str]]:
    """Paragraphs flow down the columns, then to the next page; a table after the second, a note from the first."""
    gap = 18.0
    measure = (RIGHT - LEFT - gap * (columns - 1)) / columns
    page: list[Line] = [Line((LEFT + RIGHT - width(title, 16)) / 2, TOP + 10, 16, title)]
    pages, blocks = [page], [title]
    column, y = 0, TOP - 24
    note_lines = list(set_lines([NOTE], measure, 7)) if extra == "footnote" else []
    floor = BOTTOM + 9 * (len(note_lines) + 1) if note_lines else BOTTOM

    def room(height: float) -> tuple[float, float]:
        nonlocal column, y, page, floor
        if y - height < floor:
            floor = BOTTOM
            column, y = column + 1, TOP - 24
            if column == columns:
                page = []
                pages.append(page)
                column = 0
            if len(pages) > 1:
                y = TOP
        y -= height
        return LEFT + column * (measure + gap), y

    for at, paragraph in enumerate(paragraphs):
        lines = list(set_lines([paragraph], measure, SIZE))
        for line in lines:
            x, base = room(LEADING)
            page.append(Line(x + line.x, base, SIZE, line.text, spacing=line.spacing))
        blocks.append(paragraph)
        if at == 0 and note_lines:
            end = page[-1]
            page.append(Line(end.x + width(end.text, SIZE) + 0.2, end.y + 3.2, 6, "1"))
            blocks[-1] += "¹"
            foot = BOTTOM + 9 * (len(note_lines) - 1)
            page.append(Line(LEFT, foot + 2.6, 5, "1"))
            page += [
                Line(LEFT + (3.4 if not n else 0), foot - 9 * n, 7, line.text, spacing=line.spacing)
                for n, line in enumerate(note_lines)
            ]
            blocks.append(f"¹{NOTE}")
        if at == 1 and extra == "table":
            x, base = room(LEADING * (len(TABLE) + 1) + 8)
            step = measure / len(TABLE[0])
            for row, cells in enumerate(TABLE):
                place = base + LEADING * (len(TABLE) - row)
                page += [Line(x + step * n, place, 7.5, cell) for n, cell in enumerate(cells)]
            blocks.append("\n".join(" ".join(cells) for cells in TABLE))
    numbered = [[*lines, Line(294, 40, 8, str(number))] for number, lines in enumerate(pages, 7)]
    return numbered, blocks


def bare(text: str) -> str:
    """Text without what Markdown adds, white space and bullets: what characters are compared by."""
    kept = [line for line in text.splitlines() if not set(line) <= set("|-: ")]
    joined = "".join("".join(kept).split())
    return "".join(character for character in joined if character not in "|#*_`")
