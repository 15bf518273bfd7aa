"""Strangers' names as people see them: nothing hidden in them, and columns of them as wide as a terminal draws them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rich.cells import cell_len

# Categories whose characters cannot be seen or would reorder their neighbours: controls, formats (bidi among them),
# surrogates, private use, unassigned, line and paragraph separators
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """`text` with every character that cannot be seen, or that would reorder its neighbours, spelled ⟨U+202E⟩."""
    return "".join(f"⟨U+{ord(one):04X}⟩" if unicodedata.category(one) in _UNSEEN else one for one in text)


def aligned(names: Sequence[str]) -> list[str]:
    """Each name with blanks up to the widest, so that whatever stands behind them is in line.

    Cells of a terminal are counted, not characters: a Chinese character takes two, a combining mark none.
    """
    shown = [visible(one) for one in names]
    widths = [cell_len(one) for one in shown]
    return [one + " " * (max(widths) - width) for one, width in zip(shown, widths, strict=True)]
