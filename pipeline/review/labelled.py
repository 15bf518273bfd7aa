"""Answers as labelled texts, for `python -m classifiers train`: `review/<about>.labelled.parquet` in the run's folder.

A document has the label that most of the people who chose between keep and drop gave it; a tie and `unsure` give none.
It is used only as it stands today: published, or dropped and in the audit sample, with the very text that was answered,
and not taken down. The file holds texts: a takedown removes it, and the command makes it anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import funnel, storage
from pipeline.review import answers
from pipeline.review.answers import DROP, KEEP, Answer
from pipeline.review.causes import MACHINE_WRITTEN, QUALITY
from pipeline.rooms.names import FILTERED, PUBLISHED
from pipeline.rooms.tables import read_batches
from pipeline.rooms.tombstones import Tombstones
from pipeline.schema import field
from pipeline.trouble import ConfigError

FOLDER: Final = "review"
SUFFIX: Final = ".labelled.parquet"
LABELS: Final = {
    QUALITY: {KEEP: "positive", DROP: "negative"},
    MACHINE_WRITTEN: {KEEP: "negative", DROP: "positive"},
}
"""What a classifier's task calls the answers."""

LABELLED = pa.schema(
    [
        field("doc_id", pa.string(), "the document", nullable=False),
        field("source", pa.string(), "its source", nullable=False),
        field("site", pa.string(), "its address or repository: what belongs together"),
        field("label", pa.string(), "positive | negative, as the classifier's task has it", nullable=False),
        field("people", pa.int32(), "how many chose between keep and drop", nullable=False),
        field("agreeing", pa.int32(), "how many of them gave this label", nullable=False),
        field("text", pa.large_string(), "the text that was answered", nullable=False),
    ]
)


@dataclass(frozen=True)
class Written:
    """What became of the answers. by_label: documents; undecided: tied or unsure; gone: changed, or not there."""

    name: str
    by_label: dict[str, int]
    undecided: int
    gone: int
    people: int


def write(data: str, about: str) -> Written:
    """Write the file. Raises ConfigError for a subject without a classifier, and where nobody answered."""
    if about not in LABELS:
        raise ConfigError(f"--about {about}: no classifier learns it; {' and '.join(LABELS)} can be exported")
    last = [each for each in answers.standing(answers.read(data)) if each.about == about]
    if not last:
        raise ConfigError(f"{data}: nobody has answered about {about}; give `review` first")
    voted, undecided = _voted(last)
    name = f"{FOLDER}/{about}{SUFFIX}"
    counts: dict[str, int] = dict.fromkeys(sorted(LABELS[about].values()), 0)
    found: set[str] = set()
    storage.remove(storage.join(data, name))
    with storage.Draft(storage.join(data, name)) as draft:
        with pq.ParquetWriter(draft.file, LABELLED, compression="zstd") as writer:
            for row in _rows(data, voted):
                if row["doc_id"] in found:
                    continue
                found.add(row["doc_id"])
                answer, people, agreeing = voted[row["doc_id"], answers.fingerprint(row["text"])]
                label = LABELS[about][answer]
                counts[label] += 1
                labelled = row | {"label": label, "people": people, "agreeing": agreeing}
                writer.write_batch(pa.RecordBatch.from_pylist([labelled], LABELLED))
        draft.publish()
    ids = {doc_id for doc_id, _ in voted}
    return Written(name, counts, undecided, len(ids - found), len({each.who for each in last}))


def _voted(last: Iterable[Answer]) -> tuple[dict[tuple[str, str], tuple[str, int, int]], int]:
    """By (doc_id, fingerprint): the answer of most, how many chose, how many of them so; and how many have none."""
    votes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in last:
        votes[each.doc_id, each.fingerprint].append(each.answer)
    voted = {}
    for key, given in votes.items():
        keep, drop = given.count(KEEP), given.count(DROP)
        if keep != drop:
            voted[key] = (KEEP if keep > drop else DROP, keep + drop, max(keep, drop))
    return voted, len(votes) - len(voted)


def _rows(data: str, voted: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """The documents as they are now, those of equal text and not taken down, in the order of the files."""
    wanted = frozenset(voted)
    ids = pa.array(sorted({doc_id for doc_id, _ in wanted} - Tombstones.read(data).doc_ids), pa.string())
    rooms = funnel.versions(data)
    columns = ["doc_id", "source", "url", "repository", "text"]
    for name in (*rooms[PUBLISHED].files.get("rows", []), *rooms[FILTERED].files.get("audit", [])):
        there = pa.concat_batches([*read_batches(data, name, ["doc_id"]), _NOTHING]).column("doc_id")
        if not pc.any(pc.is_in(there, value_set=ids)).as_py():
            continue
        for batch in read_batches(data, name, columns):
            for row in batch.filter(pc.is_in(batch.column("doc_id"), value_set=ids)).to_pylist():
                if (row["doc_id"], answers.fingerprint(row["text"])) in wanted:
                    yield {name: row[name] for name in ("doc_id", "source", "text")} | {
                        "site": row["url"] or row["repository"]
                    }


_NOTHING = pa.RecordBatch.from_pylist([], schema=pa.schema([pa.field("doc_id", pa.string(), nullable=False)]))


def forget(data: str) -> list[str]:
    """Remove every file of labelled texts; their names."""
    names = [name for name in storage.list_names(storage.join(data, FOLDER)) if name.endswith(SUFFIX)]
    for name in names:
        storage.remove(storage.join(data, FOLDER, name))
    return [f"{FOLDER}/{name}" for name in names]
