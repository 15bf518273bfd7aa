"""Engines on scripts and languages beyond English; Tesseract where it has their data."""

from __future__ import annotations

import functools
import shutil
import subprocess
from difflib import SequenceMatcher

import pymupdf
import pytest

from pipeline.extraction.ocr.engines import RapidOcr, Tesseract
from pipeline.extraction.pdf import extract
from tests.extraction.test_pdf_vertical import BANDS, page
from tests.made_scan import drawn, scanned

SENTENCES = {
    "deu": "Über die Mühlbäche führen größere Brücken; schöne Äcker säumen die Straße bis zum Fluß.",
    "fra": "L’été, où la rivière n’a guère d’eau, l’évêque fit bâtir à côté un moulin très élevé.",
    "chi_sim": "河水从山上流下来，经过城市的桥，然后流到海里。人们在河边种树，孩子们在树下读书。",
    "jpn": "川の水は山から流れて、町の橋の下を通り、海へ行く。人々は川のそばに木を植えた。",
}
FONTS = {"chi_sim": "china-s", "jpn": "japan"}


@functools.cache
def languages_here() -> frozenset[str]:
    """What the installed Tesseract has data for."""
    program = shutil.which("tesseract")
    if program is None:
        return frozenset()
    return frozenset(
        subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=True).stdout.split()
    )


def needs(*languages: str) -> None:
    """Skips the test where Tesseract or data is missing."""
    missing = sorted({*languages} - languages_here())
    if missing:
        pytest.skip(f"Tesseract has no data here for {', '.join(missing)}")


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def alike(text: str, other: str) -> float:
    """The share of the letters that two texts have in common and in order, 0..1."""
    return SequenceMatcher(None, letters(text), letters(other), autojunk=False).ratio()


def scan_of(text: str, font: str) -> bytes:
    """A scan at 200 dpi of a text in three lines of 12 points."""
    third = -(-len(text) // 3)
    with pymupdf.open() as document:
        whole = document.new_page(width=595, height=300)
        writer = pymupdf.TextWriter(whole.rect)
        for row in range(3):
            writer.append((50, 80 + 18 * row), text[row * third : (row + 1) * third], pymupdf.Font(font), 12)
        writer.write_text(whole)
        return scanned([drawn(document.tobytes(), dpi=200)], 200)


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_tesseract_reads_a_language_that_it_is_told(language: str) -> None:
    needs(language)
    text = SENTENCES[language]
    found = extract(scan_of(text, FONTS.get(language, "tiro")), engine=Tesseract(languages=language)).text
    assert alike(found, text) > 0.97
    assert not found.startswith("#")


def test_bands_of_vertical_lines_on_a_picture_are_read_one_after_the_other() -> None:
    picture = scanned([drawn(page(level="", seed=None, is_verse=False), dpi=200)], 200)
    found = extract(picture, engine=RapidOcr())
    assert (found.pages[0].turn, "|" in found.text) == (3, False)
    assert letters(found.text) == letters("".join(BANDS))  # it leaves out the marks between the letters


def test_tesseract_reads_vertical_lines_with_data_for_them() -> None:
    needs("jpn", "jpn_vert")
    picture = scanned([drawn(page(level="", seed=None, is_verse=False), dpi=200)], 200)
    found = extract(picture, engine=Tesseract(languages="jpn+jpn_vert"))
    assert found.pages[0].turn == 3
    assert alike(found.text, "".join(BANDS)) > 0.95
    assert not set("#|") & set(found.text)
