"""Text classifiers in a takedown: which of them learnt from the documents that go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from classifiers.models import trained_on
from pipeline.rooms.tables import read_batches
from pipeline.trouble import ConfigError


def holders(data: str, names: Iterable[str], ids: pa.Array, models: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """(kind, folder, texts) of each model that learnt from a text of these documents, as a room has it.

    names: the files with rows of the documents in any room. Raises ConfigError for a folder that does not say what its
    model learnt from.
    """
    if not models:
        return
    keys = {
        trained_on.key_of(text.encode())
        for name in names
        for batch in read_batches(data, name, ["doc_id", "text"])
        for text in batch.filter(pc.is_in(batch.column("doc_id"), value_set=ids)).column("text").to_pylist()
    }
    for model in models:
        try:
            count = trained_on.among(Path(model), keys)
        except FileNotFoundError as error:
            raise ConfigError(f"--model: {error}") from error
        if count:
            yield "classifier", model, count
