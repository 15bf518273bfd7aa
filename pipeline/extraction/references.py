"""HTML's character references (`&amp;`, `&#8212;`) as the characters that they name."""

from __future__ import annotations

import html
import re

_LONG = re.compile(r"&#(?=[0-9]{64})0*([0-9]{1,8})[0-9]*")  # int() reads 4,300 digits at most, zeros among them
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def unescaped(text: str) -> str:
    """`text` with its character references resolved, once; only those that end in a semicolon are such.

    None of them names a control character: HTML gives those that would no meaning, and zero is U+FFFD.
    """
    return _REFERENCE.sub(lambda reference: html.unescape(reference[0]), text) if "&" in text else text


def web_unescaped(text: str) -> str:
    """`text` with its character references resolved as browsers do, those without a semicolon too. Total.

    Of a long decimal reference the first eight digits decide: they are beyond the last code point already.
    """
    return html.unescape(_LONG.sub(r"&#\1", text)) if "&" in text else text
