"""What datatrove's English filters and our rules say of the same texts, and why they differ where they do.

python benchmarks/decisions.py WARC... [--date 2026-11-28]

The texts are ours: extracted, normalised, English by lid.176. Every rule of configs/rules/gopher.yaml and fineweb.yaml
is asked alone, and so is datatrove's. A difference is explained where one switch of `readings.py`, set alone, turns
datatrove's verdict into ours; else by the least number of them that do. Exit code 1 where a reading is not what its
side decided, so that an explanation would be of something else. Writes benchmarks/results/DATE-decisions.md.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import contenders
import duckdb
import pyarrow as pa
from readings import RULES, SWITCHES, Page, Reading, Rule, lines_to_count
from rich.console import Console
from tables import Table

from pipeline.rules import RuleSet, load_rule_set
from pipeline.sources.commoncrawl.source import CommonCrawl
from pipeline.sources.source import InputFile, Piece, Row
from pipeline.stages.language import Language
from pipeline.stages.lines import C4Lines
from pipeline.stages.normalise import Normalise
from pipeline.stages.statistics import TextStatistics

HERE = Path(__file__).resolve().parent
RULE_SETS = HERE.parent / "configs" / "rules"
AFTER_LINES = ("fineweb:lorem_ipsum", "fineweb:curly_bracket", "fineweb:sentence_count")  # what C4's filter asks
console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def english(path: Path) -> pa.RecordBatch:
    """The texts of an archive's pages as our path judges them."""
    with path.open("rb") as stream:
        found = CommonCrawl().read(Piece(InputFile(path.name, path.stat().st_size, "")), stream)
        texts = [outcome.text for outcome in found if isinstance(outcome, Row)]
    batch = Language()(Normalise()(pa.record_batch({"text": pa.array(texts, pa.large_string())})))
    keep = [code == "en" for code in batch["language"].to_pylist()]
    return batch.filter(pa.array(keep)).select(["text"])


def dropped(batch: pa.RecordBatch) -> list[set[str]]:
    """Of each text the rules of ours that drop it, each asked alone."""
    whole = TextStatistics()(batch)
    shortened = TextStatistics()(C4Lines(terminal_punctuation=False, min_words=3)(batch))
    found: list[set[str]] = [set() for _ in range(batch.num_rows)]
    for name in ("gopher", "fineweb"):
        for rule in load_rule_set(str(RULE_SETS / f"{name}.yaml")).rules:
            if rule.drop == "fineweb:language":
                continue
            measured = shortened if rule.drop in AFTER_LINES else whole
            with duckdb.connect() as connection:
                connection.register("batch", pa.Table.from_batches([measured]))
                rows = connection.execute(RuleSet(name=name, rules=(rule,)).query()).fetchall()
            for row, (code,) in zip(found, rows, strict=True):
                if code is not None:
                    row.add(rule.drop)
    return found


def our_sentences(lines: list[str]) -> dict[str, int]:
    """The sentences that the stage counts in each line."""
    batch = pa.record_batch({"text": pa.array(lines, pa.large_string())})
    return dict(zip(lines, TextStatistics()(batch)["sentence_count"].to_pylist(), strict=True))


def asked_of_datatrove(texts: list[str]) -> dict[str, Any]:
    """What `datatrove_decisions.py` finds of the texts."""
    contenders.install_peer()
    with tempfile.TemporaryDirectory(prefix="riffle-decisions-") as folder:
        given, found = Path(folder) / "texts.json", Path(folder) / "found.json"
        given.write_text(json.dumps([{"text": text, "lines": lines_to_count(text)} for text in texts]))
        command = [contenders.PEER / "bin" / "python", HERE / "datatrove_decisions.py", given, found]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        answer: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return answer


def cause(rule: Rule, page: Page, verdict: bool) -> str:
    """The least switches that turn datatrove's verdict into ours."""
    for number in (1, 2, 3):
        for chosen in itertools.combinations(SWITCHES, number):
            if rule.drops(Reading(page, frozenset(chosen))) == verdict:
                return " and ".join(chosen)
    return "more than three switches"


def compare(rule: Rule, pages: list[Page], ours: list[set[str]], theirs: list[set[str]]) -> tuple[list[str], list[str]]:
    """A row of the table; the texts of which a reading is not what that side decided, for a person to look at."""
    everything, wrong = frozenset(SWITCHES), []
    counts: Counter[tuple[bool, bool]] = Counter()
    causes: Counter[str] = Counter()
    for page, our_rules, their_rules in zip(pages, ours, theirs, strict=True):
        we, they = rule.is_ours(our_rules), not their_rules.isdisjoint(rule.theirs)
        counts[we, they] += 1
        for side, verdict, switches in (("ours", we, everything), ("datatrove's", they, frozenset[str]())):
            if rule.drops(Reading(page, switches)) != verdict:
                wrong.append(f"{rule.ours}: the reading as {side} does not say {verdict} of {page.text[:60]!r}")
        if we != they:
            causes[cause(rule, page, we)] += 1
    why = ", ".join(f"{name} {number}" for name, number in causes.most_common())
    return [rule.ours, *map(str, (counts[True, True], counts[False, True], counts[True, False])), why], wrong


def main(given: Sequence[str] | None = None) -> int:
    """Compare, print, write the dated result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("warc", type=Path, nargs="+")
    parser.add_argument("--date", type=datetime.date.fromisoformat, default=datetime.date.today(), help="of the result")
    options = parser.parse_args(given)
    batch = pa.Table.from_batches([english(path) for path in options.warc]).combine_chunks().to_batches()[0]
    texts: list[str] = batch["text"].to_pylist()
    found = asked_of_datatrove(texts)
    terminal, punctuation = tuple(found["terminal"]), frozenset(found["punctuation"])
    pages = [
        Page(text, said["words"], said["sentences"], our_sentences(lines_to_count(text)), terminal, punctuation)
        for text, said in zip(texts, found["pages"], strict=True)
    ]
    ours, theirs = dropped(batch), [set(said["dropped"]) for said in found["pages"]]
    compared = [compare(rule, pages, ours, theirs) for rule in RULES]
    agreed = sum(bool(we) == bool(they - {"list_ratio"}) for we, they in zip(ours, theirs, strict=True))
    alone = sum("list_ratio" in they for they in theirs)
    note = (
        f"{len(texts)} English pages of {', '.join(path.name for path in options.warc)}; every rule asked alone of the "
        f"same text. {agreed} pages have one verdict, all rules taken together; datatrove's list_ratio, which is not "
        f"in the paper and not here, drops {alone}. Causes: how many differences each switch alone turns into ours."
    )
    header = ["rule", "both drop", "only datatrove", "only riffle", "causes"]
    table = Table("Verdicts", header, [row for row, _ in compared], note)
    meanings = Table("Causes", ["switch", "here"], [list(pair) for pair in SWITCHES.items()])
    for each in (table, meanings):
        each.show(console)
    wrong = [line for _, lines in compared for line in lines]
    for line in wrong:
        console.print(line, markup=False)
    target = HERE / "results" / f"{options.date.isoformat()}-decisions.md"
    facts = "\n".join(f"- {line}" for line in contenders.versions(with_peer=True))
    head = f"# Verdicts beside datatrove's, {options.date.isoformat()}\n\n{facts}\n\n"
    target.write_text(head + table.markdown() + "\n" + meanings.markdown(), encoding="utf-8")
    console.print(f"written: {target}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
