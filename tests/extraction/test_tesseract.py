"""Tesseract: its table, what it lacks and how it fails, by a program in its place; itself, where it is installed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from pydantic import ValidationError

from pipeline.config import load
from pipeline.demo.pdf import Line, document
from pipeline.extraction.ocr import child, engines, rapid, tesseract, tesseract_data
from pipeline.extraction.ocr.line import Line as PageLine
from pipeline.extraction.ocr.page_image import letters_in, level, quarter_turned
from pipeline.extraction.pdf import PdfDocument, extract
from pipeline.process import timing
from pipeline.trouble import ConfigError, EnvironmentTrouble
from tests.made_scan import Gray, drawn, scanned, strokes

HEAD = '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "a" "b">\n<html xmlns="http://www.w3.org/1999/xhtml"><body>'
HOCR = f"""{HEAD}<div class='ocr_page' title='image "stdin"; bbox 0 0 680 880'>
<div class='ocr_photo' title="bbox 0 0 9 9"></div><p class='ocr_par' lang='eng' title="bbox 10 20 350 34">
<span class='ocr_line' title="bbox 10 20 350 34; baseline 0 0; x_size 14.5; x_descenders 3; x_ascenders 4">
 <span class='ocrx_word' title='bbox 10 20 50 32; x_wconf 96'>Hello</span>
 <span class='ocrx_word' title='bbox 56 20 106 34; x_wconf 90'><strong>w&amp;rld</strong></span>
 <span class='ocrx_word' title='bbox 300 21 350 33; x_wconf 80'>apart</span>
</span></p><p>
<span class='ocr_caption' title="bbox 10 40 50 52; textangle 0; x_size 12; x_descenders 2; x_ascenders 4">
 <span class='ocrx_word' title='bbox 10 40 50 52; x_wconf 0'> </span>
 <span class='ocrx_word' title='bbox 10 40 50 52; x_wconf 70'>next</span></span>
<span class='ocr_line' title="bbox 600 40 612 500; textangle 90; x_size 12; x_descenders 2; x_ascenders 4">
 <span class='ocrx_word' title='bbox 600 40 612 500; x_wconf 90'>upwards</span></span>
<span class='ocr_line' title="bbox 1 2 3 4; x_size 12"></span></p></div></body></html>"""


def test_tesseracts_words_become_lines_cut_at_wide_gaps_and_none_that_runs_upwards() -> None:
    assert list(tesseract.parsed(HOCR.encode())) == [
        (10, 20, 106, 34, 14.5, "Hello w&rld", 9_300),
        (300, 21, 350, 33, 14.5, "apart", 8_000),
        (10, 40, 50, 52, 12.0, "next", 7_000),
    ]
    assert list(tesseract.parsed(f"{HEAD}</body></html>".encode())) == []


def line_of(words: str, title: str = "bbox 0 0 400 40; x_size 40") -> bytes:
    """hOCR of one line; of each word from where to where it reaches, in tens of pixels, and its text."""
    spans = "".join(
        f"<span class='ocrx_word' title='bbox {10 * int(x0)} 4 {10 * int(x1)} 34; x_wconf 90'>{text}</span>"
        for x0, x1, text in (word.split(":") for word in words.split())
    )
    return f"{HEAD}<p><span class='ocr_line' title=\"{title}\">{spans}</span></p></body></html>".encode()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("0:4:川 5:8:の水 9:12:は", "川の水は"),
        ("0:4:山田 8:12:太郎", "山田 太郎"),  # an em of white
        ("0:1:。 6:9:「よ 10:11:し", "。「よし"),  # marks stand at one side of their em
        ("0:4:池に 5:9:Water 10:14:導", "池に Water 導"),
        ("0:4:물이 5:9:맑다", "물이 맑다"),
    ],
)
def test_characters_of_chinese_and_japanese_are_words_without_spaces_between(words: str, text: str) -> None:
    assert [line.text for line in tesseract.parsed(line_of(words))] == [text]


@pytest.mark.parametrize(
    ("words", "height"),
    [
        ("0:10:川の 10:15:水", 50 / 1.11),  # 150 pixels of three characters
        ("0:20:「川の水", 200 / 3.5 / 1.11),  # half of the mark at the edge is blank
        ("0:10:川の 10:15:No 15:20:水", 200 / 5 / 1.11),  # other letters are half an em, so are spaces
        ("0:10:of 11:20:old", 60.0),
        ("0:40:川の", 60.0),  # a title with white between its letters: no more than it says itself
    ],
)
def test_the_height_of_chinese_and_japanese_is_told_by_its_width(words: str, height: float) -> None:
    [line] = tesseract.parsed(line_of(words, "bbox 0 0 400 40; x_size 60"))
    assert line.height == pytest.approx(height)


def test_a_picture_of_more_letters_than_a_newspaper_has_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It took minutes, and was over the limit of lines after that."""
    monkeypatch.setattr(child, "allow_cpu", lambda seconds: None)  # this process is no child, and lives on
    random = np.random.default_rng(0)
    specks = np.kron(random.random((4 * 330, 3 * 270)) < 0.6, np.ones((2, 2), np.bool_))
    page = np.full((330 * 11, 270 * 11), 255, np.uint8)
    cells = page.reshape(330, 11, 270, 11)
    cells[:, :8, :, :6][specks.reshape(330, 8, 270, 6)] = 0
    question = {"engine": "tesseract", "arguments": ["nobody"], "tessdata": None, "dpi": 200}
    question |= {"width": page.shape[1], "height": page.shape[0]}
    assert letters_in(page) == letters_in(255 - page) > child.MAX_LETTERS
    assert child.answer(question, page.tobytes()) == {"reason": "resource:ocr_letters"}


def test_letters_are_counted_whatever_their_ink() -> None:
    page = drawn(document([[Line(60, 700, 12, "twelve lemons")]], {}), dpi=200)
    assert letters_in(page) == letters_in(255 - page) == 12
    dots = np.full((300, 300), 255, np.uint8)
    dots[::9, ::9] = 0
    assert letters_in(dots) == 0


def test_a_line_that_does_not_say_its_size_is_as_high_as_its_words() -> None:
    [line] = tesseract.parsed(line_of("0:4:of 5:9:old", "bbox 0 0 400 40; baseline 0 0"))
    assert (line.text, line.height) == ("of old", 30)


def stand_in(folder: Path, script: str) -> str:
    """A command that takes Tesseract's place: it says its version, where it looks for data, else does what the script
    says.
    """
    command = folder / "tesseract"
    version = 'if [ "$1" = --version ]; then echo "tesseract 9.8.7"; echo " leptonica-6.5"; exit; fi'
    data = """case "$4" in no_such_language)
        echo "Error opening data file ${TESSDATA_PREFIX:-/the/default}/$4.traineddata" >&2; exit 1;; esac"""
    command.write_text(f"#!/bin/sh\n{version}\n{data}\n{script}\n")
    command.chmod(0o755)
    return str(command)


def scan(gray: Gray) -> engines.Picture:
    return engines.Picture(gray.tobytes(), gray.shape[1], gray.shape[0], 72.0)


def test_what_tesseract_lacks_is_said_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    with pytest.raises(ConfigError, match=r"no command 'no-such-tesseract'.*apt-get install tesseract-ocr\)"):
        engines.Tesseract(command="no-such-tesseract").fingerprint()
    command = stand_in(tmp_path, "exit 1")
    (tmp_path / "deu.traineddata").write_bytes(b"German")
    wanted = rf"'chi_sim': {tmp_path}/chi_sim\.traineddata is not there.*apt-get install tesseract-ocr-chi-sim, or"
    with pytest.raises(ConfigError, match=wanted):
        engines.Tesseract(command=command, languages="deu+chi_sim", tessdata=str(tmp_path)).fingerprint()
    with pytest.raises(ConfigError, match=r"'eng': /the/default/eng\.traineddata is not there"):
        engines.Tesseract(command=command).fingerprint()
    monkeypatch.setenv("TESSDATA_PREFIX", "/of/the/environment")
    with pytest.raises(ConfigError, match=r"'eng': /of/the/environment/eng\.traineddata is not there"):
        engines.Tesseract(command=command).fingerprint()
    with pytest.raises(ConfigError, match="does not answer as Tesseract does"):
        engines.Tesseract(command="true").fingerprint()


def test_what_decides_of_a_tesseract_is_its_version_and_its_data_not_where_they_lie(tmp_path: Path) -> None:
    found = []
    for name, content in (("a", b"German"), ("b", b"German"), ("c", b"other German")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "deu.traineddata").write_bytes(content)
        engine = engines.Tesseract(
            command=stand_in(tmp_path / name, "exit 1"), languages="deu", tessdata=str(tmp_path / name)
        )
        found.append(engine.fingerprint())
    assert found[0] == found[1] != found[2]
    assert "tesseract 9.8.7 leptonica-6.5 deu:" in found[0]
    (tmp_path / "a" / "deu_vert.traineddata").write_bytes(b"columns")
    engine = engines.Tesseract(command=str(tmp_path / "a" / "tesseract"), languages="deu", tessdata=str(tmp_path / "a"))
    assert engine.fingerprint().startswith(found[0])
    assert engine.fingerprint() != found[0]
    assert "script/Latin" in engines.Tesseract(languages="script/Latin+eng").arguments(300)[4]


def test_a_config_with_a_language_that_is_missing_ends_before_any_work(tmp_path: Path) -> None:
    engine = {"kind": "tesseract", "command": stand_in(tmp_path, "exit 1"), "languages": "fra"}
    path = tmp_path / "x.yaml"
    for ocr, tells in (("auto", True), ("never", False)):
        source = {"reader": {"kind": "pdf", "ocr": ocr, "engine": engine}, "inputs": "pdfs"}
        path.write_text(json.dumps({"run": "x", "sources": {"scans": source}, "filter": []}))
        if tells:
            with pytest.raises(ConfigError, match=r"x\.yaml: sources\.scans\.reader \(pdf\): .* language 'fra'"):
                load(str(path))
        else:
            load(str(path))


@pytest.mark.parametrize("wrong", [{"languages": "eng; rm"}, {"languages": ""}, {"languages": "eng+"}])
def test_languages_that_are_none_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="languages"):
        engines.Tesseract(**wrong)


def test_a_stand_in_for_tesseract_gets_a_graymap_and_its_words_come_back(tmp_path: Path) -> None:
    (tmp_path / "hocr").write_text(HOCR)
    command = stand_in(tmp_path, f'[ "$(head -c 2)" = P5 ] || exit 1\ncat >/dev/null\ncat {tmp_path}/hocr')
    lines = tesseract.lines_of(child.pgm_of(strokes()), [command, "stdin"], None)
    assert [line.text for line in lines] == ["Hello w&rld", "apart", "next"]
    read = engines.Tesseract(command=command).read(scan(strokes()))
    assert [line[5] for line in read.lines] == ["Hello w&rld", "apart", "next"]
    assert (read.turn, read.confidence, read.box) == (0, 8_515, (680.0, 880.0))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("cat >/dev/null; echo no data >&2; exit 1", "ocr_failed"),
        ("exit 3", "ocr_failed"),
        ("cat >/dev/null; echo '<html> no XML'", "ocr_failed"),
        ("kill -ABRT $$", "resource:ocr_crash"),
        ("kill -XCPU $$", "resource:ocr_crash"),
    ],
)
def test_a_picture_on_which_tesseract_fails_costs_its_page(tmp_path: Path, script: str, reason: str) -> None:
    found = engines.Tesseract(command=stand_in(tmp_path, script)).read(scan(strokes()))
    assert (found.reason, found.lines) == (reason, ())


@pytest.mark.parametrize("script", ["kill -KILL $$", "kill -TERM $$"])
def test_a_tesseract_that_somebody_ends_costs_no_page(tmp_path: Path, script: str) -> None:
    with pytest.raises(EnvironmentTrouble, match=r"was killed by SIG(KILL|TERM)"):
        engines.Tesseract(command=stand_in(tmp_path, script)).read(scan(strokes()))


def test_a_tesseract_that_is_gone_since_the_run_began_is_trouble_of_the_environment(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match=r"No such file.*gone"):
        engines.Tesseract(command=str(tmp_path / "gone")).read(scan(strokes()))


def test_a_tesseract_that_stands_still_is_trouble_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tesseract, "STANDSTILL_S", 0.2)
    monkeypatch.setattr(child, "allow_cpu", lambda seconds: None)  # this process is no child, and lives on
    question = {"engine": "tesseract", "arguments": [stand_in(tmp_path, "exec sleep 9")], "tessdata": None}
    shape = {"width": 680, "height": 880, "dpi": 72.0}
    answer = child.answer(question | shape, strokes().tobytes())
    assert list(answer) == ["trouble"]

    class Told:
        def ask(self, *_: object) -> dict[str, object]:
            return answer

    monkeypatch.setattr(engines, "child_of", lambda _: Told())
    with pytest.raises(EnvironmentTrouble, match=r"timed out after 0\.2 seconds"):
        engines.Tesseract(command="tesseract").read(scan(strokes()))


@pytest.mark.parametrize(("upright", "turned", "turn"), [(90, 95, 0), (40, 80, 2), (60, 50, 0)])
def test_what_tesseract_reads_badly_is_read_upside_down_too(
    tmp_path: Path, upright: int, turned: int, turn: int
) -> None:
    (tmp_path / "hocr").write_text(
        HOCR.split("<span class='ocrx_word' title='bbox 56", maxsplit=1)[0].replace("x_wconf 96", "x_wconf CONFIDENCE")
        + "</span></p></div></body></html>"
    )
    as_it_stands = hashlib.md5(child.pgm_of(strokes())).hexdigest()
    script = f"""
if [ "$(md5sum)" = "{as_it_stands}  -" ]; then c={upright}; else c={turned}; fi
sed s/CONFIDENCE/$c/ {tmp_path}/hocr"""
    found = engines.Tesseract(command=stand_in(tmp_path, script)).read(scan(strokes()))
    assert [line[5] for line in found.lines] == ["Hello"]
    assert (found.turn, found.confidence) == (turn, 100 * (turned if turn else upright))


def test_a_picture_of_too_many_lines_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read_at: list[int] = []

    def many(picture: bytes, *_: object) -> list[PageLine]:
        read_at.append(len(picture))
        return [PageLine(0, 0, 9, 9, 9.0, "of", 900)] * (rapid.MAX_LINES + 1)

    monkeypatch.setattr(tesseract, "lines_of", many)
    monkeypatch.setattr(child, "allow_cpu", lambda seconds: None)  # this process is no child, and lives on
    question = {"engine": "tesseract", "arguments": [], "tessdata": None, "width": 680, "height": 880, "dpi": 72.0}
    assert child.answer(question, strokes().tobytes()) == {"reason": "resource:ocr_lines"}
    assert len(read_at) == 1


def test_what_tesseract_takes_is_on_the_clock(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.4: pass"
    before = timing.cpu_s()
    engines.Tesseract(command=stand_in(tmp_path, f"{sys.executable} -c '{busy}'; exit 1")).read(scan(strokes()))
    assert timing.cpu_s() - before >= 0.4


needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
WORDS = ["The water of the river is led", "into a basin and made to stand", "until it is clear again."]
TEXT = " ".join(WORDS)
ENGINE = engines.Tesseract()


@pytest.fixture(scope="module")
def picture() -> Gray:
    lines = [Line(80, 700 - 16 * row, 12, text) for row, text in enumerate(WORDS)]
    return drawn(document([lines], {}), dpi=200)


def read(gray: Gray, **options: object) -> PdfDocument:
    return extract(scanned([gray], 200), **{"engine": ENGINE, **options})


@needs_tesseract
@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_tesseract_reads_a_scan_whichever_way_it_lies(picture: Gray, turn: int) -> None:
    found = read(quarter_turned(picture, turn))
    [page] = found.pages
    assert (found.text, page.route, page.turn) == (TEXT, "ocr", (4 - turn) % 4)
    assert page.confidence is not None and 0.9 < page.confidence <= 1.0


@needs_tesseract
def test_tesseract_reads_a_scan_askew_and_gives_the_same_again(picture: Gray) -> None:
    found = read(level(picture, 3.0))
    assert (found.text, found) == (TEXT, read(level(picture, 3.0)))
    assert abs(found.pages[0].skew + 300) <= 30


@needs_tesseract
def test_always_takes_the_better_of_layer_and_what_tesseract_reads(picture: Gray) -> None:
    routes = []
    for hidden in (["representations considerations"] * 4, [TEXT, "and the basin is not empty"] * 3):
        with pymupdf.open(stream=scanned([picture], 200)) as document:
            for row, line in enumerate(hidden):
                document[0].insert_text((20, 300 + 20 * row), line, fontsize=10, render_mode=3)
            found = extract(document.tobytes(), engine=ENGINE, ocr="always")
        routes.append((found.pages[0].route, TEXT in found.text))
    assert routes == [("ocr", True), ("text", True)]


@needs_tesseract
def test_tesseract_reads_columns_one_after_the_other_and_no_stamp_that_runs_upwards() -> None:
    columns = [Line(60 + 260 * (row > 7), 700 - 16 * (row % 8), 12, f"{WORDS[row % 3]} {row}") for row in range(16)]
    page = drawn(document([columns], {}), dpi=200).copy()
    stamp = drawn(document([[Line(60, 700, 12, "Downloaded from a library in December")]], {}), dpi=200)
    turned = quarter_turned(stamp, 3)
    rows, places = np.nonzero(turned < 128)
    ink = turned[rows.min() : rows.max() + 1, places.min() : places.max() + 1]
    page[600 : 600 + ink.shape[0], 30 : 30 + ink.shape[1]] = ink
    found = "".join(read(page).text.split())
    assert found == "".join("".join(line.text.split()) for line in columns)


@needs_tesseract
def test_a_picture_without_text_has_none() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1100, 850)).astype(np.uint8)
    assert extract(scanned([noise], 100), engine=ENGINE).reason in ("no_text_found", "low_confidence")
    assert extract(scanned([np.full_like(noise, 240)], 100), engine=ENGINE).reason == "no_text_layer"


@needs_tesseract
def test_tesseract_reads_by_a_folder_that_has_the_languages_data_alone(
    picture: Gray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    _, folder = tesseract_data._installed(str(shutil.which("tesseract")), 0, None, None)
    shutil.copy(Path(folder) / "eng.traineddata", tmp_path)
    assert read(picture, engine=engines.Tesseract(tessdata=str(tmp_path))).text == TEXT


@needs_tesseract
@pytest.mark.data
@pytest.mark.parametrize("name", ["linn", "rotated_skew"])
def test_tesseract_reads_real_scans(shared_data: Callable[[str], Path], name: str) -> None:
    right = Counter(re.findall(r"\w{2,}", shared_data("pdf/ocrmypdf/linn.txt").read_text(encoding="utf-8").lower()))
    found = extract(shared_data(f"pdf/ocrmypdf/{name}.pdf").read_bytes(), engine=ENGINE)
    words = Counter(re.findall(r"\w{2,}", found.text.lower()))
    assert (words & right).total() >= 0.97 * right.total()
    assert found.text.startswith("## The LinnSequencer 32 Track MIDI Sequence Recorder\n\nThe LinnSequencer is")


@needs_tesseract
def test_what_tesseract_needs_is_known_where_it_is_installed() -> None:
    assert re.fullmatch(r"\{.*\} tesseract \S+ leptonica-\S+ eng:[0-9a-f]{64}", ENGINE.fingerprint())
    with pytest.raises(ConfigError, match=r"no data for the language 'no_such'.*tesseract-ocr-no-such"):
        engines.Tesseract(languages="eng+no_such").fingerprint()
