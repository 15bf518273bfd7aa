"""The signatures of one shard: every key under which its documents may meet others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.hashing.words import utf8
from pipeline.dedup.minhash import Bands, bands_of
from pipeline.dedup.schemas import (
    FIRST_NEAR_BAND,
    IDENTITY_BAND,
    MADE_BY,
    MERGED,
    MERGED_GROUP_ROWS,
    SIGNATURE,
    TEXT_BAND,
    U64,
    URL_BAND,
    WORK_BAND,
    Columns,
    addresses,
    batches_of,
    doc_ids_from_hex,
)
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling.sorted_files import Key, columns_of, read_range
from pipeline.dedup.signing.ranking import ranks
from pipeline.dedup.signing.set_aside import set_aside
from pipeline.text.hashing import mix64
from pipeline.urls.addresses import address_of


class Signed(NamedTuple):
    """What is kept of documents beside the keys of their bands: 75 bytes each."""

    rank: U64
    doc_hi: U64
    doc_lo: U64
    text_hi: U64
    text_lo: U64
    has_work: NDArray[np.bool_]
    work_hi: U64
    work_lo: U64
    has_url: NDArray[np.bool_]
    url_hi: U64
    url_lo: U64
    has_words: NDArray[np.bool_]


def signature_schema(settings: Deduplication) -> pa.Schema:
    """`SIGNATURE` with what decided the keys in its metadata: MinHash, version of Unicode."""
    return SIGNATURE.with_metadata({MADE_BY: json.dumps(settings.of_keys(), sort_keys=True).encode()})


def sign(
    batches: Iterable[pa.RecordBatch], settings: Deduplication, *, published: bool = False
) -> Iterator[pa.RecordBatch]:
    """The signature rows of one shard, sorted; `batches` are all its documents, in file order.

    Reads doc_id (32 hexadecimal digits), source, text (large_string, not null), the column of works, and unless they
    are `published` already the columns of the ranking. Holds 250 bytes a document, and never more than one batch of
    text; the keys of the bands, 16 bytes each, wait in the temporary folder for their band's turn.
    """
    signed: list[Signed] = []
    with set_aside(2 * settings.bands) as keys:
        for batch in batches:
            narrow, bands = _sign_batch(batch, settings, published=published)
            signed.append(narrow)
            keys.add(np.concatenate([bands.keys, bands.finer], axis=1))
        if not signed:
            return
        whole = Signed(*(np.concatenate(parts) for parts in zip(*signed, strict=True)))
        signed.clear()
        by_band = ((keys.column(band), keys.column(settings.bands + band)) for band in range(settings.bands))
        yield from in_bands(whole, by_band, settings)


def in_bands(whole: Signed, by_band: Iterable[tuple[U64, U64]], settings: Deduplication) -> Iterator[pa.RecordBatch]:
    """The rows of SIGNATURE, sorted, of a shard whose documents in order are `whole`, with two keys each by band."""
    rows = np.arange(len(whole.rank), dtype=np.uint32)
    best_first = np.lexsort((rows, whole.doc_lo, whole.doc_hi, whole.rank))
    with_words = best_first[whole.has_words[best_first]]
    schema = signature_schema(settings)
    content = whole._replace(  # what has no work or no address has nothing to add
        text_hi=whole.text_hi ^ np.where(whole.has_work, whole.work_hi, 0) ^ np.where(whole.has_url, whole.url_hi, 0),
        text_lo=whole.text_lo ^ np.where(whole.has_work, whole.work_lo, 0) ^ np.where(whole.has_url, whole.url_lo, 0),
    )
    yield from _band(IDENTITY_BAND, _mixed(whole.doc_hi, whole.doc_lo), content, best_first, schema)
    yield from _band(TEXT_BAND, whole.text_hi, whole, best_first, schema)
    with_work, with_url = (best_first[has[best_first]] for has in (whole.has_work, whole.has_url))
    by_work = whole._replace(text_hi=whole.work_hi, text_lo=whole.work_lo)
    by_url = whole._replace(text_hi=whole.url_hi, text_lo=whole.url_lo)
    yield from _band(WORK_BAND, whole.work_hi, by_work, with_work, schema)
    yield from _band(URL_BAND, whole.url_hi, by_url, with_url, schema)
    for band, (keys, finer) in enumerate(by_band, FIRST_NEAR_BAND):
        yield from _band(band, keys, whole, with_words, schema, finer)


def text_hash(text: str) -> bytes:
    """128 bits of BLAKE2b over the text with every run of white space made one space, none at the ends.

    Two documents are exact duplicates iff it is equal: letter case, punctuation and word order count, line breaks do
    not. Nothing verifies this hash further, hence its width. All texts without a visible character are one text.
    """
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16).digest()


def _sign_batch(batch: pa.RecordBatch, settings: Deduplication, *, published: bool) -> tuple[Signed, Bands]:
    doc_hi, doc_lo = doc_ids_from_hex(batch["doc_id"])
    bands = bands_of(
        *utf8(batch["text"]),
        settings.shingle_words,
        bands=settings.bands,
        rows_per_band=settings.rows_per_band,
        scheme=settings.scheme,
    )
    texts = _halves(batch["text"].to_pylist())
    works = batch[settings.work_column].to_pylist() if settings.work_column else [None] * batch.num_rows
    names = (*_named(works), *_named(_addresses(batch, settings)))
    rank = ranks(batch, settings, published=published)
    signed = Signed(*(rank, doc_hi, doc_lo, *texts, *names), bands.words > 0)
    return _apart(signed, bands, batch["source"].to_pylist()) if settings.scope == "per_snapshot" else (signed, bands)


def _apart(signed: Signed, bands: Bands, sources: list[str]) -> tuple[Signed, Bands]:
    """The same under keys that documents of another source do not have.

    Text, work and address are mixed with the source in ways of their own, so that it stays in what they make together.
    """
    high, low = _halves(sources)
    apart = signed._replace(
        text_hi=signed.text_hi ^ high,
        text_lo=signed.text_lo ^ low,
        work_hi=signed.work_hi ^ low,
        work_lo=signed.work_lo ^ high,
        url_hi=signed.url_hi ^ high ^ low,
        url_lo=signed.url_lo ^ high,
    )
    return apart, bands._replace(keys=bands.keys ^ high[:, None])


def _addresses(batch: pa.RecordBatch, settings: Deduplication) -> list[str | None]:
    """What a document's address is known by, where its source is one of `url_sources`; else None.

    Marked as an address, so that none has the hash of a work.
    """
    if not settings.url_sources:
        return [None] * batch.num_rows
    asked = zip(batch["source"].to_pylist(), batch["url"].to_pylist(), strict=True)
    urls = (url if source in settings.url_sources else None for source, url in asked)
    found = (address_of(url) if url is not None else None for url in urls)
    return [address and f"address {address.canonical}" for address in found]


def _named(names: Sequence[str | None]) -> tuple[NDArray[np.bool_], U64, U64]:
    """Whether there is a name, and the halves of its hash."""
    return np.array([name is not None for name in names], dtype=np.bool_), *_halves(name or "" for name in names)


def _halves(texts: Iterable[str]) -> tuple[U64, U64]:
    """The two halves of each text's hash."""
    halves = np.frombuffer(b"".join(map(text_hash, texts)), dtype=">u8").astype(np.uint64)
    return halves[0::2], halves[1::2]


def _band(
    band: int,
    keys: U64,
    signed: Signed,
    best_first: NDArray[np.intp],
    schema: pa.Schema,
    finer: U64 | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of one band; no batch holds rows of two."""
    order = best_first[np.argsort(keys[best_first], kind="stable")]
    columns: dict[str, Any] = {name: getattr(signed, name)[order] for name in ("rank", "doc_hi", "doc_lo", "text_hi")}
    columns["text_lo"] = signed.text_lo[order] if band < FIRST_NEAR_BAND else pa.nulls(len(order), pa.uint64())
    columns["finer"] = pa.nulls(len(order), pa.uint64()) if finer is None else finer[order]
    columns |= {"band": np.full(len(order), band, dtype=np.uint16), "key": keys[order], "row": order.astype(np.uint32)}
    yield from batches_of(columns, schema)


@numba.njit(cache=True)
def _mixed(high: U64, low: U64) -> U64:
    """One spread-out key for each doc_id: whoever chooses doc_ids need not choose them evenly."""
    keys = np.empty_like(high)
    for i in range(len(keys)):
        keys[i] = mix64(high[i] ^ mix64(low[i]))
    return keys


class SignatureFiles(NamedTuple):
    """Signature files: one a shard, from shard number `first` on, or `merged` ones that know their addresses."""

    files: Sequence[str]
    merged: bool = False
    first: int = 0


def merge(signed: SignatureFiles, band: int, settings: Deduplication) -> Iterator[pa.RecordBatch]:
    """The rows of one band of many shards, as MERGED. Holds them.

    A shard's file has a row group or a few for each band. Where many partitions share a band, each would read all of
    them for a small part: merged, they are read once, and a partition finds its rows in few places.
    """
    names = [name for name in MERGED.names if name != "address"]
    rows = signature_rows(signed, (band,), (band + 1,), names, settings)
    order = np.lexsort([rows[name] for name in ("address", "doc_lo", "doc_hi", "rank", "key")])
    columns: dict[str, Any] = {name: column[order] for name, column in rows.items()}
    absent = "finer" if band < FIRST_NEAR_BAND else "text_lo"  # numpy has no null: what is read of it is no number
    columns[absent] = pa.nulls(len(order), pa.uint64())
    schema = MERGED.with_metadata(signature_schema(settings).metadata)
    yield from batches_of(columns, schema, MERGED_GROUP_ROWS)


def signature_rows(
    signed: SignatureFiles, lo: Key, hi: Key | None, columns: Sequence[str], settings: Deduplication
) -> Columns:
    """The `columns` and the `address` of the signature rows with lo <= (band, key) < hi of all files.

    Raises ValueError for a file signed with other settings.
    """
    made_by = signature_schema(settings).metadata[MADE_BY]
    schema, place = (MERGED, "address") if signed.merged else (SIGNATURE, "row")
    wanted = [*columns, place]
    parts = [columns_of([], schema, wanted) | {"address": np.zeros(0, dtype=np.uint64)}]
    for shard, path in enumerate(signed.files, signed.first):
        batches = list(read_range(path, ("band", "key"), lo, hi, wanted, made_by=made_by))
        if batches:
            parts.append(columns_of(batches, schema, wanted))
            parts[-1]["address"] = parts[-1]["address"] if signed.merged else addresses(shard, parts[-1]["row"])
    return {name: np.concatenate([part[name] for part in parts]) for name in (*columns, "address")}
