"""The real PDFs: goldens, agreement with the index's own counts, and cuts of a real file.

`GOLDEN_WRITE=1 pytest tests/sources/test_pdf_golden.py` writes the golden anew; it refuses where the outcomes changed
under the same versions.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.pdf.source import Pdf
from pipeline.sources.source import Dropped, InputFile, Outcome, Piece, Row

pytestmark = pytest.mark.data

GOLDEN = Path(__file__).parent.parent / "golden" / "pdf.json"
WRITE = os.environ.get("GOLDEN_WRITE") == "1"


def outcome(path: str, content: bytes) -> Outcome:
    digest = hashlib.sha256(content).hexdigest()
    [found] = Pdf().read(Piece(InputFile(path, len(content), digest)), io.BytesIO(content))
    return found


@pytest.fixture(scope="module")
def index(shared_data: Callable[[str], Path]) -> dict[str, dict[str, Any]]:
    lines = shared_data("pdf/index.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["file"]: entry for entry in map(json.loads, lines)}


@pytest.fixture(scope="module")
def everything(shared_data: Callable[[str], Path], index: dict[str, dict[str, Any]]) -> dict[str, Outcome]:
    """The outcome of every file of the shared data, by its path there."""
    return {name: outcome(name, shared_data(f"pdf/{name}").read_bytes()) for name in sorted(index)}


def summary(found: Outcome) -> dict[str, Any]:
    if isinstance(found, Dropped):
        return {"reason": found.reason}
    assert isinstance(found, Row)
    columns = [found.title, found.author, found.date, found.language_hint, found.work, found.licence_declared]
    columns += [found.licence_quote, str(found.pages), str(found.pages_without_text), str(found.is_repaired)]
    raw = json.dumps([found.natural_key, *columns, found.text]).encode()
    return {"words": len(found.text.split()), "row_sha256": hashlib.sha256(raw).hexdigest()}


def test_every_file_gives_what_it_gave(everything: dict[str, Outcome]) -> None:
    lock = {name: version(name) for name in Pdf.decides_with} | {"Pdf": Pdf.version}
    observed = {"lock": lock, "files": {name: summary(found) for name, found in everything.items()}}
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {"lock": None, "files": {}}
    if WRITE and golden != observed:
        known = {name: observed["files"].get(name) for name in golden["files"]}
        if lock == golden["lock"] and known != golden["files"]:
            pytest.fail("the outcomes changed under the same versions: raise Pdf.version")
        GOLDEN.write_text(json.dumps(observed, indent=1, sort_keys=True) + "\n")
        golden = observed
    assert observed["lock"] == golden["lock"]
    assert observed["files"] == golden["files"]


# The index counts characters that MuPDF gives for the first twelve pages; these differ from what that means for us.
DIFFERENT = {
    "ocrmypdf/type3_font_nomapping.pdf": "pdf:no_unicode",
    "pdfminer/contrib__issue-791-non-unicode-cmap.pdf": "pdf:no_unicode",
    "olmocr_gnarly/dolma-page-1.pdf": "pdf:no_unicode",  # cipher text: its fonts name other letters than they draw
    "olmocr_gnarly/olmo-page-1.pdf": "pdf:no_unicode",
    "olmocr_gnarly/some_ocr1.pdf": "pdf:no_text_layer",  # a stamp of 105 characters on a scan
    "ocrmypdf/cmyk.pdf": "pdf:no_unicode",  # UTF-16 in the wrong byte order
    "ocrmypdf/truetype_font_nomapping.pdf": "pdf:no_unicode",  # one word, and it reads "7+%-
    "pdfminer/contrib__issue_566_test_1.pdf": "pdf:no_unicode",  # four of its 27 characters are lost
    "olmocr_gnarly/handwriting_bad_ocr.pdf": "pdf:bad_ocr_layer",
    "ocrmypdf/graph_ocred.pdf": "pdf:bad_ocr_layer",  # what OCR made of the labels in the image of a graph
    "ocrmypdf/multipage.pdf": "pdf:bad_ocr_layer",  # the same graph among scans
}


def test_rows_and_reasons_agree_with_the_index(
    everything: dict[str, Outcome], index: dict[str, dict[str, Any]]
) -> None:
    different = {}
    for name, found in everything.items():
        entry = index[name]
        if entry["class"] == "unopenable":
            expected = "pdf:broken"
        elif entry["needs_password"]:
            expected = "pdf:encrypted"
        else:
            expected = "row" if entry["chars_first12"] else "pdf:no_text_layer"
        ours = "row" if isinstance(found, Row) else found.reason  # type: ignore[union-attr]
        if isinstance(found, Row):
            assert found.pages == entry["pages"]
        if ours != expected:
            different[name] = ours
    assert different == DIFFERENT
    assert Counter(type(found).__name__ for found in everything.values()) == {"Row": 77, "Dropped": 49}


@given(share=st.floats(0, 1))
@settings(deadline=None, max_examples=15)
def test_a_real_file_cut_anywhere_ends_in_an_outcome(shared_data: Callable[[str], Path], share: float) -> None:
    content = shared_data("pdf/pdfminer/nonfree__dmca.pdf").read_bytes()
    found = outcome("a.pdf", content[: round(share * len(content))])
    assert isinstance(found, Row | Dropped)
    assert not isinstance(found, Row) or found.is_repaired or share > 0.99


def test_text_survives_a_cut_table_of_contents(shared_data: Callable[[str], Path]) -> None:
    content = shared_data("pdf/olmocr_gnarly/badlines.pdf").read_bytes()
    whole, cut = outcome("a.pdf", content), outcome("a.pdf", content[:-200])
    assert isinstance(whole, Row) and isinstance(cut, Row)
    assert (whole.text, whole.is_repaired, cut.is_repaired) == (cut.text, False, True)
