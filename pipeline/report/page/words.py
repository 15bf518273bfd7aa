"""Where two texts differ, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from pipeline.report.page.markup import Html, escaped, joined, tag

MAX_WORDS = 160  # of each text: the comparison is quadratic, and a reader needs the beginning


def _pieces(text: str) -> list[str]:
    """Words with the white space that follows them; together they are `text`."""
    return re.findall(r"\s*\S+\s*|\s+", text)


def beginning(text: str) -> tuple[list[str], str]:
    """The first MAX_WORDS words, and the mark of what was cut (empty where nothing was)."""
    pieces = _pieces(text)
    return pieces[:MAX_WORDS], " …" if len(pieces) > MAX_WORDS else ""


def compared(removed: str, survivor: str) -> tuple[Html, Html]:
    """Both texts as markup: what only the first has stands in `<del>`, what only the second has in `<ins>`."""
    (left, left_cut), (right, right_cut) = beginning(removed), beginning(survivor)
    matcher = SequenceMatcher(None, [word.strip() for word in left], [word.strip() for word in right], autojunk=False)
    shown: tuple[list[str], list[str]] = ([], [])
    for kind, left_from, left_to, right_from, right_to in matcher.get_opcodes():
        runs = "".join(left[left_from:left_to]), "".join(right[right_from:right_to])
        for side, mark, run in zip(shown, ("del", "ins"), runs, strict=True):
            body = run.rstrip()
            side.append(escaped(run) if kind == "equal" else joined((tag(mark, body), run[len(body) :])) if run else "")
    return joined((*shown[0], left_cut)), joined((*shown[1], right_cut))
