"""Text classifiers in a takedown: which of them learnt from the documents that go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from classifiers import trained_on
from pipeline import funnel
from pipeline.rooms import EXTRACTED, FILTERED, PUBLISHED
from pipeline.tables import read_batches
from pipeline.trouble import ConfigError


def holders(data: str, ids: Iterable[str], models: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """(kind, folder, texts) of each model that learnt from a text of these documents, as any room has it.

    Raises ConfigError for a folder that does not say what its model learnt from.
    """
    if not models:
        return
    keys = set(_keys(data, pa.array(sorted(ids), pa.string())))
    for model in models:
        try:
            count = trained_on.among(Path(model), keys)
        except FileNotFoundError as error:
            raise ConfigError(f"--model: {error}") from error
        if count:
            yield "classifier", model, count


def _keys(data: str, ids: pa.Array) -> Iterator[bytes]:
    rooms = funnel.versions(data)
    for room in (EXTRACTED, FILTERED, PUBLISHED):
        for name in rooms[room].files.get("rows", []) if room in rooms else []:
            if not any(
                pc.any(pc.is_in(b.column("doc_id"), value_set=ids)).as_py()
                for b in read_batches(data, name, ["doc_id"])
            ):
                continue
            for batch in read_batches(data, name, ["doc_id", "text"]):
                held = batch.filter(pc.is_in(batch.column("doc_id"), value_set=ids))
                yield from (trained_on.key_of(text.encode()) for text in held.column("text").to_pylist() if text)
