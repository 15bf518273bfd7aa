"""Tesseract by its command: its hOCR, lines with the size of their type and words with their confidences."""

from __future__ import annotations

import math
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree

from pipeline.extraction.child import FROM_OUTSIDE
from pipeline.extraction.ocr.line import Line
from pipeline.extraction.ocr.tesseract_data import environment
from pipeline.extraction.pdf.characters import is_wide

STANDSTILL_S = 3_600  # of wall time: it waits for something; a CPU limit ends what works too long
GAP = 1.4  # heights of a line between two words that stand in different columns or cells
WIDE_SPACE = 0.9  # heights of a line between two characters of Chinese with a space between them; it is an em wide
OF_LETTERS = 1.11  # the size of type by the height of its letters, .8 to .97 em of Courier, Times and Helvetica

_XHTML = "{http://www.w3.org/1999/xhtml}"
_BOX = re.compile(r"\bbbox (\d+) (\d+) (\d+) (\d+)")
_SURE = re.compile(r"\bx_wconf (\d+)")
_HEIGHT = re.compile(r"\bx_size (\d+(?:\.\d+)?)")
_TURNED = re.compile(r"\btextangle (?!0\b)")


class TesseractFailed(RuntimeError):
    """The command ended with an error on a picture, or said what is no hOCR."""


class TesseractCrashed(RuntimeError):
    """The command died on a picture, or took more CPU or memory than the process that runs it may."""


class TesseractEnded(RuntimeError):
    """Somebody ended the command: the picture is not to blame."""


def lines_of(picture: bytes, arguments: Sequence[str], tessdata: str | None) -> list[Line]:
    """The lines of a picture (of a kind that Leptonica reads), in the order in which Tesseract has them.

    Raises TesseractFailed, with what the command said; TesseractCrashed; TesseractEnded; OSError where it cannot be
    started; TimeoutExpired where it stood still.
    """
    done = subprocess.run(
        list(arguments),
        input=picture,
        capture_output=True,
        env=environment(tessdata),
        check=False,
        timeout=STANDSTILL_S,
    )
    if -done.returncode in FROM_OUTSIDE:
        raise TesseractEnded(f"{arguments[0]} was killed by {signal.Signals(-done.returncode).name}")
    if done.returncode < 0:
        raise TesseractCrashed(f"ended with status {done.returncode}")
    if done.returncode:
        raise TesseractFailed(done.stderr.decode("utf-8", "replace").strip()[-500:])
    try:
        return list(parsed(done.stdout))
    except ElementTree.ParseError as error:
        raise TesseractFailed(f"no hOCR: {error}") from error


def parsed(hocr: bytes) -> Iterator[Line]:
    """Lines of hOCR (https://kba.github.io/hocr-spec/1.2), cut where two words stand GAP heights apart.

    Lines that run up or down are passed over: a stamp along the margin is no part of what is read across. Raises
    ParseError where it is no XML.
    """
    for block in ElementTree.fromstring(hocr).iter(f"{_XHTML}p"):
        for line in block:
            said = line.get("title", "")
            if _TURNED.search(said):
                continue
            words = [word for span in line if (word := _word(span)) is not None]
            if words:
                yield from _cells(words, _height(said, words))


class _Word(NamedTuple):
    x0: int
    y0: int
    x1: int
    y1: int
    text: str
    confidence: int


def _word(span: ElementTree.Element) -> _Word | None:
    text, said = "".join(span.itertext()).strip(), span.get("title", "")
    box, sure = _BOX.search(said), _SURE.search(said)
    if not text or box is None:
        return None
    x0, y0, x1, y1 = map(int, box.groups())
    return _Word(x0, y0, x1, y1, text, 100 * int(sure[1]) if sure else 0)


def _height(said: str, words: Sequence[_Word]) -> float:
    """Of a line, as it says itself, or that of its highest word."""
    height = _HEIGHT.search(said)
    return float(height[1]) if height else float(max(word.y1 - word.y0 for word in words))


def _cells(words: Sequence[_Word], height: float) -> Iterator[Line]:
    start = 0
    for at in range(1, len(words) + 1):
        if at == len(words) or words[at].x0 - words[at - 1].x1 > GAP * height:
            yield _joined(words[start:at], height)
            start = at


def _joined(words: Sequence[_Word], height: float) -> Line:
    weight = sum(len(word.text) for word in words)
    confidence = sum(len(word.text) * word.confidence for word in words) // weight
    x0, y0 = min(word.x0 for word in words), min(word.y0 for word in words)
    x1, y1 = max(word.x1 for word in words), max(word.y1 for word in words)
    text = words[0].text
    for before, word in pairwise(words):
        text += (" " if _is_spaced(before, word, height) else "") + word.text
    return Line(x0, y0, x1, y1, min(height, _height_by_width(text, max(x1 - x0, y1 - y0))), text, confidence)


def _height_by_width(text: str, width: int) -> float:
    """Of a line in which most characters are wide, each an em; what Tesseract says of its height varies by a half."""
    wide = sum(map(is_wide, text))
    if 2 * wide <= len("".join(text.split())):
        return math.inf
    half_blank = sum(is_wide(edge) and not edge.isalnum() for edge in (text[0], text[-1]))
    return width / max(wide + (len(text) - wide) / 2 - half_blank / 2, 1) / OF_LETTERS


def _is_spaced(before: _Word, word: _Word, height: float) -> bool:
    """Whether a space stands between two words: Tesseract takes each character or two of Chinese for one."""
    last, first = before.text[-1], word.text[0]
    if not (is_wide(last) and is_wide(first)):
        return True
    return last.isalnum() and first.isalnum() and word.x0 - before.x1 > WIDE_SPACE * height
