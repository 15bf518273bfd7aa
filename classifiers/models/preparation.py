"""What of a text a model sees: one function, shared by training and by the stages, with a version."""

from __future__ import annotations

from typing import Final

VERSION: Final = 1
"""Raise it when the same text may be prepared otherwise: models of another version are refused."""

WINDOWS: Final = 3
WINDOW_BYTES: Final = 1000
"""From the start, the middle and the end: the work on a document is bounded, and a menu at the top does not decide."""

_BYTES: Final = bytes.maketrans(b"\0" + b"123456789", b" " + b"0" * 9)
_ADDRESS_MARKS: Final = ("://", "www.", "@")
_LABEL_MARK, _END_OF_LINE = "__label__", "</s>"


def windows(utf8: bytes | memoryview) -> bytes:
    """The bytes that decide: all of a short text, else WINDOWS windows of WINDOW_BYTES joined by a space.

    A window may cut a character at its ends.
    """
    size = len(utf8)
    if size <= WINDOWS * WINDOW_BYTES:
        return bytes(utf8)
    starts = [(size - WINDOW_BYTES) * index // (WINDOWS - 1) for index in range(WINDOWS)]
    return b" ".join(bytes(utf8[start : start + WINDOW_BYTES]) for start in starts)


def tidy(text: str) -> str:
    """One line of lower-case words with one space between them.

    Words with `://`, `www.` or `@` are left out: most addresses, which name their source and belong to no model's
    vocabulary; `example.com/login` is kept. What fastText would read as a label or as the end of the line is broken up.
    """
    text = text.lower()
    if _LABEL_MARK in text or _END_OF_LINE in text:
        text = text.replace(_LABEL_MARK, " label ").replace(_END_OF_LINE, " s ")
    words = text.split()
    for mark in _ADDRESS_MARKS:
        if mark in text:
            words = [word for word in words if mark not in word]
    return " ".join(words)


def prepare(utf8: bytes | memoryview) -> str:
    """The line that stands for a text of that UTF-8; digits are all 0. Empty where the text is blank.

    Line breaks are hidden: how a source wraps its lines would tell the source. Lower case and white space are Python's
    (its Unicode tables are part of a recipe).
    """
    return tidy(windows(utf8).translate(_BYTES).decode("utf-8", "ignore"))
