"""The Arrow schemas of the files that the steps of deduplication hand to one another.

Between steps a document is an *address*, one uint64: the number of its shard (the position of its file in the ordered
list of inputs) times 2^32, plus its row in that file. A doc_id is two uint64, so that numpy can sort it. Both end with
`CLUSTER`, which speaks of shard, row and the hexadecimal doc_id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.schema import field

Columns = dict[str, NDArray[np.generic]]
U64 = NDArray[np.uint64]

MADE_BY = b"riffle.dedup"
"""Key of a schema's metadata: the settings that gave the file its content, as JSON."""

ROW_GROUP_ROWS = 65_536
"""Rows of a batch that a step yields. A batch becomes a row group, the smallest piece a range read can skip to."""

MERGED_GROUP_ROWS = 8_192
"""The same of merged signatures, of which a partition reads a small share from every file."""

GATHERED_GROUP_ROWS = 256
"""The same of gathered shingles, 3 kB a row."""

SAME_RECORD, EXACT, NEAR, WORK, URL = "dedup:same_record", "dedup:exact", "dedup:near", "dedup:work", "dedup:url"
REASONS = (None, SAME_RECORD, EXACT, NEAR, WORK, URL)
KEPT_CODE, RECORD_CODE, TEXT_CODE, NEAR_CODE, WORK_CODE, URL_CODE = range(6)
"""Places in `REASONS`."""

IDENTITY_BAND, TEXT_BAND, WORK_BAND, URL_BAND, FIRST_NEAR_BAND = range(5)
"""Signature rows of band 0 meet by doc_id, of 1 by whole text, of 2 by work, of 3 by address, from 4 on by a
band of MinHash values."""

SAME_WORK, SAME_URL = 10_001, 10_002
"""Stand for a similarity in an edge between copies of one work, or pages of one address: texts are not compared."""


def _doc(prefix: str, whose: str) -> list[Any]:
    high, low = "first 64 bits of the doc_id of ", "last 64 bits of the doc_id of "
    return [
        field(f"{prefix}_hi", pa.uint64(), high + whose, nullable=False),
        field(f"{prefix}_lo", pa.uint64(), low + whose, nullable=False),
    ]


_RANK = field("rank", pa.uint64(), "packed order of survival, smaller survives (see ranking)", nullable=False)
_SPREAD = "mixed value of the address of the "
_ADDRESS = field("address", pa.uint64(), "shard * 2^32 + row of the document", nullable=False)

SIGNATURE = pa.schema(
    [
        field("band", pa.uint16(), "0 identity, 1 whole text, 2 work, 3 address, 4.. bands of MinHash", nullable=False),
        field("key", pa.uint64(), "documents that share band and key are compared", nullable=False),
        _RANK,
        *_doc("doc", "the document"),
        field(
            "text_hi",
            pa.uint64(),
            "first 64 bits of the hash of the text; in band 0 of text, work and address, in 2 and 3 of what these name",
            nullable=False,
        ),
        field("text_lo", pa.uint64(), "last 64 bits of that hash; null from band 4 on"),
        field("row", pa.uint32(), "row of the document in its shard, first is 0", nullable=False),
        field(
            "finer",
            pa.uint64(),
            "a bit of each of the 64 values of the signature that follow on the band's own; null before band 4",
        ),
    ]
)
"""Sorted by (band, key, rank, doc_hi, doc_lo, row). Holds no shard number: other inputs do not change the file."""

MERGED = pa.schema([*(f for f in SIGNATURE if f.name != "row"), _ADDRESS])
"""The signatures of a band of many shards. Sorted by (band, key, rank, doc_hi, doc_lo, address)."""

MEMBER = pa.schema(
    [
        field("spread", pa.uint64(), _SPREAD + "document that stands", nullable=False),
        _ADDRESS,
        _RANK,
        *_doc("doc", "the document"),
        field("standing", pa.uint64(), "address of the document that stands for it in its group", nullable=False),
        *_doc("standing_doc", "the document that stands"),
        field("same_record", pa.bool_(), "whether a better row of its group has its doc_id", nullable=False),
    ]
)
"""Groups of identity and of exact duplicates, every member with the one that stands. Sorted by (spread, address)."""

CANDIDATE = pa.schema(
    [
        field("address", pa.uint64(), "one document of the pair", nullable=False),
        field("partner", pa.uint64(), "the other document of the pair", nullable=False),
        field("partner_is_better", pa.bool_(), "whether the partner survives before it", nullable=False),
    ]
)
"""Pairs to verify; each stands once under either document. Sorted by (address, partner)."""

SHINGLES = pa.schema(
    [
        field("destination", pa.uint32(), "partition of the verification that needs the document", nullable=False),
        _ADDRESS,
        _RANK,
        *_doc("doc", "the document"),
        field(
            "better", pa.large_list(pa.uint64()), "addresses of the better documents to compare it with", nullable=False
        ),
        field("bits", pa.large_list(pa.uint64()), "a bit of each value of its signature", nullable=False),
        field("shingle_count", pa.uint64(), "size of the set of shingles", unit="shingles", nullable=False),
        field("shingles", pa.large_list(pa.uint64()), "hashes of the set, ascending", nullable=False),
    ]
)
"""Sorted by (destination, address)."""

EDGE = pa.schema(
    [
        field("spread", pa.uint64(), _SPREAD + "better document", nullable=False),
        field("better", pa.uint64(), "address of the document that survives before the other", nullable=False),
        field("worse", pa.uint64(), "address of the other document", nullable=False),
        field("better_rank", pa.uint64(), "rank of the better document", nullable=False),
        *_doc("better_doc", "the better document"),
        field("worse_rank", pa.uint64(), "rank of the worse document", nullable=False),
        *_doc("worse_doc", "the worse document"),
        field("intersection", pa.uint64(), "shingles in both", unit="shingles", nullable=False),
        field("union", pa.uint64(), "shingles in either", unit="shingles", nullable=False),
        field(
            "similarity",
            pa.uint16(),
            "intersection / union, rounded down; 10001: one work, 10002: one address",
            unit="1e-4",
            nullable=False,
        ),
        field("estimate", pa.uint16(), "similarity as the signatures estimate it; null: one work", unit="1e-4"),
        field("sample", pa.list_(pa.uint64()), "hashes of some shingles in both, ascending", nullable=False),
    ]
)
"""Verified pairs of at least the least similarity, and pairs of one work or address. Sorted by (spread, worse)."""

SHOWN_EDGE = pa.schema(
    [
        field("better", pa.string(), "doc_id of the document that survives before the other", nullable=False),
        field("worse", pa.string(), "doc_id of the other document", nullable=False),
        field("shared", pa.uint64(), "shingles in both", unit="shingles", nullable=False),
        field("either", pa.uint64(), "shingles in either", unit="shingles", nullable=False),
        field("similarity", pa.uint16(), "shared / either, rounded down", unit="1e-4", nullable=False),
        field("estimate", pa.uint16(), "similarity as the signatures estimate it", unit="1e-4", nullable=False),
        field("sample", pa.list_(pa.uint64()), "hashes of some shingles in both, ascending", nullable=False),
    ]
)
"""An edge as people ask for it (`evidence`)."""

LINK = pa.schema(
    [
        field("spread", pa.uint64(), _SPREAD + "document", nullable=False),
        field("node", pa.uint64(), "address of a document", nullable=False),
        field("other", pa.uint64(), "address of a document of the same component", nullable=False),
    ]
)
"""Forests and stars: each link stands under either document. Sorted by (spread, other)."""

COMPONENT = pa.schema(
    [
        field("spread", pa.uint64(), _SPREAD + "document", nullable=False),
        _ADDRESS,
        field("component", pa.uint64(), "least address of its connected component", nullable=False),
    ]
)
"""Of every document of a pair. Sorted by spread."""

SIMILAR_PAIR, TEXT_PAIR, TEXT_AND_RECORD_PAIR, RECORD_PAIR = range(4)
"""Kinds of RELATION: an edge; equal texts; equal texts of one doc_id; one doc_id with other texts."""

RELATION = pa.schema(
    [
        field("spread", pa.uint64(), "mixed value of the least address of the component", nullable=False),
        field(
            "better", pa.uint64(), "address of the document that stands or survives before the other", nullable=False
        ),
        field("worse", pa.uint64(), "address of the other document; of the same one: it stands", nullable=False),
        field("better_rank", pa.uint64(), "rank of the better document of an edge", nullable=False),
        *_doc("better_doc", "the better document"),
        field("worse_rank", pa.uint64(), "rank of the worse document", nullable=False),
        *_doc("worse_doc", "the worse document"),
        field(
            "kind", pa.uint8(), "0 edge, 1 equal texts, 2 of one doc_id, 3 one doc_id and other texts", nullable=False
        ),
        field("similarity", pa.uint16(), "of an edge; 10001: one work, 10002: address", unit="1e-4", nullable=False),
    ]
)
"""Edges and members on the way to where their component is judged. Sorted by spread."""

_STANDS_FOR = "documents that it stands for, itself among them; 0: it goes. Summed: all there were"

SURVIVAL = pa.schema(
    [
        _ADDRESS,
        _RANK,
        *_doc("doc", "the document"),
        field(
            "reason",
            pa.uint8(),
            "0 kept, 1 same record, 2 equal text, 3 near, 4 same work, 5 same address",
            nullable=False,
        ),
        *_doc("survivor", "the kept document that stands for it; its own where it is kept"),
        field("similarity", pa.uint16(), "to its survivor; null: kept, or not compared", unit="1e-4"),
        *_doc("cluster", "the best-ranked document of its connected component"),
        field("cluster_size", pa.uint32(), "documents of its component", unit="documents", nullable=False),
        field("stands_for", pa.uint32(), _STANDS_FOR, unit="documents", nullable=False),
    ]
)
"""What becomes of every document that has a duplicate. Sorted by address."""

CLUSTER = pa.schema(
    [
        field("shard", pa.uint32(), "position of the document's file in the list of inputs", nullable=False),
        field("row", pa.uint32(), "row of the document in its shard, first is 0", nullable=False),
        field("doc_id", pa.string(), "identity of the record", nullable=False),
        field(
            "reason", pa.string(), "dedup:same_record | dedup:exact | dedup:near | dedup:work | dedup:url; null: kept"
        ),
        field("survivor", pa.string(), "doc_id of the kept document that stands for it; null where it is kept"),
        field(
            "similarity", pa.uint16(), "verified Jaccard similarity to the survivor; null: not compared", unit="1e-4"
        ),
        field("cluster", pa.string(), "doc_id of the best-ranked member of its cluster", nullable=False),
        field("cluster_size", pa.uint32(), "documents of its cluster", unit="documents", nullable=False),
        field("stands_for", pa.uint32(), _STANDS_FOR, unit="documents", nullable=False),
        _RANK,
    ]
)
"""Every document that has a duplicate, kept or not: who goes, why, and who stands. Sorted by (shard, row)."""


def addresses(shard: int, rows: NDArray[np.generic]) -> U64:
    """The addresses of `rows` of one shard."""
    return np.uint64(shard << 32) + rows.astype(np.uint64)


def runs(*sorted_columns: NDArray[np.generic]) -> NDArray[np.bool_]:
    """For rows sorted by `sorted_columns`: whether a row differs from the one before it (the first one does)."""
    starts = np.ones(len(sorted_columns[0]), dtype=np.bool_)
    if len(starts) > 1:
        starts[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in sorted_columns])
    return starts


def batches_of(columns: Mapping[str, Any], schema: pa.Schema, rows: int = ROW_GROUP_ROWS) -> Iterator[pa.RecordBatch]:
    """`columns` as batches of `schema` of at most `rows` rows; nothing for no rows."""
    arrays = [pa.array(columns[name], type=schema.field(name).type) for name in schema.names]
    yield from row_groups(pa.RecordBatch.from_arrays(arrays, schema=schema), rows)


def row_groups(whole: pa.RecordBatch, rows: int = ROW_GROUP_ROWS) -> Iterator[pa.RecordBatch]:
    """`whole` in batches of at most `rows` rows; nothing for no rows."""
    for start in range(0, whole.num_rows, rows):
        yield whole.slice(start, rows)


def doc_ids_from_hex(doc_ids: Any) -> tuple[U64, U64]:
    """The two halves of doc_ids of 32 hexadecimal digits; ValueError for any other text."""
    texts = doc_ids.to_pylist()
    if any(text is None or len(text) != 32 for text in texts):
        raise ValueError("a doc_id is 32 hexadecimal digits")
    halves = np.frombuffer(bytes.fromhex("".join(texts)), dtype=">u8").astype(np.uint64)
    return halves[0::2], halves[1::2]


def doc_ids_to_hex(high: NDArray[np.generic], low: NDArray[np.generic]) -> Any:
    """The doc_ids of 32 lower-case hexadecimal digits that have these halves."""
    digits = np.stack([high, low], axis=1).astype(">u8").tobytes().hex().encode()
    offsets = np.arange(0, len(digits) + 1, 32, dtype=np.int64)
    whole = pa.LargeStringArray.from_buffers(len(high), pa.py_buffer(offsets.tobytes()), pa.py_buffer(digits))
    return whole.cast(pa.string())
