"""Matrices set aside on disk while they grow, to be read again by column."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

import numpy as np

from pipeline.dedup.schemas import U64
from pipeline.trouble import EnvironmentTrouble


class SetAside:
    """Rows of `width` numbers of 64 bits, which come in blocks; in memory are the sizes of the blocks alone."""

    def __init__(self, file: BinaryIO, width: int) -> None:
        self._file, self._width = file, width
        self._blocks: list[int] = []

    def add(self, block: U64) -> None:
        """Put rows (rows, width) behind those that are there."""
        with _telling():
            self._file.write(np.ascontiguousarray(block.T).data)
        self._blocks.append(len(block))

    def column(self, number: int) -> U64:
        """One column of all rows, in their order."""
        column, start = np.empty(sum(self._blocks), dtype=np.uint64), 0
        with _telling():
            self._file.flush()
            for rows in self._blocks:
                held = os.pread(self._file.fileno(), 8 * rows, 8 * (start * self._width + number * rows))
                column[start : start + rows] = np.frombuffer(held, dtype=np.uint64)
                start += rows
        return column


@contextmanager
def set_aside(width: int) -> Iterator[SetAside]:
    """Such a matrix in the temporary folder (TMPDIR), in a file without a name: it is gone whenever this process ends.

    Raises EnvironmentTrouble where the folder takes no more.
    """
    with ExitStack() as opened:
        with _telling():
            file = opened.enter_context(tempfile.TemporaryFile())
        yield SetAside(file, width)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        mend = "free space there, or set TMPDIR to a folder that has some"
        raise EnvironmentTrouble(f"{tempfile.gettempdir()}: {error.strerror or error}; {mend}") from error
