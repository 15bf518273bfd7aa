"""Tesseract by its command: words with their places and confidences, put together to lines."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.extraction.ocr.tesseract_data import environment

STANDSTILL_S = 3_600  # of wall time: it waits for something; a CPU limit ends what works too long
GAP = 1.4  # heights of a line between two words that stand in different columns or cells
COLUMNS = 12  # of its TSV: level page_num block_num par_num line_num word_num left top width height conf text

Line = tuple[int, int, int, int, str, int]


class TesseractFailed(RuntimeError):
    """The command ended with an error on a picture."""


class TesseractCrashed(RuntimeError):
    """The command died on a picture, or took more CPU or memory than the process that runs it may."""


def lines_of(png: bytes, arguments: Sequence[str], tessdata: str | None) -> list[Line]:
    """The lines of a picture: x0, y0, x1, y1 in pixels, text, confidence in 1e-4 (the mean over characters).

    Raises TesseractFailed, with what the command said; TesseractCrashed; TimeoutExpired where it stood still.
    """
    done = subprocess.run(
        list(arguments),
        input=png,
        capture_output=True,
        env=environment(tessdata),
        check=False,
        timeout=STANDSTILL_S,
    )
    if done.returncode < 0:
        raise TesseractCrashed(f"ended with status {done.returncode}")
    if done.returncode:
        raise TesseractFailed(done.stderr.decode("utf-8", "replace").strip()[-500:])
    return list(parsed(done.stdout.decode("utf-8", "replace")))


def parsed(table: str) -> Iterator[Line]:
    """Lines of Tesseract's TSV, cut where two words stand GAP heights apart. Rows that are none are passed over."""
    words: list[tuple[tuple[str, ...], int, int, int, int, str, int]] = []
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) != COLUMNS or cells[0] != "5" or not cells[11].strip():
            continue
        left, top, width, height = map(int, cells[6:10])
        confidence = max(round(float(cells[10]) * 100), 0)
        words.append((tuple(cells[1:5]), left, top, left + width, top + height, cells[11].strip(), confidence))
    line: list[Any] = []
    for word in [*words, None]:
        last = line[-1] if line else None
        if last is not None and (word is None or word[0] != last[0] or word[1] - last[3] > GAP * (last[4] - last[2])):
            yield _joined(line)
            line = []
        if word is not None:
            line.append(word)


def _joined(words: Sequence[Any]) -> Line:
    weight = sum(len(word[5]) for word in words)
    confidence = sum(len(word[5]) * word[6] for word in words) // max(weight, 1)
    text = " ".join(word[5] for word in words)
    x0, y0 = min(word[1] for word in words), min(word[2] for word in words)
    return x0, y0, max(word[3] for word in words), max(word[4] for word in words), text, confidence
