"""robots.txt and ai.txt of web archives as one table: what the stage `robots` reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.inputs.patterns import named_files
from pipeline.sources.commoncrawl.archive_record import Unreadable
from pipeline.sources.commoncrawl.http_body import BodyError, decode_body, parse_head
from pipeline.sources.commoncrawl.source import HEAD_BYTES, CommonCrawl, moment, records_of
from pipeline.sources.streams.watched_stream import WatchedStream
from pipeline.stages.robots import RECORDS
from pipeline.stages.robots_rules import MAX_BYTES
from pipeline.urls.addresses import host_name

Row = tuple[str, str, str, int, str]


def write_table(inputs: str, output: str) -> int:
    """Write every robots.txt and ai.txt that archives hold, sorted by host, file and date; how many there are.

    inputs: a WARC file, a folder, or a pattern. Of equal (host, file, date) the first in order of the files stays.
    """
    root, names = named_files(inputs, CommonCrawl.suffixes)
    found: dict[tuple[str, str, str], Row] = {}
    for name in names:
        with storage.open_input(storage.join(root, name)) as stream:
            for row in _rows(WatchedStream(stream)):
                found.setdefault(row[:3], row)
    rows = [found[key] for key in sorted(found)]
    columns = [pa.array([row[at] for row in rows], f.type) for at, f in enumerate(RECORDS)]
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(columns, schema=RECORDS), output, compression="zstd")
    return len(rows)


def _rows(stream: WatchedStream) -> Iterator[Row]:
    for record in records_of(stream):
        if isinstance(record, Unreadable) or record.kind != "response" or not record.url or record.length is None:
            continue
        address = urlsplit(record.url)
        file = address.path.removeprefix("/").lower()
        date = moment(record.date)
        if file not in ("robots.txt", "ai.txt") or not address.hostname or date is None:
            continue
        block = record.read(min(record.length, HEAD_BYTES + MAX_BYTES))
        head = parse_head(block)
        if head is None:
            continue
        text = ""
        if head.status == 200:
            try:
                body = decode_body(block[head.body_start :], head, limit=2 * MAX_BYTES, cut=True)
            except BodyError:
                continue
            text = body[:MAX_BYTES].decode("utf-8-sig", "replace")
        yield host_name(address.hostname), file, date, head.status, text
