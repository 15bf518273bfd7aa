"""`python -m pipeline dedup`: a corpus through the rooms of signatures and duplicates, and the result beside it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pipeline import run as running
from pipeline import storage
from pipeline.corpus.duplicates import answers, reading
from pipeline.corpus.duplicates.answers import Found
from pipeline.dedup.settings import Deduplication
from pipeline.inputs.patterns import absent, named_files, would_name
from pipeline.journal.spent import spent
from pipeline.planning import survey
from pipeline.planning.survey import Order
from pipeline.rooms.manifest import Manifest, total
from pipeline.rooms.names import EXTRACTED
from pipeline.rooms.recipe import hashed
from pipeline.rooms.tables import read_batches
from pipeline.run import Run
from pipeline.settings.settings_file import read
from pipeline.shard.shard import Shard
from pipeline.sources.text.source import MAX_KEY_BYTES
from pipeline.trouble import ConfigError

VERSION = 3  # raise it when equal clusters may give another result
SUMMARY = "summary.json"
WORK = "work"
SHOWN = 5  # of what is wrong
NO_ID = "text:no_id"


@dataclass(frozen=True)
class Comparison:
    """What the user asked for."""

    inputs: str
    id_column: str | None
    text_column: str
    url_column: str | None
    output: str
    settings: str | None = None
    workers: int = 0
    scheduler: str | None = None


def compare(asked: Comparison) -> dict[str, Any]:
    """Find the duplicates and write the result; returns the summary. Resumes by itself; done work is not done again.

    Beside what summary.json holds: `is_new` (whether anything had to be written), `seconds` of this call, and `cpu_s`
    of all tasks, of earlier calls too.

    Raises ConfigError for a column that is nowhere, for a row without an id or with that of another row, where there is
    no input, and for an output that would be input to the next call.
    """
    settings = read(asked.settings, Deduplication) if asked.settings else Deduplication()
    columns = (asked.id_column, asked.text_column, asked.url_column)
    config = reading.config_of(asked.inputs, *columns, settings, asked.settings or "--config")
    order = Order("", storage.join(asked.output, WORK), asked.workers, asked.scheduler)
    began = time.monotonic()
    made_files = (storage.join(asked.output, "duplicates.parquet"), storage.join(order.data, EXTRACTED, "0.parquet"))
    if any(would_name(asked.inputs, path) for path in made_files):
        raise ConfigError(
            f"--output {asked.output}: --input {asked.inputs} means what is written there, too; the next call would "
            "take it for documents: give a folder beside the inputs"
        )
    try:
        root, names = named_files(asked.inputs, reading.Tables.suffixes)
    except FileNotFoundError as error:
        raise ConfigError(f"--input {absent(asked.inputs)}") from error
    if not names:
        raise ConfigError(f"--input {asked.inputs}: no file that ends in {', '.join(reading.Tables.suffixes)}")
    reading.check_columns([storage.join(root, name) for name in names], *columns)
    prepared = survey.prepare_config(order, config, ())
    made: dict[str, Any] = {}
    running.execute(prepared, lambda run: made.update(_compared(run, asked)))
    cpu_s = sum(row["cpu_s"] for row in spent(order.data).rows())
    return made | {"seconds": round(time.monotonic() - began, 1), "cpu_s": round(cpu_s, 1)}


def _compared(run: Run, asked: Comparison) -> dict[str, Any]:
    prepared = run.prepared
    data = prepared.order.data
    shards = [standing.shard for standing in prepared.standings]
    receipts = run.each("10-30 read, sign", reading.read_and_sign, shards, _name, _size)
    local = [receipts[shard.name].manifests for shard in shards]
    documents, signed = ([manifests[i] for manifests in local] for i in (0, 1))
    names = tuple(manifest.file("rows").name for manifest in documents)
    found = Found(data, names, tuple(manifest.file("signatures").name for manifest in signed))
    _check_ids(found, documents, asked)
    _, duplicates = run.duplicates([(one, one, sign) for one, sign in local])
    recipe = hashed(
        [VERSION, [m.recipe for m in (*documents, *duplicates.manifests, *duplicates.edges, *duplicates.cuts)]]
    )
    path = storage.join(asked.output, SUMMARY)
    if (known := _known(path)) is not None and known["recipe"] == recipe:
        return known | {"is_new": False}
    storage.remove(path)
    result = answers.write(
        Found(
            data,
            names,
            found.signatures,
            tuple(manifest.file("clusters").name for manifest in duplicates.manifests),
            tuple(manifest.file("edges").name for manifest in duplicates.edges),
            tuple(manifest.file("cuts").name for manifest in duplicates.cuts),
        ),
        asked.output,
        prepared.config.dedup,
    )
    summary = {"recipe": recipe, **_counted(documents), **result, **duplicates.facts}
    storage.replace(path, (json.dumps(summary, indent=1, ensure_ascii=False) + "\n").encode())
    return summary | {"is_new": True}


def _name(shard: Shard) -> str:
    return shard.name


def _size(shard: Shard) -> int:
    return shard.bytes


def _known(path: str) -> dict[str, Any] | None:
    try:
        return json.loads(storage.read_bytes(path))
    except FileNotFoundError:
        return None


def _counted(documents: list[Manifest]) -> dict[str, Any]:
    """Documents compared, their bytes of text, and rows that are none by reason."""
    counts = total(count for manifest in documents for count in manifest.counts)
    return {
        "documents": sum(count.docs for count in counts if count.outcome == "kept"),
        "text_bytes": sum(count.text_bytes for count in counts if count.outcome == "kept"),
        "left_out": {count.reason: count.docs for count in counts if count.outcome != "kept"},
    }


def _check_ids(found: Found, documents: list[Manifest], asked: Comparison) -> None:
    """Raises ConfigError where a row has no id, or one of another row: a list of ids could not say which goes."""
    _check_each_has_one(found, documents, asked)
    wrong = [
        f"{name} is the id of {file} row {row} and of {other_file} row {other_row}"
        for name, file, row, other_file, other_row in answers.repeated(found, SHOWN)
    ]
    if wrong:
        raise ConfigError(
            f"--id {asked.id_column}: ids must be unique, or the result could not say which row goes (rows from 0):\n  "
            + "\n  ".join(wrong)
            + "\nGive a column of unique ids, or leave --id out: rows are then called file#row"
        )


def _check_each_has_one(found: Found, documents: list[Manifest], asked: Comparison) -> None:
    without = [manifest for manifest in documents if any(count.reason == NO_ID for count in manifest.counts)]
    if not without:
        return
    places = (
        f"{row['raw_path']} row {row['raw_offset']}"
        for manifest in without
        for batch in read_batches(found.data, manifest.file("ledger").name)
        for row in batch.to_pylist()
        if row["reason"] == NO_ID
    )
    rows = sum(count.docs for manifest in without for count in manifest.counts if count.reason == NO_ID)
    raise ConfigError(
        f"--id {asked.id_column}: {rows:,} rows with a text have no id there (text, integer or binary of a fixed size, "
        f"of at most {MAX_KEY_BYTES:,} bytes), and a list of ids could not name them (rows from 0):\n  "
        + "\n  ".join(islice(places, SHOWN))
        + "\nGive a column that has ids everywhere, or leave --id out: rows are then called file#row"
    )
