"""Fences around code, as Markdown has them: backticks that the code itself does not hold."""

from __future__ import annotations

import re

_TICKS = re.compile(r"`{3,}")


def fence_for(code: str) -> str:
    """The fence of a block of code: three backticks, or one more than the longest run of them in it."""
    return "`" * max((len(run) + 1 for run in _TICKS.findall(code)), default=3)
