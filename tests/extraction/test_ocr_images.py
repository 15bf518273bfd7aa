"""Pictures of pages made level and upright: laws over drawn lines, and Tesseract's table."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.extraction.ocr import child, engines, tesseract
from pipeline.extraction.ocr.child import ALIKE, sized
from pipeline.extraction.ocr.page_image import ink_of, is_blank, is_sideways, level, quarter_turned, regions, skew_of
from pipeline.process import timing
from pipeline.trouble import ConfigError, EnvironmentTrouble
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


def stand_in(folder: Path, script: str) -> str:
    """A command that takes Tesseract's place: it lists German and English, else does what the script says."""
    command = folder / "tesseract"
    listing = (
        'if [ "$1" = --list-langs ]; then printf "List of langs in %s:\\ndeu\\neng\\n" "$TESSDATA_PREFIX"; exit; fi'
    )
    command.write_text(f"#!/bin/sh\n{listing}\n{script}\n")
    command.chmod(0o755)
    return str(command)


def scan(gray: Gray) -> engines.Picture:
    return engines.Picture(gray.tobytes(), gray.shape[1], gray.shape[0], 72.0)


def test_what_tesseract_lacks_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no command 'no-such-tesseract'"):
        engines.Tesseract(command="no-such-tesseract").check()
    command = stand_in(tmp_path, "exit 1")
    engine = engines.Tesseract(command=command, languages="deu+eng", tessdata="/some/where")
    engine.check()
    with pytest.raises(ConfigError, match=r"no fra\.traineddata in /some/where"):
        engines.Tesseract(command=command, languages="deu+fra", tessdata="/some/where").check()
    wanted = ["stdin", "stdout", "-l", "deu+eng", "--dpi", "72", "--psm", "6", "tsv"]
    assert engine.arguments(71.8) == [command, *wanted]


@pytest.mark.parametrize("wrong", [{"languages": "eng; rm"}, {"languages": ""}, {"languages": "eng+"}])
def test_languages_that_are_none_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="languages"):
        engines.Tesseract(**wrong)


def test_the_address_of_a_server_is_one() -> None:
    for url in ("ftp://a/v1", "see http://a/v1", "http://a/v1 or so"):
        with pytest.raises(ValidationError, match="url"):
            engines.Server(url=url, model="m")


def test_a_stand_in_for_tesseract_gets_a_png_and_its_words_come_back(tmp_path: Path) -> None:
    (tmp_path / "table").write_text(TABLE)
    command = stand_in(
        tmp_path, f'[ "$(head -c 4 | tail -c 3)" = PNG ] || exit 1\ncat >/dev/null\ncat {tmp_path}/table'
    )
    lines = tesseract.lines_of(child.png_of(page()), [command, "stdin"], None)
    assert [line[4] for line in lines] == ["Hello world", "apart", "next"]
    read = engines.Tesseract(command=command).read(scan(page()))
    assert [line[5] for line in read.lines] == ["Hello world", "apart", "next"]
    assert (read.turn, read.confidence, read.box) == (0, 8_533, (680.0, 880.0))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("cat >/dev/null; echo no data >&2; exit 1", "ocr_failed"),
        ("exit 3", "ocr_failed"),
        ("kill -ABRT $$", "resource:ocr_crash"),
        ("kill -XCPU $$", "resource:ocr_crash"),
    ],
)
def test_a_picture_on_which_tesseract_fails_costs_its_page(tmp_path: Path, script: str, reason: str) -> None:
    found = engines.Tesseract(command=stand_in(tmp_path, script)).read(scan(page()))
    assert (found.reason, found.lines) == (reason, ())


def test_a_tesseract_that_stands_still_is_trouble_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tesseract, "STANDSTILL_S", 0.2)
    monkeypatch.setattr(child, "allow_cpu", lambda seconds: None)  # this process is no child, and lives on
    question = {"engine": "tesseract", "arguments": [stand_in(tmp_path, "exec sleep 9")], "tessdata": None}
    shape = {"width": 680, "height": 880, "dpi": 72.0}
    answer = child.answer(question | shape, page().tobytes())
    assert list(answer) == ["trouble"]

    class Told:
        def ask(self, *_: object) -> dict[str, object]:
            return answer

    monkeypatch.setattr(engines, "child_of", lambda _: Told())
    with pytest.raises(EnvironmentTrouble, match=r"timed out after 0\.2 seconds"):
        engines.Tesseract(command="tesseract").read(scan(page()))


@pytest.mark.parametrize(("upright", "turned", "turn"), [(90, 95, 0), (40, 80, 2), (60, 50, 0)])
def test_what_tesseract_reads_badly_is_read_upside_down_too(
    tmp_path: Path, upright: int, turned: int, turn: int
) -> None:
    row = "5\\t1\\t1\\t1\\t1\\t1\\t10\\t20\\t40\\t12\\t%d\\tHello\\n"
    as_it_stands = hashlib.md5(child.png_of(page())).hexdigest()
    script = f"""
if [ "$(md5sum)" = "{as_it_stands}  -" ]; then c={upright}; else c={turned}; fi
printf "level\\n{row}" $c"""
    found = engines.Tesseract(command=stand_in(tmp_path, script)).read(scan(page()))
    assert [line[5] for line in found.lines] == ["Hello"]
    assert (found.turn, found.confidence) == (turn, 100 * (turned if turn else upright))


def test_what_tesseract_takes_is_on_the_clock(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.4: pass"
    before = timing.cpu_s()
    engines.Tesseract(command=stand_in(tmp_path, f"{sys.executable} -c '{busy}'; exit 1")).read(scan(page()))
    assert timing.cpu_s() - before >= 0.4


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_tesseract_itself_reads_a_line() -> None:
    gray = np.full((200, 900), 255, np.uint8)
    cv2.putText(gray, "The water is clear", (30, 120), cv2.FONT_HERSHEY_SIMPLEX, 2.4, 0, 4)
    engine = engines.Tesseract(tessdata=os.environ.get("TESSDATA_PREFIX"))
    [line] = tesseract.lines_of(child.png_of(gray), engine.arguments(300), engine.tessdata)
    assert line[4] == "The water is clear"
