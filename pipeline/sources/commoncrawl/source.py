"""Web archives: WARC, ARC and WET files, as Common Crawl, the Internet Archive and wget write them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import BinaryIO, ClassVar, Literal

from pydantic import Field, computed_field

from pipeline.extraction.html import BALANCED, extract
from pipeline.extraction.html.model import stated_digest
from pipeline.licences.page import Reservation, page_licence, page_reservation
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.sources.commoncrawl.arc import is_arc, read_arc
from pipeline.sources.commoncrawl.archive_record import ArchiveRecord, Unreadable
from pipeline.sources.commoncrawl.http_body import BodyError, Head, decode_body, is_binary, parse_head
from pipeline.sources.commoncrawl.page_directives import MAX_QUOTE, Directives, page_directives
from pipeline.sources.commoncrawl.warc import MAX_WINDOW_BYTES, container_of, first_bytes, read_warc, window_of
from pipeline.sources.source import Dropped, NotADocument, Outcome, Piece, Row, Source
from pipeline.sources.streams.watched_stream import WatchedStream

HEAD_BYTES = 1 << 16  # enough for any HTTP head that a browser accepts
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_KINDS = frozenset({"warcinfo", "request", "metadata", "resource", "revisit", "continuation"})
_TOP_LEVEL = frozenset({"application", "audio", "font", "image", "message", "model", "multipart", "text", "video"})
_MARKUP = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_RECORD_START = re.compile(rb"(?:^|\r?\n\r?\n)WARC/[01]\.\d{1,2}\r?\n")
_LINE_FEED_ALONE = re.compile(rb"WARC/[01]\.\d{1,2}\n")
_MOMENT = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?)?)?")
_SMALL_PAGE = (
    b"<title>Rivers</title><h1>A river</h1><p>It rose in the night.<ul><li>Nobody was hurt</ul><a href=/>Home</a>"
)
_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")


class CommonCrawl(Source):
    """HTML pages of a web archive as their main text; WET conversions as they are.

    A document is a `response` of status 200 whose media type is text/html or application/xhtml+xml. The media type is
    that of Content-Type; where the response states none, WARC-Identified-Payload-Type; where that is missing too,
    a page is what has `<html` or `<!doctype html` in its first 1,024 bytes. A `conversion` of text/plain is one too.
    Everything else is not a document and counted by reason: the record's type, `not_http`, `status_3xx`,
    `media_type_image`, ... What says that it is a page and is a picture, an archive or a PDF ends as
    commoncrawl:binary. An archive packed with a zstd window beyond 128 MiB is resource:zstd_window: pack it again, with
    `zstd --long=27` or less.

    Key: WARC-Record-ID; else `sha256 of the file@offset`, `@+offset` where the offset is that in the decompressed
    file. Digests are not verified: gzip's checksum finds what storage damages, and of 1,318 payload digests of the
    responses of the test archives only one differs, its writer's, of a page that is whole.
    """

    cpu_s_per_mb: ClassVar[float] = 0.25
    disk_per_byte: ClassVar[float] = 0.4
    kind: Literal["commoncrawl"] = "commoncrawl"
    version: ClassVar[int] = 16  # 15: bans in nine European languages. 16: more of them, and what only tells of bans
    suffixes: ClassVar[tuple[str, ...]] = (
        *(".warc", ".warc.gz", ".warc.zst", ".warc.lz4"),
        *(".arc", ".arc.gz", ".wet", ".wet.gz", ".warc.wet.gz"),
    )
    natural_keys: ClassVar[str] = "WARC-Record-ID; else sha256 of the file @ offset"
    decides_with: ClassVar[tuple[str, ...]] = ("fastwarc", "resiliparse", "brotli", "zstandard", "numba")
    max_record_bytes: int = Field(default=64 << 20, gt=0)
    """Largest record that is read into memory."""
    max_body_bytes: int = Field(default=64 << 20, gt=0)
    """Largest body after its encodings are undone."""
    recall_weight: int = Field(default=BALANCED, ge=0, le=1000)
    """How much recall of main text counts beside precision, in hundredths."""
    comments: bool = False
    """Keep readers' comments below the main text; posts of forums, questions and answers stay anyway."""

    @computed_field  # type: ignore[prop-decorator]  # of pydantic, over a property
    @property
    def main_text_model(self) -> str:
        """SHA-256 of the model that finds the main text; so part of the recipe."""
        return stated_digest()

    def warm_up(self) -> None:
        """Compile the extractor: most of what is compiled."""
        extract(_SMALL_PAGE, recall_weight=self.recall_weight)

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """Every record of the archive; one row `commoncrawl:broken_archive` for each stretch that cannot be read.

        One row for all of an archive whose zstd window is too large.
        """
        watched = WatchedStream(stream)
        digest = piece.file.digest
        seen: set[bytes] = set()
        if window_of(watched) > MAX_WINDOW_BYTES:
            yield Dropped("resource:zstd_window", f"{digest}@0-", 0, piece.file.bytes)
            return
        for record in records_of(watched):
            if isinstance(record, Unreadable):
                key = f"{_place(digest, record)}-"
                yield Dropped("commoncrawl:broken_archive", key, _offset(record), 0)
                continue
            key = record.record_id or _place(digest, record)
            outcome = piece.passed_over(key, _offset(record), record.length or 0) or self._outcome(record, key)
            if not isinstance(outcome, NotADocument):
                name = hashlib.blake2b(outcome.natural_key.encode(), digest_size=16).digest()
                if name in seen:
                    key = _place(digest, record)
                    outcome = Dropped("commoncrawl:repeated_record", key, _offset(record), record.length or 0)
                seen.add(name)
            yield outcome

    def _outcome(self, record: ArchiveRecord, key: str) -> Outcome:
        size = record.length or 0

        def dropped(reason: str) -> Dropped:
            return Dropped(reason, key, _offset(record), size)

        if record.length is None:
            return dropped("commoncrawl:broken_record")
        if record.kind in _KINDS:
            return NotADocument(f"commoncrawl:{record.kind}", size)
        if record.kind not in ("response", "conversion"):
            return NotADocument("commoncrawl:unknown_type", size)
        block = record.read(HEAD_BYTES)
        head = None if record.kind == "conversion" else parse_head(block)
        if len(block) < min(HEAD_BYTES, size) and (head is None or head.body_start == len(block)):
            return dropped(f"commoncrawl:{'broken_record' if record.broken else 'truncated'}")
        reason = _no_document(record, head, block)
        if reason is not None:
            return NotADocument(reason, size)
        if record.kind == "response" and head is None:
            return dropped("commoncrawl:broken_record")
        if size > self.max_record_bytes:
            return dropped("resource:record_bytes")
        block += record.read(size - len(block))
        if record.broken:
            return dropped("commoncrawl:broken_record")
        if not record.whole:
            return dropped("commoncrawl:truncated")
        if head is None:
            return self._conversion(record, key, block)
        try:
            html = decode_body(block[head.body_start :], head, limit=self.max_body_bytes, cut=record.cut_by_crawler)
        except BodyError as error:
            return dropped(error.reason)
        if not (head.media_type or record.identified_type) and not _MARKUP.search(html[:1024]):
            return NotADocument("commoncrawl:media_type_unknown", size)
        if is_binary(html, head.charset):
            return dropped("commoncrawl:binary")
        return self._page(record, key, head, html, page_directives(block[: head.body_start], html))

    def _page(self, record: ArchiveRecord, key: str, head: Head, html: bytes, says: Directives) -> Row | Dropped:
        url = _address(record.url)
        page = extract(html, url=url, charset=head.charset, recall_weight=self.recall_weight, comments=self.comments)
        licence = page_licence(page.licences)
        says = _also(says, page_reservation(page.licences))
        offset, size = _offset(record), record.length or 0
        if page.over_budget is not None:
            return Dropped(page.over_budget, key, offset, size)
        if not page.text:
            return Dropped("commoncrawl:no_text", key, offset, size)
        return Row(
            natural_key=key,
            raw_offset=offset,
            raw_bytes=size,
            text=page.text,
            url=url,
            title=page.title,
            author=page.author,
            date=page.date or _day(record.date),
            language_hint=page.language,
            charset=page.charset,
            licence_declared=None if licence is None or licence.spdx == NOT_KNOWN else licence.spdx,
            licence_where=f"page, {licence.where}" if licence is not None else None,
            licence_quote=licence.quote if licence is not None else None,
            licence_method=licence.method if licence is not None else None,
            licence_confidence=licence.confidence if licence is not None else None,
            licence_start=licence.start if licence is not None else None,
            licence_end=licence.end if licence is not None else None,
            opt_out_noindex=says.noindex,
            opt_out_noai=says.noai,
            opt_out_noimageai=says.noimageai,
            opt_out_tdm=says.tdm_reservation,
            tdm_policy=says.tdm_policy,
            directives_quote=says.quote,
            directives_as_of=moment(record.date),
        )

    def _conversion(self, record: ArchiveRecord, key: str, block: bytes) -> Row | Dropped:
        text = block.decode("utf-8", "replace").strip()
        offset, size = _offset(record), record.length or 0
        if not text:
            return Dropped("commoncrawl:no_text", key, offset, size)
        language = (record.language or "").partition(",")[0].strip() or None
        return Row(
            natural_key=key,
            raw_offset=offset,
            raw_bytes=size,
            text=text,
            url=_address(record.url),
            date=_day(record.date),
            language_hint=language,
            charset="utf-8",
        )


def _also(says: Directives, reserved: Reservation | None) -> Directives:
    """What a page says in its head and in sentences; a no outweighs a yes, and is quoted first."""
    if reserved is None:
        return says
    return says._replace(
        noai=reserved.training or says.noai,
        tdm_reservation=reserved.mining or says.tdm_reservation,
        quote=" | ".join(filter(None, (reserved.quote, says.quote)))[:MAX_QUOTE],
    )


def records_of(stream: WatchedStream) -> Iterator[ArchiveRecord | Unreadable]:
    """The records of whatever archive `stream` holds, by its first bytes; what is none is one Unreadable."""
    start = stream.read(HEAD_BYTES)
    container = container_of(start)
    plain, units = first_bytes(start, container)
    stream.seek(0)
    if is_arc(plain):
        return read_arc(stream, container)
    are_together = container != "plain" and len(_RECORD_START.findall(plain)) > units
    return read_warc(stream, container, by_lines=are_together or _LINE_FEED_ALONE.match(plain) is not None)


def _no_document(record: ArchiveRecord, head: Head | None, block: bytes) -> str | None:
    """Why a response or conversion is none; None where it is one, should be one, or only its whole body can tell."""
    if record.kind == "conversion":
        media_type = record.content_type.partition(";")[0].strip().lower()
        return None if media_type in ("", "text/plain") else _media_type_reason(media_type)
    if head is None:
        web = (_address(record.url) or "").lower().startswith(("http://", "https://"))
        return None if web or "application/http" in record.content_type else "commoncrawl:not_http"
    if head.status != 200:
        return f"commoncrawl:status_{head.status // 100}xx"
    media_type = head.media_type or record.identified_type.partition(";")[0].strip().lower()
    return None if not media_type or media_type in _HTML else _media_type_reason(media_type)


def _media_type_reason(media_type: str) -> str:
    top = media_type.partition("/")[0]
    return f"commoncrawl:media_type_{top if top in _TOP_LEVEL else 'other'}"


def _place(digest: str, record: ArchiveRecord | Unreadable) -> str:
    return f"{digest}@{'' if record.in_file else '+'}{record.offset}"


def _offset(record: ArchiveRecord | Unreadable) -> int | None:
    return record.offset if record.in_file else None


def _address(url: str | None) -> str | None:
    """The URL without the angle brackets that wget wrote around it, spaces as they must stand in a URL."""
    address = (url or "").strip().removeprefix("<").removesuffix(">").strip()
    return address.replace(" ", "%20") or None


def _day(date: str | None) -> str | None:
    """The day (month, year) of a WARC-Date, which may say less than a second (ISO 28500:2017, 5.4)."""
    found = _DAY.match(date or "")
    return found[0] if found else None


def moment(date: str | None) -> str | None:
    """A WARC-Date to the second, or as much of it as there is."""
    found = _MOMENT.match(date or "")
    return found[0] if found else None
