"""Numbers as the terminal says them."""

from __future__ import annotations

BYTES_PER_TOKEN = 4.0
"""Of English prose in a vocabulary of 128,000: 3.94 characters (Llama 3, arXiv:2407.21783, 3.2), nearly all of a byte.

Other languages, code and smaller vocabularies need more tokens for the same bytes.
"""


def counted(number: int, one: str, many: str) -> str:
    """`1 copy`, `2 copies`."""
    return f"{number:,} {one if number == 1 else many}"


def size(count: float) -> str:
    """Bytes in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def duration(seconds: float) -> str:
    """To the second below an hour, to the minute above; 0 s where a clock went back."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def tokens(text_bytes: int) -> str:
    """About how many tokens so many bytes of text are, two digits of it."""
    count = float(f"{text_bytes / BYTES_PER_TOKEN:.1e}")
    for unit, name in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:.0f}"
