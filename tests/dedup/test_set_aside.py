"""What is set aside comes back by column; a shard's signatures are held without the keys of their bands."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signing.set_aside import SetAside, set_aside
from pipeline.dedup.signing.signatures import sign
from pipeline.trouble import EnvironmentTrouble
from tests.dedup.shards import Doc, batch_of


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(1, 4))
def test_columns_are_those_of_the_blocks_one_above_the_other(sizes: list[int], width: int) -> None:
    blocks = [np.random.default_rng(i).integers(0, 2**64, (rows, width), np.uint64) for i, rows in enumerate(sizes)]
    whole = np.concatenate([np.zeros((0, width), np.uint64), *blocks])
    with set_aside(width) as aside:
        for block in blocks:
            aside.add(block)
        for number in (*range(width), 0):
            assert np.array_equal(aside.column(number), whole[:, number])


def test_a_full_disk_is_the_environments(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as file, pytest.raises(EnvironmentTrouble, match="TMPDIR"):
        SetAside(file, 1).add(np.zeros((1, 1), np.uint64))


def test_the_keys_of_bands_are_not_held() -> None:
    """32 bands are 512 bytes a document, 128 are 2 kB: what is held is the same."""
    documents, settings = 4_000, Deduplication(bands=128, rows_per_band=2)

    def batches(count: int) -> Iterator[pa.RecordBatch]:
        for first in range(0, count, 500):
            yield batch_of([Doc(number, f"text {number} of few words") for number in range(first, first + 500)])

    list(sign(batches(500), settings))  # compiled, imported
    tracemalloc.start()
    rows = sum(batch.num_rows for batch in sign(batches(documents), settings))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == documents * (2 + settings.bands)
    print(f"{peak / documents:.0f} bytes a document")
    assert peak < 1_500 * documents
