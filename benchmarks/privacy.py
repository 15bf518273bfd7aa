"""Precision and recall for personal data and secrets, and MB a CPU second: `python -m benchmarks.privacy`.

Planted: values of every kind, valid by their check digits, and traps that look like them (versions, hashes, UUIDs,
private addresses, dates, decimals, ISBNs, placeholders), each in a sentence of its own within a real page. Counted
are spans: right where kind and place agree. What is found in the pages without planting is printed by kind, with what
stands around it, to be looked at (`--show`). Speed: median of five rounds over the pages with the default kinds.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa

from benchmarks.clean_texts import clean_texts
from benchmarks.measure import median_and_range
from benchmarks.planted_privacy import planted, traps
from benchmarks.timing import cpu_seconds
from pipeline.stages.privacy.find import KINDS, Span
from pipeline.stages.privacy.stage import Privacy

SHARED = Path("../shared/data")
EACH = 200
SOURCES = ("pages", "posts", "articles", "encyclopedia", "code")
CODE_FILES = 3000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--show", type=int, default=0, help="real hits of each kind and source to print")
    asked = parser.parse_args()
    texts = clean_texts(asked.shared, *SOURCES)
    default, every = Privacy(), Privacy(kinds=KINDS)
    pages = texts["pages"]
    column = pa.array(pages, pa.large_string())
    every.spans(column)
    megabytes = sum(len(text.encode()) for text in pages) / 1e6
    rates = [megabytes / spent for spent in cpu_seconds(lambda: default.spans(column))]
    print(f"{median_and_range(rates)} MB a CPU second, {megabytes:.1f} MB of pages")

    choice = random.Random(1)
    right, made, found = Counter[str](), Counter[str](), Counter[str]()
    missed: dict[str, list[str]] = defaultdict(list)
    for kind in KINDS:
        for _ in range(EACH):
            before, value, behind = planted(kind, choice)
            page = choice.choice(pages)[:2000]
            lead = f"{page}\n{before}".encode()
            text = lead.decode() + value + behind
            made[kind] += 1
            spans = [one for one in every.spans(pa.array([text], pa.large_string()))[0] if one.end > len(lead)]
            found.update(one.kind for one in spans)
            if Span(len(lead), len(lead) + len(value.encode()), kind) in spans:
                right[kind] += 1
            else:
                missed[kind].append(value)
    wrong: dict[str, list[str]] = defaultdict(list)
    lines = [trap for _ in range(20) for trap in traps(choice)]
    for line, spans in zip(lines, every.spans(pa.array(lines, pa.large_string())), strict=True):
        for span in spans:
            wrong[span.kind].append(line)
    print(f"\nkind | planted | found | recall | precision with {len(lines)} traps")
    for kind in KINDS:
        flagged = found[kind] + len(wrong.get(kind, ()))
        precision = f"{right[kind] / flagged:.1%}" if flagged else "-"
        print(f"{kind} | {made[kind]} | {right[kind]} | {right[kind] / made[kind]:.1%} | {precision}")
    for kind, held in missed.items():
        print(f"  {kind} missed: {held[:5]}")
    for kind, held in wrong.items():
        print(f"  {kind} of traps: {sorted(set(held))[:5]}")

    print("\nreal text | documents | MB | " + " | ".join(KINDS))
    shown = random.Random(2)
    for source in SOURCES:
        own = texts[source][:CODE_FILES] if source == "code" else texts[source]
        hits: dict[str, list[str]] = defaultdict(list)
        for text, spans in zip(own, every.spans(pa.array(own, pa.large_string())), strict=True):
            data = text.encode()
            for span in spans:
                parts = (data[max(0, span.begin - 30) : span.begin], data[span.begin : span.end], data[span.end :][:12])
                hits[span.kind].append("{}⟦{}⟧{}".format(*(part.decode(errors="ignore") for part in parts)))
        size = sum(len(text.encode()) for text in own) / 1e6
        print(f"{source} | {len(own)} | {size:.1f} | " + " | ".join(str(len(hits[kind])) for kind in KINDS))
        for kind in KINDS:
            for each in shown.sample(hits[kind], min(asked.show, len(hits[kind]))):
                print(f"    {kind}: {each!r}")


if __name__ == "__main__":
    main()
