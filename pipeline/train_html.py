"""Train the model that finds the main text of web pages, and estimate it by cross-validation over sites.

python -m pipeline.train_html --pages FILE.warc.gz --gold FILE.jsonl.gz [--folds 5] [--out DIR]

A gold row has `url`, `text` and, where known, `page_type`, `spa` and `gold_recall_in_html`; pages whose text is
written by scripts, or of whose gold text less than half is in the HTML, are left out. Equal input gives an equal model.
Writes `model.npz` and its card.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from publicsuffixlist import PublicSuffixList

from pipeline.extraction.charset import decode
from pipeline.extraction.html.feature_names import N_FEATURES
from pipeline.extraction.html.labels import is_usable
from pipeline.extraction.html.model import CARD, MODEL, save
from pipeline.extraction.html.scan import scan
from pipeline.extraction.html.training import FIRST, SECOND, Example, example_of, fold_of, train
from pipeline.sources.commoncrawl.archive_record import Unreadable
from pipeline.sources.commoncrawl.http_body import decode_body, parse_head
from pipeline.sources.commoncrawl.warc import read_warc
from pipeline.sources.streams.watched_stream import WatchedStream

MAX_BODY_BYTES = 64 << 20


def examples_of(pages: Path, gold: Path) -> list[Example]:
    """The archive's pages that have a usable gold text, in its order."""
    with gzip.open(gold, "rt", encoding="utf-8") as lines:
        rows: dict[str, dict[str, Any]] = {row["url"]: row for row in map(json.loads, lines)}
    suffixes = PublicSuffixList()
    found = []
    with pages.open("rb") as stream:
        for record in read_warc(WatchedStream(stream), "gzip"):
            if isinstance(record, Unreadable) or record.kind != "response":
                continue
            row = rows.get(record.url or "")
            block = record.read(record.length or 0)
            head = parse_head(block)
            if row is None or head is None or not is_usable(row):
                continue
            raw = decode_body(block[head.body_start :], head, limit=MAX_BODY_BYTES, cut=False)
            data = decode(raw, head.charset).text.encode("utf-8", "replace")
            page = scan(np.frombuffer(data, np.uint8), data.count(b"<"))
            host = urlsplit(row["url"]).hostname or row["url"]
            site = suffixes.privatesuffix(host) or host
            found.append(example_of(page, row["text"], site, row.get("page_type") or "page"))
    return found


def cross_validate(examples: Sequence[Example], folds: int) -> dict[str, Any]:
    """Word F1 of each page by a model that has seen no page of its site: mean, standard error, and by kind of page."""
    scores: dict[str, list[float]] = defaultdict(list)
    for fold in range(folds):
        model = train([example for example in examples if fold_of(example.site, folds) != fold])
        for example in examples:
            if fold_of(example.site, folds) == fold:
                scores[example.kind].append(example.f1(model.choose(example.page)))
        done = [score for values in scores.values() for score in values]
        _say(f"fold {fold + 1} of {folds}: {statistics.mean(done):.4f} over {len(done)} pages")
    every = [score for values in scores.values() for score in values]
    return {
        "folds": folds,
        "pages": len(every),
        "word_f1": round(statistics.mean(every), 4),
        "standard_error": round(statistics.stdev(every) / len(every) ** 0.5, 4),
        "word_f1_by_kind": {kind: round(statistics.mean(values), 4) for kind, values in sorted(scores.items())},
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Cross-validate, train on all, write the model and its card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5, help="0 leaves cross-validation out")
    parser.add_argument("--out", type=Path, default=MODEL.parent)
    arguments = parser.parse_args()
    examples = examples_of(arguments.pages, arguments.gold)
    oracle = statistics.mean(example.f1(example.share >= 0.5) for example in examples)
    _say(f"{len(examples)} pages of {len({example.site for example in examples})} sites, oracle {oracle:.4f}")
    estimate = cross_validate(examples, arguments.folds) if arguments.folds else None
    digest = save(train(examples), arguments.out / MODEL.name)
    card = {
        "what": "which blocks of a web page are its main text: boosted trees over bytes, weights only",
        "trained_on": {
            "pages": arguments.pages.name,
            "pages_sha256": hashlib.sha256(arguments.pages.read_bytes()).hexdigest(),
            "gold_sha256": hashlib.sha256(arguments.gold.read_bytes()).hexdigest(),
            "examples": len(examples),
            "sites": len({example.site for example in examples}),
            "blocks": sum(len(example.words) for example in examples),
        },
        "metric": "mean over pages of the F1 of word multisets (lower-cased \\w+), grouped by registrable domain",
        "cross_validation": estimate,
        "oracle_word_f1": round(oracle, 4),
        "features": N_FEATURES,
        "first_look": str(FIRST),
        "second_look": str(SECOND),
        "command": "python -m pipeline.train_html " + " ".join(Path(word).name for word in sys.argv[1:]),
        "sha256": digest,
    }
    (arguments.out / CARD.name).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
