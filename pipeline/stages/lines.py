"""The parts of C4 and RefinedWeb that take lines out of a text; what they took stays behind as counts."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveInt

from pipeline.schema import field
from pipeline.stage import Stage, with_columns
from pipeline.stages.layout import ends_in_ellipsis, last_character, strip
from pipeline.stages.unicode_tables import (
    END_QUOTE,
    LETTER,
    NUMBER,
    SPACE,
    TERMINAL,
    UPPER,
    WIDE_TERMINAL,
    character_classes,
)
from pipeline.stages.words import WORD_COUNT, WORD_COUNTS, decode, scan_words
from pipeline.text.code_blocks import code_blocks
from pipeline.text.utf8 import utf8_buffers

# What `_measure_lines` measures of a line, by column.
WORDS, CHARACTERS, LONGEST_WORD, LETTERS, NUMBERS, UPPERS, ENDS_SENTENCE = range(7)


@njit(cache=True, nogil=True)
def _measure_lines(data: Any, bounds: Any, classes: Any, measured: Any) -> None:
    """Fill one row of `measured`, of zeros and of shape (lines, 7), for each line.

    Words; characters, letters, numbers and capitals among them, white space aside; characters of the longest word;
    whether the line ends in terminal punctuation that is no ellipsis.
    """
    counts, no_hashes, no_lengths = np.zeros(WORD_COUNTS, np.int64), np.empty(0, np.uint64), np.empty(0, np.int32)
    for line in range(len(bounds) - 1):
        begin, end = strip(data, bounds[line], bounds[line + 1], classes)
        row, at = measured[line], begin
        counts[:] = 0
        _, row[LONGEST_WORD] = scan_words(data[begin:end], classes, counts, no_hashes, no_lengths)
        row[WORDS] = counts[WORD_COUNT]
        while at < end:
            code, at = decode(data, at)
            bits = np.int64(classes[code])
            row[CHARACTERS] += bits & SPACE == 0
            row[LETTERS] += bits & LETTER != 0
            row[NUMBERS] += bits & NUMBER != 0
            row[UPPERS] += bits & UPPER != 0
        if begin < end and not ends_in_ellipsis(data, begin, end):
            code, _ = decode(data, last_character(data, begin, end))
            row[ENDS_SENTENCE] = classes[code] & (TERMINAL | WIDE_TERMINAL | END_QUOTE) != 0


def _measured(lines: pa.Array) -> NDArray[np.int32]:
    measured = np.zeros((len(lines), 7), np.int32)
    _measure_lines(*utf8_buffers(lines), character_classes(), measured)
    return measured


@njit(cache=True, nogil=True)
def _find_code(data: Any, bounds: Any, starts: Any, fenced: Any) -> None:
    """Set `fenced` (lines,) for the blocks of code of each text, their fences included; `starts` counts its lines."""
    for text in range(len(starts) - 1):
        for first, last in code_blocks(data[bounds[text] : bounds[text + 1]]):
            fenced[starts[text] + first : starts[text] + last + 1] = True


class _Text:
    """The lines of a batch's texts, flat, and which text each belongs to."""

    def __init__(self, text: pa.Array) -> None:
        split = pc.split_pattern(text, "\n")
        self._text = text
        self._starts = np.asarray(split.offsets, np.int64)
        self.lines: pa.Array = split.flatten()

    def prose(self) -> NDArray[np.bool_]:
        """(lines,) whether a line is none of a block of code in fences: what these rules are about."""
        fenced = np.zeros(len(self.lines), np.bool_)
        _find_code(*utf8_buffers(self._text), self._starts, fenced)
        return ~fenced

    def totals(self, of_lines: NDArray[Any]) -> pa.Array:
        """The sum of a count of lines for each text, as int32."""
        sums = np.concatenate([[0], np.cumsum(of_lines, dtype=np.int64)])[self._starts]
        return pa.array(np.diff(sums)).cast(pa.int32())

    def rejoined(self, lines: pa.Array, keep: NDArray[np.bool_], changed: NDArray[np.bool_]) -> pa.Array:
        """The texts of these lines where `keep`; a text without a `changed` line stays exactly as it was.

        Where lines went, two or more blank lines become one, and none stay at the start and end, as `Normalise` has it.
        """
        starts = np.concatenate([[0], np.cumsum(keep)])[self._starts].astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(starts), lines.filter(pa.array(keep)))
        joined = pc.binary_join(lists, pa.scalar("\n", pa.large_string()))
        tidy = pc.ascii_trim(pc.replace_substring_regex(joined, "\n{3,}", "\n\n"), "\n")
        return pc.if_else(pc.greater(self.totals(changed), 0), tidy, self._text)


def _with_text(batch: pa.RecordBatch, text: pa.Array) -> pa.RecordBatch:
    index = batch.schema.get_field_index("text")
    return batch.set_column(index, batch.schema.field(index), text)


def _matches(lines: pa.Array, pattern: str) -> NDArray[np.bool_]:
    """Which lines match the RE2 pattern somewhere, ASCII and simple case folding aside. Linear in the text."""
    return np.asarray(pc.match_substring_regex(lines, pattern, ignore_case=True))


CITATION: Final = r"[ \t]*\[(?:\d{1,3}|edit|citation needed)\]"
BOILERPLATE: Final = "javascript|terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies"


class C4Lines(Stage):
    """Take out the lines that C4 takes out (arXiv:1910.10683, section 2.2).

    Rewrites `text`: citation marks ([1], [edit], [citation needed]) go; then every line goes that does not end in
    terminal punctuation or ends in an ellipsis (unless `terminal_punctuation` is false, as FineWeb does), has
    fewer than `min_words` words, a word of more than `max_word_characters`, or names JavaScript or a policy on
    cookies, privacy or use. Blank lines stay, single, and so does code in fences. English only, in its phrases.

    Adds `c4_removed_line_count` and `c4_removed_word_count`, of the lines that went.
    """

    version: ClassVar[int] = 3  # 2: words of scripts without spaces, as `statistics` counts them; 3: code in lists
    kind: Literal["c4_lines"] = "c4_lines"
    terminal_punctuation: bool = True
    """Whether lines go that do not end in terminal punctuation."""
    min_words: NonNegativeInt = 5
    """Words below which a line goes."""
    max_word_characters: PositiveInt = 1000
    """Characters of a word above which its line goes."""
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("c4_removed_line_count", pa.int32(), "lines that c4_lines took out", unit="lines", nullable=False),
            field("c4_removed_word_count", pa.int32(), "words of these lines", unit="words", nullable=False),
        ]
    )
    rewrites_text: ClassVar[bool] = True

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        text = _Text(batch.column("text"))
        prose = text.prose()
        lines = pc.if_else(pa.array(prose), pc.replace_substring_regex(text.lines, CITATION, ""), text.lines)
        edited = np.asarray(pc.not_equal(pc.binary_length(lines), pc.binary_length(text.lines)))
        of_line = _measured(lines)
        removed = (of_line[:, WORDS] < self.min_words) | (of_line[:, LONGEST_WORD] > self.max_word_characters)
        removed |= _matches(lines, BOILERPLATE)
        if self.terminal_punctuation:
            removed |= of_line[:, ENDS_SENTENCE] == 0
        removed &= (of_line[:, WORDS] > 0) & prose
        counts = [text.totals(removed), text.totals(of_line[:, WORDS] * removed)]
        rewritten = _with_text(batch, text.rejoined(lines, ~removed, removed | edited))
        return with_columns(rewritten, self.adds, counts)


COUNTER: Final = r"^\s*(?:\d[\d.,]*\s*[km]?\s+(?:{0})|(?:{0})\s*[:(]?\s*\d[\d.,]*\s*[km]?\)?)\s*$".format(
    "likes?|dislikes?|shares?|comments?|repl(?:y|ies)|views?|followers?|following|posts?|votes?|points?|reactions?|"
    "retweets?|subscribers?|downloads?|ratings?|reviews?"
)
SHORT_LINE_PATTERN: Final = (
    r"(?i)^\s*(?:sign[- ]in|log[- ]in|skip to (?:main )?content)\b\s*[|:]?\s*"
    r"|\s*\b(?:read|see|show|learn|view) more\W*$|\s*\bcontinue reading\W*$"
    r"|\s*\b(?:\d+ )?items? in (?:your )?cart\b"
)
MAX_SHORT_LINE_WORDS: Final = 10


class RefinedWebLines(Stage):
    """Correct and take out lines as RefinedWeb does (arXiv:2306.01116, appendix G.2).

    Rewrites `text`. A line goes that is mainly capitals (more than half of its characters, white space aside), has
    numbers and no letter, is a counter ("3 likes"), or is a single word. In a line of at most 10 words, the phrases of
    navigation at its start, at its end and anywhere are cut out; a line of which nothing stays goes. The paper gives
    one example of each phrase; the lists are ours. Code in fences stays as it is. English only.

    Adds `refinedweb_word_count`, of the text before, and `refinedweb_flagged_word_count`, of all lines that went or
    were cut, by which the paper drops the document.
    """

    version: ClassVar[int] = 3  # 2: words of scripts without spaces, as `statistics` counts them; 3: code in lists
    kind: Literal["refinedweb_lines"] = "refinedweb_lines"
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("refinedweb_word_count", pa.int32(), "words before refinedweb_lines", unit="words", nullable=False),
            field(
                "refinedweb_flagged_word_count",
                pa.int32(),
                "words of the lines that refinedweb_lines took out or cut",
                unit="words",
                nullable=False,
            ),
        ]
    )
    rewrites_text: ClassVar[bool] = True

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        text = _Text(batch.column("text"))
        of_line = _measured(text.lines)
        words = of_line[:, WORDS]
        removed = (2 * of_line[:, UPPERS] > of_line[:, CHARACTERS]) | (words == 1)
        removed |= (of_line[:, NUMBERS] > 0) & (of_line[:, LETTERS] == 0)
        removed |= _matches(text.lines, COUNTER)
        prose = text.prose()
        removed &= prose
        short = pa.array(prose & (words > 0) & (words <= MAX_SHORT_LINE_WORDS) & ~removed)
        cut = pc.replace_substring_regex(text.lines.filter(short), SHORT_LINE_PATTERN, "")
        lines = pc.replace_with_mask(text.lines, short, cut)
        edited = np.asarray(pc.not_equal(pc.binary_length(lines), pc.binary_length(text.lines)))
        removed |= edited & (_measured(lines)[:, WORDS] == 0)
        flagged = removed | edited
        counts = [text.totals(words), text.totals(words * flagged)]
        return with_columns(_with_text(batch, text.rejoined(lines, ~removed, flagged)), self.adds, counts)
