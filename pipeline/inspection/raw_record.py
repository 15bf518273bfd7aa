"""A document back to its raw bytes: the record is read again where its row says that it stands."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

from pipeline import storage
from pipeline.config import Config, load
from pipeline.inputs.patterns import root_of
from pipeline.rooms.version import Current
from pipeline.schema import doc_id_of
from pipeline.sources.code.paths import is_archive
from pipeline.sources.commoncrawl.archive_record import Unreadable
from pipeline.sources.commoncrawl.source import HEAD_BYTES, CommonCrawl, records_of
from pipeline.sources.streams.watched_stream import WatchedStream
from pipeline.trouble import ConfigError

SHOWN_BYTES = 400
MAX_BYTES = 64 << 20
_IN_BYTES = {
    "wikipedia": (".xml",),
    "stackexchange": (".xml",),
    "arxiv": (".tar", ".gz", ".tgz"),
    "pdf": (".pdf",),
    "text": (".txt", ".md"),
}
"""By kind of source the files whose records stand in them byte for byte; of code, all that are no archives."""
_CONTROL = re.compile(r"[^\x20-\x7e\n]")


@dataclass(frozen=True)
class RawRecord:
    """What stands in the raw file: its path, offset and size, the sha256 of what was read, and how it begins.

    verified: the record has the id that the document was named by; False where the file's kind has no such id in it.
    """

    path: str
    offset: int
    bytes: int
    sha256: str
    beginning: str
    verified: bool


def raw_record(data: str, source: str, raw_path: str, offset: int | None, size: int, doc_id: str) -> RawRecord | None:
    """Read the record again; None where the config or the raw file is not there any more.

    None, too, where its place is not one of bytes in that file: a row, a line, a byte of what is packed in it. Of a web
    archive the record itself is parsed, and its WARC-Record-ID must give the doc_id again.
    """
    config = _config(data)
    if config is None or source not in config.sources or offset is None:
        return None
    entry = config.sources[source]
    is_warc = isinstance(entry.reader, CommonCrawl)
    if not is_warc and not _is_in_bytes(entry.reader.kind, raw_path):
        return None
    try:
        path = storage.join(root_of(entry.inputs), raw_path)
        with storage.open_input(path) as stream:
            stream.seek(offset)
            content = stream.read(min(size + (HEAD_BYTES if is_warc else 0), MAX_BYTES))
    except FileNotFoundError:
        return None
    return (
        _of_archive(content, path, source, offset, doc_id) if is_warc else _told(path, offset, content, verified=False)
    )


def _is_in_bytes(kind: str, raw_path: str) -> bool:
    """Whether `raw_offset` and `raw_bytes` of this kind of source are bytes of this file as it is stored."""
    if kind == "code":
        return not is_archive(raw_path)
    return raw_path.lower().endswith(_IN_BYTES.get(kind, ()))


def _config(data: str) -> Config | None:
    current = Current.read(data)
    try:
        return load(current.config)[0] if current is not None else None
    except (ConfigError, FileNotFoundError):
        return None


def _of_archive(packed: bytes, path: str, source: str, offset: int, doc_id: str) -> RawRecord | None:
    first = next(iter(records_of(WatchedStream(io.BytesIO(packed)))), None)
    if first is None or isinstance(first, Unreadable):
        return None
    if first.record_id is not None and doc_id_of(source, first.record_id) != doc_id:
        return None
    return _told(path, offset, first.read(min(first.length or 0, MAX_BYTES)), verified=first.record_id is not None)


def _told(path: str, offset: int, content: bytes, *, verified: bool) -> RawRecord:
    beginning = _CONTROL.sub(" ", content[:SHOWN_BYTES].decode("latin-1").replace("\r\n", "\n"))
    return RawRecord(path, offset, len(content), hashlib.sha256(content).hexdigest(), beginning, verified)
