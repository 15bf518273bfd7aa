"""The counts that the rules of C4, Gopher, FineWeb and RefinedWeb judge, with words split once."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from pipeline.schema import field
from pipeline.stage import Stage, with_columns
from pipeline.stages.layout import scan_lines
from pipeline.stages.repetition import DUPLICATE_NGRAMS, TOP_NGRAMS, ngram_repetition
from pipeline.stages.unicode_tables import character_classes
from pipeline.stages.words import MAX_REPETITION_WORDS, count_symbols, scan_words
from pipeline.text.utf8 import utf8_buffers


def _count(name: str, meaning: str, unit: str) -> pa.Field:
    return field(name, pa.int32(), meaning, unit=unit, nullable=False)


WORDS: Final = [
    _count("word_count", "words of the text", "words"),
    _count("word_characters", "characters of all words: those that are not white space", "characters"),
    _count("alphabetic_word_count", "words with at least one letter", "words"),
    _count("distinct_stop_word_count", "how many of the, be, to, of, and, that, have, with occur: 0 to 8", "words"),
    _count("unspaced_word_count", "words with a letter of a script without spaces (Han, kana, Thai...)", "words"),
    _count("unspaced_letter_count", "of these the letters of which words have several: all but Han, Tibetan", "words"),
]
SYMBOLS: Final = [
    _count("character_count", "characters (code points) of the text, white space included", "characters"),
    _count("hash_count", "number signs (#) but for those that mark a Markdown heading", "characters"),
    _count("ellipsis_count", 'ellipses: "..." without overlap, and "…"', "occurrences"),
    _count("curly_bracket_count", "curly brackets, opening and closing", "characters"),
    _count("replacement_character_count", "U+FFFD, left by a decoder in place of bytes", "characters"),
]
LINES: Final = [
    _count("line_count", "lines that are neither blank nor a fence around code", "lines"),
    _count("bullet_line_count", "lines that begin with a bullet point", "lines"),
    _count("ellipsis_line_count", "lines that end in an ellipsis", "lines"),
    _count("terminal_punctuation_line_count", "lines that end in terminal punctuation or an end quote", "lines"),
    _count("short_line_count", "lines of fewer than 30 characters", "lines"),
    _count("sentence_count", "sentences; each line begins a new one", "sentences"),
    _count("paragraph_count", "runs of lines without a blank line between", "paragraphs"),
    _count("duplicate_line_count", "lines that stood in the text before", "lines"),
    _count("duplicate_line_characters", "characters of these lines", "characters"),
    _count("duplicate_paragraph_count", "paragraphs that stood in the text before", "paragraphs"),
    _count("duplicate_paragraph_characters", "characters of these paragraphs", "characters"),
]
NGRAMS: Final = [
    _count("ngram_characters", "characters of the words that n-grams are made of: the first 2^20", "characters"),
    *(
        _count(
            f"top_{n}gram_characters", f"characters under the most frequent {n}-gram, 0 if it is unique", "characters"
        )
        for n in TOP_NGRAMS
    ),
    *(
        _count(f"duplicate_{n}gram_characters", f"characters under {n}-grams that occurred before", "characters")
        for n in DUPLICATE_NGRAMS
    ),
]
_MEASURED: Final = [*WORDS, *SYMBOLS, *LINES, *NGRAMS]
_SYMBOLS_AT: Final = len(WORDS)
_LINES_AT: Final = _SYMBOLS_AT + len(SYMBOLS)
_NGRAMS_AT: Final = _LINES_AT + len(LINES)


@njit(cache=True, nogil=True)
def _measure(data: Any, bounds: Any, classes: Any, counts: Any) -> None:
    """Fill one row of `counts`, of zeros and of shape (texts, len(_MEASURED)), for each text."""
    longest = 0
    for text in range(len(bounds) - 1):
        longest = max(longest, bounds[text + 1] - bounds[text])
    # a word takes at least two bytes: a letter and the white space, or the second byte of an unspaced letter
    room = min(longest // 2 + 1, MAX_REPETITION_WORDS)
    hashes, lengths = np.empty(room, np.uint64), np.empty(room, np.int32)
    for text in range(len(bounds) - 1):
        utf8, row = data[bounds[text] : bounds[text + 1]], counts[text]
        words, _ = scan_words(utf8, classes, row, hashes, lengths)
        count_symbols(utf8, row[_SYMBOLS_AT:])
        scan_lines(utf8, classes, row[_LINES_AT:])
        ngram_repetition(hashes[:words], lengths[:words], row[_NGRAMS_AT:])


class TextStatistics(Stage):
    """Measure, in one pass of splitting, what the rule sets of configs/rules/ judge; integers only.

    Reads `text`; adds one int32 count a column, 0 or more: of words, symbols, lines, sentences, paragraphs and
    repetition, as `words`, `layout` and `repetition` beside this module define them. A text of 2^31 characters raises
    pyarrow.ArrowInvalid: sources bound their records far below.

    Sources: C4 (arXiv:1910.10683, section 2.2), Gopher (arXiv:2112.11446, A1.1 and table A1), FineWeb
    (arXiv:2406.17557, sections 3.5 and 3.6), RefinedWeb (arXiv:2306.01116, appendix G).
    """

    version: ClassVar[int] = 3  # 2: Tibetan by syllables, more scripts without spaces, unspaced words; 3: fences
    kind: Literal["statistics"] = "statistics"
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [*_MEASURED, _count("lorem_ipsum_count", '"lorem ipsum", ASCII case aside', "occurrences")]
    )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        text = batch.column("text")
        counts: NDArray[np.int64] = np.zeros((len(text), len(_MEASURED)), np.int64)
        _measure(*utf8_buffers(text), character_classes(), counts)
        columns = [pa.array(column).cast(pa.int32()) for column in np.ascontiguousarray(counts.T)]
        lorem_ipsum = pc.count_substring(text, "lorem ipsum", ignore_case=True)
        return with_columns(batch, self.adds, [*columns, lorem_ipsum.cast(pa.int32())])
