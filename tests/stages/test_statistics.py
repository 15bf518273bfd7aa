"""TextStatistics against definitions that are slow and obvious, on any Unicode text; then examples by hand."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.stages import unicode_tables as tables
from pipeline.stages.statistics import TextStatistics
from pipeline.stages.words import STOP_WORDS
from pipeline.text.unspaced import UNSPACED_BLOCKS, UNSPACED_LETTER_BLOCKS
from tests.literal_fences import blocks

SPACES = re.escape(tables.WHITE_SPACE)


def measure(text: str) -> dict[str, int]:
    batch = pa.record_batch({"text": pa.array([text], pa.large_string())})
    return {name: value for name, value in TextStatistics()(batch).to_pylist()[0].items() if name != "text"}


def unspaced(character: str) -> bool:
    within = any(first <= ord(character) <= last for first, last in UNSPACED_BLOCKS)
    return within and unicodedata.category(character) in ("Lo", "Lm", "Nl")


def in_core(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def without_spaces(character: str) -> bool:
    return unspaced(character) or (0x0F00 <= ord(character) <= 0x0FFF and unicodedata.category(character) == "Lo")


def unspaced_letter(character: str) -> bool:
    within = any(first <= ord(character) <= last for first, last in UNSPACED_LETTER_BLOCKS)
    return within and unspaced(character)


def words_of(text: str) -> list[str]:
    words = []
    for run in filter(None, re.split(f"[{SPACES}]+", text)):
        word = ""
        for character in run:
            has_core = any(map(in_core, word))
            after_unspaced = any(map(unspaced, word))
            core_begin = next((at for at, c in enumerate(word) if in_core(c)), len(word))
            after_syllable = bool(set(word[core_begin:]) & set(tables.SYLLABLE_ENDS))
            if in_core(character) and has_core and (unspaced(character) or after_unspaced or after_syllable):
                words.append(word)
                word = ""
            word += character
        words.append(word)
    return words


def unfenced(text: str) -> list[str]:
    """The lines of a text, with nothing in those that mark where code begins or ends."""
    fences = {line for block in blocks(text) for line in block}
    return ["" if number in fences else line for number, line in enumerate(text.split("\n"))]


def lines_of(text: str) -> list[str]:
    return [bare for line in unfenced(text) if (bare := line.strip(tables.WHITE_SPACE))]


def paragraphs_of(text: str) -> list[str]:
    paragraphs, block = [], []
    for line in [*unfenced(text), ""]:
        if line.strip(tables.WHITE_SPACE):
            block.append(line)
        elif block:
            paragraphs.append("\n".join(block).strip(tables.WHITE_SPACE))
            block = []
    return paragraphs


def sentences_of(line: str) -> int:
    cuts = []
    end = f"[{re.escape(tables.WIDE_TERMINALS)}]"
    narrow, closers = re.escape(tables.TERMINALS), re.escape(tables.CLOSERS)
    for found in re.finditer(f"{end}|[{narrow}][{narrow}{closers}]*(?=[{SPACES}])", line):
        run = re.split(f"[{SPACES}]", line[: found.start()])[-1]
        following = line[found.end() :].lstrip(tables.WHITE_SPACE)
        if found[0][0] not in tables.WIDE_TERMINALS:
            initial = len(run) == 1 and unicodedata.category(run) in ("Lu", "Lt")
            if initial or (following and unicodedata.category(following[0]) == "Ll"):
                continue
        cuts.append(found.end())
    pieces = [line[a:b] for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True)]
    content_free = set(tables.WHITE_SPACE + tables.TERMINALS + tables.WIDE_TERMINALS + tables.CLOSERS)
    return sum(1 for piece in pieces if set(piece) - content_free)


def duplicates(units: list[str]) -> tuple[int, int]:
    later = [unit for index, unit in enumerate(units) if unit in units[:index]]
    return len(later), sum(map(len, later))


def covered(words: list[str], starts: list[int], n: int) -> int:
    return sum(len(words[index]) for index in {start + offset for start in starts for offset in range(n)})


def ngram_characters(words: list[str], n: int) -> int:
    grams = [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]
    if n >= 5:
        return covered(words, [start for start, gram in enumerate(grams) if gram in grams[:start]], n)
    counts = Counter(grams)
    best = max(counts, key=lambda gram: (counts[gram], sum(map(len, gram)), -grams.index(gram)), default=None)
    if best is None or counts[best] < 2:
        return 0
    return covered(words, [start for start, gram in enumerate(grams) if gram == best], n)


def slow_measure(text: str) -> dict[str, int]:
    words, lines, paragraphs = words_of(text), lines_of(text), paragraphs_of(text)
    line_duplicates, paragraph_duplicates = duplicates(lines), duplicates(paragraphs)
    bare = {re.sub(r"^[\W_]+|[\W_]+$", "", word).translate({c: c + 32 for c in range(65, 91)}) for word in words}
    bullet = f"[{tables.BULLETS}]|[{re.escape(tables.DASH_BULLETS)}][{SPACES}]"
    ending = tables.TERMINALS + tables.WIDE_TERMINALS + tables.END_QUOTES
    return {
        "word_count": len(words),
        "word_characters": sum(map(len, words)),
        "alphabetic_word_count": sum(any(map(str.isalpha, word)) for word in words),
        "distinct_stop_word_count": len(bare & set(STOP_WORDS)),
        "unspaced_word_count": sum(any(map(without_spaces, word)) for word in words),
        "unspaced_letter_count": sum(any(map(unspaced_letter, word)) for word in words),
        "character_count": len(text),
        "hash_count": text.count("#") - sum(len(marks) for marks in re.findall(r"^(#{1,6}) ", text, re.MULTILINE)),
        "ellipsis_count": text.count("...") + text.count("…"),
        "curly_bracket_count": text.count("{") + text.count("}"),
        "replacement_character_count": text.count("\ufffd"),
        "line_count": len(lines),
        "bullet_line_count": sum(bool(re.match(bullet, line)) for line in lines),
        "ellipsis_line_count": sum(line.endswith(("...", "…")) for line in lines),
        "terminal_punctuation_line_count": sum(line[-1] in ending for line in lines),
        "short_line_count": sum(len(line) < 30 for line in lines),
        "sentence_count": sum(map(sentences_of, lines)),
        "paragraph_count": len(paragraphs),
        "duplicate_line_count": line_duplicates[0],
        "duplicate_line_characters": line_duplicates[1],
        "duplicate_paragraph_count": paragraph_duplicates[0],
        "duplicate_paragraph_characters": paragraph_duplicates[1],
        "ngram_characters": sum(map(len, words)),
        **{f"top_{n}gram_characters": ngram_characters(words, n) for n in (2, 3, 4)},
        **{f"duplicate_{n}gram_characters": ngram_characters(words, n) for n in range(5, 11)},
        "lorem_ipsum_count": text.translate({c: c + 32 for c in range(65, 91)}).count("lorem ipsum"),
    }


FEW_WORDS = st.lists(st.sampled_from(["a", "bb", "the", "你", "x.", "\n"]), max_size=60).map(" ".join)
LAYOUT = st.sampled_from(
    [
        " ",
        "\n",
        "\n\n",
        "\t",
        "\u3000",
        "same line\n",
        "• ",
        "- ",
        "*",
        "#",
        "\n# ",
        "\n###### ",
        "\n####### ",
        "```",
        "\n```py\n",
        "````\n",
        "`",
        "{",
        "\ufffd",
    ]
)
MARKS = st.sampled_from([".", "...", "…", "! ", '." ', "。", "」", "J. ", "U.S. ", "1.5", "“and”", "་", "།"])
LETTERS = st.sampled_from(["a", "B", "the", "The,", "lorem ipsum", "你", "ア", "ไ", "ั", "བོད", "ཡི", "7", "é", "😀"])
SHAPED = st.lists(st.one_of(LAYOUT, MARKS, LETTERS, st.characters(exclude_categories=["Cs"])), max_size=40).map("".join)


@given(st.one_of(st.text(), SHAPED, FEW_WORDS))
@settings(max_examples=400, deadline=None)
@example("a b a b a b a b a b a b a b a b a b a b")
@example("x\n\nx\n\nx")
@example("")
def test_counts_are_what_the_definitions_say(text: str) -> None:
    assert measure(text) == slow_measure(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't stop, now", ["don't", "stop,", "now"]),
        ("你好。world 12年", ["你", "好。", "world", "12", "年"]),
        ("「東京」に行く", ["「東", "京」", "に", "行", "く"]),
        ("ภาษาไทย", ["ภ", "า", "ษ", "า", "ไ", "ท", "ย"]),
        ("བོད་ཡིག་དང་། abc", ["བོད་", "ཡིག་", "དང་།", "abc"]),
        ("་ཀཁ", ["་ཀཁ"]),
        ("a\u00a0b\u3000c\u200bd", ["a", "b", "c\u200bd"]),
        ("-- ... --", ["--", "...", "--"]),
    ],
)
def test_words_by_hand(text: str, words: list[str]) -> None:
    assert words_of(text) == words
    assert measure(text)["word_count"] == len(words)


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("One. Two! Three? Four", 4),
        ("It costs 3.50 at example.com today.", 1),
        ("J. R. Hartley wrote it.", 1),
        ("Fruit, e.g. apples and pears.", 1),
        ('"Really?" he asked. "Yes."', 2),
        ("Wait... what? Oh.", 2),
        ("你好。再见！", 2),
        ("... !", 0),
    ],
)
def test_sentences_by_hand(line: str, sentences: int) -> None:
    assert measure(line)["sentence_count"] == sentences


def test_a_text_that_says_everything_twice_is_half_duplicate() -> None:
    words = " ".join(f"word{index}" for index in range(100))
    counts = measure(f"{words}\n\n{words}")
    assert counts["duplicate_10gram_characters"] * 2 == counts["ngram_characters"]
    assert counts["duplicate_paragraph_characters"] == len(words)


def test_scripts_without_spaces_and_white_space_are_listed_as_unicode_has_them() -> None:
    assert len(set(tables.WHITE_SPACE)) == 25
    classes = tables.character_classes()
    for character in "漢字かなカナｶﾅไทยລາວမြန်မာខ្មែរ〇々":
        is_letter = unicodedata.category(character) in ("Lo", "Lm", "Nl")
        assert bool(classes[ord(character)] & tables.UNSPACED) == is_letter
    for character in "aéЖאعकख한글7。ー"[:-1]:
        assert not classes[ord(character)] & tables.UNSPACED


def test_all_that_unicode_assigns_lies_in_the_planes_that_are_looked_at() -> None:
    every = ((code, unicodedata.category(chr(code))) for code in range(tables.CODE_POINTS))
    assert tables.assigned() == tuple(code for code, kind in every if kind not in ("Cn", "Co", "Cs"))


def test_repetition_is_bounded_in_words_and_lines() -> None:
    many = 1 << 20
    words = measure(" ".join(f"{index:07d}" for index in range(many + 10)))
    assert (words["word_count"], words["ngram_characters"]) == (many + 10, 7 * many)
    lines = [f"{index:07d}" for index in range(many + 10)]
    counts = measure("\n".join([*lines, lines[0], lines[-1]]))
    assert (counts["line_count"], counts["duplicate_line_count"]) == (many + 12, 1)
