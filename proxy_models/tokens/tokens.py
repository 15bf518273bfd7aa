"""Tokenised documents on disk: memory-mapped streams by domain and split, and where each document stands in them.

A folder `50_tokens/<recipe>/` holds, for a domain (percent-encoded in file names) and a split (train; held out: select,
final):

    <domain>.<split>.bin       tokens, little-endian uint16 (uint32 where the vocabulary needs it), nothing else
    <domain>.<split>.parquet   one row a document, in order: doc_id, start, tokens (its end token included), bytes
    tokenizer.json             what turned the text into tokens
    manifest.json              the commit: written last, lists every file with size and sha256
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError
from tokenizers import Tokenizer

from pipeline.schema import field
from proxy_models.tokens.documents import Documents
from proxy_models.tokens.heldout import DomainSplit
from proxy_models.tokens.tokenizer import from_json, token_bytes

MANIFEST = "manifest.json"
TOKENIZER = "tokenizer.json"

DType = Literal["uint16", "uint32"]
SplitName = Literal["train", "select", "final"]
Side = Literal["select", "final"]
SPLITS: tuple[SplitName, ...] = ("train", "select", "final")

INDEX = pa.schema(
    [
        field("doc_id", pa.string(), "identity of the record", nullable=False),
        field("start", pa.int64(), "position of its first token in the .bin", unit="tokens", nullable=False),
        field("tokens", pa.int64(), "tokens, the one that ends the document included", unit="tokens", nullable=False),
        field("bytes", pa.int64(), "size of its text", unit="UTF-8 bytes", nullable=False),
    ]
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Frozen):
    """A file of the folder: its name there, bytes and sha256."""

    name: str
    bytes: int
    sha256: str


class Stream(_Frozen):
    """One domain's tokens of one split: how much, and where."""

    documents: int
    tokens: int
    bytes: int
    file: File
    index: File


class Domain(_Frozen):
    """A domain that can be mixed: its three streams, and how it was split."""

    train: Stream
    select: Stream
    final: Stream
    split: DomainSplit


class LeftOut(_Frozen):
    """A domain without files, and why."""

    reason: str
    split: DomainSplit


class Manifest(_Frozen):
    """The commit of a folder. Holds no time and no machine: equal work gives equal bytes.

    parts: hash of each thing that decided, by which two recipes are told apart; settings and libraries in words.
    """

    recipe: str
    parts: dict[str, str]
    settings: dict[str, str | int | float | None]
    libraries: dict[str, str]
    published: str
    duplicates: str
    tokenizer: File
    vocabulary: int
    end: int
    dtype: DType
    domains: dict[str, Domain]
    left_out: dict[str, LeftOut]

    def files(self) -> list[File]:
        """Every file beside the manifest."""
        streams = [getattr(domain, split) for domain in self.domains.values() for split in SPLITS]
        return [self.tokenizer, *(file for stream in streams for file in (stream.file, stream.index))]


@dataclass(frozen=True)
class Span:
    """Where a document's tokens are: `tokens` of them from `start` in `file`, its end token the last."""

    doc_id: str
    domain: str
    split: SplitName
    file: Path
    start: int
    tokens: int


@dataclass(frozen=True)
class TokenFiles:
    """A finished folder of tokens. `sha256` (of its manifest, which lists all digests) is its identity."""

    folder: Path
    manifest: Manifest
    sha256: str

    @staticmethod
    def open(folder: Path) -> TokenFiles:
        """The folder, its files all there in the sizes that the manifest says. Raises ValueError where not."""
        try:
            written = (folder / MANIFEST).read_bytes()
        except FileNotFoundError as error:
            raise ValueError(f"{folder} has no {MANIFEST}: python -m proxy_models tokens --data ...") from error
        try:
            manifest = Manifest.model_validate_json(written)
        except ValidationError as error:
            first = error.errors()[0]
            what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise ValueError(
                f"{folder / MANIFEST} was made by another version ({what}); make these tokens again: "
                "python -m proxy_models tokens"
            ) from error
        for file in manifest.files():
            path = folder / file.name
            size = path.stat().st_size if path.exists() else None
            if size != file.bytes:
                state = "is gone" if size is None else f"has {size:,} bytes, not {file.bytes:,}"
                raise ValueError(f"{path} {state}; remove the folder and make it again: python -m proxy_models tokens")
        return TokenFiles(folder, manifest, hashlib.sha256(written).hexdigest())

    @property
    def vocabulary(self) -> int:
        """One more than the largest token id."""
        return self.manifest.vocabulary

    @property
    def end(self) -> int:
        """The id of the token that ends each document."""
        return self.manifest.end

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains that can be mixed, sorted."""
        return tuple(sorted(self.manifest.domains))

    @property
    def left_out(self) -> dict[str, str]:
        """Domains too small to be held out from, and why."""
        return {name: self.manifest.left_out[name].reason for name in sorted(self.manifest.left_out)}

    @functools.cached_property
    def tokenizer(self) -> Tokenizer:
        """Set as it was when the tokens were made: special tokens that stand in a text are text."""
        return from_json((self.folder / TOKENIZER).read_text(encoding="utf-8"), str(self.folder / TOKENIZER))

    @functools.cached_property
    def token_bytes(self) -> npt.NDArray[np.int64]:
        """(vocabulary,) what each token stands for (`tokenizer.token_bytes`)."""
        return token_bytes(self.tokenizer)

    def train(self, domain: str) -> Documents:
        """What is trained on, memory-mapped. Raises ValueError for a domain that is not there."""
        return self._documents(domain, "train")

    def heldout(self, domain: str, side: Side) -> Documents:
        """What losses are measured on, memory-mapped: to select a mixture, or in the final test, which is read once;
        with `token_bytes`.

        Raises ValueError for a domain that is not there, and where a takedown left no document on that side.
        """
        if not self._stream(domain, side).documents:
            raise ValueError(
                f"{self.folder}: a takedown left no document of {domain} on the side {side!r} of what is held out; "
                "run the pipeline again and make tokens of what it publishes: that is a new split"
            )
        return dataclasses.replace(self._documents(domain, side), token_bytes=self.token_bytes)

    def index(self, domain: str, split: SplitName) -> pa.Table:
        """The documents of a stream in order, as INDEX says."""
        return pq.read_table(self.folder / self._stream(domain, split).index.name, schema=INDEX)

    def where(self, doc_id: str) -> Span:
        """Where a document's tokens are. Raises KeyError where they are not in these files."""
        for span in self.spans([doc_id]):
            return span
        raise KeyError(f"{doc_id} is not in {self.folder}")

    def spans(self, doc_ids: Iterable[str]) -> list[Span]:
        """Where the tokens of those documents are that are here, for a takedown: reads each index once."""
        asked = pa.array(sorted(set(doc_ids)), pa.string())
        found = []
        for domain in self.domains:
            for split in SPLITS:
                table = self.index(domain, split)
                file = self.folder / self._stream(domain, split).file.name
                for row in table.filter(pc.is_in(table.column("doc_id"), value_set=asked)).to_pylist():
                    found.append(Span(row["doc_id"], domain, split, file, row["start"], row["tokens"]))
        return found

    def _stream(self, domain: str, split: SplitName) -> Stream:
        if domain not in self.manifest.domains:
            why = self.left_out.get(domain, f"there are {', '.join(self.domains)}")
            raise ValueError(f"{domain} is not among the domains of {self.folder}: {why}")
        stream: Stream = getattr(self.manifest.domains[domain], split)
        return stream

    def _documents(self, domain: str, split: SplitName) -> Documents:
        stream, index = self._stream(domain, split), self.index(domain, split)
        dtype = np.dtype(self.manifest.dtype).newbyteorder("<")
        starts = np.append(index.column("start").to_numpy(), stream.tokens)
        empty = np.zeros(0, dtype)  # which cannot be mapped
        tokens = (
            np.memmap(self.folder / stream.file.name, dtype, "r", shape=(stream.tokens,)) if stream.tokens else empty
        )
        return Documents(tokens, starts.astype(np.int64), index.column("bytes").to_numpy())


def file_name(domain: str, split: SplitName, suffix: str) -> str:
    """`domain` may hold any characters; what a file name cannot is percent-encoded."""
    return f"{quote(domain, safe='')}.{split}.{suffix}"


def written(manifest: Manifest) -> bytes:
    """The bytes that are committed: JSON for people, keys sorted."""
    return (json.dumps(manifest.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
