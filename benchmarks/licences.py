"""How often identify() names the right licence, and how fast: `python benchmarks/licences.py [--data FILE] [--insert]`.

Texts with one expected id decide; those with several or none are counted apart. An id counts as right when it is the
expected one; of the GNU family a bare id (deprecated by SPDX) stands for "-only", and a name that is not on the SPDX
list for its LicenseRef. Class: that of the expected id by our own table. Altered texts are made of every openly
licensed text that was recognised; `--insert` puts restrictions at three places of each instead, some of them where they
mean nothing: to be read beside another state of the code. Speed: CPU seconds of this process, median of five rounds,
start-up (packages, index, kernels) apart.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import time
from collections import Counter
from pathlib import Path

BEGUN = time.process_time()

from pipeline.licences import Match, identify  # noqa: E402
from pipeline.licences.files import class_of_matches  # noqa: E402
from pipeline.licences.spdx_ids import NOT_KNOWN  # noqa: E402
from pipeline.licences.taxonomy import UNKNOWN, class_of_id, strictest  # noqa: E402

DATA = Path("../shared/data/licences/licence_texts.jsonl.gz")
OPEN = {"public-domain", "permissive"}
ROUNDS = 5
INSERTED = (
    *("\n\n## No Commercial Use\n\n", "\n\n# No Redistribution\n\n", "\n\n## Personal Use Only\n\n"),
    "\n\n## No Other Purposes Than Teaching\n\n",
    "\nCopyright (c) 2020 Foo, except that resale needs a fee\n",
    "\nCopyright (c) 2020 Foo University, for academic and research purposes\n",
    "\nCopyright (c) 2020 Foo, except for military and government customers\n",
    " for Academic Research at Universities Only ",
    " within Private Educational Institutions and their Research Centers ",
    *(" not ", " should not ", " by Government Agencies of the United States alone "),
    " provided that every notice and attribution is kept and a fee is paid ",
)
BEHIND = re.compile(r"\b(?:use|copy|distribute|permitted|granted|condition\w*|software|following|notice)\b")
GNU = re.compile(r"(?:A|L)?GPL-\d\.\d|GFDL-\d\.\d")


def spdx_of(expected: str) -> str:
    """The id on the SPDX list that an expected id stands for."""
    return f"{expected}-only" if GNU.fullmatch(expected) else expected


def is_right(found: list[Match], expected: set[str]) -> bool:
    return {match.spdx.removeprefix("LicenseRef-") for match in found} == {spdx_of(each) for each in expected}


def class_expected(expected: str) -> str:
    known = class_of_id(spdx_of(expected))
    return known if known != UNKNOWN else class_of_id(f"LicenseRef-{expected}")


def altered(text: str) -> dict[str, str]:
    """One text with what takes its openness away."""
    verb = re.search(r"\b(?:use|copy|distribute|deal)\b", text, re.IGNORECASE)
    found = {
        "evil behind": text.rstrip() + "\n\nThe Software shall be used for Good, not Evil.\n",
        "evil before": "The Software shall be used for Good, not Evil.\n\n" + text,
        "non-commercial behind": text.rstrip() + "\nFor non-commercial use only.\n",
    }
    if verb is not None:
        found["non-commercial within"] = text[: verb.end()] + " for non-commercial purposes only" + text[verb.end() :]
    return found


def inserted(texts: list[str]) -> None:
    """Print how many texts stay open with each of INSERTED behind the first, the middle and the last such word."""
    for said in INSERTED:
        spots = [[found.end() for found in BEHIND.finditer(text)] for text in texts]
        made = [
            text[:at] + said + text[at:]
            for text, ends in zip(texts, spots, strict=True)
            for at in ((ends[0], ends[len(ends) // 2], ends[-1]) if ends else ())
        ]
        print(f"{said!r} | {len(made)} | {sum(class_of_matches(identify(text)) in OPEN for text in made)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--insert", action="store_true", help="only restrictions put into open texts")
    asked = parser.parse_args()
    with gzip.open(asked.data, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if asked.insert:
        known = [row["text"] for row in rows if len({each["license"] for each in row["expected"]}) == 1]
        inserted([text for text in known if class_of_matches(identify(text)) in OPEN])
        return
    identify(rows[0]["text"])
    print(f"start-up: {time.process_time() - BEGUN:.1f} CPU s")
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        answers = [identify(row["text"]) for row in rows]
        spent.append(time.process_time() - begun)
    print(f"{len(rows) / statistics.median(spent):.0f} texts a CPU second ({min(spent):.2f} to {max(spent):.2f} s)")

    count: Counter[tuple[str, str]] = Counter()
    classes: Counter[tuple[str, str]] = Counter()
    alterations: Counter[tuple[str, str]] = Counter()
    for row, found in zip(rows, answers, strict=True):
        expected = {each["license"] for each in row["expected"]}
        kind = "none" if not expected else "one" if len(expected) == 1 else "several"
        wanted = strictest(class_expected(each) for each in expected)
        got = class_of_matches(found)
        count[kind, "texts"] += 1
        count[kind, "right id"] += is_right(
            [each for each in found if kind != "none" or each.spdx != NOT_KNOWN], expected
        )
        count[kind, "right class"] += wanted == got
        count[kind, "falsely open"] += got in OPEN and wanted not in OPEN
        if wanted != got and kind == "one":
            classes[wanted, got] += 1
        if kind == "one" and not is_right(found, expected):
            print(
                "  ",
                row["id"],
                sorted(expected),
                "->",
                [each.spdx for each in found],
                next((e.against for e in found if e.against), ""),
            )
        if got in OPEN and kind == "one" and wanted in OPEN:
            for name, text in altered(row["text"]).items():
                alterations[name, "texts"] += 1
                alterations[name, "still open"] += class_of_matches(identify(text)) in OPEN
    print("\nexpected | texts | right id | right class | falsely open")
    for kind in ("one", "several", "none"):
        told = [count[kind, each] for each in ("texts", "right id", "right class", "falsely open")]
        print(
            f"{kind} | {told[0]} | {told[1]} ({told[1] / told[0]:.1%}) | {told[2]} ({told[2] / told[0]:.1%})"
            f" | {told[3]}"
        )
    print("\nclasses mistaken: expected -> got")
    for (wanted, got), number in classes.most_common():
        print(f"{wanted} -> {got} | {number}")
    print("\naltered | texts | still open")
    for name in sorted({name for name, _ in alterations}):
        print(f"{name} | {alterations[name, 'texts']} | {alterations[name, 'still open']}")


if __name__ == "__main__":
    main()
