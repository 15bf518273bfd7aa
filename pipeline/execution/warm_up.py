"""A made document through all that a shard goes through: by then every kernel is compiled, or read from the cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from pipeline.config import Config
from pipeline.dedup.signing import signatures
from pipeline.process.kernels import compiled_once
from pipeline.schema import DOCUMENT, doc_id_of
from pipeline.stage import Stage
from pipeline.steps import Step

TEXT = "A river rose in the night, and the bridge was closed.\n\n- nobody was hurt\n"
SPECIAL = {"doc_id": doc_id_of("warm_up", "1"), "url": "https://example.org/rivers?id=1"}


def warm_up(config: Config, steps: Sequence[Step]) -> None:
    """Compile what these sources, stages and signatures need, once on a machine: a minute or so; then seconds."""
    with compiled_once():
        for source in {source.reader.kind: source for source in config.sources.values()}.values():
            source.reader.warm_up()
        batch = _document()
        for step in steps:
            if isinstance(step, Stage):
                batch = step(batch)
        list(signatures.sign([batch], config.dedup))


def _document() -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([_value(f)], f.type) for f in DOCUMENT], schema=DOCUMENT)


def _value(of: pa.Field) -> Any:
    if of.name in SPECIAL:
        return SPECIAL[of.name]
    if pa.types.is_list(of.type):
        return []
    if pa.types.is_boolean(of.type):
        return False
    return TEXT if pa.types.is_string(of.type) or pa.types.is_large_string(of.type) else 1
