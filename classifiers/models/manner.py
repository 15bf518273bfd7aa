"""The manner of a text, without its topic: sentences, punctuation, lists, variety of words, set phrases.

Counted on the three windows that a model sees, each a rate, so that length alone tells little. All but the phrases are
the same in any language that ends sentences with marks; the phrases are English, a list of our own, and 0 elsewhere.
"""

from __future__ import annotations

import math
import re
from typing import Final

from classifiers.card.results import MannerWeights
from classifiers.models.preparation import windows

VERSION: Final = 1
"""Raise it when the same text may have another manner: models of another version are refused."""
VARIETY_WORDS: Final = 50
"""Distinct words are counted among the first of them: their share falls with length."""

_MARKS: Final = {
    "comma": ",，、",
    "colon": ";:；：",
    "dash": "–—",
    "bracket": "([{（",
    "quote": '"“”«»„',
    "apostrophe": "'’",
    "exclamation": "!！",
    "question": "?？",
    "ellipsis": "…",
    "star": "*#`",
}
_PHRASES: Final = {
    "importance": "crucial|essential|vital|pivotal|invaluable|significant(?:ly)?|importan(?:t|ce)|profound(?:ly)?|"
    r"key role|plays? an? \w+ role",
    "linking": "furthermore|moreover|additionally|however|therefore|ultimately|not only|as well as|while also|"
    r"by \w+ing",
    "ornament": "tapestry|landscape|realm|testament|journey|intricate|vibrant|nuanced|myriad|delv(?:e|es|ing)|"
    r"embark\w*|harness\w*|unlock\w*|navigat\w+|whispers?|embrac\w+",
    "benefit": r"foster\w*|enhanc\w+|empower\w*|ensur\w+|leverag\w+|optimi[sz]\w+|shap(?:e|es|ing)|cultivat\w+|"
    r"promot\w+|enrich\w*",
    "address": "have you ever|do you (?:think|ever)|did you know|let['’]?s (?:explore|remember)|"
    "it(?:['’]s| is) (?:fascinating|amazing|important|essential|interesting)|we (?:can|must|should)",
    "summary": "in conclusion|in summary|overall|in essence|to sum up|in today['’]s|as an ai",
}
_PHRASE = re.compile("|".join(rf"(?P<{name}>\b(?:{pattern})\b)" for name, pattern in _PHRASES.items()))
_SENTENCE = re.compile(r"(?<![.!?…。！？])[.!?…。！？]++(?=[\s\"'”’)\]]|$)")  # linear: a run of marks is tried once
_LIST = re.compile(r"^[ \t]*(?:[-*•]|\d{1,3}[.)])\s", re.MULTILINE)
NAMES: Final = (
    *("sentence_words", "sentence_spread", "upper", "digit", "line", "list_line"),
    *("distinct", "word_length", "word_length_spread"),
    *(f"mark_{name}" for name in _MARKS),
    *(f"phrase_{name}" for name in _PHRASES),
)


def manner_of(utf8: bytes | memoryview) -> tuple[float, ...]:
    """What NAMES says of a text; zeros for one without a word. Rates are a word's, of lines a line's; capped at 50."""
    text = windows(utf8).decode("utf-8", "ignore")
    words = text.split()
    if not words:
        return (0.0,) * len(NAMES)
    count = len(words)
    sentences = [len(part.split()) for part in _SENTENCE.split(text)]
    sentences = [size for size in sentences if size] or [count]
    lines = [line for line in text.split("\n") if line.strip()]
    lengths = [len(word) for word in words]
    lowered = text.lower()
    first = lowered.split()[:VARIETY_WORDS]
    phrases = dict.fromkeys(_PHRASES, 0)
    for found in _PHRASE.finditer(lowered):
        phrases[found.lastgroup or ""] += 1
    figures = (
        *_middle_and_spread(sentences),
        sum(map(str.isupper, text)) / count,
        sum(map(str.isdigit, text)) / count,
        (len(lines) - 1) / count,
        len(_LIST.findall(text)) / len(lines),
        len(set(first)) / len(first),
        *_middle_and_spread(lengths),
        *(sum(map(text.count, marks)) / count for marks in _MARKS.values()),
        *(number / count for number in phrases.values()),
    )
    return tuple(min(50.0, figure) for figure in figures)


def _middle_and_spread(sizes: list[int]) -> tuple[float, float]:
    """The mean, and the standard deviation over it."""
    mean = sum(sizes) / len(sizes)
    return mean, math.sqrt(sum((size - mean) ** 2 for size in sizes) / len(sizes)) / mean


def log_odds(weights: MannerWeights, manner: tuple[float, ...]) -> float:
    """Of being like the positives."""
    return math.fsum([weights.bias, *(w * value for w, value in zip(weights.weights, manner, strict=True))])
