"""The picture of a page made upright and level before it is read: blank, turned, skewed. Gray in, gray out.

Angles are found by the profile of ink along the rows (Postl, ICPR 1986): where lines run level it jumps most.
All on a copy of about 75 dpi, so that a page costs some 50 ms.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Ink = NDArray[np.float32]

LOOK_SIDE = 900  # pixels of the longer side of the copy
CONTRAST = 40  # levels that ink differs from the paper around it
MIN_INK = 2e-4  # of the pixels; a page with one short line has 5e-4, dust less than 1e-4
MAX_SKEW = 10.0  # degrees looked at to both sides
_ANGLES = np.arange(-MAX_SKEW, MAX_SKEW + 0.25, 0.5)
MIN_SKEW = 0.1  # degrees that are worth turning the picture for
SIDEWAYS = 1.6  # how much more the columns' profile must jump than the rows' for lines that run upwards
LETTER = (6, 100)  # pixels of the height of a letter: of 6 points at 150 dpi, of 24 at 300; smaller are dots, dust
PAPER = 41  # pixels around one in which the paper's shade is looked for; letters are smaller


def ink_of(gray: Gray) -> Ink:
    """What is drawn, 0..1, on a copy of LOOK_SIDE pixels: darker than the paper around it, or lighter."""
    scale = min(LOOK_SIDE / max(gray.shape), 1.0)
    height, width = (max(round(side * scale), 1) for side in gray.shape)
    small = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA) if scale < 1 else gray
    paper = cv2.medianBlur(small, PAPER) if min(small.shape) > PAPER else np.full_like(small, np.median(small))
    apart = cv2.absdiff(small, paper).astype(np.float32)
    return np.clip((apart - CONTRAST) / CONTRAST, 0, 1).astype(np.float32)


def is_blank(ink: Ink) -> bool:
    """Whether nothing but dust is drawn."""
    return float((ink > 0).mean()) < MIN_INK


def letters_in(gray: Gray) -> int:
    """How many pieces of ink are as high as letters, in the whole picture: with few joined or broken, its letters."""
    _, dark = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    ink = dark if 2 * int(dark.sum()) <= dark.size else 1 - dark
    _, _, pieces, _ = cv2.connectedComponentsWithStats(np.asarray(ink, np.uint8), connectivity=8)
    height = pieces[1:, cv2.CC_STAT_HEIGHT]
    return int(((height >= LETTER[0]) & (height <= LETTER[1])).sum())


def is_sideways(ink: Ink) -> bool:
    """Whether lines run upwards or downwards: also askew, so both ways are judged as level as they can be made."""
    upright, turned = (max(_scores(way, _ANGLES)) for way in (ink, np.ascontiguousarray(ink.T)))
    return turned > SIDEWAYS * upright


def skew_of(ink: Ink) -> float:
    """By how many degrees (counter-clockwise positive) lines run askew, to a tenth; 0 where nothing tells."""
    best = _best(ink, _ANGLES)
    fine = _best(ink, np.round(np.arange(best - 0.5, best + 0.55, 0.1), 1))
    return float(fine) if abs(fine) >= MIN_SKEW else 0.0


def level(gray: Gray, degrees: float) -> Gray:
    """The picture turned so that lines which ran askew by `degrees` run level, on paper of its own shade."""
    height, width = gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    paper = int(np.median(gray))
    return np.asarray(
        cv2.warpAffine(
            gray, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
        ),
        dtype=np.uint8,
    )


def quarter_turned(gray: Gray, times: int) -> Gray:
    """The picture turned clockwise by `times` quarters."""
    return np.ascontiguousarray(np.rot90(gray, -times))


def _jumps(ink: Ink) -> float:
    profile = ink.sum(axis=1)
    return float((np.diff(profile) ** 2).sum()) / max(ink.shape[1], 1)


def _scores(ink: Ink, angles: Any) -> list[float]:
    height, width = ink.shape
    scores = []
    for angle in angles:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -float(angle), 1.0)
        turned = np.asarray(cv2.warpAffine(ink, turn, (width, height), flags=cv2.INTER_LINEAR), dtype=np.float32)
        scores.append(_jumps(turned))
    return scores


def _best(ink: Ink, angles: Any) -> float:
    scores = _scores(ink, angles)
    top = max(scores)
    best = [float(angle) for angle, score in zip(angles, scores, strict=True) if score == top]
    return min(best, key=abs)
