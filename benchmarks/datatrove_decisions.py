"""Which of datatrove's English rules drop which text; run with the interpreter of the peer's environment.

    .peers/datatrove/bin/python datatrove_decisions.py TEXTS.json OUT.json

TEXTS.json: a list of `text` and `lines`. OUT.json: `terminal`, the characters that it takes for terminal punctuation;
`punctuation`, those that make no word; `pages`, for each text the rules that drop it, each asked alone, its words, and
the sentences of each of these lines. Imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION, split_into_sentences, split_into_words

LANGUAGE = "eng"
REPETITION: dict[str, dict[str, Any]] = {
    "dup_line_frac": {"dup_line_frac": 0.3},
    "dup_para_frac": {"dup_para_frac": 0.3},
    "dup_line_char_frac": {"dup_line_char_frac": 0.2},
    "dup_para_char_frac": {"dup_para_char_frac": 0.2},
    **{f"top_{n}_gram": {"top_n_grams": ((n, share),)} for n, share in ((2, 0.2), (3, 0.18), (4, 0.16))},
    **{f"duplicated_{n}_n_grams": {"dup_n_grams": ((n, (20 - n) / 100),)} for n in range(5, 11)},
}
QUALITY: dict[str, dict[str, float]] = {
    "gopher_short_doc": {"min_doc_words": 50},
    "gopher_long_doc": {"max_doc_words": 100_000},
    "gopher_below_avg_threshold": {"min_avg_word_length": 3},
    "gopher_above_avg_threshold": {"max_avg_word_length": 10},
    "gopher_too_many_bullets": {"max_bullet_lines_ratio": 0.9},
    "gopher_too_many_end_ellipsis": {"max_ellipsis_lines_ratio": 0.3},
    "gopher_below_alpha_threshold": {"max_non_alpha_words_ratio": 0.8},
    "gopher_enough_stop_words": {"min_stop_words": 2},
}
FINEWEB: dict[str, dict[str, float]] = {
    "line_punct_ratio": {"line_punct_thr": 0.12},
    "short_line_ratio": {"short_line_thr": 0.67},
    "char_dup_ratio": {"char_duplicates_ratio": 0.01},
    "list_ratio": {"new_line_ratio": 0.3},
}


def _alone(kind: Callable[..., BaseFilter], off: dict[str, Any], rules: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {name: kind(**{**off, **arguments}) for name, arguments in rules.items()}


def filters() -> dict[str, BaseFilter]:
    """Each rule as a filter that asks nothing else; the two on symbols share an argument and tell by their reason."""
    no_repetition = {name: None for name in REPETITION if name.startswith("dup_")}
    no_quality = {next(iter(arguments)): None for arguments in QUALITY.values()} | {"max_symbol_word_ratio": None}
    no_fineweb = {"line_punct_thr": 0.0, "short_line_thr": 1.0, "char_duplicates_ratio": 1.0, "new_line_ratio": 1e9}
    return {
        **_alone(GopherRepetitionFilter, {**no_repetition, "top_n_grams": (), "dup_n_grams": ()}, REPETITION),
        **_alone(GopherQualityFilter, no_quality, QUALITY),
        "symbols": GopherQualityFilter(**{**no_quality, "max_symbol_word_ratio": 0.1}),
        **_alone(FineWebQualityFilter, no_fineweb, FINEWEB),
        "c4": C4QualityFilter(filter_no_terminal_punct=False),
    }


def reasons(text: str, asked: dict[str, BaseFilter]) -> list[str]:
    """Of all filters that drop the text, the reason they give."""
    answers = [each.filter(Document(text=text, id="")) for each in asked.values()]
    return [answer[1] for answer in answers if answer is not True]


def main() -> None:
    """Judge every text."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    asked = filters()
    pages = [
        {
            "dropped": reasons(page["text"], asked),
            "words": split_into_words(page["text"], LANGUAGE),
            "sentences": {line: len(split_into_sentences(line, LANGUAGE)) for line in page["lines"] if line},
        }
        for page in given
    ]
    found = {"terminal": sorted(TERMINAL_PUNCTUATION), "punctuation": sorted(PUNCTUATION_SET), "pages": pages}
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
