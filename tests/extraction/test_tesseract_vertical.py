"""Pages on their side, and lines that run down, as Tesseract reads them: which way first, and made level after."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.extraction.ocr import child, engines
from pipeline.extraction.ocr.line import Line as PageLine
from pipeline.extraction.ocr.page_image import quarter_turned
from pipeline.extraction.pdf import extract
from tests.made_scan import Gray, scanned, strokes


@pytest.mark.parametrize(("languages", "first"), [("jpn", 1), ("jpn+jpn_vert", 3)])
@pytest.mark.parametrize("sure", [9_000, 900])
def test_with_data_for_vertical_lines_a_page_is_turned_first_as_these_are_read(
    monkeypatch: pytest.MonkeyPatch, languages: str, first: int, sure: int
) -> None:
    """Where that reads well it is all that is read; else the page is read on its other side, and as it stands."""
    seen = []

    def read_once(gray: Gray, question: object) -> list[PageLine]:
        seen.append(gray)
        return [PageLine(0, 0, 9, 9, 9.0, "of", sure)]

    class Here:
        def ask(self, question: dict[str, object], content: bytes) -> dict[str, object]:
            return child.answer(question, content)

    monkeypatch.setattr(child, "allow_cpu", lambda seconds: None)  # this process is no child, and lives on
    monkeypatch.setattr(child, "_read_once", read_once)
    monkeypatch.setattr(engines, "child_of", lambda name: Here())
    page = quarter_turned(strokes(), 1)
    picture = engines.Picture(page.tobytes(), page.shape[1], page.shape[0], 72.0)
    found = engines.Tesseract(languages=languages).read(picture)
    assert np.array_equal(seen[0], quarter_turned(page, first))
    assert (len(seen), found.turn) == ((1, first) if sure == 9_000 else (4, first))


def test_vertical_lines_of_a_page_that_reads_worse_turned_are_made_level(monkeypatch: pytest.MonkeyPatch) -> None:
    page = quarter_turned(strokes(), 1)

    def read_once(gray: Gray, question: object) -> list[PageLine]:
        return [PageLine(9, 0, 18, 90, 9.0, "of old", 7_000 if np.array_equal(gray, page) else 900)]

    monkeypatch.setattr(child, "_read_once", read_once)
    question = {"engine": "tesseract", "is_vertical": True, "dpi": 72}
    found = child._read(page, child.ink_of(page), question)
    assert (found["turn"], found["lines"][0][:4]) == (3, [0, page.shape[1] - 18, 90, page.shape[1] - 9])


@pytest.mark.parametrize(("languages", "is_table"), [("jpn", True), ("jpn+jpn_vert", False)])
def test_a_table_on_its_side_is_one_where_tesseract_reads_no_vertical_lines(
    monkeypatch: pytest.MonkeyPatch, languages: str, is_table: bool
) -> None:
    """With data for them it is taken for bands, as by rapidocr: the two are not told apart."""
    text = "川の水は池に導かれ澄むまでそこ"
    cells = [(60.0 + 220 * column, 80.0 + 24 * row) for row in range(8) for column in range(3)]
    lines = [[x, y, x + 10 * len(text), y + 10, 10.0, text, 9_000] for x, y in cells]

    class Told:
        def ask(self, *_: object) -> dict[str, object]:
            return {"lines": lines, "box": [842.0, 595.0], "turn": 3, "skew": 0}

    monkeypatch.setattr(engines, "child_of", lambda _: Told())
    monkeypatch.setattr(engines.Tesseract, "fingerprint", lambda _: "")
    found = extract(scanned([strokes()]), engine=engines.Tesseract(languages=languages))
    assert ("| --- |" in found.text) == is_table


def test_vertical_lines_that_tesseract_finds_upright_are_made_level() -> None:
    found = {"box": [400.0, 600.0], "turn": 0, "skew": 0}
    lines = [[300, 50, 312, 550, 12.0, "first", 9_000], [280, 50, 292, 500, 12.0, "next", 9_000]]
    number = [[190, 570, 200, 580, 9.0, "7", 9_000]]
    assert child.vertical_made_level({**found, "lines": [*lines, *number]}) == {
        "box": [600.0, 400.0],
        "turn": 3,
        "skew": 0,
        "lines": [
            [50, 88, 550, 100, 12.0, "first", 9_000],
            [50, 108, 500, 120, 12.0, "next", 9_000],
            [570, 200, 580, 210, 9.0, "7", 9_000],
        ],
    }
    level = {**found, "lines": [[50, 88, 550, 100, 12.0, "a line of more characters", 9_000], *lines]}
    assert child.vertical_made_level(level) == level
