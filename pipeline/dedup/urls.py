"""Documents of one address: captures of a page at other times, or by another crawl.

Unlike works, most documents of a crawl have an address. So a shard first takes out what is gone already, with the rows
of the exact step that speak of it alone; a reducer then sees every row of its addresses once, and no list of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from pipeline.dedup.exact import conflicts, member_rows, without
from pipeline.dedup.schemas import SAME_URL, SIGNATURE, URL_BAND, batches_of
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signatures import signature_rows, signature_schema
from pipeline.dedup.sorted_files import Key, columns_of, read_range
from pipeline.dedup.works import COLUMNS, edges_of_names


def addressed(
    signature_files: Sequence[str],
    identity_files: Sequence[str],
    exact_files: Sequence[str],
    shard: int,
    settings: Deduplication,
) -> Iterator[pa.RecordBatch]:
    """The signature rows of the band of addresses of one shard, less what lost a conflict or to an equal text.

    As SIGNATURE, sorted as there. Holds these rows of the shard, 66 bytes a document, and its exact duplicates.
    """
    band = ((URL_BAND,), (URL_BAND + 1,))
    found = list(read_range(signature_files[shard], ("band", "key"), *band))
    rows = columns_of(found, SIGNATURE, [name for name in SIGNATURE.names if name != "finer"])
    rows["address"] = np.uint64(shard << 32) + rows["row"].astype(np.uint64)
    equal = member_rows(exact_files, shard << 32, (shard + 1) << 32)
    rows = without(rows, equal["address"][equal["address"] != equal["standing"]].astype(np.uint64))
    rows = without(rows, conflicts(identity_files))
    columns = {name: rows[name] for name in SIGNATURE.names if name != "finer"}
    nothing = pa.nulls(len(rows["row"]), pa.uint64())
    yield from batches_of(columns | {"finer": nothing}, signature_schema(settings))


def urls(addressed_files: Sequence[str], lo: Key, hi: Key, settings: Deduplication) -> Iterator[pa.RecordBatch]:
    """Edges between documents of one address with lo <= (band, key) < hi, as EDGE of similarity SAME_URL, sorted.

    Every document of an address is paired with the `bucket_leaders` best of it. Memory as in `works`.
    """
    rows = signature_rows(addressed_files, lo, hi, COLUMNS, settings)
    yield from edges_of_names(rows, SAME_URL, settings)
