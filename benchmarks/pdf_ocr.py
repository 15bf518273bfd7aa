"""Errors of OCR: real pages with a text layer drawn, degraded and read again; scans whose text is known."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pymupdf

from benchmarks.pdf_known_pages import bare
from benchmarks.tables import Table
from pipeline.extraction.ocr.engines import Engine, RapidOcr, Tesseract
from pipeline.extraction.ocr.page_image import level
from pipeline.extraction.pdf import extract
from pipeline.process import timing
from tests.made_scan import Gray, drawn, scanned

# Prose and two columns, of which the layer is right and the text nearly all there is: file, page from 0.
PAGES = (
    ("pdfminer/nonfree__dmca.pdf", 1),
    ("olmocr_gnarly/bws_book_ch2.pdf", 1),
    ("olmocr_gnarly/failing_anchor_pg4.pdf", 1),
    ("olmocr_gnarly/large_prompt_hint2.pdf", 1),
    ("olmocr_gnarly/pdftotext_two_column_issue.pdf", 1),
)
_TYPEWRITER = str.maketrans("’‘“”–—−", "''\"\"---")
SCANS = ("linn", "skew", "rotated_skew", "ccitt", "jbig2")


def clean(gray: Gray, seed: int) -> Gray:
    """As it is drawn."""
    del seed
    return gray


def degraded(gray: Gray, seed: int) -> Gray:
    """Skewed by 1.3 degrees, blurred, noisy, of gray paper, and packed as JPEG of quality 45."""
    random = np.random.default_rng(seed)
    askew = level(gray, 1.3).astype(np.float32)
    soft = cv2.GaussianBlur(askew, (0, 0), 0.9)
    noisy = 20 + soft * 0.8 + random.normal(0, 12, gray.shape)
    _, packed = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 45])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


CONDITIONS: tuple[tuple[str, int, Callable[[Gray, int], Gray]], ...] = (
    ("clean, 150 dpi", 150, clean),
    ("clean, 200 dpi", 200, clean),
    ("clean, 300 dpi", 300, clean),
    ("degraded, 150 dpi", 150, degraded),
    ("degraded, 200 dpi", 200, degraded),
    ("degraded, 300 dpi", 300, degraded),
)


def engines() -> dict[str, Engine]:
    """What can be run here."""
    found: dict[str, Engine] = {"rapidocr": RapidOcr()}
    if shutil.which("tesseract"):
        found["tesseract"] = Tesseract()
    return found


def errors_of_ocr(data: Path, distance: Callable[[str, str], int]) -> list[Table]:
    """Two tables: pages drawn and read again, by engine and condition; the scans of linn.pdf."""
    return [_drawn_again(data, distance), _scans(data)]


def _drawn_again(data: Path, distance: Callable[[str, str], int]) -> Table:
    originals = [_page(data / name, at) for name, at in PAGES]
    wanted = [_folded(extract(content, ocr="never").text) for content in originals]
    for engine in engines().values():  # models are loaded, and programs in the machine's memory
        extract(scanned([drawn(originals[0], 0, 100)], 100), engine=engine)
    body = []
    for condition, dpi, spoil in CONDITIONS:
        scans = [scanned([spoil(drawn(content, 0, dpi), seed)], dpi) for seed, content in enumerate(originals)]
        for engine_name, engine in engines().items():
            wrong, loose, cpu_s = [], [], []
            for scan, right in zip(scans, wanted, strict=True):
                began = timing.cpu_s()
                text = _folded(extract(scan, engine=engine).text)
                cpu_s.append(timing.cpu_s() - began)
                wrong.append(distance(text, right) / len(right))
                loose.append(1 - (Counter(text) & Counter(right)).total() / len(right))
            rates = " ".join(f"{rate:.4f}" for rate in wrong)
            mean = sum(wrong) / len(wrong)
            seconds = sum(cpu_s) / len(cpu_s)
            row = [f"{condition}, {engine_name}", f"{mean:.4f}", f"{sorted(wrong)[len(wrong) // 2]:.4f}", rates]
            body.append([*row, f"{sum(loose) / len(loose):.4f}", f"{seconds:.1f}", f"{1e6 * seconds / 3600:.0f}"])
            print(body[-1], flush=True)
    header = [
        "picture, engine",
        "CER, mean",
        "median",
        "by page",
        "characters missing",
        "CPU s / page",
        "core hours, 1M pages",
    ]
    names = ", ".join(f"{name} page {at + 1}" for name, at in PAGES)
    note = (
        f"Against the pages' own layers: {names}. White space, Markdown, shapes of quotes and dashes put aside. "
        f"{versions()}, one thread each."
    )
    return Table("OCR of real pages, drawn and read again", header, body, note)


def _scans(data: Path) -> Table:
    right = Counter(_words((data / "ocrmypdf" / "linn.txt").read_text()))
    body = []
    for (engine_name, engine), name in itertools.product(engines().items(), SCANS):
        began = timing.cpu_s()
        found = extract((data / "ocrmypdf" / f"{name}.pdf").read_bytes(), engine=engine)
        cpu_s = (timing.cpu_s() - began) / len(found.pages)
        words = Counter(_words(found.text))
        both = (words & right).total()
        page = found.pages[0]
        facts = [f"{both / right.total():.4f}", f"{both / max(words.total(), 1):.4f}", f"{page.confidence or 0:.4f}"]
        body.append([f"{engine_name}, {name}", *facts, f"{page.skew / 100:.1f}", f"{cpu_s:.1f}"])
        print(body[-1], flush=True)
    header = ["engine, scan", "words found", "words right", "confidence", "skew", "CPU s / page"]
    note = "Words of linn.txt, which is itself what an OCR program read: its bullets are zeros, its dashes broken."
    return Table("Scans of one page", header, body, note)


def versions() -> str:
    """Of the engines."""
    program = shutil.which("tesseract")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True) if program else None
    ours = f"rapidocr {version('rapidocr')}, onnxruntime {version('onnxruntime')}"
    return f"{ours}, {(said.stdout + said.stderr).splitlines()[0]}" if said else ours


def _page(path: Path, number: int) -> bytes:
    """One page as a file of its own: what comes again on other pages is no reason to leave anything out."""
    with pymupdf.open(path) as document, pymupdf.open() as alone:
        alone.insert_pdf(document, from_page=number, to_page=number)
        content: bytes = alone.tobytes()
    return content


def _folded(text: str) -> str:
    """Without Markdown and white space, quotation marks and dashes as typewriters have them."""
    return bare(text).translate(_TYPEWRITER)


def _words(text: str) -> list[str]:
    kept = "".join(character if character.isalnum() else " " for character in text.lower())
    return [word for word in kept.split() if len(word) > 1]
