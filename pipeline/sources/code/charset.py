"""The characters of a source file: by its mark, as UTF-8, as it declares, or in the one old encoding that it can be."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

from pipeline.extraction.charset import HIGH_RUN, MARKS, TWO_BYTE, codec_of, guesses, high_bytes

_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
# PEP 263; the same words stand in Emacs and Vim mode lines of other languages.
_COOKIE = re.compile(rb"^[^\n]{0,120}?coding[:=][ \t]*([-\w.]{1,40})", re.ASCII)
_NOT_TEXT = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\b\x1b")) + b"\x7f"
MAX_CONTROL_SHARE: Final = 100  # at most one control character in so many bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text and the Python name of its encoding; or no text and the reason: binary or bad_charset."""

    text: str = ""
    charset: str | None = None
    reason: str = ""


def decode(content: bytes) -> Decoded:
    """The text of a file, with its lines ended by line feeds and its byte order mark gone. Total.

    Binary is what has a zero byte and no UTF-16 mark, or a control character in a hundred bytes. Without a mark it is
    UTF-8, else what its coding line says, else windows-1252 where the bytes beyond ASCII stand as they do in Western
    words (most of them alone between ASCII), else the East Asian or Cyrillic encoding that uchardet finds. Every
    encoding has to decode all bytes.
    """
    for mark, charset in MARKS:
        if content.startswith(mark) and not content.startswith(_UTF_32):
            text = _strict(content[len(mark) :], charset)
            if text is None:
                return Decoded(reason="bad_charset")
            return Decoded(reason="binary") if "\0" in text else Decoded(_lines(text), charset)
    controls = len(content) - len(content.translate(None, _NOT_TEXT))
    if controls and (b"\0" in content or controls * MAX_CONTROL_SHARE > len(content)):
        return Decoded(reason="binary")
    text = _strict(content, "utf-8")
    if text is not None:
        return Decoded(_lines(text), "utf-8")
    for charset in _old_charsets(content):
        text = _strict(content, charset)
        if text is not None:
            return Decoded(_lines(text), charset)
    return Decoded(reason="bad_charset")


def _old_charsets(content: bytes) -> list[str]:
    """What a file that is not UTF-8 may be in, the likeliest first."""
    found = [codec for line in content.split(b"\n", 2)[:2] if (codec := _declared(line)) not in (None, "utf-8")]
    alone = sum(1 for run in HIGH_RUN.findall(content) if len(run) == 1)
    if alone * 10 >= high_bytes(content) * 8:  # German and French words; also a degree sign or a copyright sign
        found.append("cp1252")
    else:
        found += [guess for guess in guesses(content) if guess in TWO_BYTE or guess in ("cp1251", "koi8-u", "cp866")]
    return [codec for codec in found if codec is not None]


def _declared(line: bytes) -> str | None:
    cookie = _COOKIE.match(line)
    return codec_of(cookie[1].decode("ascii").removesuffix("-unix").removesuffix("-dos")) if cookie else None


def _strict(content: bytes, charset: str) -> str | None:
    try:
        return content.decode(charset)
    except UnicodeError:
        return None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
