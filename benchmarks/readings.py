"""The English rules of Gopher, C4 and FineWeb read in two ways: as datatrove reads them, and switch by switch as we do.

Slow and literal. With no switch set a rule must drop what datatrove drops, with all set what we drop; so a switch that
changes a verdict is why the two differ. The switches are the rows of docs/differences/rules.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pipeline.stages import unicode_tables as tables
from pipeline.stages.lines import BOILERPLATE, CITATION
from pipeline.stages.words import STOP_WORDS

SWITCHES = {
    "words": "runs of non-white-space instead of a tokenizer's words",
    "white space": "lines and paragraphs are stripped, and blank ones are none",
    "fences": "code in fences is left alone by line rules, and a fence is no line",
    "headings": "the # of a Markdown heading is no symbol",
    "bullets": "fifteen bullet characters, - and * only before white space",
    "case": "stop words in any case, without the punctuation at them",
    "unique": "an n-gram that occurs once is no repetition",
    "overlaps": "characters under n-grams that repeat count once, however they overlap",
    "n-gram characters": "shares of n-grams are of the words' characters",
    "sentences": "sentences end at marks, instead of Punkt's",
    "order": "C4 asks for brackets and lorem ipsum once its lines are gone",
    "brackets": "} is a curly bracket, too",
    "citations": "[1] to [999] are citations, [] and [2019] are none",
    "marks": "our marks and quotes may end a line",
    "bounds": "bounds as the paper gives them: 0.1 duplicate characters, 30 characters are not short",
}
FENCE = re.compile("```+[^`]*")
DATATROVE_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
OUR_CITATION = re.compile(CITATION)
BOILERPLATE_LINE = re.compile(BOILERPLATE, re.IGNORECASE)
_ENDS = frozenset(tables.TERMINALS + tables.WIDE_TERMINALS + tables.END_QUOTES)


@dataclass(frozen=True)
class Page:
    """A text, and what both sides say of it.

    `tokens`: datatrove's words. `sentences`, `our_sentences`: of each of `lines_to_count`. `terminal`: its terminal
    punctuation. `punctuation`: what makes no word for it.
    """

    text: str
    tokens: list[str]
    sentences: dict[str, int]
    our_sentences: dict[str, int]
    terminal: tuple[str, ...]
    punctuation: frozenset[str]


def lines_to_count(text: str) -> list[str]:
    """The stripped lines of a text, with citations and by both sides without."""
    bare = [line.strip() for line in {*text.splitlines(), *text.split("\n")}]
    return sorted(
        {cut for line in bare for cut in (line, OUR_CITATION.sub("", line), DATATROVE_CITATION.sub("", line))}
    )


class Reading:
    """A page by datatrove's definitions, but for the switches that are `ours`."""

    def __init__(self, page: Page, ours: frozenset[str]) -> None:
        self.page, self.ours, self.text = page, ours, page.text

    @cached_property
    def words(self) -> list[str]:
        """All words; datatrove's hold punctuation apart."""
        return self.text.split() if "words" in self.ours else self.page.tokens

    @cached_property
    def proper_words(self) -> list[str]:
        """The words that are counted and whose length is measured."""
        if "words" in self.ours:
            return self.words
        return [word for word in self.words if set(word) - self.page.punctuation]

    def lines(self, split: Callable[[str], list[str]]) -> list[str]:
        """The text's lines, by the splitting of that filter of datatrove's."""
        lines = self.text.split("\n") if "white space" in self.ours else split(self.text)
        if "fences" in self.ours:
            lines = [line for line in lines if not FENCE.fullmatch(line.strip())]
        return [bare for line in lines if (bare := line.strip())] if "white space" in self.ours else lines

    @cached_property
    def paragraphs(self) -> list[str]:
        """Blocks between blank lines."""
        text = self.text
        if "fences" in self.ours:
            text = "\n".join("" if FENCE.fullmatch(line.strip()) else line for line in text.split("\n"))
        if "white space" in self.ours:
            return [bare for block in re.split(r"\n(?:[^\S\n]*\n)+", text) if (bare := block.strip())]
        return re.split(r"\n{2,}", text.strip())

    def covered(self, starts: list[int], n: int) -> int:
        """Characters of words, and of the spaces between them where those count, under n-grams at these places."""
        places = {start + offset for start in starts for offset in range(n)}
        spaces = 0 if "n-gram characters" in self.ours else sum(place + 1 in places for place in places)
        return sum(len(self.words[place]) for place in places) + spaces

    def share(self, characters: int) -> float:
        """Of the words' characters, or of the text's."""
        whole = sum(map(len, self.words)) if "n-gram characters" in self.ours else len(self.text)
        return characters / max(1, whole)

    def grams(self, n: int) -> list[tuple[str, ...]]:
        """Every n-gram of words."""
        return [tuple(self.words[at : at + n]) for at in range(len(self.words) - n + 1)]

    @cached_property
    def passes_c4(self) -> bool:
        """C4's filter with its line rules but no terminal punctuation: no lorem ipsum, no bracket, five sentences."""
        lines = self.text.split("\n") if "fences" in self.ours else self.text.splitlines()
        inside = _fenced(lines) if "fences" in self.ours else frozenset()
        counts = self.page.our_sentences if "sentences" in self.ours else self.page.sentences
        sentences = 0
        for number, line in enumerate(lines):
            bare = line.strip()
            if number not in inside:
                bare = self._uncited(bare)
                words = (bare if "citations" in self.ours else line).split()
                if len(words) < 3 or any(len(word) > 1000 for word in words):
                    continue
            low, boilerplate = bare.lower(), number not in inside and BOILERPLATE_LINE.search(bare) is not None
            if boilerplate and "order" in self.ours:
                continue
            if "lorem ipsum" in low:
                return False
            if "javascript" in low and boilerplate:
                continue
            if "{" in bare or ("brackets" in self.ours and "}" in bare):
                return False
            if not boilerplate and not (number in inside and FENCE.fullmatch(bare)):
                sentences += counts.get(bare, 0)
        return sentences >= 5

    def _uncited(self, line: str) -> str:
        return (OUR_CITATION if "citations" in self.ours else DATATROVE_CITATION).sub("", line)


def _fenced(lines: list[str]) -> frozenset[int]:
    """The numbers of the lines of blocks of code, their fences included."""
    inside: set[int] = set()
    opened, ticks = -1, 0
    for number, line in enumerate(lines):
        found = re.match("```+", line)
        if opened < 0 and found and "`" not in line[found.end() :]:
            opened, ticks = number, found.end()
        elif opened >= 0 and found and found.end() >= ticks and not line[found.end() :].strip(" "):
            inside.update(range(opened, number + 1))
            opened = -1
    return frozenset(inside)


def _duplicates(units: list[str]) -> tuple[int, int]:
    """Units that stood there before, and their characters."""
    seen: set[str] = set()
    count = characters = 0
    for unit in units:
        if unit in seen:
            count, characters = count + 1, characters + len(unit)
        seen.add(unit)
    return count, characters


def _by_newlines(text: str) -> list[str]:
    return re.split("\n+", text)


def _not_blank(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _top(reading: Reading, n: int, bound: float) -> bool:
    grams = reading.grams(n)
    if not grams:
        return False
    counts = Counter(grams)
    most = max(counts.values())
    best = next(gram for gram in grams if counts[gram] == most)
    if "unique" in reading.ours:
        if most < 2:
            return False
        best = max((gram for gram in counts if counts[gram] == most), key=lambda gram: sum(map(len, gram)))
    if "overlaps" in reading.ours:
        characters = reading.covered([at for at, gram in enumerate(grams) if gram == best], n)
    else:
        characters = most * len(("" if "n-gram characters" in reading.ours else " ").join(best))
    return reading.share(characters) > bound


def _repeated(reading: Reading, n: int, bound: float) -> bool:
    seen: set[tuple[str, ...]] = set()
    starts, at, grams = [], 0, reading.grams(n)
    while at < len(grams):
        if grams[at] in seen:
            starts.append(at)
            at += 1 if "overlaps" in reading.ours else n
        else:
            seen.add(grams[at])
            at += 1
    places = {start + offset for start in starts for offset in range(n)}
    return reading.share(sum(len(reading.words[place]) for place in places)) > bound


def _lines(share: Callable[[Reading, list[str]], bool], split: Callable[[str], list[str]]) -> Callable[[Reading], bool]:
    def asked(reading: Reading) -> bool:
        lines = reading.lines(split)
        return bool(lines) and share(reading, lines)

    return asked


def _is_bullet(reading: Reading, line: str) -> bool:
    bare = line.lstrip()
    if "bullets" in reading.ours:
        return (bare[:1] in tables.BULLETS and bool(bare)) or re.match(r"[-*]\s", bare) is not None
    return bare.startswith(("•", "-"))


def _stop_words(reading: Reading) -> bool:
    words = set(reading.words)
    if "case" in reading.ours:
        words = {re.sub(r"^[\W_]+|[\W_]+$", "", word).lower() for word in words}
    return len(words & set(STOP_WORDS)) < 2


def _hashes(reading: Reading) -> bool:
    marks = re.findall(r"^(#{1,6}) ", reading.text, re.MULTILINE) if "headings" in reading.ours else []
    return reading.text.count("#") - sum(map(len, marks)) > 0.1 * len(reading.words)


def _ends_sentence(reading: Reading, line: str) -> bool:
    return line[-1] in _ENDS if "marks" in reading.ours else line.endswith(reading.page.terminal)


def _terminal_lines(reading: Reading, lines: list[str]) -> bool:
    return sum(_ends_sentence(reading, line) for line in lines) < 0.12 * len(lines)


def _short_lines(reading: Reading, lines: list[str]) -> bool:
    return sum(len(line) < 30 + ("bounds" not in reading.ours) for line in lines) > 0.67 * len(lines)


def _duplicate_characters(reading: Reading, lines: list[str]) -> bool:
    bound, length = (
        (0.1, len(reading.text)) if "bounds" in reading.ours else (0.01, len(reading.text.replace("\n", "")))
    )
    return _duplicates(lines)[1] > bound * length


def _count_words(reading: Reading) -> bool:
    return not 50 <= len(reading.proper_words) <= 100_000


def _word_length(reading: Reading) -> bool:
    words = reading.proper_words
    return bool(words) and not 3 <= sum(map(len, words)) / len(words) <= 10


def _ellipses(reading: Reading) -> bool:
    return reading.text.count("...") + reading.text.count("…") > 0.1 * len(reading.words)


def _letters(reading: Reading) -> bool:
    return sum(any(map(str.isalpha, word)) for word in reading.words) < 0.8 * len(reading.words)


@dataclass(frozen=True)
class Rule:
    """A rule, or several, under our name, datatrove's reasons for it, and whether a reading drops the page."""

    ours: str
    theirs: tuple[str, ...]
    drops: Callable[[Reading], bool]

    def is_ours(self, dropped: set[str]) -> bool:
        """Whether it, or one of several named together, is among our rules that drop a page."""
        family, _, names = self.ours.partition(":")
        return not dropped.isdisjoint(f"{family}:{name}" for name in names.split(", "))


def _grams() -> list[Rule]:
    def top(n: int) -> Callable[[Reading], bool]:
        return lambda reading: _top(reading, n, {2: 0.2, 3: 0.18, 4: 0.16}[n])

    def repeated(n: int) -> Callable[[Reading], bool]:
        return lambda reading: _repeated(reading, n, (20 - n) / 100)

    return [
        *(Rule(f"gopher:top_{n}gram", (f"top_{n}_gram",), top(n)) for n in (2, 3, 4)),
        *(Rule(f"gopher:duplicate_{n}grams", (f"duplicated_{n}_n_grams",), repeated(n)) for n in range(5, 11)),
    ]


RULES = [
    Rule("gopher:word_count", ("gopher_short_doc", "gopher_long_doc"), _count_words),
    Rule("gopher:mean_word_length", ("gopher_below_avg_threshold", "gopher_above_avg_threshold"), _word_length),
    Rule("gopher:hash_to_word_ratio", ("gopher_too_many_hashes",), _hashes),
    Rule("gopher:ellipsis_to_word_ratio", ("gopher_too_many_ellipsis",), _ellipses),
    Rule(
        "gopher:bullet_lines",
        ("gopher_too_many_bullets",),
        _lines(lambda r, lines: sum(_is_bullet(r, line) for line in lines) > 0.9 * len(lines), str.splitlines),
    ),
    Rule(
        "gopher:ellipsis_lines",
        ("gopher_too_many_end_ellipsis",),
        _lines(
            lambda _, lines: sum(line.rstrip().endswith(("...", "…")) for line in lines) > 0.3 * len(lines),
            str.splitlines,
        ),
    ),
    Rule("gopher:alphabetic_words", ("gopher_below_alpha_threshold",), _letters),
    Rule("gopher:stop_words", ("gopher_enough_stop_words",), _stop_words),
    Rule(
        "gopher:duplicate_lines",
        ("dup_line_frac",),
        _lines(lambda _, lines: _duplicates(lines)[0] > 0.3 * len(lines), _by_newlines),
    ),
    Rule(
        "gopher:duplicate_paragraphs",
        ("dup_para_frac",),
        lambda r: _duplicates(r.paragraphs)[0] > 0.3 * len(r.paragraphs),
    ),
    Rule(
        "gopher:duplicate_line_characters",
        ("dup_line_char_frac",),
        _lines(lambda r, lines: _duplicates(lines)[1] > 0.2 * len(r.text), _by_newlines),
    ),
    Rule(
        "gopher:duplicate_paragraph_characters",
        ("dup_para_char_frac",),
        lambda r: _duplicates(r.paragraphs)[1] > 0.2 * len(r.text),
    ),
    *_grams(),
    Rule(
        "fineweb:lorem_ipsum, curly_bracket, sentence_count",
        ("lorem_ipsum", "curly_bracket", "too_few_sentences"),
        lambda r: not r.passes_c4,
    ),
    Rule("fineweb:terminal_punctuation_lines", ("line_punct_ratio",), _lines(_terminal_lines, _not_blank)),
    Rule("fineweb:line_duplication", ("char_dup_ratio",), _lines(_duplicate_characters, _not_blank)),
    Rule("fineweb:short_lines", ("short_line_ratio",), _lines(_short_lines, _not_blank)),
]
