"""How many openly licensed texts stay open with a restriction in words of no list put into or beside them.

`PYTHONPATH=. python benchmarks/licence_restrictions.py [--half seen|unseen] [--each N] [--show]`: the restrictions are
those of tests/licences/gold/restrictions.tsv, in six registers; half of each register, by a seed, were at hand while
the rules were written (seen), the others are for measuring alone (unseen). They are put at seven places of every
openly licensed text of the gold set and of a few notices, plain and as comments over code; N of them at each place.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from pipeline.licences import identify
from pipeline.licences.files import class_of_matches

DATA = Path("../shared/data/licences/licence_texts.jsonl.gz")
RESTRICTIONS = Path("tests/licences/gold/restrictions.tsv")
SEED = 20261129
OPEN = {"public-domain", "permissive"}
NOTICES = (
    "Licensed under the MIT License.",
    "Copyright (c) 2020 Ada Example\nLicensed under the Apache License, Version 2.0.",
    "This program is released under the terms of the Boost Software License, Version 1.0.",
    "This file is part of Foo.\n\nCopyright 2019-2021 The Foo Authors\n\nThis file is distributed under the MIT"
    " license.\nSee the file LICENSE for details.",
)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_SENTENCE = re.compile(r"(?<=[a-z]{3})\.(?=\s)")
_WORD = re.compile(r"(?<=\w{3}) (?=[a-z]{2})")
_COPYRIGHT = re.compile(r"^.*\bcopyright\b.*\b\d{4}\b.*$", re.IGNORECASE | re.MULTILINE)


def halves() -> dict[str, list[tuple[str, str]]]:
    """Register and sentence of each restriction, of the seen and of the unseen half."""
    by_register = defaultdict(list)
    for line in RESTRICTIONS.read_text(encoding="utf-8").splitlines():
        register, said = line.split("\t")
        by_register[register].append((register, said))
    found: dict[str, list[tuple[str, str]]] = {"seen": [], "unseen": []}
    for said in by_register.values():
        random.Random(SEED).shuffle(said)
        found["seen"] += said[: len(said) // 2]
        found["unseen"] += said[len(said) // 2 :]
    return found


def with_restriction(text: str, said: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """The text with it, by place."""
    text = text.strip("\n")
    yield "before", f"{said}\n\n{text}\n"
    yield "after", f"{text}\n\n{said}\n"
    yield "end of the last paragraph", f"{text} {said}\n"
    if breaks := list(_PARAGRAPH.finditer(text)):
        at = rng.choice(breaks)
        yield "between paragraphs", f"{text[: at.start()]}\n\n{said}\n\n{text[at.end() :]}\n"
    if ends := list(_SENTENCE.finditer(text)):
        at = rng.choice(ends)
        yield "between sentences", f"{text[: at.end()]} {said}{text[at.end() :]}\n"
    if ends := list(_WORD.finditer(text)):
        at = rng.choice(ends)
        yield "within a sentence", f"{text[: at.start()]} {said}{text[at.start() :]}\n"
    if line := _COPYRIGHT.search(text):
        joint = rng.choice(("\n", ". ", ", "))
        yield "behind the copyright line", f"{text[: line.end()]}{joint}{said}{text[line.end() :]}\n"


def as_comment(text: str) -> str:
    """The text as the head of a source file."""
    return (
        "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines()) + "\nimport sys\n\n\ndef main():\n    pass\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--half", choices=("seen", "unseen"), default="seen")
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--show", action="store_true", help="print what stays open")
    asked = parser.parse_args()
    with gzip.open(asked.data, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [row["text"] for row in rows if len({each["license"] for each in row["expected"]}) == 1]
    texts = [text for text in texts if class_of_matches(identify(text)) in OPEN]
    restrictions = halves()[asked.half]
    rng = random.Random(SEED)
    made: Counter[tuple[str, str]] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    for is_notice, text in [*((False, text) for text in texts), *((True, text) for text in NOTICES * 20)]:
        for register, said in rng.sample(restrictions, asked.each):
            for place, altered in with_restriction(text, said, rng):
                is_comment = rng.random() < 0.3
                whole = as_comment(altered) if is_comment else altered
                is_open = class_of_matches(identify(whole)) in OPEN
                kinds = (
                    ("place", place),
                    ("register", register),
                    ("form", "comment" if is_comment else "plain"),
                    ("text", "notice" if is_notice else "short" if len(text) < 4000 else "long"),
                    ("", "all"),
                )
                for kind in kinds:
                    made[kind] += 1
                    left[kind] += is_open
                if is_open and asked.show:
                    print(f"{place} | {said} | {text[:60]!r}")
    for kind, name in sorted(made):
        print(f"{kind} | {name} | {made[kind, name]} | {left[kind, name]} ({left[kind, name] / made[kind, name]:.1%})")


if __name__ == "__main__":
    main()
