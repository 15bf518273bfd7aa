"""Scripts that do not part words by spaces, as blocks of Unicode (inclusive)."""

from __future__ import annotations

from typing import Final

# Han, Hiragana, Katakana, and the scripts of class SA of UAX #14: Thai, Lao, Myanmar, Khmer, Tai Le, New Tai Lue, Tai
# Tham, Tai Viet, Ahom. Planes 2 and 3 are reserved for ideographs.
UNSPACED_LETTER_BLOCKS: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana phonetic extensions
    (0xA9E0, 0xA9FF),  # Myanmar extended
    (0xAA60, 0xAA7F),
    (0xAA80, 0xAADF),  # Tai Viet
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x11700, 0x1174F),  # Ahom
    (0x1AFF0, 0x1B16F),  # Kana supplement and extensions
)
HAN_BLOCKS: Final = (
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),  # ideographic iteration mark, closing mark, zero
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),  # compatibility ideographs
    (0x20000, 0x3FFFD),
)
UNSPACED_BLOCKS: Final = (*UNSPACED_LETTER_BLOCKS, *HAN_BLOCKS)
TIBETAN: Final = (0x0F00, 0x0FFF)
