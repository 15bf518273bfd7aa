"""Rights and licences in Chinese, Japanese and Korean: sentences by hand in the places of a page; any words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.html import extract
from pipeline.licences.page import page_licence, page_reservation
from pipeline.licences.statements import east_asian
from pipeline.licences.taxonomy import OPEN, class_of
from tests.licences.pages import page, sentences

GOLD = Path(__file__).parent / "gold/reservations.tsv"
"""set: seen, 60 sentences written before the rules; unseen, 65 written after them; third, 32 written after both;
fourth, those of a review that were wrong, and others beside them."""
RESERVED = "LicenseRef-all-rights-reserved"
BODIES = {
    "zh": "夜里河水上涨，镇上没有人见过这样的景象。桥被淹没，学校停课两天，居民在高处等待消息。",
    "ja": "夜のうちに川の水が増し、町の人々は誰もその光景を見たことがなかった。橋は沈み、学校は休みになった。",
    "ko": "밤사이 강물이 불어났고 마을 사람들은 그런 광경을 본 적이 없었다. 다리는 잠겼고 학교는 문을 닫았다.",
}
SPDX = {
    "none": None,
    "reserved": RESERVED,
    "training": RESERVED,
    "CC-BY-NC-ND-2.0-KR": "LicenseRef-CC-BY-NC-ND-2.0-KR",
    "CC-BY-NC-ND-3.0-TW": "LicenseRef-CC-BY-NC-ND-3.0-TW",
}


@pytest.mark.parametrize("row", sentences(GOLD), ids=lambda row: f"{row['language']}-{row['expected']}")
def test_what_a_sentence_says_of_its_page(row: dict[str, str]) -> None:
    statements = extract(page(BODIES[row["language"][:2]], row["place"], row["sentence"])).licences
    found, reserved = page_licence(statements), page_reservation(statements)
    assert (None if found is None else found.spdx) == SPDX.get(row["expected"], row["expected"])
    assert (reserved is not None) == (row["expected"] == "training")
    if reserved is not None:
        assert reserved.quote in row["sentence"]


@pytest.mark.parametrize(
    ("sentence", "training", "mining"),
    [
        ("未经授权禁止用于AI训练", True, False),
        ("禁止对本网站进行文本和数据挖掘", False, True),
        ("本網站保留資料探勘之權利，禁止AI訓練使用", True, True),
        ("テキスト及びデータマイニング、AI学習を禁じます", True, True),
        ("본 사이트의 텍스트 및 데이터 마이닝을 금지합니다", False, True),
    ],
)
def test_training_and_mining_are_told_apart(sentence: str, training: bool, mining: bool) -> None:
    said = page_reservation(extract(page(BODIES["zh"], "footer", sentence)).licences)
    assert said is not None
    assert (said.training, said.mining) == (training, mining)


@pytest.mark.parametrize("place", ["<aside>", "<div id=comments>", "<blockquote>", "<figure>"])
def test_what_is_not_the_page_s_reserves_nothing(place: str) -> None:
    html = f"<article>{'<p>' + BODIES['zh'] * 3 + '</p>'}</article>{place}<p>未经授权禁止用于AI训练</p>"
    assert page_reservation(extract(html.encode()).licences) is None


def test_an_open_licence_beside_a_ban_on_training_is_not_open() -> None:
    said = "本作品采用知识共享署名 4.0 国际许可协议。禁止将本作品用于AI训练。"
    found = page_licence(extract(page(BODIES["zh"], "footer", said)).licences)
    assert found is not None
    assert found.spdx in ("NOASSERTION", f"CC-BY-4.0 AND {RESERVED}")


@pytest.mark.parametrize("place", ["text", "footer"])
@pytest.mark.parametrize(
    "sentence",
    [
        "本站文章曾采用 CC BY 4.0 授权，现已改为保留所有权利。",
        "本站内容采用 CC BY 4.0 协议，但不得用于商业用途。",
        "本站使用的图标采用 CC BY 4.0 许可。",
        "本文介绍知识共享署名 4.0 许可协议。",
        "本网站部分内容采用 CC BY 4.0 授权。",
        "本文引用的图表来自某某，采用CC BY 4.0协议。",
        "以前は当サイトの記事をCC BY 4.0で公開していました。",
        "本サイトの内容はCC BY 4.0で提供しますが、商用利用は禁止です。",
        "当サイトで使用しているアイコンはCC BY 4.0で提供されています。",
        "この記事ではクリエイティブ・コモンズ 表示 4.0 ライセンスについて説明します。",
        "本文中の図はCC BY 4.0で公開されています。",
        "이 글은 더 이상 CC BY 4.0 라이선스를 따르지 않습니다.",
        "본 사이트의 글은 CC BY 4.0을 따르며 상업적 이용을 금지합니다.",
        "이 글에서는 크리에이티브 커먼즈 저작자표시 4.0 라이선스를 소개합니다.",
        "本文发布的语料库采用 CC BY 4.0 协议开放。",
        "本文译自某某博客，原文采用 CC BY 4.0 协议。",
        "本站内容采用 CC BY 4.0 协议。商业用途请联系作者获得授权。",
        "本記事の元となった論文はCC BY 4.0で公開されています。",
        "本サイトの内容はCC BY 4.0で提供します。商用利用の場合はご連絡ください。",
        "이 글에서 사용한 말뭉치는 CC BY 4.0 라이선스를 따릅니다.",
        "이 글은 CC BY 4.0 라이선스를 따릅니다. 상업적 이용은 별도 문의 바랍니다.",
    ],
)
def test_what_is_told_restricted_or_over_opens_nothing(sentence: str, place: str) -> None:
    found = page_licence(extract(page(BODIES["zh"], place, sentence)).licences)
    assert found is None or class_of(found.spdx) not in OPEN


@pytest.mark.parametrize(
    "sentence",
    [
        "期刊文章应当采用 CC BY 4.0 许可协议发布。",
        "PLOS的文章都采用 CC BY 4.0 许可协议发布。",
        "用户上传作品时可以选择采用 CC BY 4.0 协议。",
        "PLOSの記事はすべてCC BY 4.0ライセンスで公開されている。",
        "政府サイトのコンテンツはCC BY 4.0と互換性のあるライセンスで公開されている。",
        "위키백과의 문서는 CC BY 4.0 라이선스로 제공된다.",
    ],
)
def test_the_licence_of_other_texts_opens_nothing(sentence: str) -> None:
    assert page_licence(extract(page(BODIES["zh"], "text", sentence)).licences) is None


@pytest.mark.parametrize(
    ("sentence", "spdx"),
    [
        ("本手册遵循 CC BY-SA 4.0 协议发布", "CC-BY-SA-4.0"),
        ("このページの文章はCC BY-SA 4.0の条件の下で利用できます。", "CC-BY-SA-4.0"),
        ("如无特殊说明，本站文章均采用 CC BY-SA 4.0 许可协议。", "CC-BY-SA-4.0"),
        ("若无特别说明，本博客文字采用CC BY 4.0授权", "CC-BY-4.0"),
        ("本站文章及图片采用 CC BY 4.0 许可协议", "CC-BY-4.0"),
    ],
)
def test_reservations_of_what_is_marked_otherwise_restrict_nothing(sentence: str, spdx: str) -> None:
    found = page_licence(extract(page(BODIES["zh"], "footer", sentence)).licences)
    assert found is not None
    assert found.spdx == spdx


@given(gap=st.integers(0, 200), counts=st.tuples(st.integers(0, 3), st.integers(0, 3)))
@settings(max_examples=60, deadline=None)
def test_a_ban_holds_for_what_is_near(gap: int, counts: tuple[int, int]) -> None:
    clause = "本站转载，" * counts[0] + "好" * gap + "严禁" * counts[1]
    near = bool(all(counts)) and gap + 1 < east_asian.NEAR
    assert (east_asian.COPYING in east_asian.forbidden(clause, clause, in_text=False)) == near


PIECES = st.sampled_from(
    [
        *(
            "禁止",
            "未经授权",
            "不得",
            "转载",
            "AI",
            "训练",
            "版权所有",
            "本站",
            "。",
            "，",
            "無断",
            "転載",
            "を禁じます",
            "学習",
        ),
        *(
            "무단",
            "전재",
            "금지",
            " ",
            "CC BY ",
            "4.0",
            "知识共享",
            "署名",
            "・",
            "©",
            "保留",
            "ません",
            "不",
            "<br>",
            "</p><p>",
        ),
    ]
)


@given(parts=st.lists(PIECES, max_size=60), in_text=st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_words_have_one_answer(parts: list[str], in_text: bool) -> None:
    said = "".join(parts)
    known = {east_asian.COPYING, east_asian.TRAINING, east_asian.MINING}
    assert east_asian.forbidden(said, said, in_text=in_text) <= known
    html = page(BODIES["ja"], "text" if in_text else "footer", said)
    statements = extract(html).licences
    reserved = page_reservation(statements)
    assert reserved == page_reservation(statements)
    if reserved is not None:
        found = page_licence(statements)
        assert found is not None
        assert reserved.training or reserved.mining
        assert 0 < len(reserved.quote) <= 200
