"""Pictures of pages read by the embedded engine, and what becomes of documents that have some."""

from __future__ import annotations

import numpy as np
import pymupdf
import pytest

from pipeline.demo import pdf as demo_pdf
from pipeline.demo.pdf import Line, _drawn, document
from pipeline.extraction.child import child_of
from pipeline.extraction.ocr import child, rapid
from pipeline.extraction.ocr.engines import CHILD, RapidOcr, Reading
from pipeline.extraction.ocr.page_image import level, quarter_turned
from pipeline.extraction.pdf import PdfDocument, extract
from pipeline.extraction.pdf import asking as module
from pipeline.extraction.pdf.options import PdfOptions
from tests.made_scan import Gray, drawn, scanned

WORDS = ["The water of the river is led", "into a basin and made to stand", "until it is clear again."]
LINES = [Line(80, 700 - 16 * row, 12, text) for row, text in enumerate(WORDS)]
TEXT = " ".join(WORDS)
OWN = "A page that has a text layer of its own, and keeps it."
TEXT_PAGE = _drawn(Line(80, 400, 12, OWN))
ENGINE = RapidOcr(dpi=150, detect_side=640)


@pytest.fixture(scope="module")
def picture() -> Gray:
    return drawn(document([LINES], {}), dpi=150)


def read(*pages: Gray | bytes, **options: object) -> PdfDocument:
    return extract(scanned(pages, 150), **{"engine": ENGINE, **options})


def test_a_scan_is_read_as_its_text_was(picture: Gray) -> None:
    found = read(picture)
    [page] = found.pages
    assert (found.text, page.route, page.layer, page.reason) == (TEXT, "ocr", "none", "")
    assert page.confidence is not None and 0.95 < page.confidence <= 1.0
    assert read(picture) == found


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_turned_page_is_put_upright(picture: Gray, turn: int) -> None:
    found = read(quarter_turned(picture, turn))
    assert found.text == TEXT
    assert found.pages[0].turn == (4 - turn) % 4


def test_a_skewed_page_is_made_level(picture: Gray) -> None:
    found = read(level(picture, 3.0))
    assert found.text == TEXT
    assert abs(found.pages[0].skew + 300) <= 30


def test_of_a_mixed_document_each_page_is_read_its_own_way(picture: Gray) -> None:
    blank = np.full_like(picture, 255)
    found = read(TEXT_PAGE, picture, blank)
    assert [(page.route, page.reason) for page in found.pages] == [("text", ""), ("ocr", ""), ("none", "blank")]
    assert found.text == f"{OWN}\n\n{TEXT}"
    never = read(TEXT_PAGE, picture, blank, ocr="never")
    assert [page.route for page in never.pages] == ["text", "none", "none"]


def with_hidden_layer(picture: Gray, lines: list[str]) -> bytes:
    with pymupdf.open(stream=scanned([picture, TEXT_PAGE], 150)) as document:
        for row, line in enumerate(lines):
            document[0].insert_text((40, 300 + 40 * row), line, fontsize=22, render_mode=3)
        return bytes(document.tobytes())


def test_always_takes_the_better_of_layer_and_picture(picture: Gray) -> None:
    poor = with_hidden_layer(picture, ["representations considerations"] * 4)
    assert [page.route for page in extract(poor, engine=ENGINE).pages] == ["text", "text"]
    found = extract(poor, engine=ENGINE, ocr="always")
    assert [(page.route, page.layer) for page in found.pages] == [("ocr", "good"), ("text", "good")]
    assert found.text == f"{TEXT}\n\n{OWN}"


def test_a_stamp_beside_a_page_that_is_read_as_a_picture_is_kept(picture: Gray) -> None:
    stamp = "arXiv:2601.00000v2 [cs.DB]"
    for garbled in ([], ["Hbvrtsr x1y2 q qqwrt zzxv pprtk"] * 8):
        with pymupdf.open(stream=with_hidden_layer(picture, garbled)) as document:
            document[0].insert_text((20, 500), stamp, fontsize=12, rotate=90)
            content = document.tobytes()
        found = extract(content, engine=ENGINE)
        assert [(page.route, page.layer) for page in found.pages] == [("ocr", "bad"), ("text", "good")]
        assert found.sideways == [stamp]


def test_a_picture_on_which_a_paragraph_only_goes_on_was_read() -> None:
    first, second = (drawn(document([lines], {}), dpi=150) for lines in (LINES[:2], LINES[2:]))
    found = read(first, second)
    assert [(page.route, page.text) for page in found.pages] == [("ocr", TEXT), ("ocr", "")]
    assert found.pages[1].confidence is not None
    assert [page.characters for page in found.pages] == [len(" ".join(WORDS[:2])), len(WORDS[2])]


def test_a_background_stays_one_though_a_page_with_it_is_read_as_a_picture(picture: Gray) -> None:
    slides = scanned([picture, picture, picture, TEXT_PAGE, TEXT_PAGE, TEXT_PAGE], 150)
    with pymupdf.open(stream=slides) as document:
        for number, word in enumerate(("red", "green")):
            document[number].insert_text((80, 400), f"A slide that is {word}, with a layer", fontsize=12)
        slides = document.tobytes()
    found = extract(slides, engine=ENGINE)
    assert [page.route for page in found.pages[:3]] == ["text", "text", "ocr"]
    assert "green" in found.pages[1].text


def with_stamps(pages: list[Gray]) -> bytes:
    with pymupdf.open(stream=scanned(pages, 150)) as document:
        for page in document:
            page.insert_text((20, 20), "Downloaded from a library", fontsize=6)
        return bytes(document.tobytes())


def test_different_pictures_of_one_size_are_no_background(picture: Gray) -> None:
    scans = [picture, np.ascontiguousarray(picture[::-1]), np.ascontiguousarray(picture[:, ::-1])]
    found = extract(with_stamps(scans), ocr="never")
    assert [(page.layer, page.reason, page.facts.image_share) for page in found.pages] == [("bad", "stamp", 1.0)] * 3
    slides = extract(with_stamps([picture] * 3), ocr="never")
    assert [(page.layer, page.facts.image_share) for page in slides.pages] == [("good", 0.0)] * 3


def test_a_page_of_too_many_pictures_costs_no_other() -> None:
    many = np.full((60, 40), 90, np.uint8)
    content = scanned([many, TEXT_PAGE], 10).replace(b"/I Do", b"/I Do " * 7)
    found = extract(content, ocr="never", max_page_images=6)
    assert [(page.route, page.reason) for page in found.pages] == [("none", "resource:pdf_page_images"), ("text", "")]
    assert extract(content, ocr="never", max_page_images=7).pages[0].reason == "no_text_layer"
    assert extract(content, ocr="never", max_page_images=7, max_page_marks=0).pages[0].layer == "none"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"min_confidence": 10_000}, "low_confidence"),
        ({"max_ocr_pages": 0}, "resource:ocr_pages"),
        ({"max_image_pixels": 1_000}, "resource:pdf_image_pixels"),
        ({"ocr": "never"}, "no_text_layer"),
    ],
)
def test_why_a_page_has_no_text(picture: Gray, options: dict[str, object], reason: str) -> None:
    found = read(picture, **options)
    assert (found.reason, found.text, found.pages[0].reason) == (reason, "", reason)
    beside = read(TEXT_PAGE, picture, **options)
    assert (beside.reason, beside.text) == ("", OWN)


def test_a_picture_beyond_its_pixels_is_drawn_coarser(picture: Gray) -> None:
    found = read(picture, max_ocr_pixels=700_000)
    assert found.text == TEXT


def test_lines_without_text_around_them_are_nothing() -> None:
    stripes = np.full((600, 600), 255, np.uint8)
    stripes[100:500, 100:110] = 0
    found = read(stripes)
    assert (found.text, found.reason) == ("", "no_text_found")


def test_an_engine_that_dies_costs_its_page_alone(picture: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.extraction.ocr.engines.CHILD", "tests.sources.pdf_crashing_child")
    found = read(TEXT_PAGE, picture)
    assert [page.reason for page in found.pages] == ["", "resource:ocr_crash"]
    assert found.text == OWN


@pytest.mark.parametrize("reason", ["resource:ocr_crash", "ocr_failed"])
def test_after_a_crash_no_other_page_of_the_document_is_read(
    picture: Gray, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    asked = []
    monkeypatch.setattr(RapidOcr, "read", lambda _, picture: asked.append(picture) or Reading(reason=reason))
    found = read(picture, TEXT_PAGE, picture, picture)
    assert [page.reason for page in found.pages] == [reason, "", reason, reason]
    assert len(asked) == (1 if reason == "resource:ocr_crash" else 3)


def test_a_page_that_kills_the_child_keeps_those_before_it(picture: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.extraction.pdf.asking.CHILD", "tests.extraction.pdf_child_that_dies_of_page_1")
    small = scanned([picture[::8, ::8]] * 4)
    found = list(module.drawn(small, [0, 1, 2, 3], PdfOptions(), dpi=50))
    assert [picture.get("reason", "") for picture in found] == ["", *["resource:pdf_crash"] * 3]


@pytest.mark.parametrize("batch_pixels", [1, 70_000, 1 << 30])
def test_pages_are_drawn_in_batches(picture: Gray, monkeypatch: pytest.MonkeyPatch, batch_pixels: int) -> None:
    content = scanned([picture[::8, ::8], picture[::8, 100::8], picture[::8, 200::8]])
    wanted = [next(module.drawn(content, [page], PdfOptions(), dpi=72)) for page in (2, 0, 1)]
    monkeypatch.setattr(module, "BATCH_PIXELS", batch_pixels)
    assert list(module.drawn(content, [2, 0, 1], PdfOptions(), dpi=72)) == wanted
    assert len({found["width"] for found in wanted}) == 3


@pytest.mark.parametrize(
    ("fills", "limit", "reason"),
    [
        (9, 10, ""),
        (10, 10, "resource:pdf_drawn_pixels"),
        (3_000, 4_000, ""),
        (10_000, 4_000, "resource:pdf_page_marks"),
    ],
)
def test_what_a_page_draws_over_and_over_has_a_budget(fills: int, limit: int, reason: str) -> None:
    width, height = demo_pdf.PAGE
    content = scanned([b"-9 -9 %d %d re f\n" % (width + 20, height + 20) * fills])
    options = PdfOptions(max_drawn_pixels=limit * width * height - 1, max_page_marks=9_000)
    [found] = module.drawn(content, [0], options, dpi=72)
    assert found.get("reason", "") == reason


def test_a_reading_longer_than_a_page_may_be_is_none(picture: Gray) -> None:
    assert read(picture, max_page_characters=len(TEXT) + 2).text == TEXT
    found = read(picture, TEXT_PAGE, max_page_characters=len(OWN) + 1)
    assert [page.reason for page in found.pages] == ["resource:pdf_page_text", ""]
    assert read(picture, TEXT_PAGE, max_characters=len(OWN) + 9).reason == "resource:pdf_text"


def test_a_picture_of_more_lines_than_a_page_may_have_says_so(picture: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"engine": "rapidocr", "detect_side": 640, "squeeze": 1.0, "dpi": 150, "width": picture.shape[1]}
    question["height"] = picture.shape[0]
    monkeypatch.setattr(child, "allow_cpu", lambda seconds: None)  # this process is no child, and lives on
    monkeypatch.setattr(rapid, "MAX_LINES", 3)
    assert len(child.answer(question, picture.tobytes())["lines"]) == 3
    monkeypatch.setattr(rapid, "MAX_LINES", 2)
    assert child.answer(question, picture.tobytes()) == {"reason": "resource:ocr_lines"}


def test_options_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="max_page"):
        extract(b"", max_page=1)
    assert PdfOptions().ocr == "never"


def test_the_engines_child_holds_no_document(picture: Gray) -> None:
    question = {"engine": "rapidocr", "detect_side": 640, "squeeze": 1.0, "dpi": 150, "width": picture.shape[1]}
    answer = child_of(CHILD).ask({**question, "height": picture.shape[0]}, picture.tobytes())
    assert sorted(answer) == ["box", "lines", "skew", "turn"]
