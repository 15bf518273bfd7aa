"""Writing one domain's tokens: each document to the side that the split gave it, encoded as it is read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from pipeline import storage
from pipeline.progress.progress import Progress
from pipeline.rooms.tables import WRITER, text_bytes
from proxy_models.tokens.corpus import Corpus
from proxy_models.tokens.heldout import Sides
from proxy_models.tokens.tokenizer import Encoder, Tokens
from proxy_models.tokens.tokens import INDEX, SPLITS, File, SplitName, Stream, file_name

INDEX_ROWS = 65_536
"""Rows of an index that wait for a row group; part of the recipe, because it decides bytes."""


class _Receipt(BaseModel):
    """What a killed run leaves of a finished domain, so that the next one need not make it again."""

    streams: dict[SplitName, Stream]


@dataclass(frozen=True)
class DomainStreams:
    """One domain being written: its rows in published order, each to its side."""

    corpus: Corpus
    folder: Path
    name: str
    side: Sides
    encoder: Encoder
    dtype: str
    progress: Progress

    def made(self) -> dict[SplitName, Stream]:
        """The stream of each split, written or as an earlier run committed them."""
        receipt = str(self.folder / file_name(self.name, "train", "receipt.json"))
        try:
            done = _Receipt.model_validate_json(storage.read_bytes(receipt))
        except FileNotFoundError:
            done = self._write()
            storage.put_if_absent(receipt, done.model_dump_json().encode())
        else:
            self.progress.advance(self.corpus.bytes[self.name])
        return done.streams

    def _write(self) -> _Receipt:
        waiting: deque[tuple[str, int]] = deque()
        with ExitStack() as stack:
            files = [stack.enter_context(_StreamFile(self.folder, self.name, split, self.dtype)) for split in SPLITS]
            for side, tokens in zip(self.side.tolist(), self.encoder(self._texts(waiting)), strict=True):
                doc_id, size = waiting.popleft()
                files[side].add(doc_id, tokens, size)
                self.progress.advance(size)
            return _Receipt(streams={split: file.publish() for split, file in zip(SPLITS, files, strict=True)})

    def _texts(self, waiting: deque[tuple[str, int]]) -> Iterator[str]:
        """The texts, one decoded at a time; (doc_id, bytes) of each is noted in `waiting` first."""
        for batch in self.corpus.batches(self.name, ["doc_id", "text"]):
            columns = (batch.column("doc_id"), text_bytes(batch), batch.column("text"))
            for doc_id, size, text in zip(*columns, strict=True):
                waiting.append((doc_id.as_py(), size.as_py()))
                yield text.as_py()


class _StreamFile:
    """The two files of a stream being written; leaving the context without `publish` leaves nothing behind."""

    def __init__(self, folder: Path, domain: str, split: SplitName, dtype: str) -> None:
        self._paths = [str(folder / file_name(domain, split, suffix)) for suffix in ("bin", "parquet")]
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self._rows: list[tuple[str, int, int, int]] = []
        self.documents = self.tokens = self.bytes = 0

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._stream, self._index = (self._stack.enter_context(storage.Draft(path)) for path in self._paths)
        # last in, first out: the writer's footer goes into a draft that is still open
        self._writer = self._stack.enter_context(pq.ParquetWriter(self._index.file, INDEX, **WRITER))
        return self

    def add(self, doc_id: str, tokens: Tokens, size: int) -> None:
        """Append a document of `size` bytes."""
        self._stream.file.write(tokens.astype(self._dtype).tobytes())
        self._rows.append((doc_id, self.tokens, len(tokens), size))
        self.documents += 1
        self.tokens += len(tokens)
        self.bytes += size
        if len(self._rows) == INDEX_ROWS:
            self._flush()

    def _flush(self) -> None:
        columns = list(zip(*self._rows, strict=True)) or [()] * len(INDEX)
        arrays = [pa.array(column, f.type) for column, f in zip(columns, INDEX, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=INDEX))
        self._rows.clear()

    def publish(self) -> Stream:
        """Put both files under their names, whole."""
        self._flush()
        self._writer.close()
        file, index = (
            File(name=entry.name, bytes=entry.bytes, sha256=entry.sha256)
            for entry in (self._stream.publish(), self._index.publish())
        )
        return Stream(documents=self.documents, tokens=self.tokens, bytes=self.bytes, file=file, index=index)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
