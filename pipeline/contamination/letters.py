"""How many letters say what a word says, in scripts without spaces: there each letter is a word of its own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

THAI_A_WORD, HAN_A_WORD = 4, 2
"""Letters of Thai and its like, and of Chinese or Japanese, that a word has on average."""
_THAI: Final = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]")
_HAN: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")


@lru_cache(maxsize=4096)
def letters_a_word(text: str) -> int:
    """THAI_A_WORD or HAN_A_WORD where most letters are of such a script (Lao, Khmer, Burmese, Tibetan too), else 1."""
    letters = sum(map(str.isalpha, text))
    for script, count in ((_THAI, THAI_A_WORD), (_HAN, HAN_A_WORD)):
        if 2 * len(script.findall(text)) > letters:
            return count
    return 1


def is_alphabet(text: str) -> bool:
    """Whether it is in letters of which a few say little: other sentences about a subject agree in most of theirs."""
    return letters_a_word(text) == THAI_A_WORD
