"""Which texts a model learnt from, as hashes beside it, so that a takedown can name the models that hold a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

NAME: Final = "trained_on.parquet"
_KEY: Final = pa.binary(16)


def key_of(utf8: bytes) -> bytes:
    """16 bytes of BLAKE2b of a text."""
    return blake2b(utf8, digest_size=16).digest()


def write(folder: Path, keys: Sequence[bytes], sources: Iterable[str]) -> None:
    """`key` and `source` of every document, in the order given."""
    table = pa.table({"key": pa.array(keys, _KEY), "source": pa.array(sources, pa.string()).dictionary_encode()})
    pq.write_table(table, folder / NAME, compression="zstd")


def among(folder: Path, keys: Iterable[bytes]) -> int:
    """How many different ones of these the model in `folder` learnt from. Raises as `known` does."""
    return sum(known(folder, sorted(set(keys))))


def known(folder: Path, keys: Sequence[bytes]) -> list[bool]:
    """Which of these the model in `folder` learnt from. FileNotFoundError where nobody wrote that down."""
    if not (folder / NAME).is_file():
        raise FileNotFoundError(f"{folder / NAME}: not there; `python -m classifiers train` writes it beside the model")
    held = pq.read_table(folder / NAME, columns=["key"]).column("key")
    return list(pc.is_in(pa.array(keys, _KEY), value_set=held.combine_chunks()).to_pylist())
