"""What a benchmark's file writes around its items: the words that most begin or end with, and choices in a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

MIN_ITEMS = 20
"""Fewer items do not tell a template from a coincidence."""
MIN_SHARE = 0.6
MIN_WORDS = 3

_WORD = re.compile(r"\S+")
MIN_LABELS: Final = 3
"""Labels in a row within a line: two stand in prose as well ("Vitamin A. is .. Vitamin B. is ..")."""
MIN_ASKED: Final = 5
"""Words that a question keeps without choices that bear a letter or a number alone: what begins with them is a list."""
_LABELS = (
    re.compile(r"(?i)\b(?:answer|solution|option|choice|ending)\s?(\d)\s?[:.)]"),
    re.compile(r"(?<![\w'])\(?([A-J])\s?[).:](?=\s)"),
    re.compile(r"(?<![\w'])\(([a-j])\)"),
    re.compile(r"(?m)^\s*\(?(\d)\s?[).:](?=\s)"),
)
_LEAD = re.compile(r"(?i)[\s,;:]*(?:\b(?:the )?(?:answer )?(?:choices|options)(?: are)?\s*:)?\s*$")


def shared_ends(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words with which at least MIN_SHARE of the texts begin, and those with which so many end."""
    held = [_WORD.findall(text) for text in texts if text]
    if len(held) < MIN_ITEMS:
        return (), ()
    first = _shared(held, round(MIN_SHARE * len(held)))
    last = _shared([words[::-1] for words in held], round(MIN_SHARE * len(held)))
    return first, last[::-1]


def _shared(texts: list[list[str]], least: int) -> tuple[str, ...]:
    found: list[str] = []
    while texts:
        heads = Counter(words[len(found)] for words in texts if len(words) > len(found) + 1)
        if not heads:
            break
        word, count = min(heads.items(), key=lambda item: (-item[1], item[0]))
        if count < least:
            break
        texts = [words for words in texts if len(words) > len(found) + 1 and words[len(found)] == word]
        found.append(word)
    return tuple(found) if len(found) >= MIN_WORDS else ()


def without_ends(text: str, first: tuple[str, ...], last: tuple[str, ...]) -> str:
    """`text` without these words at its ends, where they are there."""
    words = list(_WORD.finditer(text))
    begin, end = 0, len(text)
    if first and tuple(word[0] for word in words[: len(first)]) == first:
        begin = words[len(first) - 1].end()
    if last and tuple(word[0] for word in words[-len(last) :]) == last:
        end = max(begin, words[-len(last)].start())
    return text[begin:end].strip()


def _is_row(text: str, marks: list[re.Match[str]]) -> bool:
    """Whether labels are those of choices: words with numbers ("Answer1:"), or apart from what they stand in."""
    asked = len(_WORD.findall(text[: marks[0].start()]))
    if marks[0].re is _LABELS[0]:
        return asked > 0
    apart = all(
        mark[0].lstrip().startswith("(") or not text[: mark.start()].rpartition("\n")[2].strip() for mark in marks
    )
    return len(marks) >= (2 if apart else MIN_LABELS) and asked >= MIN_ASKED


def split_choices(question: str) -> tuple[str, tuple[str, ...]]:
    """The question, and the choices that are written behind it with labels in a row ("(A) .. (B) ..")."""
    for labels in _LABELS:
        marks, wanted = [], 0
        for mark in labels.finditer(question):
            if (int(mark[1]) - 1 if mark[1].isdecimal() else ord(mark[1].upper()) - ord("A")) == wanted:
                marks.append(mark)
                wanted += 1
        if len(marks) >= 2 and _is_row(question, marks):
            stops = [*(mark.start() for mark in marks[1:]), len(question)]
            texts = [question[mark.end() : stop].strip(" ,;\n") for mark, stop in zip(marks, stops, strict=True)]
            lead = _LEAD.search(question, 0, marks[0].start())
            return question[: lead.start() if lead else marks[0].start()].strip(), tuple(texts)
    return question, ()
