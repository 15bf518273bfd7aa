"""Characters as PDFs hold them, made those that a reader sees: ligatures, symbol fonts, accents, superscripts."""

from __future__ import annotations

import functools
import re
import unicodedata
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
# The private use area U+F020 to U+F0FF is where Windows puts its symbol fonts: Symbol's letters by their own code
# (Adobe, symbol.txt), and the bullets and marks of Wingdings that word processors set.
_GREEK = dict(
    zip(
        range(0xF041, 0xF05B),
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ",
        strict=True,
    )
) | dict(zip(range(0xF061, 0xF07B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True))
_ASCII = {0xF000 + code: chr(code) for code in (*range(0x20, 0x41), 0x5B, 0x5D, 0x5F, 0x7B, 0x7C, 0x7D)} | {
    0xF022: "∀", 0xF024: "∃", 0xF027: "∋", 0xF02A: "∗", 0xF02D: "−", 0xF040: "≅",
}  # fmt: skip
_SIGNS = {
    0xF05C: "∴", 0xF05E: "⊥", 0xF07E: "∼", 0xF0A2: "′", 0xF0A3: "≤", 0xF0A5: "∞", 0xF0AB: "↔", 0xF0AC: "←", 0xF0AD: "↑",
    0xF0AE: "→", 0xF0AF: "↓", 0xF0B0: "°", 0xF0B1: "±", 0xF0B2: "″", 0xF0B3: "≥", 0xF0B4: "×", 0xF0B5: "∝", 0xF0B6: "∂",
    0xF0B9: "≠", 0xF0BA: "≡", 0xF0BB: "≈", 0xF0BC: "…", 0xF0C5: "⊕", 0xF0C7: "∩", 0xF0C8: "∪", 0xF0CC: "⊂", 0xF0CD: "⊆",
    0xF0CE: "∈", 0xF0CF: "∉", 0xF0D1: "∇", 0xF0D2: "®", 0xF0D3: "©", 0xF0D4: "™", 0xF0D5: "∏", 0xF0D6: "√", 0xF0D7: "⋅",
    0xF0DE: "⇒", 0xF0E5: "∑", 0xF0F2: "∫",
    # Wingdings; where Symbol has a letter (ν, λ, θ, ϖ), its bullet is what word processors set
    0xF0B7: "•", 0xF0A7: "▪", 0xF0A8: "▪", 0xF06E: "▪", 0xF06C: "•", 0xF071: "▪", 0xF076: "▪", 0xF0D8: "▪", 0xF0E0: "→",
    0xF0FC: "✓", 0xF0FB: "✗",
}  # fmt: skip
_SPACES = dict.fromkeys(
    [*range(9, 14), 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000], " "
)
_HYPHENS = {0x2010: "-", 0x2011: "-"}
_GONE = dict.fromkeys([*range(9), *range(14, 32), *range(127, 160), 0x200B, 0xFEFF, 0xFFFE, 0xFFFF])
_TABLE = {ord(key): value for key, value in _LIGATURES.items()} | _GREEK | _ASCII | _SIGNS | _SPACES | _HYPHENS | _GONE
_MAY_CHANGE = re.compile("[" + re.escape("".join(map(chr, sorted(_TABLE)))) + "]")

GONE, SEVERAL = -1, -2

_SUPERSCRIPTS = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
SUPERSCRIPTS = tuple(_SUPERSCRIPTS.items())
MAX_SUPERSCRIPT = 12  # characters of a number that is raised
_NUMBER_LIKE = re.compile(r"(?:[^\W_a-zA-Z]|[^\w]|n)*")  # digits, signs, n; no other letter

# TeX's old fonts have no accented letters: they draw the accent, then the letter (Computer Modern's OT1 encoding).
_TEX_FONT = re.compile(r"(?:^|\+)(?:CM|SFRM|MSBM|NimbusRom|Times-Roman$|LMRoman)")
_COMBINING = {"¨": "\u0308", "´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304", "˘": "\u0306",
              "ˇ": "\u030c", "˚": "\u030a", "˝": "\u030b", "¸": "\u0327", "˙": "\u0307"}  # fmt: skip
_ACCENT = re.compile("[" + "".join(_COMBINING) + "]")
_ACCENT_BEFORE = re.compile("([" + "".join(_COMBINING) + "]) ?([A-Za-zı])")
# An acute or grave accent is an apostrophe too: it´s, d´accord.
_ACCENT_AFTER = re.compile("([A-Za-zı])([¨ˆ˜ˇ˚˝¸]|[´`](?!(?:s|re|ve|ll|d|m|t)\\b)(?=[a-z]|\\s))")
_ACCENT_BEFORE_2 = re.compile("([¨ˆ˜ˇ˚˝])([A-Za-zı])")
_BASES = {"ı": "i"}


def cleaned(text: str) -> str:
    """Ligatures taken apart, symbol fonts in Unicode, every white space a space, no controls. Soft hyphens stay."""
    return text.translate(_TABLE) if _MAY_CHANGE.search(text) else text


def replacements() -> NDArray[np.int32]:
    """(65536,): what `cleaned` and `composed` make of a character: another one, GONE, or SEVERAL.

    SEVERAL: more than one, or one with its neighbours; ask them.
    """
    table = np.arange(1 << 16, dtype=np.int32)
    for code, new in _TABLE.items():
        table[code] = GONE if new is None else ord(new) if len(new) == 1 else SEVERAL
    accents = [ord(accent) for accent in _COMBINING if accent != "`"]
    table[np.isin(table, accents)] = SEVERAL
    return table


def as_superscript(text: str) -> str:
    """Digits and signs as Unicode's superscripts, so that 10 to the 6th does not become 106; else as it is."""
    core = text.strip()
    if core not in {"+", "-", "−", "n"} and not any(map(str.isdecimal, core)):
        return text
    return text.translate(_SUPERSCRIPTS) if len(core) <= MAX_SUPERSCRIPT and _NUMBER_LIKE.fullmatch(core) else text


def composed(text: str, font: str) -> str:
    """Letters and the accents drawn over them as one character: before the letter in TeX's old fonts, else after it."""
    if text.isascii() or not _ACCENT.search(text):
        return text
    if _TEX_FONT.search(font):
        return _ACCENT_BEFORE.sub(_with_accent, text)
    return _ACCENT_BEFORE_2.sub(_with_accent, _ACCENT_AFTER.sub(_with_accent, text))


def _with_accent(found: re.Match[str]) -> str:
    accent, letter = sorted(found.groups(), key=lambda part: part not in _COMBINING)
    whole = unicodedata.normalize("NFC", _BASES.get(letter, letter) + _COMBINING[accent])
    return whole if len(whole) == 1 else found[0]


def is_wide(character: str) -> bool:
    """Whether it is of a script that is written without spaces (Han, kana, their punctuation); False for none."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff" or "\uff00" <= character <= "\uffef"


MIN_LETTERS = 300  # fewer are too few to count
MIN_VOWEL_SHARE = 0.25  # real files have 0.37 to 0.43, ciphered ones 0.07 and 0.13
_LETTERS = ascii_lowercase.encode()
_VOWELS = b"aeiouy"
_ONE_LETTER = 1 << 32  # in a number that holds vowels, too
_LOST = re.compile("[\ufffd\ue000-\uf8ff]+")
_LONE_LOST = re.compile(r"(?<![^\s(\[])\ufffd+(?=\s|$|[A-Z]) ?")


def without_lone_lost(text: str) -> str:
    """Without U+FFFD that stands for a mark of its own (a bullet, an arrow); within words it stays, as evidence."""
    return _LONE_LOST.sub("", text) if "\ufffd" in text else text


def is_unreadable(text: str) -> bool:
    """Whether most of it has no Unicode value: fonts without a mapping give U+FFFD, private use, or controls."""
    lost = 0 if text.isascii() else sum(map(len, _LOST.findall(text)))
    return 2 * lost > len("".join(text.split()))


class Letters(NamedTuple):
    """Letters from a to z, in either case and with accents, and how many of them are vowels."""

    letters: int
    vowels: int


NO_LETTERS = Letters(0, 0)


def is_ciphered(text: str, counts: Letters) -> bool:
    """Whether a font gave wrong letters for those that it draws: too few vowels among a to z, accents put aside.

    Only of text with MIN_LETTERS of them, and where they are most of its letters: the abbreviations and symbols in a
    text of another script are no language. `counts`: those of the text.
    """
    letters, vowels = counts
    if letters < MIN_LETTERS or vowels >= MIN_VOWEL_SHARE * letters:
        return False
    return 2 * letters > sum(map(str.isalpha, unicodedata.normalize("NFD", text.lower())))


def letters_of(codes: NDArray[np.int32]) -> Letters:
    """Count them in characters (c,); of texts one after another, the counts add up."""
    letters, vowels = divmod(int(_of_letters().take(codes, mode="clip").sum()), _ONE_LETTER)
    return Letters(letters, vowels)


@functools.cache
def _of_letters() -> NDArray[np.int64]:
    """(0x2200,): the letters that a character is in lower case without its accents, _ONE_LETTER each, and its vowels.

    Beyond are scripts without any, and 0x21FF is none. Not at import: 20 ms that only who counts letters needs.
    """
    bare = [unicodedata.normalize("NFD", chr(code).lower()).encode("ascii", "ignore") for code in range(0x2200)]
    letters, vowels = ([len(each) - len(each.translate(None, of)) for each in bare] for of in (_LETTERS, _VOWELS))
    return _ONE_LETTER * np.array(letters) + np.array(vowels)
