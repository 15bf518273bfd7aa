"""Vertical Japanese on rendered pages of known order: columns of characters from right to left, in bands."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

import pytest

from pipeline.demo import pdf as demo_pdf
from pipeline.extraction.pdf import extract

EM, PITCH, TOP, RIGHT, PER_LINE, LONGEST = 12.0, 20.0, 760.0, 500.0, 14, 18
MARKS = "、。「」（）"
BANDS = (
    "川の水は池に導かれ、澄むまでそこに置かれる。水が澄むと、番人は「よし」と言い、門を開ける。"
    "門の先には第二の池（浅い池）があり、砂はそこに沈む。朝になると、水は町へ行く。",
    "町の人は水を運び、庭に注ぐ。庭には豆と麦が育ち、秋には刈られる。刈られた麦は「粉の家」で碾かれ、"
    "冬のあいだ人を養う。春が来ると、番人はまた川の門を開け、水は池に導かれる。",
)


def lines(*, is_verse: bool) -> Iterator[list[tuple[float, float, str]]]:
    """Each line, band by band: its characters with the right upper corners of their squares; verse ends at marks."""
    for band, text in enumerate(BANDS):
        pattern = "[^、。]+[、。]" if is_verse else f".{{1,{PER_LINE}}}"
        for number, line in enumerate(re.findall(pattern, text)):
            right, top = RIGHT - PITCH * number, TOP - band * EM * (LONGEST + 3)
            yield [(right, top - EM * row, one) for row, one in enumerate(line)]


def page(*, level: str, seed: int | None, is_verse: bool) -> bytes:
    """A page in a font of vertical writing; characters that are none of `level`, one by one, in a level font."""
    drawn = list(lines(is_verse=is_verse))
    if seed is not None:
        random.Random(seed).shuffle(drawn)
    return page_of(drawn, level=level)


def page_of(drawn: Sequence[Sequence[tuple[float, float, str]]], *, level: str) -> bytes:
    """A page of such lines."""
    pieces = []
    for right, top, character in (one for line in drawn for one in line):
        code = character.encode("utf-16-be").hex().encode()
        if level and character not in level:
            pieces.append(b"BT /H %g Tf %g %g Td <%s> Tj ET" % (EM, right - EM, top - 0.88 * EM, code))
        else:
            pieces.append(b"BT /V %g Tf %g %g Td <%s> Tj ET" % (EM, right - EM / 2, top, code))
    fonts = b"/V 5 0 R /H 6 0 R"
    box = b"/MediaBox [0 0 %d %d]" % demo_pdf.PAGE
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UTF16-%s /DescendantFonts [7 0 R] >>"
    )
    system = b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 6 >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R %s /Contents 4 0 R /Resources << /Font << %s >> >> >>" % (box, fonts),
        demo_pdf._stream(b"", b"\n".join(pieces)),
        font % b"V",
        font % b"H",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 %s /FontDescriptor 8 0 R >>" % system,
        b"<< /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 /ItalicAngle 0 /Ascent 880 /Descent -120 "
        b"/CapHeight 700 /StemV 80 /FontBBox [0 -120 1000 880] >>",
    ]
    return demo_pdf._file(objects, b"", has_info=False)


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("level", ["", MARKS], ids=["vertical font", "level glyphs, vertical marks"])
@pytest.mark.parametrize("is_verse", [False, True], ids=["prose", "verse"])
def test_vertical_lines_are_read_from_right_to_left_band_by_band(level: str, seed: int | None, is_verse: bool) -> None:
    found = extract(page(level=level, seed=seed, is_verse=is_verse), ocr="never")
    assert "".join(found.text.split()) == "".join(BANDS)
    assert " " not in found.text and "|" not in found.text


COUPLETS = [
    ("春眠不覚暁日出", "処処聞啼鳥鳴声"),
    ("夜来風雨声高高", "花落知多少一二"),
    ("白日依山尽三四", "黄河入海流五六"),
]


def test_the_halves_of_vertical_verses_stay_together() -> None:
    """White parts all lines at one height, as it parts bands; those have longer lines."""
    place = [
        (RIGHT - PITCH * number, TOP - EM * (row + 8 * half), one)
        for number, couplet in enumerate(COUPLETS)
        for half, said in enumerate(couplet)
        for row, one in enumerate(said)
    ]
    found = extract(page_of([place], level=""), ocr="never")
    assert "".join(found.text.split()) == "".join(map("".join, COUPLETS))


def test_short_vertical_lines_end_where_their_author_ended_them() -> None:
    verses = ["雨ニモマケズ", "風ニモマケズ", "雪ニモ夏ノ暑サニモマケヌ", "慾ハナク", "決シテ瞋ラズ"]
    place = [
        [(RIGHT - PITCH * number, TOP - EM * row, one) for row, one in enumerate(verse)]
        for number, verse in enumerate(verses)
    ]
    text = extract(page_of(place, level=""), ocr="never").text
    assert text == "\n".join(verses).replace("マケヌ\n", "マケヌ")  # the longest leaves no room for another
