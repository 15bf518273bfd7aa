"""A document's text from its pages: paragraphs joined over columns and pages, hyphenated words made whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from pipeline.extraction.pdf.characters import is_wide, without_lone_lost
from pipeline.extraction.pdf.margins import Page, remove_margins
from pipeline.extraction.pdf.paragraphs import Paragraph, is_numbered, paragraphs
from pipeline.extraction.pdf.spans import commonest_size
from pipeline.extraction.pdf.structure import dressed, is_caption, mark_headings, notes_after_their_paragraph
from pipeline.extraction.pdf.word_counts import HYPHENS, Words

LOOK_BACK = 6  # paragraphs (footnotes, captions) that may stand between two parts of one
MIN_TICKS = 5
MAX_WORD = 100  # characters looked at from the end of a line
MIN_CODE = 0.5  # share of monospaced characters from which on the document is typewritten, and no code
_BEFORE_HYPHEN = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_ADDRESS_END = "-/_=&?.%#~"
_DASHES = "\u2000"  # before which no character is a dash or an ideograph
_ADDRESS = re.compile(rf"(?:://|\bwww\.)\S*[{_ADDRESS_END}]$")
_TICK = re.compile(r"[-−+\d.,%⁰¹²³⁴⁵⁶⁷⁸⁹⁻ ]{1,40}")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|([-−]?(?:\d+(?:[.,]\d+)?|[.,]\d+))")
# Thai's and Lao's am, which fonts draw in two parts, the tone between them.
_AM = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32|\u0ecd([\u0ec8-\u0ecb]?)\u0eb2")
_SPACED_LETTERS = re.compile(r"(?:\S ){4,}\S")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, table or the like in Markdown, and the pages that lines of it stand on, in order."""

    pages: Sequence[int]
    text: str


def blocks_of(pages: Sequence[Page]) -> list[Block]:
    """The blocks of the document in reading order. `pages` lose their running heads, feet and page numbers."""
    remove_margins(pages)
    everything = [line for page in pages for column in page.columns for line in column]
    mono = sum(len(line.text) for line in everything if line.is_mono)
    characters = sum(len(line.text) for line in everything)
    body = commonest_size((line.size, len(line.text)) for line in everything)
    found: list[list[Paragraph]] = []
    for page in pages:
        for column in page.columns:
            found.append(paragraphs(column, body=body, keeps_code=mono < MIN_CODE * characters))
            for paragraph in found[-1]:
                paragraph.pages = [page.number]
    words = Words(everything)
    joined = notes_after_their_paragraph(_without_ticks(_joined(found, body)), body)
    mark_headings(joined, body)
    return [Block(paragraph.pages, text) for paragraph in joined if (text := _text(paragraph, words))]


def _joined(found: Sequence[Sequence[Paragraph]], body: float) -> list[Paragraph]:
    """Without the breaks that columns and pages make: what ends at the edge goes on at the start of the next column.

    Within a sentence it is; after one only where paragraphs are marked by indentation, and this one is not. A footnote
    or a caption between the two, set smaller than the body, comes after both.
    """
    marks = _marks_by_indentation(found, body)
    joined: list[Paragraph] = []
    open_at: int | None = None
    for column in found:
        is_start = True
        for paragraph in column:
            is_body = paragraph.size > 0.94 * body
            head = joined[open_at] if open_at is not None and is_start and len(joined) - open_at <= LOOK_BACK else None
            if head is not None and _continues(head, paragraph, marks):
                head.parts[-1] += paragraph.parts[0]
                head.parts += paragraph.parts[1:]
                head.is_full = paragraph.is_full
                head.pages += paragraph.pages
            else:
                joined.append(paragraph)
                open_at = len(joined) - 1 if is_body else open_at
            is_start = is_start and not is_body
            if open_at is not None and is_body and not (joined[open_at].is_full and not paragraph.is_rows):
                open_at = None
    return joined


def _without_ticks(found: Sequence[Paragraph]) -> list[Paragraph]:
    """Without the numbers along the axes of a figure: MIN_TICKS or more in a row, evenly spaced, each a paragraph."""
    kept: list[Paragraph] = []
    ticks: list[Paragraph] = []
    for paragraph in [*found, None]:
        if paragraph is not None and not paragraph.is_rows and _is_tick(paragraph):
            ticks.append(paragraph)
            continue
        kept += ticks if len(ticks) < MIN_TICKS or not _are_axes(ticks) else []
        kept += [paragraph] if paragraph is not None else []
        ticks = []
    return kept


def _is_tick(paragraph: Paragraph) -> bool:
    if not _TICK.match(paragraph.first[:1]):  # most
        return False
    return len(paragraph.parts) < 10 and all(_TICK.fullmatch(" ".join(parts)) for parts in paragraph.parts)


def _are_axes(ticks: Sequence[Paragraph]) -> bool:
    """Whether numbers go up or down by even steps; not all, as several axes may follow one another.

    Side by side stand equal ones, of two figures; where most paragraphs hold different ones, they are rows of a table.
    """
    rows = [numbers for paragraph in ticks if (numbers := _numbers(paragraph))]
    if len(rows) < MIN_TICKS or 2 * sum(len(set(row)) > 1 for row in rows) > len(rows):
        return False
    steps = [after[0] - before[0] for before, after in pairwise(rows)]
    even = sum(step == other for step, other in pairwise(steps))
    return 2 * even >= len(steps) - 1 and 2 * steps.count(Decimal(0)) < len(steps)


def _numbers(paragraph: Paragraph) -> list[Decimal]:
    """The numbers in it, of powers the exponents, as they stand along a logarithmic axis."""
    text = _THOUSANDS.sub("", " ".join(piece for parts in paragraph.parts for piece in parts))
    found = [unicodedata.normalize("NFKC", power or plain) for power, plain in _NUMBER.findall(text)]
    return [Decimal(number.replace(",", ".").replace("−", "-")) for number in found]


def _marks_by_indentation(found: Sequence[Sequence[Paragraph]], body: float) -> bool:
    inner = [
        paragraph.is_indented
        for column in found
        for paragraph in column[1:]
        if not paragraph.is_rows and not paragraph.is_bold and abs(paragraph.size - body) < 0.06 * body
    ]
    return len(inner) >= 2 and 10 * sum(inner) >= 7 * len(inner)


def _continues(head: Paragraph, paragraph: Paragraph, marks_by_indentation: bool) -> bool:
    before, after = head.last, paragraph.first
    if paragraph.is_rows or head.is_rows or not after or not before:
        return False
    if abs(paragraph.size - head.size) > 0.06 * head.size or is_caption(after) or is_caption(head.first):
        return False
    if head.ends:
        return marks_by_indentation and not paragraph.is_indented and not paragraph.is_bold and after[0].isalpha()
    if is_wide(after[0]) and is_wide(before[-1]):
        return True
    is_inner = (after[0].isdigit() or after[0] in "([") and not is_numbered(after) and not paragraph.is_bold
    return after[0].islower() or is_inner or before[-1] in HYPHENS + ","


def _text(paragraph: Paragraph, words: Words) -> str:
    return dressed(paragraph, [_row(parts, words, is_prose=not paragraph.is_rows) for parts in paragraph.parts])


def _row(parts: Sequence[str], words: Words, *, is_prose: bool) -> str:
    """A line of the text, of the pieces that the page broke it into."""
    row = without_lone_lost(_line_of(parts, words))
    if is_prose:
        row = _without_spacing(row)
    return _with_whole_am(row.replace("\u00ad", ""))


def _with_whole_am(row: str) -> str:
    """The pattern is only asked where its last character is there: it looks at every character of a row."""
    return _AM.sub(_with_am, row) if "\u0e32" in row or "\u0eb2" in row else row


def _with_am(found: re.Match[str]) -> str:
    return f"{found[1]}\u0e33" if found[1] is not None else f"{found[2]}\u0eb3"


def _without_spacing(row: str) -> str:
    """A line with one space between words; the letters of one that is spaced out put together."""
    if row[1:2] == " " and _SPACED_LETTERS.fullmatch(row):
        return row.replace(" ", "")
    has_single_spaces = "  " not in row and row.isprintable() and row.strip(" ") == row  # white space else is no print
    return row if has_single_spaces else " ".join(row.split())


def _line_of(parts: Sequence[str], words: Words) -> str:
    """The lines of a paragraph as one; a hyphen that only broke a word at the end of a line is gone."""
    if len(parts) == 1:
        return parts[0]
    pieces = [parts[0]]
    for before, after in pairwise(parts):
        if not after:
            continue
        if before[-1:] in HYPHENS and before[-2:-1].strip():
            if _is_soft(before, after, words):
                pieces[-1] = pieces[-1][:-1]
        elif not (before[-1] in _ADDRESS_END or before[-1] >= _DASHES) or not _is_closed(before, after):
            pieces.append(" ")
        pieces.append(after)
    return "".join(pieces)


def _is_closed(before: str, after: str) -> bool:
    """Whether nothing stands between two lines: after a dash or slash, between ideographs, within an address."""
    if before[-1] in "—–/" and before[-2:-1].strip():
        return True
    if is_wide(before[-1]) and is_wide(after[0]):
        return True
    return _is_in_address(before) and (after[0].islower() or after[0].isdigit())


def _is_in_address(before: str) -> bool:
    """Whether a line ends within an address that may go on."""
    return before[-1] in _ADDRESS_END and _ADDRESS.search(before[-MAX_WORD:]) is not None


def _is_soft(before: str, after: str, words: Words) -> bool:
    """Whether the hyphen at the end of `before` belongs to the line and not to the word.

    Soft between two lower-case letters, unless the document says otherwise: it has the word with the hyphen and not
    the one without, or both its parts as words of their own and not the whole.
    """
    if before[-1] == "\u00ad":
        return True
    head, tail = _BEFORE_HYPHEN.search(before[-MAX_WORD:]), _FIRST_WORD.match(after)
    if head is None or tail is None or not tail[0][0].islower() or not head[1][-1].islower() or _is_in_address(before):
        return False
    first, second = head[1].lower(), tail[0].lower()
    whole, compound = words[first + second], words[f"{first}-{second}"]
    if whole or compound:
        return whole >= compound
    return not (len(first) > 2 and len(second) > 2 and words[first] and words[second])
