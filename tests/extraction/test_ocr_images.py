"""Pictures of pages made level and upright: laws over drawn lines, and Tesseract's table."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.ocr import engines, tesseract
from pipeline.extraction.ocr.child import ALIKE, sized
from pipeline.extraction.ocr.page_image import ink_of, is_blank, is_sideways, level, quarter_turned, regions, skew_of
from pipeline.trouble import ConfigError
from tests.made_scan import Gray


def page(*, columns: int = 1, shade: int = 255, ink: int = 0, seed: int = 0) -> Gray:
    """Lines of short strokes, as text looks from afar."""
    random = np.random.default_rng(seed)
    gray = np.full((880, 680), shade, np.uint8)
    measure = (600 - 40 * (columns - 1)) // columns
    for column in range(columns):
        left = 40 + column * (measure + 40)
        for y in range(60, 800, 20):
            x = left
            while x < left + measure - 30:
                step = int(random.integers(12, 40))
                gray[y : y + 9, x : min(x + step, left + measure)] = ink
                x += step + 6
    return gray


@given(degrees=st.floats(-9, 9), shade=st.sampled_from([255, 215]))
@settings(max_examples=4)
def test_the_skew_of_a_page_is_found_and_mended(degrees: float, shade: int) -> None:
    askew = level(page(shade=shade), -degrees)
    found = skew_of(ink_of(askew))
    assert abs(found - degrees) <= 0.25
    assert abs(skew_of(ink_of(level(askew, found)))) <= 0.3


def test_a_level_page_is_left_alone() -> None:
    assert skew_of(ink_of(page())) == 0.0
    assert skew_of(ink_of(page(columns=2))) == 0.0


@given(seed=st.integers(0, 99), dark=st.booleans(), askew=st.sampled_from([0.0, 1.3, -4.0]))
@settings(max_examples=4)
def test_lines_that_run_upwards_are_seen(seed: int, dark: bool, askew: float) -> None:
    upright = level(page(seed=seed, shade=20, ink=230) if dark else page(seed=seed), askew)
    assert not is_sideways(ink_of(upright))
    assert is_sideways(ink_of(quarter_turned(upright, 1)))
    assert np.array_equal(quarter_turned(quarter_turned(upright, 1), 3), upright)


def test_blank_pages() -> None:
    blank = np.full((900, 700), 240, np.uint8)
    dust = blank.copy()
    dust[np.arange(9) * 90 + 5, np.arange(9) * 70 + 5] = 0
    one_line = blank.copy()
    one_line[450:458, 300:380] = 0
    shaded = np.linspace(150, 250, 700).astype(np.uint8)[None, :].repeat(900, axis=0)
    assert [is_blank(ink_of(gray)) for gray in (blank, dust, shaded, one_line)] == [True, True, True, False]


def test_a_gutter_parts_a_page() -> None:
    assert regions(ink_of(page())) == [(0.0, 0.0, 1.0, 1.0)]
    two = page(columns=2)
    two[30:42, 40:640] = 0  # a title across
    found = regions(ink_of(two))
    assert len(found) in (3, 4)
    top, left, right = found[:3]
    assert (top[1], top[2], left[0], right[2]) == (0.0, 1.0, 0.0, 1.0)
    assert 0.45 < left[2] == right[0] < 0.55
    assert top[3] == left[1] == right[1] < 0.08


@given(st.lists(st.tuples(st.integers(3, 200), st.integers(1, 90)), max_size=40))
def test_heights_become_few_sizes(lines: list[tuple[int, int]]) -> None:
    heights, weights = [height for height, _ in lines], [weight for _, weight in lines]
    found = sized(heights, weights)
    assert set(found) <= set(map(float, heights))
    for height, size in zip(heights, found, strict=True):
        assert ALIKE[0] <= height / size <= ALIKE[1]


TABLE = "\n".join(
    [
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext",
        "1\t1\t0\t0\t0\t0\t0\t0\t600\t800\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t40\t12\t96.5\tHello",
        "5\t1\t1\t1\t1\t2\t56\t20\t50\t14\t90\tworld",
        "5\t1\t1\t1\t1\t3\t300\t21\t50\t12\t80\tapart",
        "5\t1\t1\t1\t2\t1\t10\t40\t40\t12\t-1\t ",
        "5\t1\t1\t1\t2\t1\t10\t40\t40\t12\t70.25\tnext",
        "no row",
    ]
)


def test_tesseracts_words_become_lines_cut_at_wide_gaps() -> None:
    assert list(tesseract.parsed(TABLE)) == [
        (10, 20, 106, 34, "Hello world", 9_325),
        (300, 21, 350, 33, "apart", 8_000),
        (10, 40, 50, 52, "next", 7_025),
    ]
    assert list(tesseract.parsed("")) == []


def test_what_tesseract_lacks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no command 'no-such-tesseract'"):
        engines.Tesseract(command="no-such-tesseract").check()
    command = tmp_path / "tesseract"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    engine = engines.Tesseract(command=str(command), languages="deu+eng", tessdata=str(tmp_path))
    (tmp_path / "deu.traineddata").touch()
    with pytest.raises(ConfigError, match=r"no eng\.traineddata"):
        engine.check()
    (tmp_path / "eng.traineddata").touch()
    engine.check()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"nowhere has no eng"):
        engines.Tesseract(command=str(command)).check()
    wanted = ["stdin", "stdout", "-l", "deu+eng", "--dpi", "300", "--psm", "6", "tsv"]
    assert engine.arguments() == [str(command), *wanted]


def test_a_stand_in_for_tesseract_gets_a_png_and_its_words_come_back(tmp_path: Path) -> None:
    command = tmp_path / "tesseract"
    table = tmp_path / "table"
    table.write_text(TABLE)
    command.write_text(f"#!/bin/sh\nhead -c 8 >{tmp_path}/head\ncat >/dev/null\ncat {table}\n")
    command.chmod(0o755)
    lines = tesseract.lines_of(page(), [str(command), "stdin"], None)
    assert [line[4] for line in lines] == ["Hello world", "apart", "next"]
    assert (tmp_path / "head").read_bytes() == b"\x89PNG\r\n\x1a\n"
    command.write_text("#!/bin/sh\ncat >/dev/null\necho no data >&2\nexit 1\n")
    with pytest.raises(tesseract.TesseractFailed, match="no data"):
        tesseract.lines_of(page(), [str(command)], None)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_tesseract_itself_reads_a_line() -> None:
    gray = np.full((200, 900), 255, np.uint8)
    cv2.putText(gray, "The water is clear", (30, 120), cv2.FONT_HERSHEY_SIMPLEX, 2.4, 0, 4)
    engine = engines.Tesseract(tessdata=os.environ.get("TESSDATA_PREFIX"))
    [line] = tesseract.lines_of(gray, engine.arguments(), engine.tessdata)
    assert line[4] == "The water is clear"
