"""What paragraphs are in a document: headings by their type, notes at the foot, items, tables, code, captions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from pipeline.extraction.fences import fence_for
from pipeline.extraction.pdf.grid import MIN_CONFIDENCE, markdown
from pipeline.extraction.pdf.line_numbers import without_numbers
from pipeline.extraction.pdf.paragraphs import Paragraph

HEADING = 1.15  # of the body's size, from which on a line is a heading
MAX_HEADING = 200  # characters; more is a text in large letters
MAX_BOLD_HEADING = 100
MAX_HEADINGS = 0.3  # of all characters; where more are large, size tells nothing (slides, posters)
MAX_PLAIN_HEADING = 80  # of bold ones without a number
MIN_BELOW = 60  # characters of a paragraph that a heading stands over
MAX_BOLD = 0.2  # of the characters of the body's size; where more are bold, weight tells nothing
MAX_REFERENCES = 40  # characters of the heading of the references, at most
MAX_LEVEL = 4
MAX_DEPTH = 6  # of Markdown
ALIKE = 0.06  # of the body's size, within which type is of that size
NOTE = 0.94  # of the body's size, below which a paragraph may be a note
NOTE_LOOK_BACK = 40  # paragraphs before a note in which its mark is looked for
BULLETS = "•·▪●○■□◦‣►➢❖"
_MARK = re.compile(r"([¹²³⁴-⁹⁰]{1,3}|[*†‡§]{1,2})\s?(?=\S)")
_NUMBERED = re.compile(r"(?:(\d{1,2}(?:\.\d{1,2}){0,3})\.?|[IVX]{1,5}\.|[A-H]\.?) (?=[A-Z])")
_REFERENCES = re.compile(
    r"(?:\d{1,2}\.? |[IVX]{1,5}\. )?(?:references(?: and notes| cited)?|bibliography|literature cited|works cited|"
    r"literaturverzeichnis|literatur|références|bibliographie|referencias|bibliografía|bibliografia|参考文献)\W?",
    re.IGNORECASE,
)
MAX_BEFORE_YEAR = 400  # characters of an entry of a bibliography in which its year stands
_YEAR = r"(?:1[5-9]|20)\d\d[a-z]?"
_HAS_YEAR = re.compile(rf"(?<!\d){_YEAR}(?!\w)")
# Where no heading says that it is a bibliography; prose cites in brackets, too, and goes on behind them.
_YEAR_OF_ENTRY = re.compile(rf"\({_YEAR}\)\.|^\(?{_YEAR}(?!\w)")
_NAME = r"[^\W\d_a-z][\w.'’-]*"
_NAMES = re.compile(rf"{_NAME}[,;]?(?: (?:{_NAME}|and|&|und|et|y|da|de|del|der|di|du|la|van|von)[,;]?)+")
_PERSON = re.compile(rf"{_NAME}(?: {_NAME})*, {_NAME}(?: {_NAME})*(?:(?:,|;| and| &| und| et) .+)?")
_NO_HEADING = re.compile("[@¹²³⁴-⁹⁰]")  # names of authors, set large below a title
_CAPTION = re.compile(
    r"(?:Fig(?:ure|\.)|Table|Tab\.|Algorithm|Scheme|Abbildung|Tabelle|Figura|Tableau|図|表) ?[A-Z]?\d", re.I
)


def is_caption(text: str) -> bool:
    """Whether it begins as what stands below a figure or above a table does."""
    return _CAPTION.match(text) is not None


def mark_headings(found: Sequence[Paragraph], body: float) -> None:
    """Give headings their level: larger type by the rank of its size; bold lines, numbered ones, the references below.

    The number of a heading says its depth where it has one with dots; large ones with numbers say where that begins.
    """
    large = [paragraph for paragraph in found if _is_large(paragraph, body)]
    if sum(map(_characters, large)) > MAX_HEADINGS * sum(map(_characters, found)):
        large = []
    sizes = sorted({round(paragraph.size) for paragraph in large}, reverse=True)
    levels = {size: min(rank, MAX_LEVEL) for rank, size in enumerate(sizes, 1)}
    below = min(len(sizes) + 1, MAX_LEVEL)
    are_large = set(map(id, large))
    for paragraph in large:
        paragraph.heading = levels[round(paragraph.size)]
    depths = [(paragraph, _depth(paragraph)) for paragraph in large]
    first = max(min((p.heading - depth for p, depth in depths if depth is not None), default=below), 1)
    tells_by_weight = _tells_by_weight(found, body)
    is_bibliography = False
    for paragraph, after in zip_longest(found, found[1:]):
        is_references = _is_references(paragraph)
        if id(paragraph) in are_large:
            is_bibliography = is_references
            continue
        if is_references:
            paragraph.heading, is_bibliography = below, True
        elif (
            paragraph.is_bold
            and _is_title(paragraph, MAX_BOLD_HEADING)
            and abs(paragraph.size - body) < 0.2 * body
            and (depth := _depth(paragraph)) is not None
        ):
            paragraph.heading, is_bibliography = min(first + depth, MAX_DEPTH), False
        elif (
            tells_by_weight
            and after is not None
            and _is_over_text(paragraph, after, body)
            and not _is_over_entry(paragraph, after, is_bibliography=is_bibliography)
        ):
            paragraph.heading, is_bibliography = below, False


def _tells_by_weight(found: Sequence[Paragraph], body: float) -> bool:
    """Whether few of the paragraphs of the body's size are bold."""
    counts = [0, 0]
    for paragraph in found:
        if not paragraph.is_rows and abs(paragraph.size - body) < ALIKE * body:
            counts[paragraph.is_bold] += _characters(paragraph)
    return counts[True] <= MAX_BOLD * sum(counts)


def _is_over_text(paragraph: Paragraph, after: Paragraph, body: float) -> bool:
    """Whether a bold line without a number is a heading: alone, white above it, and prose of the body's size below."""
    return (
        paragraph.is_bold
        and paragraph.is_apart
        and len(paragraph.parts) == 1
        and paragraph.size > (1 - ALIKE) * body
        and paragraph.first[:1].isupper()
        and _is_title(paragraph, MAX_PLAIN_HEADING)
        and not is_caption(paragraph.first)
        and not (after.is_bold or after.is_rows or is_caption(after.first))
        and abs(after.size - body) < ALIKE * body
        and _characters(after) >= MIN_BELOW
    )


def _is_references(paragraph: Paragraph) -> bool:
    """Whether it is the heading of a bibliography, by its words."""
    return (
        len(paragraph.parts) == 1
        and len(paragraph.first) <= MAX_REFERENCES
        and _REFERENCES.fullmatch(" ".join(paragraph.parts[0])) is not None
    )


def _is_over_entry(paragraph: Paragraph, after: Paragraph, *, is_bibliography: bool) -> bool:
    """Whether a bold line of what may be names of people stands over an entry of a bibliography; without its heading
    above they must have the shape "Rivers, Ada".
    """
    entry = " ".join(after.parts[0])[:MAX_BEFORE_YEAR]
    if is_bibliography:
        return _NAMES.fullmatch(paragraph.first) is not None and _HAS_YEAR.search(entry) is not None
    return _PERSON.fullmatch(paragraph.first) is not None and _YEAR_OF_ENTRY.search(entry) is not None


def _depth(paragraph: Paragraph) -> int | None:
    """How many dots the number of a heading has within it; None without a number."""
    number = _NUMBERED.match(" ".join(paragraph.parts[0]))
    return None if number is None else (number[1] or "").count(".")


def _characters(paragraph: Paragraph) -> int:
    return sum(len(piece) for parts in paragraph.parts for piece in parts)


def _is_large(paragraph: Paragraph, body: float) -> bool:
    return paragraph.size >= HEADING * body and _is_title(paragraph, MAX_HEADING)


def _is_title(paragraph: Paragraph, longest: int) -> bool:
    text = "".join(piece for parts in paragraph.parts for piece in parts)
    if paragraph.rows or paragraph.is_code or len(text) > longest or sum(map(str.isalpha, text)) < 3:
        return False
    return (text[-1] not in ".,;:" or len(text) < 4) and not _NO_HEADING.search(text)


def notes_after_their_paragraph(found: Sequence[Paragraph], body: float) -> list[Paragraph]:
    """Notes from the foot of a page behind the paragraph of that page which has their mark, in their order."""
    kept: list[Paragraph] = []
    for paragraph in found:
        mark = _MARK.match(paragraph.first) if paragraph.size < NOTE * body and not paragraph.rows else None
        at = _marked(kept, paragraph, mark[1]) if mark else None
        if at is None:
            kept.append(paragraph)
        else:
            paragraph.is_note = True
            while at < len(kept) and kept[at].is_note:
                at += 1
            kept.insert(at, paragraph)
    return kept


def _marked(kept: Sequence[Paragraph], note: Paragraph, mark: str) -> int | None:
    """Behind which paragraph the note belongs: the last one of its page, or reaching to it, with the mark inside."""
    for at in range(len(kept) - 1, max(len(kept) - NOTE_LOOK_BACK, 0) - 1, -1):
        paragraph = kept[at]
        if paragraph.pages[-1] < note.pages[0]:
            return None
        if not paragraph.is_note and any(
            re.search(rf"[^\s{re.escape(mark)}]{re.escape(mark)}(?![¹²³⁴-⁹⁰{re.escape(mark)}])", piece)
            for parts in paragraph.parts
            for piece in parts
        ):
            return at + 1
    return None


def dressed(paragraph: Paragraph, rows: Sequence[str]) -> str:
    """The text of a paragraph in Markdown, of its `rows` as they read: heading, item, table, code in fences."""
    if paragraph.is_code:
        code = "\n".join(without_numbers(rows)).strip("\n")
        fence = fence_for(code)
        return f"{fence}\n{code}\n{fence}" if len(rows) > 1 else code.strip()
    if paragraph.rows:
        table, confidence = markdown(paragraph.rows)
        if confidence >= MIN_CONFIDENCE:
            return table
    text = "\n".join([row.rstrip() for row in rows]).strip("\n")
    if paragraph.heading and text:
        return f"{'#' * paragraph.heading} {' '.join(text.split())}"
    if text[:1] in BULLETS and text[1:2] == " ":
        return f"- {text[2:].lstrip()}"
    return text
