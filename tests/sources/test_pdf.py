"""What becomes of a PDF file: a table of (file, outcome) for every reason and budget, and its columns."""

from __future__ import annotations

import io
import tracemalloc
import zlib
from pathlib import Path
from string import ascii_lowercase

import pytest

from pipeline.demo import pdf as demo_pdf
from pipeline.demo.pdf import Line, document, one_column, two_columns
from pipeline.extraction.pdf import asking as module
from pipeline.sources.pdf.metadata import author_of, date_of, language_of, title_of, work_of
from pipeline.sources.pdf.source import Pdf
from pipeline.sources.source import Dropped, InputFile, Outcome, Piece, Row
from pipeline.trouble import EnvironmentTrouble
from tests.made_stream import MadeStream

PROSE = "The water of the river is led into a basin and made to stand until it is clear again. "
TEXT = [PROSE * 6, PROSE * 4]
CIPHER = PROSE.translate(str.maketrans(ascii_lowercase, ascii_lowercase[-1] + ascii_lowercase[:-1]))
SOUND = document(one_column("A title", TEXT), {"Title": "A title", "Author": "A. Writer", "CreationDate": "D:20170612"})


def outcome(content: bytes, path: str = "folder/a.pdf", **fields: int) -> Outcome:
    [found] = Pdf(**fields).read(Piece(InputFile(path, len(content), "d1")), io.BytesIO(content))
    return found


def brief(found: Outcome) -> str:
    return "row" if isinstance(found, Row) else found.reason


def raw(objects: list[bytes], trailer: bytes = b"") -> bytes:
    return demo_pdf._file(objects, trailer, has_info=False)


def page_of(content: bytes, resources: bytes, *others: bytes) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << %s >> >>" % resources
    return raw(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            page,
            demo_pdf._stream(b"", content),
            *others,
        ]
    )


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def drawn(text: bytes, size: int = 11) -> bytes:
    return b"BT 1 0 0 1 60 700 Tm /F %d Tf (%s) Tj ET " % (size, text)


def scan_with(text: bytes, size: int = 6) -> bytes:
    content = b"q 595 0 0 842 0 0 cm /I Do Q " + drawn(text, size)
    image = b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 1"
    resources = b"/Font << /F 5 0 R >> /XObject << /I 6 0 R >>"
    return page_of(content, resources, FONT, demo_pdf._stream(image, b"\xaa" * 8))


def text_page(content: bytes) -> bytes:
    return page_of(content, b"/Font << /F 5 0 R >>", FONT)


def with_forms(depth: int) -> bytes:
    """A page that draws a form twice, which draws the next one twice, and so on."""
    forms = [
        demo_pdf._stream(
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>" % (6 + at),
            b"/X Do /X Do",
        )
        for at in range(depth)
    ]
    last = demo_pdf._stream(b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]", b"0 0 1 1 re f")
    return page_of(b"/X Do", b"/XObject << /X 5 0 R >>", *forms, last)


def flate_bomb(size: int) -> bytes:
    packed = zlib.compress(b"0 0 m " * (size // 6), 9)
    page = page_of(b"", b"")
    return page.replace(
        b"<<  /Length 0 >>\nstream\n\nendstream",
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed),
    )


UNMAPPED = b"<< /Type /Font /Subtype /Type1 /BaseFont /Unknown /Encoding << /Differences [65 /g65 /g66 /g67] >> >>"
PLACEHOLDER = b"Please wait... If this message is not eventually replaced by the proper contents of the document"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (SOUND, "row"),
        (b" " * 1024 + SOUND, "row"),
        (b" " * 1025 + SOUND, "pdf:not_pdf"),
        (b"", "pdf:not_pdf"),
        (b"<html>404</html>", "pdf:not_pdf"),
        (b"%PDF-1.4\n%%EOF\n", "pdf:broken"),
        (b"%PDF-1.4\n" + b"x" * 5000, "pdf:truncated"),
        (raw([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 0 /Kids [] >>"]), "pdf:broken"),
        (SOUND[:200], "pdf:truncated"),
        (b"%PDF-1.4\n1 0 obj\n<< /Linearized 1 /L 99999 >>\nendobj\n%%EOF\n", "pdf:truncated"),
        (document(one_column("A title", TEXT), {}, password=""), "row"),
        (document(one_column("A title", TEXT), {}, password="sesame"), "pdf:encrypted"),
        (page_of(b"", b""), "pdf:no_text_layer"),
        (text_page(drawn(b"  ")), "pdf:no_text_layer"),
        (demo_pdf.scan(), "pdf:no_text_layer"),
        (scan_with(b"Downloaded from a.example on Monday"), "pdf:no_text_layer"),
        (scan_with(b"Downloaded", size=90), "row"),
        (scan_with(b"Much text below the picture. " * 12, size=2), "row"),
        (text_page(drawn(b"Alone")), "row"),
        (page_of(drawn(b"ABCABCABC"), b"/Font << /F 5 0 R >>", UNMAPPED), "pdf:no_unicode"),
        (document(one_column("A title", [CIPHER * 6]), {}), "pdf:no_unicode"),
        (document(one_column("A title", [CIPHER * 3]), {}), "row"),  # too few letters to tell
        (text_page(drawn(PLACEHOLDER)), "pdf:placeholder"),
        (text_page(drawn(b"For the best experience, open this PDF portfolio in Acrobat X")), "pdf:placeholder"),
        (with_forms(8), "pdf:no_text_layer"),
        (with_forms(23), "resource:pdf_page_content"),
        (flate_bomb(1 << 20), "pdf:no_text_layer"),
        (flate_bomb(80 << 20), "resource:pdf_page_content"),
    ],
)
def test_a_file(content: bytes, expected: str) -> None:
    found = outcome(content)
    assert brief(found) == expected
    assert (found.natural_key, found.raw_offset, found.raw_bytes) == ("folder/a.pdf", 0, len(content))  # type: ignore[union-attr]


TWO_PAGES = document(two_columns("A title", TEXT * 3, head="Head"), {})


@pytest.mark.parametrize(
    ("field", "limit", "reason"),
    [
        ("max_record_bytes", len(TWO_PAGES), "resource:record_bytes"),
        ("max_pages", TWO_PAGES.count(b"/Type /Page "), "resource:pdf_pages"),
        ("max_objects", TWO_PAGES.count(b" obj\n") + 1, "resource:pdf_objects"),
    ],
)
def test_budgets_of_a_file_are_inclusive(field: str, limit: int, reason: str) -> None:
    assert brief(outcome(TWO_PAGES, **{field: limit})) == "row"
    assert brief(outcome(TWO_PAGES, **{field: limit - 1})) == reason


def test_budgets_of_text_and_content_are_inclusive() -> None:
    content = text_page(drawn(b"0123456789"))
    assert brief(outcome(content, max_page_characters=20, max_characters=20)) == "row"
    assert brief(outcome(content, max_page_characters=9)) == "resource:pdf_page_text"
    assert brief(outcome(content, max_characters=9)) == "resource:pdf_text"
    size = len(drawn(b"0123456789"))
    assert brief(outcome(content, max_page_work=size, max_work=size)) == "row"
    assert brief(outcome(content, max_page_work=size - 1)) == "resource:pdf_page_content"
    assert brief(outcome(content, max_work=size - 1)) == "resource:pdf_content"


def test_a_file_on_which_the_parser_dies_twice_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHILD", "tests.sources.pdf_crashing_child")
    assert outcome(SOUND) == Dropped("resource:pdf_crash", "folder/a.pdf", 0, len(SOUND))
    monkeypatch.undo()
    assert brief(outcome(SOUND)) == "row"


def test_a_child_that_cannot_start_is_trouble_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHILD", "pipeline.extraction.there_is_none")
    with pytest.raises(EnvironmentTrouble):
        outcome(SOUND)


def test_a_large_file_is_not_held() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return bytes(min(size, 1 << 20))

    tracemalloc.start()
    try:
        piece = Piece(InputFile("a.pdf", 1 << 40, "d1"))
        [found] = Pdf(max_record_bytes=8 << 20).read(piece, Endless())  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == Dropped("resource:record_bytes", "a.pdf", 0, 1 << 40)
    assert peak < 20 << 20


def test_trouble_of_the_stream_is_never_taken_for_a_broken_file() -> None:
    with pytest.raises(EnvironmentTrouble, match="the store is away"):
        list(Pdf().read(Piece(InputFile("a.pdf", len(SOUND), "d1")), MadeStream(SOUND, most=10, fails_at=2)))


def test_columns() -> None:
    found = outcome(SOUND)
    assert isinstance(found, Row)
    assert found.text == "\n\n".join(["# A title", *(part.strip() for part in TEXT)])
    assert (found.title, found.author, found.date, found.language_hint) == ("A title", "A. Writer", "2017-06-12", "en")
    assert (found.pages, found.pages_without_text, found.is_repaired) == (1, 0, False)
    assert (found.work, found.licence_declared, found.url) == (None, None, None)


def test_a_repaired_file_says_so() -> None:
    found = outcome(SOUND[: SOUND.rindex(b"xref\n0")])
    assert isinstance(found, Row)
    assert found.is_repaired
    assert found.text == outcome(SOUND).text  # type: ignore[union-attr]


def test_a_page_that_cannot_be_read_does_not_cost_the_document() -> None:
    pages = one_column("A title", TEXT * 8)
    content = document(pages, {})
    assert len(pages) >= 2
    found = outcome(content.replace(b"/Contents 6 0 R", b"/Contents 99 0 R"))
    assert isinstance(found, Row)
    assert (found.pages, found.pages_without_text) == (len(pages), 1)


def test_a_page_on_which_a_paragraph_only_goes_on_has_text_there() -> None:
    pages = one_column("A title", [PROSE * 130])
    assert len(pages) >= 3
    found = outcome(document([*pages[:2], [Line(294, 40, 9, "3")], *pages[2:]], {}))
    assert isinstance(found, Row) and found.page_evidence is not None
    assert found.pages_without_text == 1
    routes = [(page["route"], page["reason"]) for page in found.page_evidence]
    assert routes == [("text", None), ("text", None), ("none", "margins_only"), *[("text", None)] * (len(pages) - 2)]
    assert found.text == f"# A title\n\n{' '.join((PROSE * 130).split())}"


def test_a_page_beyond_its_budget_does_not_cost_the_document() -> None:
    pages = one_column("A title", TEXT * 8)
    pages[0] *= 9
    found = outcome(document(pages, {}), max_page_work=30_000)
    assert isinstance(found, Row)
    assert (found.pages, found.pages_without_text) == (len(pages), 1)


def test_the_stamp_names_the_work_and_is_not_text() -> None:
    stamp = Line(28, 260, 20, "arXiv:2601.00000v2 [cs.DB] 5 Jan 2026", is_upwards=True)
    found = outcome(document([[stamp, *one_column("A title", TEXT)[0]]], {}))
    assert isinstance(found, Row)
    assert found.work == "arxiv:2601.00000"
    assert "arXiv" not in found.text


@pytest.mark.parametrize(
    ("path", "sideways", "xmp", "work"),
    [
        ("2310.06825.pdf", ["arXiv:1706.03762v5  [cs.CL]  6 Dec 2017"], "", "arxiv:1706.03762"),
        ("0704.0001.pdf", [], "<prism:doi>10.1000/x</prism:doi>", "arxiv:0704.0001"),
        ("0005057.pdf", [], "<prism:doi>10.1000/x</prism:doi>", "doi:10.1000/x"),
        ("a.pdf", [], "<prism:doi>10.1371/journal.PONE.0194893</prism:doi>", "doi:10.1371/journal.pone.0194893"),
        ("a.pdf", [], "pdfx:doi='https://doi.org/10.1000/x'", "doi:10.1000/x"),
        ("a.pdf", [], "<dc:relation>10.1000/x</dc:relation>", None),
    ],
)
def test_work(path: str, sideways: list[str], xmp: str, work: str | None) -> None:
    assert work_of(path, sideways, xmp) == work


def test_a_licence_in_the_xmp_packet_is_declared() -> None:
    packet = b"<?xpacket begin=''?><cc:license rdf:resource='http://creativecommons.org/licenses/by/4.0/'/>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 6 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F 5 0 R >> >> >>",
        demo_pdf._stream(b"", drawn(b"Some text")),
        FONT,
        demo_pdf._stream(b"/Type /Metadata /Subtype /XML", packet),
    ]
    found = outcome(raw(objects))
    assert isinstance(found, Row)
    assert (found.licence_declared, found.licence_where) == ("CC-BY-4.0", "XMP packet")
    assert (found.licence_quote, found.licence_method) == ("creativecommons.org/licenses/by/4.0", "meta")


def test_a_licence_on_the_first_page_is_declared() -> None:
    found = outcome(text_page(drawn(b"This article is licensed under CC BY-SA 4.0.")))
    assert isinstance(found, Row)
    assert (found.licence_declared, found.licence_where, found.licence_method) == (
        "CC-BY-SA-4.0",
        "first page",
        "words",
    )
    found = outcome(text_page(drawn(b"This article is licensed under CC BY-SA 4.0. For academic use only.")))
    assert isinstance(found, Row)
    assert (found.licence_declared, found.licence_where) == (None, "first page")


@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        ("On  Rivers\n", "On Rivers"),
        ("Microsoft Word - On Rivers", "On Rivers"),
        ("Microsoft Word - rivers final.doc", None),
        ("2024.acl-long.841.pdf", None),
        ("Untitled", None),
        ("PowerPoint Presentation", None),
        ("CMR8", None),
        ("Rivers", "Rivers"),
        ("12/04", None),
        ("", None),
    ],
)
def test_title(metadata: str, title: str | None) -> None:
    assert title_of(metadata, "a text about rivers") == title


@pytest.mark.parametrize(
    ("metadata", "author"),
    [
        ("Jane  Doe", "Jane Doe"),
        ("Administrator", None),
        ("<C3FA>", None),
        ("SE:W:CAR:MP", None),
        ("hp", None),
        ("", None),
    ],
)
def test_author(metadata: str, author: str | None) -> None:
    assert author_of(metadata) == author


@pytest.mark.parametrize(
    ("metadata", "date"),
    [
        ("D:20170612083015+02'00'", "2017-06-12"),
        ("D:201706", "2017-06"),
        ("D:2017", "2017"),
        ("2017-06-12T08:30", "2017-06-12"),
        ("D:20171341", None),
        ("D:19040101", None),
        ("D:191070612", None),  # the year 107 of some programs of 2007
        ("yesterday", None),
    ],
)
def test_date(metadata: str, date: str | None) -> None:
    assert date_of(metadata) == date


@pytest.mark.parametrize(
    ("metadata", "language"), [("en-GB", "en-GB"), ("de", "de"), ("English (UK)", None), ("", None)]
)
def test_language(metadata: str, language: str | None) -> None:
    assert language_of(metadata) == language


def test_only_the_childs_program_knows_pymupdf() -> None:
    root = Path(__file__).parent.parent.parent / "pipeline"
    users = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "import pymupdf" in path.read_text(encoding="utf-8")
    }
    assert users == {"extraction/pdf/child.py"}
