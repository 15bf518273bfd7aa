"""Documents that are equal: the same record met twice, and the same text.

The two steps need a barrier between them, but share no long list. Rows of one doc_id with one text meet in the text's
band, so the identity step names only *conflicts*: rows of one doc_id whose texts differ. Sound input has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.schemas import IDENTITY_BAND, MEMBER, TEXT_BAND, U64, Columns, batches_of, runs
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling.sorted_files import Key, read_range
from pipeline.dedup.shuffling.spread import spread
from pipeline.dedup.signing.signatures import SignatureFiles, signature_rows

_COLUMNS = ("rank", "doc_hi", "doc_lo", "text_hi", "text_lo")


def same_records(
    signed: SignatureFiles, lo: Key, hi: Key | None, settings: Deduplication, first_published: int
) -> Iterator[pa.RecordBatch]:
    """Conflicts among rows of band 0 with lo <= (band, key) < hi, as MEMBER.

    Of the rows of one doc_id the best by (rank, hash of text and work, address) stands. Given are those whose text or
    work differs from its own, and itself. Not the first in the input stands: the order of the shards decides nothing.
    Rows from the address `first_published` on are never in conflict with one another.
    """
    _within(IDENTITY_BAND, lo, hi)
    rows = signature_rows(signed, lo, hi, _COLUMNS, settings)
    order = np.lexsort([rows[name] for name in ("address", "text_lo", "text_hi", "rank", "doc_lo", "doc_hi")])
    rows = _with_one_published(rows, order, ("doc_hi", "doc_lo"), first_published)
    first = _first_of_run(runs(rows["doc_hi"], rows["doc_lo"]))
    differs = (rows["text_hi"] != rows["text_hi"][first]) | (rows["text_lo"] != rows["text_lo"][first])
    shown = differs.copy()
    shown[first[differs]] = True
    yield from _members(rows, first, shown, same_record=differs)


def same_texts(
    signed: SignatureFiles,
    identity_files: Sequence[str],
    lo: Key,
    hi: Key | None,
    settings: Deduplication,
    first_published: int,
) -> Iterator[pa.RecordBatch]:
    """Groups of equal texts among rows of band 1 with lo <= (band, key) < hi, as MEMBER.

    What lost a conflict takes no part. Of a group the best by (rank, doc_id, address) stands, the others go: as the
    same record where a better member has their doc_id, else as exact duplicates. Of those that are published already,
    from the address `first_published` on, only the best takes part.
    """
    _within(TEXT_BAND, lo, hi)
    rows = without(signature_rows(signed, lo, hi, _COLUMNS, settings), conflicts(identity_files))
    text = ("text_lo", "text_hi")
    by_record = np.lexsort([rows[name] for name in ("address", "rank", "doc_lo", "doc_hi", *text)])
    repeated = np.zeros(len(by_record), dtype=np.bool_)
    repeated[by_record] = ~runs(*(rows[name][by_record] for name in (*text, "doc_hi", "doc_lo")))
    rows["repeated"] = repeated
    order = np.lexsort([rows[name] for name in ("address", "doc_lo", "doc_hi", "rank", *text)])
    rows = _with_one_published(rows, order, text, first_published)
    first = _first_of_run(runs(rows["text_hi"], rows["text_lo"]))
    sizes = np.bincount(first, minlength=len(first))[first]
    yield from _members(rows, first, sizes > 1, same_record=rows["repeated"].astype(np.bool_))


def _with_one_published(
    rows: Columns, order: NDArray[np.intp], group: tuple[str, str], first_published: int
) -> Columns:
    """The rows in `order`, by group and best first, less those published already that are not the best of theirs."""
    starts = runs(*(rows[name][order] for name in group))
    return _taken(rows, order[starts | (rows["address"].astype(np.uint64)[order] < first_published)])


def conflicts(identity_files: Sequence[str]) -> U64:
    """Ascending addresses of the rows that lost to another text of their doc_id; 8 bytes each in memory."""
    lost = [np.zeros(0, dtype=np.uint64)]
    for path in identity_files:
        for batch in read_range(path, "spread", (0,), None, ["address", "standing"]):
            address, standing = (batch[name].to_numpy() for name in ("address", "standing"))
            lost.append(address[address != standing])
    return np.sort(np.concatenate(lost))


def without(rows: Columns, excluded: U64) -> Columns:
    """`rows` less those with an address in `excluded`."""
    return _taken(rows, np.flatnonzero(~np.isin(rows["address"], excluded))) if len(excluded) else rows


def _within(band: int, lo: Key, hi: Key | None) -> None:
    if lo < (band,) or hi is None or hi > (band + 1, 0):
        raise ValueError(f"the range {lo}..{hi} leaves band {band}")


def _taken(rows: Columns, order: NDArray[np.intp]) -> Columns:
    return {name: column[order] for name, column in rows.items()}


def _first_of_run(starts: NDArray[np.bool_]) -> NDArray[np.intp]:
    """For every row the position at which its run starts."""
    return np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))


def _members(
    rows: Columns, first: NDArray[np.intp], shown: NDArray[np.bool_], same_record: NDArray[np.bool_]
) -> Iterator[pa.RecordBatch]:
    at = np.flatnonzero(shown)
    mixed = spread(rows["address"][first[at]].astype(np.uint64))
    order = np.lexsort((rows["address"][at], mixed))
    at, mixed = at[order], mixed[order]
    columns = {name: rows[name][at] for name in ("address", "rank", "doc_hi", "doc_lo")} | {
        "spread": mixed,
        "standing": rows["address"][first[at]],
        "standing_doc_hi": rows["doc_hi"][first[at]],
        "standing_doc_lo": rows["doc_lo"][first[at]],
        "same_record": same_record[at],
    }
    yield from batches_of(columns, MEMBER)
