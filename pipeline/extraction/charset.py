"""The character encoding of a web page: what it declares, what its bytes say, and whom to believe.

Browsers believe a declaration (WHATWG Encoding, HTML 13.2.3); a corpus cannot, for nobody looks at the page and
corrects it. So a declared encoding is measured, and one that does not fit the bytes is not believed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from resiliparse.parse.encoding import detect_encoding

META_BYTES = 4096  # WHATWG looks at 1,024; pages that put the declaration behind a long comment or script are common
DETECT_BYTES = 1 << 16
MAX_BAD_SHARE = (1, 50)  # of the bytes beyond ASCII: pages that quote another encoding here and there stay readable
AMBIGUOUS_BYTES = 12  # four ideographs in UTF-8: below that, GBK text is now and then valid UTF-8 by chance

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# A page that begins with a tag in 16 bits a character, without a mark (XML 1.0, appendix F.1): in no other encoding has
# a NUL a place beside "<".
_TAG_LE = re.compile(rb"(?:[\t\n\f\r ]\0)*+<\0[!?/A-Za-z]\0")
_TAG_BE = re.compile(rb"(?:\0[\t\n\f\r ])*+\0<\0[!?/A-Za-z]")
_TO_KANJI = (b"\x1b$B", b"\x1b$@")  # ISO-2022-JP's way out of ASCII; what terminals are told begins otherwise
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_META = re.compile(rb"""<meta\b[^>]{0,1024}?\bcharset\s*+=\s*+["']?+\s*+([A-Za-z0-9][\w.:()+-]{0,39})""", re.IGNORECASE)
_XML = re.compile(rb"""<\?xml\b[^>]{0,256}?\bencoding\s*=\s*["']([A-Za-z0-9][\w.:-]{0,39})["']""", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
HIGH_RUN = re.compile(rb"[\x80-\xff]+")

# Where WHATWG's table of labels (Encoding, 4.2) means another encoding than Python's name for the label does: the
# superset that browsers use. Python's canonical names, after `codecs.lookup`.
_SUPERSET = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "utf-16": "utf-16-le",
    "utf-8-sig": "utf-8",
}
# Labels of WHATWG's table that Python does not know, or knows as something else, and a few that only pages use.
_LABELS = {
    label: codec
    for codec, labels in {
        "utf-8": "unicode-1-1-utf-8 x-unicode20utf8 unicode20utf8 unicode11utf8",
        "utf-16-le": "unicode ucs-2 csunicode iso-10646-ucs-2 unicodefeff",
        "utf-16-be": "unicodefffe",
        "cp1250": "x-cp1250",
        "cp1251": "x-cp1251 win-1251 windows1251",
        "cp1252": "latin-1 x-cp1252 win-1252 windows1252 x-user-defined iso88591",
        "cp1253": "x-cp1253",
        "cp1254": "x-cp1254 iso88599",
        "cp1255": "x-cp1255",
        "cp1256": "x-cp1256",
        "cp1257": "x-cp1257",
        "cp1258": "x-cp1258",
        "cp874": "windows-874 dos-874 iso885911",
        "iso8859-2": "iso88592",
        "iso8859-3": "iso88593",
        "iso8859-4": "iso88594",
        "iso8859-5": "iso88595",
        "iso8859-6": "iso88596 csiso88596e csiso88596i iso-8859-6-e iso-8859-6-i",
        "iso8859-7": "iso88597 sun_eu_greek",
        "iso8859-8": "iso-8859-8-i iso-8859-8-e iso88598 csiso88598e csiso88598i visual logical",
        "iso8859-10": "iso885910",
        "iso8859-13": "iso885913",
        "iso8859-14": "iso885914",
        "iso8859-15": "iso885915 csisolatin9",
        "koi8-r": "koi koi8",
        "koi8-u": "koi8-ru",
        "mac-roman": "mac csmacintosh x-mac-roman",
        "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
        "gb18030": "x-gbk gb_2312 gb_2312-80 csgb2312",
        "big5hkscs": "x-x-big5 cn-big5",
        "euc_jp": "x-euc-jp cseucpkdfmtjapanese",
        "cp932": "x-sjis ms_kanji windows-31j",
        "cp949": "ks_c_5601-1989 windows-949 korean ksc_5601 iso-ir-149 cseuckr csksc56011987",
    }.items()
    for label in labels.split()
}
# What a page may be decoded with. Python's codecs have more, among them rot13, zlib and EBCDIC, which no page means.
_WEB = {
    *("utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "euc_jp", "cp932", "iso2022_jp", "cp949", "cp866"),
    *("cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
    *(f"cp125{page}" for page in range(9)),
    *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
}
_SEVEN_BIT = frozenset({"iso2022_jp", "utf-16-le", "utf-16-be"})  # their text may be ASCII bytes, and so valid UTF-8
_BEYOND_ASCII = bytes(range(0x80, 0x100))
TWO_BYTE = frozenset({"gb18030", "big5hkscs", "euc_jp", "cp932", "cp949"})


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text and the Python name of the encoding it was decoded from; `utf8` where the page has that text in UTF-8."""

    text: str
    charset: str
    utf8: bytes | None = field(default=None, repr=False, compare=False)


def codec_of(label: str | None) -> str | None:
    """The codec that a label of the web means, as WHATWG maps labels; None where it names nothing we decode."""
    if label is None:
        return None
    name = label.strip(" \t\r\n\f\"'").lower()
    codec = _LABELS.get(name)
    if codec is None and name.isascii() and "\0" not in name:
        try:
            codec = codecs.lookup(name).name
        except (LookupError, ValueError):
            return None
    codec = _SUPERSET.get(codec or "", codec)
    return codec if codec in _WEB else None


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """The text of a page; `declared` is the charset of the HTTP header. Total: every `bytes` has an answer.

    In this order: a byte order mark, or a tag in 16 bits a character; valid UTF-8 (unless a two-byte encoding is
    declared and the page is nearly ASCII, or ASCII turns to kanji); the header, then the page's own declaration,
    where at most 1 in 50 of the bytes beyond ASCII do not decode; UTF-8 by the same measure; the encoding that
    uchardet finds in the first bytes; Korean; windows-1252.
    """
    marked = _by_mark(data)
    if marked is not None:
        return marked
    claims = [codec for codec in (codec_of(declared), _meta(data)) if codec is not None]
    seven_bit = claims[0] if claims and claims[0] in _SEVEN_BIT else None
    strict = None if seven_bit is not None else _strict_utf8(data)
    if strict is not None and not (claims and claims[0] in TWO_BYTE and 0 < high_bytes(data) < AMBIGUOUS_BYTES):
        if not _turns_to_kanji(data):
            return strict
        claims = ["iso2022_jp"]
    high = high_bytes(data)
    for codec in chain(claims, ("utf-8",), guesses(data)):
        text = data.decode(codec, "replace")
        if _fits(data, text, codec, high):
            return Decoded(text, codec)
    return Decoded(data.decode("cp1252", "replace"), "cp1252")


def high_bytes(data: bytes) -> int:
    """How many bytes of `data` are beyond ASCII."""
    return len(data) - len(data.translate(None, _BEYOND_ASCII))


def guesses(data: bytes) -> Iterator[str]:
    """What `data` that is not UTF-8 may be in by its bytes alone, the likeliest first; none of it has to fit."""
    guess = codec_of(detect_encoding(data, DETECT_BYTES))
    if guess == "koi8-r":
        guess = "koi8-u"  # which uchardet does not know: the same but for frames where Ukrainian has four letters
    if guess is not None:
        yield guess
    if guess == "gb18030":
        yield "big5hkscs"  # uchardet takes some of it for gb18030
    if _is_korean(data[:DETECT_BYTES]):
        yield "cp949"


def _by_mark(data: bytes) -> Decoded | None:
    for mark, codec in MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(codec, "replace"), codec)
    for tag, codec in ((_TAG_LE, "utf-16-le"), (_TAG_BE, "utf-16-be")):
        if tag.match(data):
            return Decoded(data.decode(codec, "replace"), codec)
    return None


def _turns_to_kanji(data: bytes) -> bool:
    """Whether ASCII `data` has the escapes of ISO-2022-JP."""
    return any(escape in data for escape in _TO_KANJI) and data.isascii()


def _is_korean(data: bytes) -> bool:
    """Whether three in four characters beyond ASCII are syllables under EUC-KR's superset (uchardet's name for it is
    none that resiliparse knows); of GB2312's Chinese some half would be, so it is asked last."""
    return len(_HANGUL.findall(data.decode("cp949", "replace"))) * 8 >= high_bytes(data) * 3


def _meta(data: bytes) -> str | None:
    """What the page says of itself; one that says UTF-16 in ASCII bytes is UTF-8 (HTML 13.2.3.2, step 15)."""
    head = _COMMENT.sub(b"", data[:META_BYTES])
    found = _META.search(head) or _XML.search(head)
    codec = codec_of(found[1].decode("ascii")) if found else None
    return "utf-8" if codec in ("utf-16-le", "utf-16-be") else codec


def _strict_utf8(data: bytes) -> Decoded | None:
    """`data` as UTF-8; a character cut off at the very end is left out, because crawlers cut pages at a byte."""
    try:
        return Decoded(data.decode("utf-8"), "utf-8", data)
    except UnicodeDecodeError as fault:
        if fault.reason == "unexpected end of data" and fault.start >= len(data) - 3:
            whole = data[: fault.start]
            return Decoded(whole.decode("utf-8"), "utf-8", whole)
        return None


def _fits(data: bytes, text: str, codec: str, high: int) -> bool:
    """Whether `text` is what `data` says under `codec`, measured over the `high` bytes beyond ASCII."""
    bad = text.count("\ufffd")
    if codec == "cp1252":
        # Python leaves five bytes of windows-1252 undefined. Western text seldom has four bytes beyond ASCII in a row;
        # text in which most of them stand so is another encoding under the server's default label.
        runs = sum(len(run) for run in HIGH_RUN.findall(data) if len(run) >= 4)
        return runs * 2 <= high
    if codec == "gb18030":  # where Big5's characters come to stand; a page of Chinese has few of them, if any
        bad += len(_PRIVATE.findall(text))
    if codec.startswith("utf-16"):
        return bad * 100 <= len(text) and data.count(b"\0") * 8 >= len(data)
    return bad * MAX_BAD_SHARE[1] <= high * MAX_BAD_SHARE[0]
