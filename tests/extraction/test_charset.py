"""Whom the decoding of a page believes: the mark, the bytes, the header, the page; and that it always answers."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.charset import codec_of, decode

RUSSIAN = "Сегодня в городе хорошая погода, и дети играют в парке до самого вечера. " * 4
CHINESE = "今天天气很好，孩子们在公园里玩到很晚才回家，老人们坐在长椅上聊天。" * 4
JAPANESE = "今日は天気がいいので、子供たちは夕方まで公園で遊んでいました。" * 4
FRENCH = "L'été dernier, nous avons mangé des crêpes près de la forêt. " * 4


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("gb2312", "gb18030"),
        ("GBK", "gb18030"),
        ("latin-1", "cp1252"),
        ("ISO-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("shift_jis", "cp932"),
        ("Shift-JIS", "cp932"),
        ("x-sjis", "cp932"),
        ("euc-kr", "cp949"),
        ("ks_c_5601-1987", "cp949"),
        ("big5", "big5hkscs"),
        ("iso-8859-9", "cp1254"),
        ("tis-620", "cp874"),
        ("utf8", "utf-8"),
        (' "UTF-8" ', "utf-8"),
        ("utf-16", "utf-16-le"),
        ("koi8-r", "koi8-r"),
        ("rot13", None),
        ("zlib", None),
        ("idna", None),
        ("no such charset", None),
        ("", None),
        (None, None),
        ("utf-8\0", None),
    ],
)
def test_labels_mean_what_whatwg_says(label, codec):
    assert codec_of(label) == codec


@pytest.mark.parametrize(
    ("data", "declared", "charset"),
    [
        (codecs.BOM_UTF8 + b"<meta charset=gbk>", "gbk", "utf-8"),
        (codecs.BOM_UTF16_LE + "hello".encode("utf-16-le"), "utf-8", "utf-16-le"),
        (CHINESE.encode(), "gbk", "utf-8"),  # the header is wrong: valid UTF-8 is UTF-8
        (CHINESE.encode("gb18030"), None, "gb18030"),  # nobody says anything
        (CHINESE.encode("gb18030"), "utf-8", "gb18030"),  # the header is wrong
        (b"<meta charset=utf-8>" + CHINESE.encode("gbk"), "gb2312", "gb18030"),
        ("联通".encode("gbk"), "gbk", "gb18030"),  # by chance valid UTF-8; too short to call the header a liar
        (RUSSIAN.encode("cp1251"), "windows-1251", "cp1251"),
        (RUSSIAN.encode("cp1251"), "iso-8859-1", "cp1251"),  # the server's default label
        (
            b'<meta http-equiv=content-type content="text/html; charset=koi8-r">' + RUSSIAN.encode("koi8-r"),
            None,
            "koi8-r",
        ),
        (b"<!-- <meta charset=koi8-r> --><meta charset=windows-1251>" + RUSSIAN.encode("cp1251"), None, "cp1251"),
        (b'<?xml version="1.0" encoding="windows-1251"?>' + RUSSIAN.encode("cp1251"), None, "cp1251"),
        (JAPANESE.encode("cp932"), "shift_jis", "cp932"),
        (JAPANESE.encode("euc_jp"), None, "euc_jp"),
        (JAPANESE.encode("iso2022_jp"), "iso-2022-jp", "iso2022_jp"),
        (FRENCH.encode("cp1252"), None, "cp1252"),
        (FRENCH.encode("cp1252"), "utf-8", "cp1252"),
        (FRENCH.encode() + b"\xe9", "utf-8", "utf-8"),  # one bad byte in many
        (FRENCH.encode()[: FRENCH.encode().index(b"\xa9") + 1] + b"\xc3", None, "utf-8"),  # cut within a character
        (b"<meta charset=utf-16>plain", None, "utf-8"),
        (b"plain", "utf-16", "utf-8"),  # no such thing in ASCII bytes
        (b"plain", "iso-8859-1", "utf-8"),
        (b"", None, "utf-8"),
    ],
)
def test_whom_we_believe(data, declared, charset):
    assert decode(data, declared).charset == charset


@given(
    st.binary(max_size=4000), st.sampled_from([None, "gbk", "utf-16", "iso-2022-jp", "big5", "x-user-defined", "\0"])
)
@settings(deadline=None)
def test_every_bytes_have_one_text_that_can_be_written(data, declared):
    answer = decode(data, declared)
    answer.text.encode("utf-8")
    assert answer == decode(data, declared)
    assert answer.utf8 is None or answer.utf8.decode() == answer.text


@pytest.mark.parametrize("text", ["", "a", "é", "aé", "中", "a中", "𝄞", "𝄞𝄞"])
def test_of_a_page_cut_within_a_character_text_and_bytes_are_the_same(text):
    for size in range(len((text + "𝄞").encode()) + 1):
        answer = decode((text + "𝄞").encode()[:size])
        assert answer.charset == "utf-8"
        assert answer.utf8 is not None
        assert answer.utf8.decode() == answer.text


@given(st.text(max_size=500))
@settings(deadline=None)
def test_utf8_is_read_as_it_is(text):
    if not text.startswith("\ufeff"):
        assert decode(text.encode("utf-8", "replace"), "utf-8").text == text.encode("utf-8", "replace").decode()
