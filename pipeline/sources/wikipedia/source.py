"""Wikipedia, and every other wiki: the XML dumps of MediaWiki, as the text of their articles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, ClassVar, Literal

from pydantic import Field

from pipeline.extraction.wikitext.article import Names, article_of
from pipeline.sources.source import Dropped, InputFile, NotADocument, Outcome, Piece, Row, Source
from pipeline.sources.streams import bz2_blocks
from pipeline.sources.streams.lines import unpacked
from pipeline.sources.streams.raw_record import BrokenInputError, iso_date
from pipeline.sources.wikipedia.pages import PAGE, Cut, Gap, OlderRevision, Page, Place, Run, pages
from pipeline.sources.wikipedia.revision import BrokenPageError, Revision, revision_of
from pipeline.sources.wikipedia.site import ARTICLES, SITE_BYTES, Site, site_of

_INDEX = re.compile(r"-index\d*\.txt(?:-p\d+p\d+)?\.bz2")
_WIKITEXT = frozenset({"wikitext", None})
_CHUNK_BITS = 12


class Wikipedia(Source):
    """Articles of a MediaWiki XML export (versions 0.3 to 0.11), as Wikimedia's dumps are: .xml, .xml.gz, .bz2.

    A record is a revision of a page; in a history dump the last one of each page is its row, the others are
    wikipedia:older_revision. Not documents: wikipedia:namespace (pages that are no articles), wikipedia:redirect,
    wikipedia:not_wikitext (Lua, CSS, JSON ...), and wikipedia:stream_index, the text file beside a multistream dump.

    Dropped: wikipedia:disambiguation, wikipedia:no_text (nothing but templates, tables of links, or a deleted text),
    wikipedia:broken_page (no well-formed XML, or without an id), wikipedia:repeated_page (an id that stood earlier in
    the piece), resource:record_bytes; of a damaged file wikipedia:broken_block (a stretch that cannot be read; the
    page that it cuts is wikipedia:truncated), and of a file that ends before `</mediawiki>` one more
    wikipedia:truncated, for what should have followed.

    A .bz2 file of many streams or of one is cut into pieces of about `piece_bytes` at blocks, wherever these begin: a
    piece's `start` and `stop` are bit offsets of blocks in the file, and it holds the pages that begin in its blocks.

    Key: database name of the wiki : page id, with @revision id where the export has several of the page. A wiki that
    the export does not name goes by the sha256 of the file, for its page ids say nothing by themselves. `raw_offset`
    is the byte in which the page begins, in a .bz2 the one in which its block does; `raw_bytes` are of XML.
    """

    cpu_s_per_mb: ClassVar[float] = 0.75
    disk_per_byte: ClassVar[float] = 2.4
    kind: Literal["wikipedia"] = "wikipedia"
    version: ClassVar[int] = 4  # 3: {{no.|7}} keeps its number; 4: a list at the top is no redirect
    suffixes: ClassVar[tuple[str, ...]] = (".bz2", ".xml", ".xml.gz")
    natural_keys: ClassVar[str] = "database name of the wiki : page id (@ revision id in a history)"
    decides_with: ClassVar[tuple[str, ...]] = ("lxml",)
    piece_bytes: int = Field(default=16 << 20, ge=1)
    """Compressed bytes of a .bz2 that one task reads."""
    max_record_bytes: int = Field(default=16 << 20, ge=1)
    """Largest revision; MediaWiki allows 2 MiB of text."""

    def split(self, file: InputFile, stream: BinaryIO) -> list[Piece]:
        """A .bz2 in pieces that begin with a block in which a page begins; other files whole."""
        if not file.path.lower().endswith(".bz2") or _INDEX.search(file.path):
            return [Piece(file)]
        starts = [0]
        while (wanted := (starts[-1] // 8 // self.piece_bytes + 1) * self.piece_bytes) < file.bytes:
            start = bz2_blocks.next_block(stream, wanted * 8, PAGE)
            if start is None:
                break
            starts.append(start)
        stops = [*starts[1:], None]
        return [Piece(file, start, stop) for start, stop in zip(starts, stops, strict=True)]

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """Every page that begins in the piece, in file order; older revisions before their page."""
        if _INDEX.search(piece.file.path):
            yield NotADocument("wikipedia:stream_index", piece.file.bytes)
            return
        reader = _Reader(piece.file.digest, _site(piece, stream))
        for found in pages(_runs(piece, stream), self.max_record_bytes):
            left_out = None
            if isinstance(found, Page):
                left_out = piece.passed_over(reader.at(found.place), found.place.at, found.bytes)
            yield left_out or reader.outcome(found)


class _Reader:
    """Pages to outcomes, for one piece."""

    def __init__(self, digest: str, site: Site) -> None:
        self._digest = digest
        self._site = site
        self._names = Names(site.files(), site.categories())
        self._seen = _Numbers()

    def outcome(self, found: Page | OlderRevision | Gap | Cut) -> Outcome:
        """What becomes of it."""
        if isinstance(found, OlderRevision):
            return NotADocument("wikipedia:older_revision", found.bytes)
        if isinstance(found, Gap):
            return Dropped("wikipedia:broken_block", self.at(found.place), found.place.at, found.packed_bytes)
        if isinstance(found, Cut):
            return Dropped("wikipedia:truncated", f"{self._digest}@end", None, found.packed_bytes)
        if found.fault:
            return self._dropped(found, f"wikipedia:{found.fault}")
        if found.head is None or (found.revision is None and found.revisions):
            return self._dropped(found, "resource:record_bytes")
        try:
            revision = revision_of(found.head, found.revision or b"")
        except BrokenPageError:
            return self._dropped(found, "wikipedia:broken_page")
        return self._of_revision(found, revision)

    def _of_revision(self, page: Page, revision: Revision) -> Outcome:
        site = self._site
        if (revision.namespace if revision.namespace is not None else site.namespace(revision.title)) != ARTICLES:
            return NotADocument("wikipedia:namespace", page.bytes)
        if revision.is_redirect:
            return NotADocument("wikipedia:redirect", page.bytes)
        if revision.model not in _WIKITEXT:
            return NotADocument("wikipedia:not_wikitext", page.bytes)
        if not self._seen.add(revision.page_id):
            return self._dropped(page, "wikipedia:repeated_page")
        key = f"{site.key or self._digest}:{revision.page_id}"
        if page.revisions > 1:
            key += f"@{revision.revision_id}"
        article = article_of(revision.text or "", revision.title, self._names)
        reason = "disambiguation" if article.is_disambiguation else "" if article.text else "no_text"
        if reason:
            return Dropped(f"wikipedia:{reason}", key, page.place.at, page.bytes)
        date = iso_date(revision.timestamp)
        licence, where = site.licence(date) or (None, None)
        return Row(
            natural_key=key,
            raw_offset=page.place.at,
            raw_bytes=page.bytes,
            text=article.text,
            url=site.url(revision.title),
            title=revision.title,
            date=date,
            language_hint=site.language,
            charset="utf-8",
            licence_declared=licence,
            licence_where=where,
            author=site.author(),
        )

    def _dropped(self, page: Page, reason: str) -> Dropped:
        return Dropped(reason, self.at(page.place), page.place.at, page.bytes)

    def at(self, place: Place) -> str:
        """What a record is called that has no id, by its place."""
        return f"{self._digest}@{place.run}+{place.offset}"


class _Numbers:
    """A set of numbers that lie close together, at about a byte each: ids of the pages that were read."""

    def __init__(self) -> None:
        self._chunks: dict[int, int] = {}

    def add(self, number: int) -> bool:
        """Put it in; False where it was there already."""
        chunk, bit = number >> _CHUNK_BITS, 1 << (number & ((1 << _CHUNK_BITS) - 1))
        held = self._chunks.get(chunk, 0)
        self._chunks[chunk] = held | bit
        return not held & bit


def _runs(piece: Piece, stream: BinaryIO) -> Iterator[Run]:
    """The export's bytes from the piece's start on, in runs."""
    name = piece.file.path.lower()
    if not name.endswith(".bz2"):
        yield from _whole_file(name, stream)
        return
    for part in bz2_blocks.blocks(stream, piece.start):
        is_ours = piece.stop is None or part.start < piece.stop
        yield Run(str(part.start), part.start // 8, part.content, part.packed_bytes, is_ours, is_last=part.at_end)


def _whole_file(name: str, stream: BinaryIO) -> Iterator[Run]:
    is_plain = not name.endswith(".gz")
    done = 0
    try:
        for run in unpacked(name, stream):
            yield Run(str(done), done if is_plain else None, run, is_plain=is_plain)
            done += len(run)
    except BrokenInputError:
        yield Run(str(done), None, None, is_last=True)


def _site(piece: Piece, stream: BinaryIO) -> Site:
    """What the file's first bytes say of the wiki; leaves the stream at its start."""
    start = b""
    for run in _runs(Piece(piece.file), stream):
        start += run.content or b""
        if run.content is None or len(start) >= SITE_BYTES or b"</siteinfo>" in start or PAGE in start:
            break
    stream.seek(0)
    return site_of(start[:SITE_BYTES])
