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
KOREAN = "오늘은 날씨가 좋아서 아이들이 저녁까지 공원에서 놀았다. " * 4
TAIWANESE = "臺北市是中華民國的首都，也是臺灣的政治、經濟、文化中心。" * 6
UKRAINIAN = "Сьогодні в місті гарна погода, і діти граються в парку до самого вечора, їхні ґави теж є. " * 4
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


# The table of WHATWG's Encoding, 4.2, but for encodings that no page is read in here.
LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859-2": ("csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"),
    "iso8859-3": ("csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3"),
    "iso8859-4": ("csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4"),
    "iso8859-5": ("csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988"),
    "iso8859-6": (
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 "
        "iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"
    ),
    "iso8859-7": (
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 "
        "iso_8859-7 iso_8859-7:1987 sun_eu_greek"
    ),
    "iso8859-8": (
        "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 "
        "iso88598 iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical"
    ),
    "iso8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac-roman": "csmacintosh mac macintosh x-mac-roman",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": (
        "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
        "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252 "
        "x-user-defined"
    ),
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": (
        "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 "
        "l5 latin5 windows-1254 x-cp1254"
    ),
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso2022_jp": "csiso2022jp iso-2022-jp",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "cp949": (
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949"
    ),
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
}


@pytest.mark.parametrize("codec", LABELS)
def test_every_label_of_whatwg_is_known(codec):
    assert {label: codec_of(label) for label in LABELS[codec].split()} == dict.fromkeys(LABELS[codec].split(), codec)


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
        (JAPANESE.encode("iso2022_jp"), None, "iso2022_jp"),
        (JAPANESE.encode("iso2022_jp"), "utf-8", "iso2022_jp"),
        (JAPANESE.encode() + b"\x1b$B", None, "utf-8"),  # an escape, but not in ASCII
        (b"\x1b[31m red \x1b[0m", None, "utf-8"),  # other escapes than to kanji
        (b"<p>\x1b$B\x7f\x7f", None, "utf-8"),  # nothing that ISO-2022-JP has
        (KOREAN.encode("euc_kr"), None, "cp949"),
        (KOREAN.encode("cp949"), "utf-8", "cp949"),
        (KOREAN.encode("cp949"), "iso-8859-1", "cp949"),
        (b"<meta charset=iso-8859-1>" + KOREAN.encode("euc_kr"), None, "cp949"),
        (TAIWANESE.encode("big5"), None, "big5hkscs"),
        (UKRAINIAN.encode("koi8-u"), None, "koi8-u"),
        (RUSSIAN.encode("koi8-r"), None, "koi8-u"),  # the same letters
        (RUSSIAN.encode("koi8-r"), "koi8-r", "koi8-r"),
        (("<html>" + RUSSIAN).encode("utf-16-le"), None, "utf-16-le"),  # no mark, and each byte is below 128
        (("\r\n <!DOCTYPE html>" + CHINESE).encode("utf-16-be"), None, "utf-16-be"),
        (("<html>" + CHINESE).encode("utf-16-le"), "utf-16-le", "utf-16-le"),  # seven NULs in a hundred bytes
        (("<html>" + CHINESE).encode("utf-16-be"), "utf-8", "utf-16-be"),
        (b"<\0html>" + FRENCH.encode("cp1252"), None, "cp1252"),  # one NUL too many is not 16 bits
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
