"""Characters that stand for something while wikitext is turned into text; XML 1.0 has none of them.

A template may give what only a later pass can read (a hole where a word is missing, the start of a quotation), and
what no pass may touch (a formula) is kept apart and stands in the text as a number between two of them.
"""

from __future__ import annotations

import re

from pipeline.extraction import references

KEPT_BEGIN, KEPT_END = "\x01", "\x02"
HOLE = "\x03"  # something that gave no text stood here: what is left around it may need mending
LOST = "\x04"  # a value that only the wiki can compute stood here: the brackets around it make no sense without it
PIPE = "\x05"  # a vertical bar that is text
BREAK = "\x06"  # a line break within a paragraph
CELL = "\x07"  # in a table, what stands before it on its cell are attributes
SUP, SUP_END, SUB, SUB_END = "\x0e", "\x0f", "\x10", "\x11"
QUOTE, QUOTE_END, POEM, POEM_END = "\x12", "\x13", "\x14", "\x15"  # each on a line of its own

_MARKS = dict.fromkeys(range(32)) | {ord("\n"): "\n", ord(BREAK): " "}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KEPT = re.compile(f"{KEPT_BEGIN}(\\d{{1,9}}){KEPT_END}")
_PIPE_ENTITIES = re.compile(r"&(?:#0*124|#[xX]0*7[cC]|vert|verbar|VerticalLine);")


class Kept:
    """Finished pieces of text, each standing in the wikitext as one short mark."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def keep(self, piece: str) -> str:
        """The mark that stands for `piece`."""
        self._pieces.append(piece)
        return f"{KEPT_BEGIN}{len(self._pieces) - 1}{KEPT_END}"

    def keep_block(self, piece: str) -> str:
        """The same, on a line of its own."""
        return f"\n{self.keep(piece)}\n"

    def restored(self, text: str) -> str:
        """`text` with the pieces in the places of their marks, and without any other mark."""
        return _KEPT.sub(lambda mark: self._pieces[int(mark[1])], text.replace(PIPE, "|")).translate(_MARKS)


def without_controls(text: str) -> str:
    """Plain line ends and spaces, and no control character, so that the marks are ours alone."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))


def unescaped(text: str) -> str:
    """HTML's character references as characters, a vertical bar's as the mark of one."""
    return references.unescaped(_PIPE_ENTITIES.sub(PIPE, text)) if "&" in text else text


def line(*modes: str) -> str:
    """Marks that stand on lines of their own."""
    return "\n" + "".join(f"{mode}\n" for mode in modes)
