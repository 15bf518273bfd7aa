"""What the measuring stages know of Unicode: one row of class bits for every code point.

The tables come from Python's `unicodedata`, so that `UNICODE_VERSION` is part of what decides; what that module does
not know (White_Space, scripts written without spaces, marks that end a sentence) is listed here.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.text.unspaced import HAN_BLOCKS, TIBETAN, UNSPACED_LETTER_BLOCKS

UNICODE_VERSION: Final = unicodedata.unidata_version
CODE_POINTS: Final = 0x110000
_PLANES: Final = (range(0x40000), range(0xE0000, 0xF0000))
"""Where Unicode has given characters so far; planes 4 to 13 are empty, 15 and 16 are for private use."""

# Bits of the classes. A code point may have several.
SPACE: Final = 1  # property White_Space
LETTER: Final = 2  # general category L*
NUMBER: Final = 4  # general category N*
UPPER: Final = 8  # general category Lu or Lt
LOWER: Final = 16  # general category Ll
UNSPACED: Final = 32  # letter or number letter of a script written without spaces
TERMINAL: Final = 64  # ends a sentence when white space follows
WIDE_TERMINAL: Final = 128  # ends a sentence by itself
CLOSER: Final = 256  # quotation mark or bracket that may follow the mark that ends a sentence
END_QUOTE: Final = 512  # quotation mark that may end a quoted sentence
BULLET: Final = 1024  # bullet point wherever it begins a line
DASH_BULLET: Final = 2048  # bullet point where it begins a line and white space follows
SYLLABIC: Final = 4096  # letter of a script that writes a mark after each syllable and no spaces: Tibetan
SYLLABLE_END: Final = 8192  # such a mark
UNSPACED_LETTER: Final = 16384  # UNSPACED, and words have several of them: all but Han

WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
"""PropList.txt, White_Space. (`str.isspace` also holds of U+001C..U+001F, which Unicode counts as controls.)"""

TERMINALS: Final = ".!?…‼⁇⁈⁉؟۔।॥።፧፨။។"
WIDE_TERMINALS: Final = "。！？｡．"
END_QUOTES: Final = "\"'”’»」』"
CLOSERS: Final = END_QUOTES + "›)]}）】》〉］"
BULLETS: Final = "•‣⁃∙■□▪▫▶►▸○●◦·"
DASH_BULLETS: Final = "-*"
SYLLABLE_ENDS: Final = "་༌།༎༏༐༑༒༔"
"""Tibetan: tsheg, and the shads that stand in its place at the end of a phrase."""

_CATEGORY_BITS: Final = {
    "Lu": LETTER | UPPER, "Lt": LETTER | UPPER, "Ll": LETTER | LOWER, "Lm": LETTER, "Lo": LETTER,
    "Nd": NUMBER, "Nl": NUMBER, "No": NUMBER,
}  # fmt: skip
_LISTED: Final = (
    (WHITE_SPACE, SPACE),
    (TERMINALS, TERMINAL),
    (WIDE_TERMINALS, WIDE_TERMINAL),
    (CLOSERS, CLOSER),
    (END_QUOTES, END_QUOTE),
    (BULLETS, BULLET),
    (DASH_BULLETS, DASH_BULLET),
    (SYLLABLE_ENDS, SYLLABLE_END),
)


@functools.cache
def assigned() -> tuple[int, ...]:
    """The code points that Unicode gives a character: one in eight; the others have no property that we ask for."""
    codes = [code for plane in _PLANES for code in plane]
    kinds = map(unicodedata.category, map(chr, codes))
    return tuple(code for code, kind in zip(codes, kinds, strict=True) if kind not in ("Cn", "Co", "Cs"))


@functools.cache
def character_classes() -> NDArray[np.uint16]:
    """The class bits of every code point; built once a process (about 0.1 s)."""
    classes = np.zeros(CODE_POINTS, np.uint16)
    kinds = map(unicodedata.category, map(chr, assigned()))
    classes[np.array(assigned())] = [_CATEGORY_BITS.get(kind, 0) for kind in kinds]
    for blocks, bits in ((HAN_BLOCKS, UNSPACED), (UNSPACED_LETTER_BLOCKS, UNSPACED | UNSPACED_LETTER)):
        for code in (code for first, last in blocks for code in range(first, last + 1)):
            if unicodedata.category(chr(code)) in ("Lo", "Lm", "Nl"):
                classes[code] |= bits
    for code in range(TIBETAN[0], TIBETAN[1] + 1):
        if unicodedata.category(chr(code)) == "Lo":
            classes[code] |= SYLLABIC
    for characters, bit in _LISTED:
        for character in characters:
            classes[ord(character)] |= bit
    classes.setflags(write=False)
    return classes
