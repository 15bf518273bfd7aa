"""Reading order, paragraphs, running heads and broken words of PDF pages, on runs of text placed by hand."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.pdf.flow import blocks_of
from pipeline.extraction.pdf.layout import Line, by_middle, columns
from pipeline.extraction.pdf.margins import Page
from pipeline.extraction.pdf.run_arrays import runs_of
from pipeline.extraction.pdf.spans import MIN_GAP, Part, Run, commonest_size, joined, joined_level
from pipeline.extraction.pdf.word_counts import Words, counted_one_by_one

BOX = (0.0, 0.0, 600.0, 800.0)
PROSE = "the water of the river is led into a basin and made to stand until it is clear again and may go"


def run(x: float, y: float, text: str, *, size: float = 10, width: float | None = None, bold: bool = False) -> Run:
    end = x + (len(text) * size * 0.5 if width is None else width)
    return Run(x, y, end, y + size, size, text, bold=(bold, bold), weight=len(text))


def read(*pages: list[Run]) -> str:
    found = blocks_of([Page(number, columns(runs_of(runs)), BOX) for number, runs in enumerate(pages)])
    return "\n\n".join(block.text for block in found)


def column(x: float, y: float, words: str, rows: int, *, width: float = 230) -> list[Run]:
    return [run(x, y + 12 * row, f"{words} {row} {PROSE[:30]}", width=width) for row in range(rows)]


def test_columns_come_before_rows_though_their_lines_are_aligned() -> None:
    page = column(50, 100, "left", 5) + column(320, 100, "right", 5)
    text = read(page)
    assert text.index("left 4") < text.index("right 0")
    assert "left 0 " in text.split("\n\n")[0] and "left 4" in text.split("\n\n")[0]


def test_what_crosses_the_gutter_parts_the_columns_above_from_those_below() -> None:
    title = run(60, 60, "A title over both of the columns of the page", size=18)
    figure = run(60, 190, "A figure that is as wide as the page, and what it shows", width=480)
    page = [title, figure, *column(50, 100, "first", 5), *column(320, 100, "second", 5)]
    page += column(50, 230, "third", 5) + column(320, 230, "fourth", 5)
    text = read(page)
    order = ["A title", "first 0", "first 4", "second 0", "A figure", "third 0", "fourth 0", "fourth 4"]
    assert sorted(order, key=text.index) == order


def test_a_heading_below_two_columns_belongs_to_what_follows() -> None:
    page = [*column(50, 100, "left", 5), *column(320, 100, "right", 5), run(50, 172, "A heading")]
    page.append(run(50, 190, "What is as wide as the page, and what the heading above it is the heading of", width=500))
    text = read(page)
    order = ["left 0", "left 4", "right 0", "right 4", "A heading", "What is"]
    assert sorted(order, key=text.index) == order


def test_three_columns_are_read_from_left_to_right() -> None:
    page = [line for at, name in enumerate("abc") for line in column(40 + 190 * at, 100, name * 3, 6, width=160)]
    text = read(page)
    assert text.index("aaa 5") < text.index("bbb 0") < text.index("bbb 5") < text.index("ccc 0")


def test_a_table_is_read_row_by_row() -> None:
    rows = [("Copper", "8.96", "1,085"), ("Tin", "7.26", "232"), ("Lead", "11.34", "327"), ("Zinc", "7.14", "420")]
    page = [
        run(x, 100 + 14 * at, cell) for at, row in enumerate(rows) for x, cell in zip((60, 200, 320), row, strict=True)
    ]
    body = [f"| {' | '.join(row)} |" for row in rows]
    assert read(page) == "\n".join([body[0], "| --- | --- | --- |", *body[1:]])


def test_a_numbered_row_keeps_the_cell_beside_its_number() -> None:
    rows = [("1", "Copper", "8.96"), ("2", "Tin", "7.26"), ("3", "Lead", "11.34")]
    page = [
        run(x, 100 + 14 * at, cell) for at, row in enumerate(rows) for x, cell in zip((60, 75, 320), row, strict=True)
    ]
    assert read(page) == "| 1 | Copper | 8.96 |\n| --- | --- | --- |\n| 2 | Tin | 7.26 |\n| 3 | Lead | 11.34 |"


def test_a_cell_has_no_leaders() -> None:
    rows = [(60, 100, "Enter line 2 . . . . . . . ."), (320, 100, "4."), (60, 114, "Add line 3"), (320, 114, "5.")]
    assert read([run(*cell) for cell in rows]).splitlines()[::2] == ["| Enter line 2 | 4. |", "| Add line 3 | 5. |"]


def test_a_cell_goes_on_below_and_what_stands_below_a_table_stays() -> None:
    cells = [(60, 100, "Copper"), (200, 100, "red, soft,"), (200, 114, "heavy"), (60, 128, "Tin"), (200, 128, "white")]
    page = [run(*cell) for cell in cells] + [
        run(60, 142, "Of the survey of the northern mines in the year of the flood")
    ]
    table = "| Copper | red, soft, heavy |\n| --- | --- |\n| Tin | white |"
    assert read(page) == f"{table}\n\nOf the survey of the northern mines in the year of the flood"


places = st.tuples(st.sampled_from((60, 75, 160, 200, 320, 450)), st.integers(0, 12), st.integers(1, 4), st.booleans())


@given(st.lists(places, max_size=30, unique_by=lambda place: place[:2]))
def test_no_word_of_a_page_is_lost(places: list[tuple[int, int, int, bool]]) -> None:
    names = ["".join(letters) for letters in itertools.product("bcdfgklm", "aeiou", "nprst")]
    page, words = [], set()
    for at, (x, row, count, is_mono) in enumerate(places):
        said = names[4 * at : 4 * at + count]
        words.update(said)
        page.append(run(x, 100 + 13 * row, "a" if x == 60 and is_mono else " ".join(said)))  # "a": a label
        page[-1].is_mono = is_mono
        words -= set(said) if page[-1].text == "a" else set()
    text = read(page)
    assert [word for word in sorted(words) if word not in text] == []


def test_a_line_that_is_justified_with_wide_gaps_is_no_row_of_a_table() -> None:
    words = [run(60, 112, "corporate"), run(150, 112, "responsibility"), run(260, 112, "watcher", width=40)]
    page = [run(60, 100, PROSE[:40], width=240), *words, run(60, 124, PROSE[40:80], width=240), run(60, 136, "end.")]
    assert "and corporate responsibility watcher" in read(page).replace(PROSE[:40].strip(), "and")
    assert "\t" not in read(page)


def test_a_bullet_that_stands_apart_belongs_to_its_text() -> None:
    page = []
    for at, words in enumerate(("first", "second", "third")):
        page += [run(60, 100 + 24 * at, "•"), run(80, 100 + 24 * at, f"{words} {PROSE}"), run(80, 112 + 24 * at, "end")]
    assert [part[:9] for part in read(page).split("\n\n")] == ["- first t", "- second ", "- third t"]


def test_paragraphs_end_at_indentation_and_at_wide_gaps() -> None:
    full = [run(60, 100 + 12 * at, PROSE, width=400) for at in range(3)]
    indented = [run(75, 136, PROSE, width=385), run(60, 148, "its end.")]
    apart = [run(60, 190, "Another one.")]
    assert len(read(full + indented + apart).split("\n\n")) == 3


def test_lines_that_were_ended_on_purpose_stay_lines() -> None:
    page = [
        run(60, 100 + 12 * at, words) for at, words in enumerate(("Roses are red", "violets are", "blue and so on"))
    ]
    assert read([*page, run(60, 300, PROSE, width=400)]).startswith("Roses are red\nviolets are\nblue and so on")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("the infor-", "mation", "the information"),
        ("a well-", "known fact", "a wellknown fact"),
        ("a well-", "known fact; well-known", "a well-known fact; well-known"),
        ("a data-", "driven way; the data are driven", "a data-driven way; the data are driven"),
        ("the Anglo-", "Saxon", "the Anglo-Saxon"),
        ("in 1914-", "1918", "in 1914-1918"),
        ("soft\u00ad", "ness", "softness"),
        ("a dash —", "and more", "a dash — and more"),
        ("a dash—", "and more", "a dash—and more"),
        ("see http://a.example/long-", "path", "see http://a.example/long-path"),
        ("see www.a.", "example", "see www.a.example"),
        ("one -", "two", "one - two"),
        ("中文的", "句子", "中文的句子"),
    ],
)
def test_words_broken_at_line_ends(before: str, after: str, expected: str) -> None:
    assert read([run(60, 100, before, width=400), run(60, 112, after, width=400)]) == expected


def test_a_paragraph_goes_on_over_the_page_and_past_a_footnote() -> None:
    first = [run(60, 100 + 12 * at, PROSE, width=400) for at in range(4)]
    note = [run(60, 700, "1 A note below the text.", size=8)]
    second = [run(60, 100, "and so it ends, with more text. " + PROSE[:40], width=400), run(60, 112, "End.")]
    parts = read(first + note, second).split("\n\n")
    assert len(parts) == 2
    assert parts[0].endswith("End.") and parts[1].startswith("1 A note")


def words(page: int, line: int) -> str:
    return f"{'abcdefgh'[page]}{'stuvwxyz'[line]} {PROSE[:60]}"


def body(number: int) -> list[Run]:
    return [run(60, 150 + 12 * at, words(number, at), width=400) for at in range(8)]


@pytest.mark.parametrize(
    ("line", "pages", "stays"),
    [
        (lambda n: run(60, 40, f"Chapter about rivers {n}"), 3, False),
        (lambda n: run(60, 40, f"Chapter about rivers {n}"), 1, True),
        (lambda n: run(290, 770, str(n + 7)), 3, False),
        (lambda n: run(290, 770, f"- {n + 7} -"), 1, False),
        (lambda n: run(60, 40, ["Sand", "Clay", "Loam", "Silt"][n] + f" and {'mud' * n}x {n + 11}"), 4, False),
        (lambda n: run(60, 40, ["Sand", "Clay", "Loam", "Silt"][n] + f" and {'mud' * n}x {7 * n * n}"), 4, True),
        (lambda n: run(60, 400, f"In the middle of the page {n}"), 4, True),
        (lambda n: run(60, 40 + 90 * n, f"Now here, now there {7 * n * n}"), 4, True),
        (lambda n: run(60, 770, "https://a.example/page 1/2"), 1, False),
    ],
)
def test_running_heads_and_page_numbers(line, pages: int, stays: bool) -> None:  # type: ignore[no-untyped-def]
    text = read(*([line(number), *body(number)] for number in range(pages)))
    assert (line(0).text in text) == stays
    assert all(words(number, at) in text for number in range(pages) for at in range(8))


@pytest.mark.parametrize(
    ("numbers", "stays"),
    [
        ("0.1 0.2 0.3 0.4 0.5", False),
        ("0,1 0,2 0,3 0,4 0,5", False),
        ("−10 −5 0 5 10", False),
        ("500 1,000 1,500 2,000 2,500", False),
        ("10⁻² 10⁻¹ 10⁰ 10¹ 10²", False),
        ("0% 25% 50% 75% 100%", False),
        ("0 2 4 6 8 0.0 0.5 1.0 1.5 2.0", False),
        ("0 2 4 6", True),
        ("0 2 4 6 7", False),
        ("0 2 4 5 7", True),
        ("131 134 136 139 141 144", True),
        ("8.96 7.26 11.34 7.14 2.70 19.32", True),
        ("0 0 0 0 0 7 0 0", True),
        ("- - - - - -", True),
    ],
)
def test_numbers_along_an_axis_go_and_those_of_a_table_stay(numbers: str, stays: bool) -> None:
    ticks = [run(60, 100 + 60 * at, number) for at, number in enumerate(numbers.split())]
    text = read([run(60, 60, PROSE, width=400), *ticks])
    assert text.split("\n\n")[1:] == (numbers.split() if stays else [])


def test_even_rows_of_different_numbers_are_a_table() -> None:
    def page(step: int) -> list[Run]:
        rows = [(n, n + step, n + 2 * step) for n in range(21_663, 21_983, 56)]
        return [run(60, 100 + 60 * at, " ".join(map(str, row))) for at, row in enumerate(rows)]

    assert read(page(14)).split("\n\n") == [each.text for each in page(14)]
    assert read(page(0)) == ""


def test_line_numbers_of_a_draft_go() -> None:
    lines = [run(90, 100 + 12 * at, PROSE, width=400) for at in range(12)]
    numbers = [run(60, 100 + 12 * at, str(at + 1), width=12) for at in range(12)]
    assert "1" not in read(lines + numbers)
    years = [run(60, 100 + 12 * at, str(1990 + at * at), width=20) for at in range(12)]
    assert "1990" in read(lines + years)


def test_a_drop_cap_joins_its_word() -> None:
    page = [run(60, 100, "T", size=36, width=22), *(run(84, 100 + 12 * at, "he water " + PROSE) for at in range(3))]
    assert read(page).startswith("The water")


RUNS = st.builds(
    lambda x, y, size, text: run(float(x), float(y), text, size=float(size)),
    st.integers(0, 550),
    st.integers(0, 780),
    st.sampled_from([6, 10, 10, 10, 24]),
    st.text("abc 1.-•", min_size=1).filter(str.strip),
)


@given(runs=st.lists(RUNS, max_size=30), seed=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=150)
def test_text_is_read_once_in_an_order_that_does_not_depend_on_how_it_was_drawn(runs, seed) -> None:  # type: ignore[no-untyped-def]
    def lines(own: list[Run]) -> list[str]:
        copies = [run(each.x0, each.y0, each.text, size=each.size) for each in own]
        return [line.text for found in columns(runs_of(copies)) for line in found]

    found = lines(runs)
    letters = Counter(character for each in runs for character in each.text if character in "abc")
    assert Counter(character for text in found for character in text if character in "abc") == letters
    seed.shuffle(runs)
    assert lines(runs) == found
    blocks_of([Page(number, columns(runs_of(runs)), BOX) for number in range(3)])


def test_a_hostile_page_is_cut_only_so_often() -> None:
    stairs = [run(3.0 * at, 3.0 * at, "step", size=2) for at in range(1500)]
    assert len(list(itertools.chain.from_iterable(columns(runs_of(stairs))))) == 1500


def part(text: str, x: float, *, level: int = 0, width: float | None = None) -> Part:
    end = x + (len(text) * 5 if width is None else width)
    return Part(text, (x, 100 - 4 * level, end, 110 - 4 * level), level, 10)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([part("10", 0), part("6", 10, level=1), part(" m", 15)], "10⁶ m"),
        ([part("bold", 0), part("plain", 25)], "bold plain"),
        ([part("bold", 0), part("ly", 20)], "boldly"),
        ([part("half: ", 0), part("1", 33, level=1), part("2", 33, level=-1), part(" a", 40)], "half: 1/2 a"),
        ([part("is ", 0), part("n+1", 18, level=1), part("2", 23, level=-1)], "is (n+1)/2"),
        ([part("x", 0), part("2", 5, level=1), part("i", 5, level=-1)], "x²i"),
        ([part("中", 0), part("文", 20)], "中文"),
    ],
)
def test_spans_of_a_line(parts: list[Part], expected: str) -> None:
    assert joined(parts) == expected


WORD_OR_SPACE = st.text("ab 河。", max_size=4)


@given(st.lists(st.tuples(WORD_OR_SPACE, st.floats(-3, 3), st.floats(-1, 1), st.sampled_from([8.0, 10.0])), min_size=1))
def test_lines_without_raised_parts_are_joined_alike_both_ways(spans: list[tuple[str, float, float, float]]) -> None:
    x, parts = 0.0, []
    for text, gap, drop, size in spans:
        x += gap * MIN_GAP * size
        parts.append(Part(text, (x, drop, x + len(text) * 5, drop + size), 0, size))
        x += len(text) * 5
    level = joined_level([part.text for part in parts], [part.box for part in parts], [part.size for part in parts])
    assert level == joined(part for part in parts if part.text)


@given(st.lists(st.tuples(st.sampled_from([9.0, 9.04, 9.06, 12.0]), st.integers(1, 9))))
def test_the_commonest_size_counts_tenths(sizes: list[tuple[float, int]]) -> None:
    counts = Counter()
    for size, times in sizes:
        counts[round(size, 1)] += times
    found = commonest_size(sizes)
    assert counts[found] == max(counts.values(), default=0)
    assert all(size >= found for size in counts if counts[size] == counts[found])


@given(st.lists(st.text("ab1-'’é² _Σİ\n", max_size=9), max_size=5))
def test_words_are_counted_as_a_pattern_says(texts: list[str]) -> None:
    lines = [Line(0, 0, 1, 1, 10, text) for text in texts if text[-1:] not in ("-", "\u00ad", "\u2010")]
    expected = Counter(
        word.lower() for line in lines for word in re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", line.text)
    )
    words = Words(lines)
    assert {word: words[word] for word in expected} == expected and words["none of them"] == 0


@given(st.lists(st.text("abA-'’\u00ad\u2010é² 1_\n", max_size=9), max_size=5))
def test_words_are_counted_alike_compiled_or_not(texts: list[str]) -> None:
    """Without the last word of a line that ends in a hyphen."""
    counts = counted_one_by_one(texts)
    words = Words([Line(0, 0, 1, 1, 10, text) for text in texts])
    assert {word: words[word] for word in counts} == counts
    whole = [text.rstrip("-\u00ad\u2010") for text in texts]
    assert all(words[word] <= times for word, times in counted_one_by_one(whole).items())


@given(st.lists(st.tuples(st.sampled_from([0.0, 5.0, 9.0]), st.sampled_from([0.0, 12.0]), st.text("ab", max_size=2))))
def test_runs_come_from_top_to_bottom_whatever_their_order(places: list[tuple[float, float, str]]) -> None:
    runs = [run(x, y, text) for x, y, text in places]
    expected = sorted(runs, key=lambda its: (its.middle, its.x0, its.text))
    assert runs_of(runs).take(by_middle(runs_of(runs))).each() == expected
