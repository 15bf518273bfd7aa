"""Errors of OCR in German, French, Chinese and Japanese: the Declaration of Human Rights set, drawn and read again."""

from __future__ import annotations

import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pymupdf

from benchmarks.pdf_known_pages import bare
from benchmarks.pdf_ocr import degraded, versions
from benchmarks.tables import Table
from pipeline.extraction.ocr.engines import Engine, RapidOcr, Tesseract
from pipeline.extraction.pdf import extract
from pipeline.extraction.pdf.characters import is_wide
from pipeline.process import timing
from tests.extraction.test_pdf_vertical import EM, PITCH, page_of
from tests.made_scan import drawn, scanned

# Name, file of the archive, font of PyMuPDF, what Tesseract is given besides the language.
LANGUAGES = (
    ("German", "deu", "tiro", ("eng", "deu", "eng+deu")),
    ("French", "fra", "tiro", ("eng", "fra", "eng+fra")),
    ("Chinese", "cmn_hans", "china-s", ("chi_sim", "chi_sim+eng")),
    ("Japanese", "jpn", "japan", ("jpn", "jpn+jpn_vert")),
    ("Japanese, vertical", "jpn", "", ("jpn", "jpn+jpn_vert")),
)
DPI, SIZE, LEADING, LEFT, TOP, MEASURE, HEIGHT = 200, 10.5, 14.0, 70.0, 80.0, 455.0, 690.0
HANGING = "、。，」）；："  # marks that stand beyond the measure rather than at the start of a line
PER_LINE, LINES = 40, 22


def _paragraphs(archive: Path, name: str) -> list[str]:
    with zipfile.ZipFile(archive) as files:
        lines = files.read(f"udhr2/{name}.txt").decode("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _lines(paragraph: str, font: pymupdf.Font) -> Iterator[str]:
    is_spaced = not 2 * sum(map(is_wide, paragraph)) > len(paragraph)
    line = ""
    for piece in paragraph.split() if is_spaced else paragraph:
        longer = f"{line} {piece}" if line and is_spaced else line + piece
        if line and font.text_length(longer, SIZE) > MEASURE and piece not in HANGING:
            yield line
            longer = piece
        line = longer
    yield line


def _level_page(paragraphs: list[str], font_name: str) -> tuple[bytes, str]:
    """A page of so many paragraphs as it holds, and its text."""
    font, y, said = pymupdf.Font(font_name), TOP, ""
    with pymupdf.open() as document:
        page = document.new_page(width=595, height=842)
        writer = pymupdf.TextWriter(page.rect)
        for paragraph in paragraphs:
            lines = list(_lines(paragraph, font))
            if y + LEADING * len(lines) > TOP + HEIGHT:
                break
            for line in lines:
                writer.append((LEFT, y), line, font=font, fontsize=SIZE)
                y += LEADING
            y += LEADING / 2
            said += paragraph
        writer.write_text(page)
        content: bytes = document.tobytes()
    return content, said


def _vertical_page(paragraphs: list[str]) -> tuple[bytes, str]:
    """One band of vertical lines from right to left."""
    lines: list[str] = []
    said = ""
    for paragraph in paragraphs:
        its = "".join(piece for piece in paragraph if is_wide(piece))
        new = [its[at : at + PER_LINE] for at in range(0, len(its), PER_LINE)]
        if len(lines) + len(new) > LINES:
            break
        lines += new
        said += its
    places = [
        [(540.0 - PITCH * number, 780.0 - EM * row, one) for row, one in enumerate(line)]
        for number, line in enumerate(lines)
    ]
    return page_of(places, level=""), said


def errors_by_language(data: Path, distance: Callable[[str, str], int]) -> Table:
    """Two pages a language, clean and degraded, by Tesseract with several settings and by rapidocr."""
    had = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True).stdout.split()
    body = []
    for language, file, font, settings in LANGUAGES:
        paragraphs = _paragraphs(data.parent / "langid" / "udhr2.zip", file)
        half = len(paragraphs) // 2
        pages = [_level_page(part, font) if font else _vertical_page(part) for part in (paragraphs, paragraphs[half:])]
        known = [names for names in settings if set(names.split("+")) <= set(had)]
        engines: list[tuple[str, Engine]] = [(f"tesseract, {names}", Tesseract(languages=names)) for names in known]
        for name, engine in [*engines, ("rapidocr", RapidOcr())]:
            row = [language, name]
            seconds = []
            for spoil in (None, degraded):
                wrong, missing = [], []
                for seed, (content, said) in enumerate(pages):
                    gray = drawn(content, 0, DPI)
                    began = timing.cpu_s()
                    found = bare(extract(scanned([spoil(gray, seed) if spoil else gray], DPI), engine=engine).text)
                    seconds.append(timing.cpu_s() - began)
                    wanted = bare(said)
                    wrong.append(distance(found, wanted) / len(wanted))
                    missing.append(1 - (Counter(found) & Counter(wanted)).total() / len(wanted))
                row += [" ".join(f"{rate:.4f}" for rate in wrong), " ".join(f"{rate:.4f}" for rate in missing)]
            body.append([*row, f"{sum(seconds) / len(seconds):.1f}"])
            print(body[-1], flush=True)
    header = ["language", "engine", "CER, clean", "missing", "CER, degraded", "missing", "CPU s / page"]
    note = (
        f"The Declaration of Human Rights, two pages a language in Times or Droid Sans of {SIZE:g} points, vertical in "
        f"12, drawn at {DPI} dpi; degraded: askew, blurred, noisy, JPEG. White space and Markdown put aside; marks of "
        f"half and full width differ. {versions()}."
    )
    return Table("OCR by language", header, body, note)
