"""Texts in scripts without spaces: counted by characters, letters or syllables, and dropped by no rule for that."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.rules import Judge, load_rule_set
from pipeline.sources.commoncrawl.source import CommonCrawl
from pipeline.sources.source import InputFile, Piece, Row
from pipeline.stages.normalise import Normalise
from pipeline.stages.statistics import TextStatistics
from tests.conftest import ROOT

TEXTS = {
    "Chinese": "夜里河水上涨，桥被封了。村里没有人记得夏天有过这样的洪水。孩子们站在窗前，数着漂过磨坊的树。"
    "中午雨停了，可是水一直涨到晚上。我们把书从地下室搬到阁楼，一箱又一箱。第二天邻居划船送来面包和蜡烛。",
    "Japanese": "夜のうちに川の水が増え、橋は通れなくなった。村では夏にこんな洪水があったことを誰も覚えていない。"
    "子どもたちは窓辺に立ち、水車小屋のそばを流れる木を数えた。昼には雨がやんだが、水は夕方まで増え続けた。",
    "Thai": "แม่น้ำขึ้นสูงในตอนกลางคืน สะพานจึงถูกปิด ไม่มีใครในหมู่บ้านจำได้ว่าเคยมีน้ำท่วมเช่นนี้กลางฤดูร้อน "
    "เด็ก ๆ ยืนที่หน้าต่างและนับต้นไม้ที่ลอยผ่านโรงสี ตอนเที่ยงฝนหยุดตก แต่น้ำยังคงขึ้นจนถึงค่ำ",
    "Tibetan": "མཚན་མོར་ཆུ་བོ་རྒྱས་ནས་ཟམ་པ་བཀག གྲོང་གསེབ་ཀྱི་མི་སུས་ཀྱང་དབྱར་ཁར་ཆུ་ལོག་འདི་འདྲ་བྱུང་བ་མི་དྲན། "
    "བྱིས་པ་རྣམས་སྒེའུ་ཁུང་འགྲམ་དུ་ལངས་ནས་ཆུ་ལ་གཡེང་བའི་ཤིང་སྡོང་བགྲངས། ཉིན་གུང་ལ་ཆར་པ་ཆད་ཀྱང་ཆུ་དགོང་མོའི་བར་དུ་འཕེལ།",
}
UDHR = ["cmn_hans", "cmn_hant", "jpn", "tha", "lao", "khm", "mya", "bod"]


def judged(texts: list[str]) -> tuple[list[str | None], pa.RecordBatch]:
    batch = pa.record_batch({"text": pa.array(texts, pa.large_string())})
    measured = TextStatistics()(Normalise()(batch))
    return Judge().judge(load_rule_set(str(ROOT / "configs/rules/gopher.yaml")), measured).to_pylist(), measured


@pytest.mark.parametrize("script", TEXTS)
def test_prose_is_many_words_and_kept(script: str) -> None:
    reasons, measured = judged([TEXTS[script]])
    assert measured["word_count"][0].as_py() >= 50
    assert measured["unspaced_word_count"][0].as_py() >= 0.9 * measured["word_count"][0].as_py()
    assert reasons == [None]


@pytest.mark.parametrize(("characters", "reason"), [(49, "gopher:word_count"), (50, None)])
def test_chinese_is_short_below_fifty_characters(characters: int, reason: str | None) -> None:
    text = "".join(character for character in TEXTS["Chinese"] if character.isalpha())[:characters]
    assert judged([text])[0] == [reason]


def test_chinese_that_repeats_itself_goes() -> None:
    assert judged([TEXTS["Chinese"] + TEXTS["Chinese"]])[0] == ["gopher:duplicate_5grams"]
    assert judged([(TEXTS["Thai"] + "\n") * 3])[0] == ["gopher:duplicate_lines"]


@pytest.mark.parametrize(("unspaced", "reason"), [(51, None), (50, "gopher:mean_word_length")])
def test_half_of_the_words_decide(unspaced: int, reason: str | None) -> None:
    text = "".join(chr(0x4E00 + 7 * number) for number in range(unspaced))
    spaced = " ".join(f"{a}{b}" for a in "bdfgklmnpr" for b in "aeiou12345")[: 3 * (100 - unspaced)]
    reasons, measured = judged([f"{text} {spaced}"])
    assert (measured["word_count"][0].as_py(), measured["unspaced_word_count"][0].as_py()) == (100, unspaced)
    assert reasons == [reason]


@pytest.mark.data
@pytest.mark.parametrize("name", UDHR)
def test_the_declaration_of_human_rights_is_kept(name: str, shared_data: Callable[[str], Path]) -> None:
    with zipfile.ZipFile(shared_data("langid/udhr2.zip")) as archive:
        text = archive.read(f"udhr2/{name}.txt").decode()
    assert judged([text])[0] == [None]


@pytest.mark.data
def test_of_real_chinese_pages_go_two_that_repeat_themselves_and_a_list_of_replies(
    shared_data: Callable[[str], Path],
) -> None:
    path = shared_data("web/chinese_wce.warc.gz")
    with path.open("rb") as stream:
        found = list(CommonCrawl().read(Piece(InputFile(path.name, path.stat().st_size, "")), stream))
    reasons, _ = judged([outcome.text for outcome in found if isinstance(outcome, Row)])
    assert len(reasons) == 29
    assert sorted(filter(None, reasons)) == [
        "gopher:bullet_lines",
        "gopher:duplicate_5grams",
        "gopher:duplicate_5grams",
    ]
