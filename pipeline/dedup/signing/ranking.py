"""The one total order of documents: of two duplicates the smaller one survives.

Licence rank, opt-out, source priority, quality and length are packed into one uint64, smaller is better; where two are
equal the smaller doc_id survives, and of two rows of one doc_id the one that stands first in the input.

    bits 63..58  licence rank, 0 best        bits 45..32  10001 - quality in 1e-4, a missing one as 0
    bit  57      opted out                   bits 31..0   2^32 - 1 - length in UTF-8 bytes, saturating
    bits 56..46  source priority, 0 first

What is published already is of rank PUBLISHED: it survives before everything that is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.dedup.schemas import U64
from pipeline.dedup.settings import Deduplication

PUBLISHED = 0
LICENCE_RANKS, SOURCES, QUALITY_STEPS, MAX_LENGTH = 64, 2048, 10_000, 2**32 - 1

Integers = NDArray[np.integer]


def pack(
    *, licence_rank: Integers, opted_out: NDArray[np.bool_], source_rank: Integers, quality: Integers, length: Integers
) -> U64:
    """The packed ranks of documents; columns as in the module's table. ValueError for a value out of its range."""
    for name, column, top in (
        ("licence rank", licence_rank, LICENCE_RANKS - 1),
        ("source priority", source_rank, SOURCES - 1),
        ("quality", quality, QUALITY_STEPS),
        ("length", length, None),
    ):
        if column.size and (column.min() < 0 or (top is not None and column.max() > top)):
            raise ValueError(
                f"{name} lies outside 0..{top}: {column.min()}..{column.max()}; what dedup ranks by must keep to it"
            )
    fields: tuple[tuple[NDArray[np.generic], int], ...] = (
        (licence_rank, 58),
        (opted_out, 57),
        (source_rank, 46),
        (QUALITY_STEPS + 1 - quality, 32),  # never 0: no document ranks with what is published
        (MAX_LENGTH - np.minimum(length, MAX_LENGTH), 0),
    )
    packed = np.zeros(len(length), dtype=np.uint64)
    for values, shift in fields:
        packed |= values.astype(np.uint64) << np.uint64(shift)
    return packed


def ranks(batch: pa.RecordBatch, settings: Deduplication, *, published: bool = False) -> U64:
    """The packed ranks of the documents of `batch`; of `published` ones without a look at them.

    Reads `source`, `text` and the columns that `settings` names; a criterion without a column is 0 for every document
    and so decides nothing. Where nothing is said of an opt-out there is none; a null licence rank is a ValueError:
    whoever measures it knows it.
    """
    rows = batch.num_rows
    if published:
        return np.full(rows, PUBLISHED, dtype=np.uint64)
    text: Any = batch["text"]
    if len(settings.source_priority) >= SOURCES:
        raise ValueError(f"source_priority names at most {SOURCES - 1} sources")
    named: Any = pa.array(settings.source_priority, type=pa.string())
    place: Any = pc.index_in(batch["source"], value_set=named)

    def column(name: str | None, null: int | bool | None = None) -> NDArray[np.int64]:
        if name is None:
            return np.zeros(rows, dtype=np.int64)
        values: Any = batch[name]
        if null is not None:
            values = pc.fill_null(values, null)
        if values.null_count:
            raise ValueError(f"column {name} holds a null")
        return values.cast(pa.int64()).to_numpy(zero_copy_only=False)

    return pack(
        licence_rank=column(settings.licence_rank_column),
        opted_out=column(settings.opt_out_column, False).astype(np.bool_),
        source_rank=place.fill_null(len(named)).to_numpy(zero_copy_only=False),
        quality=column(settings.quality_column, 0),
        length=pc.binary_length(text).to_numpy(zero_copy_only=False),
    )
