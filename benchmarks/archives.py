"""The archives that benchmarks run over: real pages as Common Crawl writes them, one page of ours, many pages."""

from __future__ import annotations

import gzip
import hashlib
import html
import itertools
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator

GZIP_LEVEL = 6  # what Common Crawl's archives are packed with
_OK = re.compile(rb"HTTP/\d(?:\.\d)? 200\b")
_HTML = re.compile(rb"^content-type:[ \t]*(?:text/html|application/xhtml\+xml)\b", re.IGNORECASE | re.MULTILINE)
_PROSE = re.compile(rb"(?<=[a-z]{3}) (?=[a-z]+ [a-z]+[ .,])")
EVERY = 4  # spaces of prose for each inserted word: hardly five words in a row stay as they were


@dataclass(frozen=True)
class Record:
    """One WARC record: its headers in order, and its block as stored (HTTP head and body of a response)."""

    headers: tuple[tuple[str, str], ...]
    block: bytes

    @property
    def page_bytes(self) -> int | None:
        """The bytes of the page's body as stored, where this is an HTML response of status 200; else None."""
        head, found, body = self.block.partition(b"\r\n\r\n")
        is_page = ("WARC-Type", "response") in self.headers and found and _OK.match(head) and _HTML.search(head)
        return len(body) if is_page else None

    def with_header(self, name: str, value: str) -> Record:
        """The record with that header set."""
        others = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*others, (name, value)))

    def packed(self) -> bytes:
        """The record as one gzip member."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers if name.lower() != "content-length")
        head = f"WARC/1.0\r\n{lines}Content-Length: {len(self.block)}\r\n\r\n".encode()
        return gzip.compress(head + self.block + b"\r\n\r\n", GZIP_LEVEL, mtime=0)


@dataclass(frozen=True)
class Input:
    """What an archive holds: its HTML responses of status 200, and sizes in bytes.

    `html_bytes`: bodies as stored. `plain_bytes`: all blocks. `packed_bytes`: the file.
    """

    pages: int
    html_bytes: int
    plain_bytes: int
    packed_bytes: int


def read(paths: Iterable[Path]) -> Iterator[Record]:
    """The records of gzip WARC files, in order."""
    for path in paths:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, parse_http=False):
                yield Record(tuple((str(k), str(v)) for k, v in record.headers.items()), record.reader.read())


def write(records: Iterable[Record], target: Path) -> Input:
    """Write a gzip WARC and count what is in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        pages, html_bytes, plain_bytes = _write(records, out)
    return Input(pages, html_bytes, plain_bytes, target.stat().st_size)


def _write(records: Iterable[Record], out: BinaryIO) -> tuple[int, int, int]:
    pages = html_bytes = plain_bytes = 0
    for record in records:
        size = record.page_bytes
        pages += size is not None
        html_bytes += size or 0
        plain_bytes += len(record.block)
        out.write(record.packed())
    return pages, html_bytes, plain_bytes


def as_common_crawl(records: Iterable[Record]) -> Iterator[Record]:
    """The records with WARC-Identified-Payload-Type on every page.

    Common Crawl states it since 2018; without it datatrove asks libmagic, which calls some real pages something else.
    """
    for record in records:
        yield record if record.page_bytes is None else record.with_header("WARC-Identified-Payload-Type", "text/html")


def every(records: Iterable[Record], step: int) -> Iterator[Record]:
    """Each `step`-th record, from the first."""
    return itertools.islice(records, 0, None, step)


def page_of(paragraphs: Iterable[str], url: str) -> Record:
    """A response with one English page of these paragraphs."""
    text = "\n".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    page = f"<!doctype html><html lang='en'><head><title>One page</title></head><body><main>{text}</main></body></html>"
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    headers = (
        ("WARC-Type", "response"),
        ("WARC-Record-ID", _record_id(url)),
        ("WARC-Date", "2026-01-01T00:00:00Z"),
        ("WARC-Target-URI", url),
        ("Content-Type", "application/http; msgtype=response"),
    )
    return Record(headers, (head + page).encode())


def copies(sources: Callable[[], Iterator[Record]], plain_bytes: int) -> Iterator[Record]:
    """The pages of `sources()` again and again until `plain_bytes` are reached, each copy another document.

    A copy has a URL and record id of its own, and a made-up word after every fourth space of its English prose, so that
    deduplication meets as many texts as a crawl of that size has, not a few texts many times.
    """
    held = 0
    for copy in itertools.count():
        for record in sources():
            if held >= plain_bytes:
                return
            other = _copy(record, copy) if copy else record
            held += len(other.block)
            yield other


def _copy(record: Record, copy: int) -> Record:
    head, found, body = record.block.partition(b"\r\n\r\n")
    url = f"{dict(record.headers).get('WARC-Target-URI', 'https://example.org/')}?copy={copy}"
    counter = itertools.count()

    def space(match: re.Match[bytes]) -> bytes:
        number = next(counter)
        return match[0] if number % EVERY else b" " + _word(copy, number) + b" "

    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    changed = Record(record.headers, b"\r\n".join(lines) + found + _PROSE.sub(space, body))
    return changed.with_header("WARC-Target-URI", url).with_header("WARC-Record-ID", _record_id(url))


def _word(copy: int, number: int) -> bytes:
    """Six letters that look like a word: consonants and vowels in turn."""
    digest = hashlib.blake2b(b"%d:%d" % (copy, number), digest_size=6).digest()
    return bytes(b"bdfglmnprstv"[d % 12] if i % 2 == 0 else b"aeiou"[d % 5] for i, d in enumerate(digest))


def _record_id(url: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, url)}>"
