"""The words of a page that are words at a glance: letters from a to z; compiled. Most are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.pdf.plausibility import LONGEST_WITHOUT_VOWEL, MAX_CHARACTERS, MAX_WORD, Plausibility, judged
from pipeline.extraction.pdf.textpage import I32, is_blank

A, Z, CAPITAL_A, CAPITAL_Z, TO_LOWER = 97, 122, 65, 90, 32
ZERO, NINE = 48, 57
NUMERIC = (36, 37, 40, 41, 43, 44, 45, 46, 47, 58)  # $%()+,-./: which count as nothing, with or without digits
OPENING, CLOSING, VOWELS = (34, 40), (34, 41, 44, 46, 58, 59), (97, 101, 105, 111, 117, 121)
ALONE = (119, 122)  # words of one letter besides vowels: w, z


@njit(cache=True)
def _of_letters(codes: I32, start: int, stop: int) -> tuple[bool, bool]:
    """Whether a piece is letters from a to z, of one case or but for the first small; and whether that is a word."""
    start += codes[start] in OPENING
    while stop > start and codes[stop - 1] in CLOSING:
        stop -= 1
    if not 1 <= stop - start <= MAX_WORD:
        return False, False
    first = codes[start] + TO_LOWER if CAPITAL_A <= codes[start] <= CAPITAL_Z else codes[start]
    are_small, are_capital, has_vowel = A <= first <= Z, first != codes[start], first in VOWELS
    for at in range(start + 1, stop):
        are_small &= A <= codes[at] <= Z
        are_capital &= CAPITAL_A <= codes[at] <= CAPITAL_Z
        has_vowel |= codes[at] in VOWELS or codes[at] + TO_LOWER in VOWELS
    if stop - start == 1:
        return are_small, has_vowel or first in ALONE
    return are_small or are_capital, has_vowel or stop - start <= LONGEST_WITHOUT_VOWEL


@njit(cache=True)
def _is_number(codes: I32, start: int, stop: int) -> bool:
    is_all = True
    for code in codes[start:stop]:
        is_all &= ZERO <= code <= NINE or code in NUMERIC
    return is_all


@njit(cache=True)
def _plain_words(codes: I32) -> Any:
    """Of pieces between white space, how many are words of letters, how many only letters; places (p, 2) of others, but
    for numbers.
    """
    words = others = count = start = 0
    places = np.empty((len(codes) // 2 + 1, 2), np.int32)
    for at in range(len(codes) + 1):
        if at < len(codes) and not is_blank(codes[at]):
            continue
        if at > start:
            is_plain, is_word = _of_letters(codes, start, at)
            words += is_plain and is_word
            others += is_plain and not is_word
            if not is_plain and not _is_number(codes, start, at):
                places[count, 0], places[count, 1] = start, at
                count += 1
        start = at + 1
    return words, others, places[:count]


def plausibility_of(codes: I32, text: str) -> Plausibility:
    """As `plausibility`, of a text and the characters (c,) that it is."""
    words, others, places = _plain_words(codes[:MAX_CHARACTERS])
    rest = judged([text[start:stop] for start, stop in places.tolist()])
    return Plausibility(rest.words + words, rest.pieces + words + others)
