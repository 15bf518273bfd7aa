"""The text of a page as arrays: MuPDF's structs as the binding reads them, lines as runs, spaces found again."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction import pdf
from pipeline.extraction.pdf.characters import GONE, SEVERAL, cleaned, composed, is_wide, letters_of, replacements
from pipeline.extraction.pdf.layout import columns
from pipeline.extraction.pdf.plain_lines import BLANK, HARD, PLAIN, is_ideograph
from pipeline.extraction.pdf.respacing import respaced
from pipeline.extraction.pdf.runs import Span, characters_of, lines_of, page_text, run_of, runs_by_turn
from pipeline.extraction.pdf.textpage import BOLD, MONO, TextPage, is_blank, with_line_ends

ROOT = Path(__file__).parent.parent.parent
BOX = (0.0, 0.0, 600.0, 800.0)
PROSE = "the water of the river is led into a basin and made to stand until it is clear again and may go"


def characters(text: str, gaps: dict[int, float]) -> str:
    """A span of characters, 5 points wide each, with gaps before some of them, as it is spaced again."""
    starts = np.cumsum([gaps.get(at, 0.0) + (5 if at else 0) for at in range(len(text))])
    reach = np.stack([starts, starts + 5], axis=1).astype(np.float32)
    span = np.array([[0, len(text)]], np.int32)
    codes, span = respaced(np.array([ord(each) for each in text], np.int32), reach, span, np.array([10.0]))
    assert span.tolist() == [[0, len(codes)]]
    return characters_of(codes)


def test_spaces_narrower_than_usual_are_found_again() -> None:
    assert characters("theriverandthesea", {3: 1.2, 8: 1.1, 11: 1.3, 14: 1.2}) == "the river and the sea"
    assert characters("kerned", {2: 0.4}) == "kerned"
    assert characters("spaced", dict.fromkeys(range(6), 2.0)) == "spaced"


Drawn = tuple[list[Span], tuple[float, float]]


def text_page(lines: list[Drawn]) -> tuple[TextPage, list[str]]:
    """Spans in lines of a direction as the arrays of a page, and the names of its fonts."""
    spans = [span for line, _ in lines for span in line]
    names = sorted({span.font for span in spans}) or ["F"]
    lengths = np.cumsum([0, *(len(span.text) for span in spans)])
    counts = np.cumsum([0, *(len(line) for line, _ in lines)])
    codes = np.array([ord(each) for span in spans for each in span.text], np.int32)
    flags = [(span.is_mono * MONO + span.is_bold * BOLD, 0, names.index(span.font)) for span in spans]
    return TextPage(
        codes,
        np.zeros((len(codes), 2), np.float32),
        np.stack([lengths[:-1], lengths[1:]], axis=1).astype(np.int32),
        np.array([span.box for span in spans], np.float64).reshape(-1, 4),
        np.array([span.size for span in spans], np.float64),
        np.array([span.foot for span in spans], np.float64),
        np.array(flags, np.int32).reshape(-1, 3),
        np.stack([counts[:-1], counts[1:]], axis=1).astype(np.int32),
        np.array([(*direction, 0.0) for _, direction in lines], np.float64).reshape(-1, 3),
        lengths[counts[1:]].astype(np.int32),
    ), names


def line(text: str, direction: tuple[float, float], box: tuple[float, float, float, float]) -> Drawn:
    return [Span(text, box, 10.0, box[3], is_mono=False, is_bold=False, font="F")], direction


def test_a_page_is_turned_so_that_most_of_its_text_is_upright() -> None:
    lines = [line(f"{row} {PROSE}", (0.0, -1.0), (100 + 12 * row, 50, 110 + 12 * row, 500)) for row in range(4)]
    lines.append(line("stamp", (1.0, 0.0), (10, 10, 60, 20)))
    lines.append(line("watermark", (0.7, 0.7), (10, 10, 60, 60)))
    found = page_text(*text_page(lines), BOX, is_glued=False)
    assert [face.box for face in found.faces] == [(-800.0, 0.0, 0.0, 600.0)]
    assert [each.text[0] for column in columns(found.faces[0].runs) for each in column] == ["0", "1", "2", "3"]
    assert sorted(found.sideways) == ["stamp", "watermark"]


def test_text_drawn_twice_is_read_once() -> None:
    lines = [line("Heading", (1.0, 0.0), (50 + shift, 50, 100 + shift, 60)) for shift in (0, 0.4)]
    found = page_text(*text_page(lines), BOX, is_glued=False)
    assert found.faces[0].runs.texts == ["Heading"]


PIECES = st.sampled_from(
    ["", " ", "a", "ab ", " 2", "\u00a0x", "\x07", "河。", "ﬁ", "\u00a8", "e`", "é`", "\U0001d465", "\uf0b7"]
) | st.sampled_from(["n", " -", "10", "(−1)", "2n–1", "2a", "1_", "1234567890123", "٣"])
SPANS = st.builds(
    lambda text, gap, drop, size, mono, bold, font: (text, gap, drop, Span(text, (), size, 0.0, mono, bold, font)),
    PIECES | st.text(max_size=3).filter(lambda text: not any("\ud800" <= each <= "\udfff" for each in text)),
    st.floats(-2, 4, width=32),
    st.sampled_from([0.0, 1.2, 2.0, -3.0]),
    st.sampled_from([4.0, 8.0, 10.0]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["F", "CMR10", "F-Bold"]),
)


def placed(spans: list[tuple[str, float, float, Span]]) -> list[Span]:
    x, found = 0.0, []
    for text, gap, drop, span in spans:
        x += gap
        end = x + 0.5 * span.size * len(text)
        box = (x, 100 + drop - 0.75 * span.size, end, 100 + drop + 0.25 * span.size)
        is_bold = span.is_bold or span.font == "F-Bold"
        found.append(span._replace(box=box, foot=100 + drop, is_bold=is_bold))
        x = end
    return found


@given(st.lists(SPANS, max_size=6), st.sampled_from([(1.0, 0.0), (0.0, 1.0), (0.7, 0.7)]))
@settings(deadline=None, max_examples=400)
def test_a_plain_line_is_read_alike_compiled_or_not(drawn, direction) -> None:  # type: ignore[no-untyped-def]
    spans = placed(drawn)
    runs = [each for its in runs_by_turn(*text_page([(spans, direction)])).values() for each in its.each()]
    expected = run_of(spans, is_level=direction == (1.0, 0.0))
    assert runs == ([] if expected is None else [expected])


@pytest.mark.parametrize(("is_mono", "x0"), [(True, 24.0), (False, 10.0)])
def test_spaces_that_are_drawn_before_a_line_are_no_part_of_it(is_mono: bool, x0: float) -> None:
    one = Span("    return 1", (0, 90, 72, 100), 10.0, 98.0, is_mono=is_mono, is_bold=False, font="F")
    [its] = runs_by_turn(*text_page([([one], (1.0, 0.0))])).values()
    assert [(each.x0, each.text) for each in its.each()] == [(x0, "return 1")]


def test_most_lines_are_plain() -> None:
    one = Span("plain ", (0, 90, 30, 100), 10.0, 98.0, is_mono=False, is_bold=False, font="F")
    spans = [one, one._replace(text="é河", box=(30, 90, 45, 100))]
    text, names = text_page([(spans, (1.0, 0.0)), ([spans[0]._replace(text="ﬁ")], (1.0, 0.0)), ([], (1.0, 0.0))])
    assert lines_of(text, np.zeros(3, np.int32), np.zeros(len(names), np.int32))[0].tolist() == [PLAIN, HARD, BLANK]


def test_characters_are_told_apart_as_python_does() -> None:
    table = replacements()
    for code in range(0x10000):
        character = chr(code)
        assert is_blank(code) == character.isspace() and is_ideograph(code) == is_wide(character)
        if table[code] >= 0:
            assert cleaned(character) == chr(table[code]) and composed(chr(table[code]), "CMR10") == chr(table[code])
        elif table[code] == GONE:
            assert cleaned(character) == ""
        else:
            assert table[code] == SEVERAL
    assert [chr(code) for code in np.flatnonzero(table == GONE)[:3]] == ["\x00", "\x01", "\x02"]


def test_letters_are_counted_without_their_accents() -> None:
    every = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    bare = unicodedata.normalize("NFD", "".join(chr(code).lower() for code in every)).encode("ascii", "ignore")
    expected = (sum(chr(each).isalpha() for each in bare), sum(each in b"aeiouy" for each in bare))
    assert letters_of(np.array(every, np.int32)) == expected


@given(st.lists(st.text("ab \n\u3000\0", max_size=5)))
def test_lines_end_once_and_the_longest_words_are_known(lines: list[str]) -> None:
    codes = np.array([ord(each) for line in lines for each in line], np.int32)
    ends = np.cumsum([0, *map(len, lines)])[1:].astype(np.int32)
    found, places = with_line_ends(codes, ends, 3)
    text = characters_of(found)
    assert text == "".join(line if line[-1:] in "\n\0" else line + "\n" for line in lines if line)
    assert [text[start:stop] for start, stop in places.tolist()] == [word for word in text.split() if len(word) >= 3]


def with_unicode_of_a_and_b(unicode: str) -> bytes:
    """A page of prose that ends in `TAB O`, in a font whose map to Unicode says so of A and B."""
    with pymupdf.open() as document:
        page = document.new_page()
        font, cmap = page.insert_font(fontname="tiro"), document.get_new_xref()
        codes = "1 begincodespacerange <00> <FF> endcodespacerange"
        ranges = f"1 beginbfrange <41> <42> {unicode} endbfrange"
        document.update_object(cmap, "<<>>")
        document.update_stream(cmap, f"begincmap {codes} {ranges} endcmap".encode())
        document.xref_set_key(font, "ToUnicode", f"{cmap} 0 R")
        page.insert_text((72, 72), f"{PROSE} TAB O", fontname="tiro")
        return bytes(document.tobytes())


@pytest.mark.parametrize(
    ("unicode", "text"),
    [
        ("[<D83D> <DE00>]", "T\U0001f600 O"),  # two glyphs, a half each
        ("[<D83DDE00> <0042>]", "T\U0001f600B O"),
        ("[<DE00> <D83D>]", "T\ufffd\ufffd O"),
        ("[<D83D> <D83D>]", "T\ufffd\ufffd O"),
        ("[<D83D> <0042>]", "T\ufffdB O"),
    ],
)
def test_halves_of_a_surrogate_pair_are_one_character(unicode: str, text: str) -> None:
    assert pdf.extract(with_unicode_of_a_and_b(unicode)).text == f"{PROSE} {text}"


CHECK = """
import sys, pymupdf
from pipeline.extraction.pdf import child
child.start()
walker, count, pictures = child.Walker(child.mupdf), 0, 0
for name in sys.argv[1:]:
    with pymupdf.open(name) as document:
        for page in document:
            textpage = page.get_textpage(flags=child.FLAGS | pymupdf.TEXT_PRESERVE_IMAGES)
            walker.check(textpage)
            count += 1
            pictures += len(walker.pictures(textpage))
print(count, pictures)
"""


@pytest.mark.data
def test_structs_are_read_as_the_binding_reads_them(shared_data) -> None:  # type: ignore[no-untyped-def]
    names = ["olmocr_gnarly/edgar-rotated90.pdf", "pdfminer/nonfree__kampo.pdf", "ocrmypdf/graph_ocred.pdf"]
    files = [str(shared_data(f"pdf/{name}")) for name in names]
    done = subprocess.run([sys.executable, "-c", CHECK, *files], check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    count, pictures = map(int, done.stdout.split())
    assert count >= len(files) and pictures


COMPILED = """
import sys
from pathlib import Path
from numba.core.dispatcher import Dispatcher
from pipeline.extraction.pdf import child
from pipeline.extraction.pdf.options import BUDGETS, PdfOptions
child.start()
modules = [module for name, module in sys.modules.items() if name.startswith("pipeline.extraction.pdf")]
kernels = {value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)}
compiled = {kernel: list(kernel.signatures) for kernel in kernels}
question = {"do": "read", **{name: getattr(PdfOptions(), name) for name in BUDGETS}}
for name in sys.argv[1:]:
    child.answer(question, Path(name).read_bytes())
late = [kernel.py_func.__qualname__ for kernel in kernels if kernel.signatures != compiled[kernel]]
print(len(kernels), late)
"""


@pytest.mark.data
def test_nothing_is_compiled_after_the_start(shared_data) -> None:  # type: ignore[no-untyped-def]
    """A child may write no file once it answers, so a kernel that is compiled then would end it."""
    names = ["olmocr_gnarly/edgar-rotated90.pdf", "pdfminer/nonfree__kampo.pdf", "olmocr_gnarly/load_v_error.pdf"]
    files = [str(shared_data(f"pdf/{name}")) for name in names]
    done = subprocess.run(
        [sys.executable, "-c", COMPILED, *files], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    count, late = done.stdout.strip().split(" ", 1)
    assert int(count) >= 20 and late == "[]"
