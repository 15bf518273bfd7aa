"""Headings, notes, items, code and tables of PDF pages, on lines placed by hand; the command and its view."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.demo.pdf import Line as Drawn
from pipeline.demo.pdf import document
from pipeline.extraction.pdf.flow import blocks_of
from pipeline.extraction.pdf.grid import fit, markdown
from pipeline.extraction.pdf.layout import Line, columns
from pipeline.extraction.pdf.line_numbers import without_line_numbers, without_numbers
from pipeline.extraction.pdf.margins import Page
from pipeline.extraction.pdf.run_arrays import runs_of
from pipeline.extraction.pdf.spans import Run
from pipeline.trouble import ConfigError

PROSE = "the water of the river is led into a basin and made to stand until it is clear again and may go"


def run(x: float, y: float, text: str, size: float = 10, *, bold: bool = False, mono: bool = False) -> Run:
    return Run(x, y, x + len(text) * size * 0.5, y + size, size, text, mono, (bold, bold), weight=len(text))


def read(*pages: list[Run]) -> str:
    found = blocks_of([Page(n, columns(runs_of(runs)), (0.0, 0.0, 600.0, 800.0)) for n, runs in enumerate(pages)])
    return "\n\n".join(block.text for block in found)


def prose(y: float, rows: int = 3) -> list[Run]:
    return [run(60, y + 12 * row, PROSE) for row in range(rows)]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        (run(60, 60, "A title of the page", 18), "# A title of the page"),
        (run(60, 60, "A large sentence that goes on and ends.", 18), None),
        (run(60, 60, "A. Author¹, B. Author²", 14), None),
        (run(60, 60, "2 Methods", 10, bold=True), "# 2 Methods"),
        (run(60, 60, "2.1 Ponds", 10, bold=True), "## 2.1 Ponds"),
        (run(60, 60, "Bold words", 10, bold=True), "# Bold words"),
        (run(60, 60, "Bold words end.", 10, bold=True), None),
        (run(60, 60, "bold words", 10, bold=True), None),
        (run(60, 60, "Small bold words", 9, bold=True), None),
        (run(60, 60, "References", 10), "# References"),
        (run(60, 60, "7. Literatur", 10), "# 7. Literatur"),
        (run(60, 60, "References are given below", 10), None),
        (run(60, 60, "1 2 3", 18), None),
    ],
)
def test_headings(heading: Run, expected: str | None) -> None:
    first = read([heading, *prose(100), *prose(160), *prose(220), *prose(280)]).split("\n\n")[0]
    assert first == (expected or heading.text)


@pytest.mark.parametrize(
    ("page", "is_heading"),
    [
        ([*prose(60), run(60, 112, "The Ponds", bold=True), *prose(124)], True),
        ([*prose(60), run(60, 96, "The Ponds", bold=True), *prose(108)], False),  # no white above it
        ([*prose(60), run(60, 112, "The Ponds", bold=True), run(60, 124, "are small")], False),  # no prose below it
        ([*prose(60), run(60, 112, "The Ponds", bold=True), run(60, 130, "The Basin", bold=True)], False),
        ([*prose(60), run(60, 112, "Ponds", bold=True), run(200, 112, "Basins", bold=True), *prose(124)], False),
        (
            [*prose(60), run(60, 112, "The Ponds", bold=True), run(107, 112, PROSE[:-10]), *prose(124)],
            False,
        ),  # a lead-in
        ([*prose(60), run(60, 112, "Figure 2 The ponds", bold=True), *prose(124)], False),
        ([*prose(60), run(60, 112, "The Ponds", bold=True), run(60, 124, f"Table 2 {PROSE}")], False),
        ([run(60, 60, PROSE.capitalize(), bold=True), run(60, 112, "The Ponds", bold=True), *prose(124)], False),
    ],
)
def test_a_bold_line_alone_over_prose_is_a_heading(page: list[Run], is_heading: bool) -> None:
    assert ("# The Ponds" in read(page)) == is_heading
    assert ("#" in read(page)) == is_heading


CITING = "As Ford (2004) has shown, and Rivers in 1998 before, the water of the river is led into a basin"
ENTRY = "Ponds and what settles in them (1998). Annals of water, 12, 1 to 40. The river press"


@pytest.mark.parametrize(
    ("above", "name", "below", "is_heading"),
    [
        ("References", "Ada Rivers and Ben Ford", ENTRY, False),
        ("References", "Ada Rivers and Ben Ford", ENTRY.replace("(1998)", "in 1998a"), False),
        ("References", "The Ponds", PROSE, True),  # an appendix
        ("References", "The Ponds", PROSE.replace("the", "19980", 1), True),
        ("Methods", "Ada Rivers and Ben Ford", ENTRY, True),
        ("Methods", "Rivers, Ada", ENTRY, False),
        ("Methods", "Ford-O’Neill, Ben; Rivers, Ada", "1998a. " + ENTRY, False),
        ("Methods", "Rivers, Ada", ENTRY.replace("(1998)", "in 1998"), True),
        ("Methods", "Rivers, Ponds, and wells", PROSE, True),
        ("Methods", "Rivers, Ponds and Wells", CITING, True),
        ("References", "Acknowledgements", CITING, True),
        ("References", "About the authors", CITING, True),
        ("References", "Rivers, Ada; van Berg, Ben", ENTRY, False),
    ],
)
def test_bold_names_over_entries_of_a_bibliography_are_no_headings(
    above: str, name: str, below: str, is_heading: bool
) -> None:
    page = [*prose(60), run(60, 130, above, 10, bold=True), *prose(150)]
    page += [run(60, 230, name, bold=True), run(60, 242, below), *prose(300)]
    assert (f"# {name}" in read(page)) == is_heading
    assert f"# {above}" in read(page)


def test_a_bold_line_of_many_hyphens_is_read_at_once() -> None:
    """Each hyphen could part two names or stand in one, and each way was tried: hours, where they were no names."""
    page = [*prose(60), run(60, 230, "A, A" + "-A" * 35 + "!", bold=True), run(60, 242, ENTRY), *prose(300)]
    assert "# A, A-A" in read(page)


def test_a_bibliography_ends_at_the_next_heading() -> None:
    page = [*prose(60), run(60, 130, "References"), run(60, 150, ENTRY), run(60, 200, "A Proofs", bold=True)]
    page += [*prose(220), run(60, 290, "Ponds of old", bold=True), run(60, 302, ENTRY), *prose(360)]
    assert [line for line in read(page).splitlines() if "#" in line] == ["# References", "# A Proofs", "# Ponds of old"]


def test_levels_of_headings_go_by_size() -> None:
    page = [run(60, 40, "The title", 20), run(60, 80, "A section", 14), *prose(110)]
    page += [run(60, 170, "Another section", 14), *prose(200), *prose(260), *prose(330)]
    assert [line for line in read(page).splitlines() if "#" in line] == [
        "# The title",
        "## A section",
        "## Another section",
    ]


def test_levels_of_bold_headings_go_by_the_numbers_of_large_ones() -> None:
    page = [run(60, 40, "The title", 20), run(60, 80, "1 A section", 14), *prose(110)]
    page += [run(60, 160, "1.1 Ponds", bold=True), *prose(180), run(60, 230, "1.1.1 Small ones", bold=True)]
    found = read([*page, *prose(250), run(60, 300, "2 Another", 14), *prose(330), *prose(400)])
    assert [line.split()[0] for line in found.splitlines() if line[:1] == "#"] == ["#", "##", "###", "####", "##"]


def test_code_stands_in_fences_and_items_have_hyphens() -> None:
    code = [run(60, 200, "def f(x):", 9, mono=True), run(81.6, 212, "return x", 9, mono=True)]
    page = [*prose(60), run(60, 120, "• an item of a list"), run(60, 140, "• another item"), *code, *prose(260)]
    text = read(page)
    assert "\n\n- an item of a list\n\n- another item\n\n" in text
    assert "```\ndef f(x):\n    return x\n```" in text


def test_code_is_code_where_it_has_more_lines_than_the_prose_but_fewer_characters() -> None:
    code = [run(60, 200 + 12 * row, f"x = {row}", 9, mono=True) for row in range(20)]
    assert "```\nx = 0\n" in read([*prose(60), *code])
    typed = [run(60, 200 + 12 * row, PROSE, mono=True) for row in range(4)]
    assert "```" not in read([*prose(60), *typed])


CODE = [
    "def settle(ponds):",
    "    total = 0",
    "    for pond in ponds:",
    "        total += pond",
    "",
    "    return total",
]


def listing(*, size: float, mono: bool, apart: float, start: int = 1, raised: float = 0.0) -> list[Run]:
    """CODE with numbers before it: `size` of their type, how far they end before the code, how much they are raised."""
    runs = []
    for row, line in enumerate(CODE):
        said, y = str(start + row), 200 + 12.0 * row
        width = len(said) * size * (0.6 if mono else 0.5)
        number = run(90 - apart - width, y + (9 - size) * 0.7 - raised, said, size, mono=mono)
        number.x1 = number.x0 + width
        text = run(90 + 5.4 * (len(line) - len(line.lstrip())), y, line.strip(), 9, mono=True)
        text.x1 = text.x0 + 5.4 * len(text.text)
        runs += [number, *([text] if line else [])]
    return runs


@pytest.mark.parametrize(
    "numbers",
    [
        {"size": 5, "mono": False, "apart": 8},
        {"size": 9, "mono": False, "apart": 20},
        {"size": 9, "mono": True, "apart": 8},
        {"size": 9, "mono": True, "apart": 8, "start": 97},
        {"size": 5, "mono": False, "apart": 8, "start": 7},
    ],
)
def test_the_numbers_of_a_listing_go_and_its_code_is_whole(numbers: dict[str, Any]) -> None:
    page = [*prose(60), *listing(**numbers), *prose(320)]
    assert read(page).split("\n\n", 1)[1].startswith("```\n" + "\n".join(CODE) + "\n```\n\nthe water")


@pytest.mark.parametrize(
    ("numbers", "gone"),
    [
        ("1 2 3", "1 2 3"),
        ("1 2", ""),
        ("1 5 10 15", "1 5 10 15"),
        ("5 10 15", "5 10 15"),
        ("7 8 9 1 2 3 4", "7 8 9 1 2 3 4"),
        ("7 8 9 1 2", "7 8 9"),
        ("10 20 30", ""),
        ("1 2 4 6", ""),
        ("1 5 6 7", ""),
    ],
)
def test_which_numbers_beside_code_count_its_lines(numbers: str, gone: str) -> None:
    said = numbers.split()
    rows = [run(50 - 5 * len(one), 60 + 12.0 * at, one, mono=True) for at, one in enumerate(said)]
    code = [run(70, 60 + 12.0 * at, "x = y", mono=True) for at in range(len(said))]
    left = without_line_numbers(runs_of([*rows, *code])).texts
    assert [one for one in left if one.isdigit()] == [one for one in said if one not in gone.split()]


@pytest.mark.parametrize("rows", [["Ann", "Bob", "Cid"], ["0.5", "12.5", "9.5"], ["make all", "make test", "make run"]])
def test_the_numbers_of_tables_and_steps_in_a_monospaced_font_stay(rows: list[str]) -> None:
    right = max(map(len, rows)) if rows[0][0].isdigit() else 0
    numbers = [run(50, 60 + 12.0 * at, str(at + 1), mono=True) for at in range(3)]
    cells = [run(70 + 5 * max(right - len(one), 0), 60 + 12.0 * at, one, mono=True) for at, one in enumerate(rows)]
    assert without_line_numbers(runs_of([*numbers, *cells])).texts == [*"123", *rows]


def test_numbers_that_are_marks_of_notes_stay() -> None:
    marks = listing(size=5, mono=False, apart=0.5, raised=2.5)
    assert all(mark in read([*prose(60), *marks]) for mark in ("¹def", "| ² |", "⁶"))


@pytest.mark.parametrize(
    ("rows", "bare"),
    [
        (["1 a = 1", "2   b = 2", "3"], ["a = 1", "  b = 2", ""]),
        ([" 9: if a:", "10:   b", "11: c"], ["if a:", "  b", "c"]),
        (["1. open it", "2. read it", "3. close it"], ["1. open it", "2. read it", "3. close it"]),
        (["1 0.50 0.25", "2 0.70 0.30", "3 0.90 0.35"], ["1 0.50 0.25", "2 0.70 0.30", "3 0.90 0.35"]),
        (["1  5.2", "2 15.2", "3 25.2"], ["1  5.2", "2 15.2", "3 25.2"]),
        (["1 a", "2 b"], ["1 a", "2 b"]),
        (["10 PRINT", "20 LET A = 1", "30 GOTO 10"], ["10 PRINT", "20 LET A = 1", "30 GOTO 10"]),
        (["1 a", "2 b", "c", "3 d"], ["1 a", "2 b", "c", "3 d"]),
        (["1.5 a", "2.5 b", "3.5 c"], ["1.5 a", "2.5 b", "3.5 c"]),
        ([], []),
    ],
)
def test_rows_of_code_lose_the_numbers_that_count_them(rows: list[str], bare: list[str]) -> None:
    assert without_numbers(rows) == bare


@given(st.lists(st.text("ab (", max_size=8).map(str.rstrip), min_size=3, max_size=12), st.integers(1, 2000))
def test_what_was_numbered_is_as_it_was(rows: list[str], start: int) -> None:
    rows = [f"{row};" if row else "" for row in rows]
    inner = min((len(row) - len(row.lstrip()) for row in rows if row), default=0)
    numbered = [f"{start + at:4} {row}" for at, row in enumerate(rows)]
    assert without_numbers(numbered) == [row[inner:] for row in rows]


@pytest.mark.parametrize("bullet", "•·▪")
def test_items_of_any_bullet_have_hyphens(bullet: str) -> None:
    assert "\n\n- an item\n\n- another" in read(
        [*prose(60), run(60, 120, f"{bullet} an item"), run(60, 134, f"{bullet} another")]
    )


def test_a_note_of_one_star_does_not_stand_behind_two() -> None:
    page = [*prose(60), run(60, 96, "its end.*"), run(75, 120, PROSE), run(60, 132, "the second.**")]
    page += [run(60, 700, "* What one says.", 8), run(60, 712, "** What two say of the one and the other.", 8)]
    assert [part[:8] for part in read(page).split("\n\n")] == ["the wate", "* What o", "the wate", "** What "]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            ["The distri\u00ad", "bution of it is even", "and the rest is not"],
            "The distribution of it is even\nand the rest is not",
        ),
        (
            ["The distri-", "bution of it is even", "and the rest is not"],
            "The distribution of it is even\nand the rest is not",
        ),
        (["Rooms A-", "B of it are even", "and the rest is not"], "Rooms A-\nB of it are even\nand the rest is not"),
        (["ค\u0e4d\u0e32 น\u0e4d\u0e49\u0e32"], "ค\u0e33 น\u0e49\u0e33"),
        (["ຄ\u0ecd\u0eb2 ນ\u0ecd\u0ec9\u0eb2"], "ຄ\u0eb3 ນ\u0ec9\u0eb3"),
    ],
)
def test_words_are_whole_in_short_lines_too(lines: list[str], text: str) -> None:
    page = [run(60, 60 + 12 * row, line) for row, line in enumerate(lines)]
    assert read([*page, *prose(200)]).split("\n\n")[0] == text


def test_a_note_stands_behind_the_paragraph_that_has_its_mark() -> None:
    page = [*prose(60), run(60, 96, "its end.²"), *[run(75, 120, PROSE), run(60, 132, "the second.")]]
    page += [run(60, 700, "² What the note says.", 8)]
    assert [part[:8] for part in read(page).split("\n\n")] == ["the wate", "² What t", "the wate"]
    unmarked = [*page[:-1], run(60, 700, "³ What the note says.", 8)]
    assert read(unmarked).endswith("³ What the note says.")


def row(y: float, *cells: tuple[float, str]) -> Line:
    pieces = tuple((x, x + 5 * len(text), text) for x, text in cells)
    return Line(
        cells[0][0], y, pieces[-1][1], y + 10, 10, "\t".join(t for _, t in cells), cells=len(cells), pieces=pieces
    )


def test_a_cell_without_a_neighbour_goes_on_with_the_row_above() -> None:
    rows = [row(0, (0, "Name"), (80, "Says")), row(12, (0, "one"), (80, "a long")), row(24, (80, "answer"))]
    rows.append(row(36, (0, "two"), (80, "a|b")))
    table, confidence = markdown(rows)
    assert table.splitlines() == ["| Name | Says |", "| --- | --- |", "| one | a long answer |", "| two | a\\|b |"]
    assert confidence == 1.0


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(0, (0, "a"), (80, "b"))],
        [row(0, (0, "a")), row(12, (0, "b"))],
        [row(0, (0, "a"), (80, "b")), row(12, (0, "c"))],
        [row(0, (0, "a"), (80, "\ufffd")), row(12, (0, "c"), (80, "d")), row(24, (0, "e"), (80, "f"))],
    ],
    ids=["nothing", "one row", "one column", "two rows with a hole", "lost characters"],
)
def test_what_is_no_table(rows: list[Line]) -> None:
    assert markdown(rows) == ("", 0.0)


CELL = st.text("abc xyz|", min_size=1, max_size=6).filter(str.strip).map(str.strip)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=2, max_size=8))
def test_a_full_table_keeps_every_cell_in_its_place(cells: list[list[str]]) -> None:
    rows = [row(12 * at, *((100.0 * n, text) for n, text in enumerate(line))) for at, line in enumerate(cells)]
    table, confidence = markdown(rows)
    assert confidence == 1.0
    lines = [line for at, line in enumerate(table.splitlines()) if at != 1]
    assert lines == ["| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in cells]


def test_the_command_reads_a_pdf_and_shows_it(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(document([[Drawn(60, 700, 12, "A page <of> text, and no more.")]], {}))
    done = CliRunner().invoke(app, ["extract", str(file), "--ocr", "never"])
    found = json.loads(done.stdout)
    assert (found["text"], found["pages"], found["pages_by_ocr"]) == ("A page <of> text, and no more.", 1, 0)
    assert found["page_evidence"][0]["route"] == "text"
    done = CliRunner().invoke(app, ["extract", str(file), "--ocr", "never", "--view", str(tmp_path / "view.html")])
    assert done.exit_code == 0 and json.loads(done.stdout) == found, "one reading gives the page and the JSON line"
    assert "view.html" in done.stderr
    page = (tmp_path / "view.html").read_text(encoding="utf-8")
    assert "1 page, 30 characters; OCR was off." in page and "pieces between spaces read as words" in page
    assert "A page &lt;of&gt; text" in page and "data:image/png;base64,iVBOR" in page and "<script" not in page


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("tessaract", "--engine: engine.kind: there is no 'tessaract'; did you mean tesseract?"),
        ("{kind: tesseract, langages: deu}", "--engine: engine.langages: no such key; did you mean languages?"),
        ("{kind: tesseract, command: no-such-program}", "there is no command 'no-such-program'; install Tesseract"),
        ("{", "--engine, line 1, column 2: not YAML"),
    ],
)
def test_an_engine_that_is_none_is_told_in_a_line(tmp_path: Path, engine: str, said: str) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(document([[Drawn(60, 700, 12, "A page of text, and no more.")]], {}))
    for view in ([], ["--view", str(tmp_path / "view.html")]):
        done = CliRunner().invoke(app, ["extract", str(file), "--engine", engine, *view])
        assert isinstance(done.exception, ConfigError) and said in str(done.exception)
    other = CliRunner().invoke(app, ["extract", "README.md", "--kind", "text", "--engine", "rapidocr"])
    assert "--engine is for PDFs" in str(other.exception)


@given(st.lists(st.floats(0, 9), min_size=2, max_size=8, unique=True), st.floats(0, 9), st.floats(0, 9))
def test_a_piece_fits_the_columns_that_it_overlaps(edges: list[float], one: float, other: float) -> None:
    edges = sorted(edges)
    columns = list(zip(edges[::2], edges[1::2], strict=False))
    left, right = min(one, other), max(one, other)
    at, is_only = fit(left, right, columns, [end for _, end in columns])
    overlapped = [at for at, (start, end) in enumerate(columns) if min(right, end) > max(left, start)]
    if overlapped:
        assert (at, is_only) == (overlapped[0], len(overlapped) == 1)
    else:
        distances = [abs(start + end - left - right) for start, end in columns]
        assert is_only and distances[at] == min(distances)
