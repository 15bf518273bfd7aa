"""How much work a page's content asks for: forms as often as they are drawn, operators that draw."""

from __future__ import annotations

import gc
import re
import weakref
import zlib
from collections import Counter

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction import pdf
from pipeline.extraction.pdf.marks import has_marks
from pipeline.extraction.pdf.page_work import Work
from pipeline.extraction.pdf.work import Content, Forms, content_of, drawn_names, inline_pictures, marks


def sized(raw: bytes, **forms: int) -> tuple[int, Content]:
    """A content stream with its forms, and its bytes."""
    content = content_of(raw)._replace(forms=forms)
    return content.size, content


def test_forms_count_as_often_as_they_are_drawn() -> None:
    contents = {1: sized(b"/A Do /A Do", A=2), 2: sized(b"x" * 100), 3: sized(b"/B Do", B=3)}
    forms = Forms(contents.__getitem__)
    assert forms.work(*sized(b"/F Do", F=1), 10_000) == 5 + (11 + 2 * 101 + 1)
    assert forms.work(*sized(b"/B Do", B=3), 10_000) == 5 + 5 + 1  # draws itself: once
    bomb = Forms(lambda number: sized(b"/N Do " * 10, N=number + 1))
    assert bomb.work(*sized(b"/N Do", N=0), 1_000_000) == 1_000_000


def test_a_document_is_kept_by_nothing_once_it_was_read() -> None:
    """Where only Python's search for cycles freed it, documents would add up to the limit of the child's memory."""
    gc.disable()
    try:
        with pymupdf.open() as document:
            document.new_page()
            work = Work(pymupdf.mupdf, document, {"max_page_work": 1_000, "max_work": 1_000}, (RuntimeError,))
            work.mind(document.load_page(0))
            kept = weakref.ref(work)
            del work
            assert kept() is None
    finally:
        gc.enable()


DEFLATED = zlib.compress(DRAWN := b"/N Do 1 0 0 rg " * 90)


@pytest.mark.parametrize(
    ("raw", "filters", "size"),
    [
        (DRAWN, "null", len(DRAWN)),
        (b"", "null", 0),
        (DEFLATED, "/FlateDecode", len(DRAWN)),
        (DEFLATED + b"\0 beside", "/FlateDecode", len(DRAWN)),
        (DEFLATED[:-4] + b"\0\0\0\0", "/FlateDecode", len(DRAWN)),  # another checksum
        (DEFLATED[:-9], "/FlateDecode", None),
        (DEFLATED, "[/FlateDecode]", len(DRAWN)),
        (DRAWN.hex().encode() + b">", "/ASCIIHexDecode", len(DRAWN)),
        (zlib.compress(b"".join(b"\0" + DRAWN[at : at + 27] for at in range(0, 1350, 27))), "predicted", len(DRAWN)),
    ],
    ids=["plain", "empty", "deflated", "bytes behind", "checksum", "cut", "a list", "hexadecimal", "predicted"],
)
def test_a_form_is_read_as_the_parser_reads_it(raw: bytes, filters: str, size: int | None) -> None:
    """`size`: bytes after its filters; None where only the parser knows what it makes of them."""
    with pymupdf.open() as document:
        document.new_page()
        number = document.get_new_xref()
        document.update_object(number, "<< /Subtype /Form >>")
        document.update_stream(number, raw, compress=False, new=True)
        if filters == "predicted":
            document.xref_set_key(number, "DecodeParms", "<< /Predictor 15 /Columns 27 >>")
        document.xref_set_key(number, "Filter", filters.replace("predicted", "/FlateDecode"))
        budgets = {"max_page_work": 1 << 24, "max_work": 1 << 24}
        work = Work(pymupdf.mupdf, document, budgets, (pymupdf.mupdf.FzErrorBase,))
        found = work.form(number)
        assert found == content_of(document.xref_stream(number))
        assert size is None or (found.size, found.draws) == (size, 90 if size else 0)


@pytest.mark.parametrize("said", [b"10  ", b"0   ", b"-5  "])
@pytest.mark.parametrize("raw", [DRAWN, DEFLATED], ids=["plain", "deflated"])
def test_a_form_is_counted_to_its_end_and_not_to_the_length_that_it_says(raw: bytes, said: bytes) -> None:
    """Of one that says 10 bytes and has more than 100 MiB, the parser loads nothing, and draws all."""
    with pymupdf.open() as made:
        made.new_page()
        number = made.get_new_xref()
        made.update_object(number, "<< /Subtype /Form >>")
        made.update_stream(number, raw, compress=False, new=True)
        if raw == DEFLATED:
            made.xref_set_key(number, "Filter", "/FlateDecode")
        content = made.tobytes(no_new_id=True)
    length = b"/Length %d" % len(raw)
    assert content.count(length) == 1
    wrong = content.replace(length, (b"/Length " + said)[: len(length)])
    with pymupdf.open(stream=wrong) as document:
        budgets = {"max_page_work": 1_349, "max_work": 1 << 24}
        work = Work(pymupdf.mupdf, document, budgets, (pymupdf.mupdf.FzErrorBase,))
        assert work.form(number) == Content(1_350)
        budgets["max_page_work"] = 1_350
        assert Work(pymupdf.mupdf, document, budgets, work.troubles).form(number) == content_of(DRAWN)


@pytest.mark.parametrize(
    "content",
    [b"/F#31 Do", b"/F1\0Do", b"/F1 1 Do", b"/F1 (/Q) Do", b"/F1 %/Q\nDo", b"/F1 (\n/Q Do\n) Do", b"/F1[]Do", b"1[]Do"],
)
def test_however_a_form_is_drawn_it_counts(content: bytes) -> None:
    forms = Forms({1: sized(b"x" * 1_000), 2: sized(b"")}.__getitem__)
    assert forms.work(*sized(content, F1=1, Q=2), 10_000) >= len(content) + 1_001


@pytest.mark.parametrize(
    ("content", "drawn"),
    [
        (b"/I Do/I Do [(a)]TJ (b)Tj", (2, 4)),
        (b"0 0 1 1 re f* 0 0 1 1 re\nS%x", (0, 2)),
        (b"BI /W 1 ID x EI /S sh /Dot gs /Sf cs Done", (1, 2)),
        (b"q 1 0 0 1 0 0 cm Q", (0, 0)),
    ],
)
def test_operators_that_draw_are_counted(content: bytes, drawn: tuple[int, int]) -> None:
    assert (content_of(content).draws, marks(content)) == drawn


@given(
    st.lists(
        st.sampled_from(
            [b"/F1", b"/F#31", b"/Q", b"Do", b" ", b"\n", b"\0", b"(", b")", b"[", b"]", b"%", b"x", b" " * 99]
        )
    )
)
def test_names_are_those_of_a_pattern_that_says_where_they_stand(parts: list[bytes]) -> None:
    content = b"".join(parts)
    code = re.sub(rb"%[^\r\n]*", b"", content)
    found = re.findall(rb"/([^\0\s/\[\]<>(){}%]{1,127})[\0\s]+Do(?=[\0\s/(\[<{%]|$)", code)
    if not re.search(rb"[\0\s]{120}", code):  # farther away a name is not looked for
        assert drawn_names(content) == Counter(name.decode().replace("#31", "1") for name in found)


def test_a_form_that_is_too_long_is_so_on_every_page() -> None:
    with pymupdf.open() as document:
        number = document.get_new_xref()
        document.update_object(number, "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]>>")
        document.update_stream(number, b"0 0 m " * 5_000, compress=True)
        for words, draws in (("The river rose", True), ("A bridge was closed", True), ("Nobody was hurt", False)):
            page = document.new_page()
            page.insert_text((72, 72), [f"{words}, it is said in line {line}." for line in range(40)])
            if draws:
                resources = int(document.xref_get_key(page.xref, "Resources")[1].split()[0])
                document.xref_set_key(resources, "XObject", f"<</N {number} 0 R>>")
                own = page.get_contents()[0]
                document.update_stream(own, document.xref_stream(own) + b"\n/N Do\n")
        data = document.tobytes()
    found = pdf.extract(data, ocr="never", max_page_work=20_000).pages
    assert [page.reason for page in found] == ["resource:pdf_page_content"] * 2 + [""]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"q BI /W 1 ID x EI Q", [b"BI /W 1 ID x EI"]),
        (b"BI a EI\nBI b\nEI", [b"BI a EI", b"BI b\nEI"]),
        (b"BI a BI b EI EI", [b"BI a BI b EI"]),
        (b"xBI a EI BIx EI EIx", []),
        (b"BI a xEI EIx EI", [b"BI a xEI EIx EI"]),
        (b"BI " * 100_000, []),  # each looks no further than the next: 5,000 took minutes once
        (b"", []),
    ],
)
def test_inline_pictures(content: bytes, found: list[bytes]) -> None:
    assert list(inline_pictures(content)) == found


@given(st.lists(st.sampled_from([b"BI", b"EI", b"ID", b"x", b" ", b"\n"])))
def test_inline_pictures_are_those_of_a_pattern_that_says_what_they_are(parts: list[bytes]) -> None:
    content = b"".join(parts)
    assert list(inline_pictures(content)) == re.findall(rb"(?s)(?<!\S)BI(?=\s).*?(?<!\S)EI(?!\S)", content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", False),
        (b"BT /F1 12 Tf 72 72 Td (text) Tj ET", False),
        (b"0 0 50 50 re W n", False),
        (b"0 0 50 50 re f", True),
        (b"BT /F1 12 Tf 72 72 Td (text) Tj ET 0 0 m 50 50 l S", True),
        (b"BI /W 1 /H 1 /BPC 8 /CS /G ID x EI", True),
        (b"0 0 50 50 re f " * 1_000, True),
    ],
)
def test_a_page_is_marked_where_more_than_text_is_drawn(content: bytes, expected: bool) -> None:
    with pymupdf.open() as document:
        page = document.new_page()
        number = document.get_new_xref()
        document.update_object(number, "<<>>")
        document.update_stream(number, content)
        document.xref_set_key(page.xref, "Contents", f"{number} 0 R")
        page = document.reload_page(page)
        assert has_marks(pymupdf.mupdf, page) == expected


BOMB = 10  # the object number of a form that draws the next one ten times, and so on
HIDDEN = {
    "appearance": ("Annots", "[<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]/AP<</N 10 0 R>>>>]"),
    "appearance of a state": (
        "Annots",
        "[<</Type/Annot/Subtype/Widget/FT/Btn/T(a)/AS/On/Rect[0 0 9 9]/AP<</N<</On 10 0 R>>>>>>]",
    ),
    "pattern": ("Resources", "<</Pattern<</P 10 0 R>>>>"),
    "soft mask": ("Resources", "<</ExtGState<</G<</SMask<</S/Luminosity/G 10 0 R>>>>>>>>"),
    "glyph": ("Resources", "<</Font<</T<</Type/Font/Subtype/Type3/CharProcs<</a 10 0 R>>>>>>>>"),
    "glyph with resources of its font": (
        "Resources",
        "<</Font<</T<</Type/Font/Subtype/Type3/CharProcs<</a 4 0 R>>/Resources<</XObject<</X 10 0 R>>>>>>>>>>",
    ),
}


@pytest.mark.parametrize("where", HIDDEN)
def test_content_that_no_operator_draws_counts(where: str) -> None:
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 72), "The river rose.")
        while document.xref_length() < BOMB + 9:
            document.update_object(document.get_new_xref(), "<<>>")
        for number in range(BOMB, BOMB + 9):
            bomb = f"/Resources<</XObject<</N {number + 1} 0 R>>>>" if number < BOMB + 8 else ""
            document.update_object(number, f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]{bomb}>>")
            document.update_stream(number, b"/N Do " * 10)
        document.xref_set_key(page.xref, *HIDDEN[where])
        data = document.tobytes()
    [found] = pdf.extract(data, ocr="never").pages
    assert found.reason == "resource:pdf_page_content"


def test_content_that_is_deflated_counts_as_what_it_is() -> None:
    content = b"% " + b"x" * 5_000
    with pymupdf.open() as document:
        for words in ("The river rose", "A bridge was closed", "Nobody was hurt"):
            page = document.new_page()
            page.insert_text((72, 400), words)
            number = page.get_contents()[0]
            document.update_stream(number, document.xref_stream(number) + content, compress=True)
        sizes = [len(document.xref_stream(page.get_contents()[0])) for page in document]
        data = document.tobytes()
        assert sum(len(document.xref_stream_raw(page.get_contents()[0])) for page in document) < sum(sizes) / 10
    assert pdf.extract(data, ocr="never", max_work=sum(sizes)).reason == ""
    assert pdf.extract(data, ocr="never", max_work=sum(sizes) - 1).reason == "resource:pdf_content"
    assert pdf.extract(data, ocr="never", max_page_work=max(sizes)).reason == ""
    assert pdf.extract(data, ocr="never", max_page_work=min(sizes) - 1).reason == "resource:pdf_page_content"
