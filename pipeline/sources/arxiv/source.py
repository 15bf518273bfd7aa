"""Papers of arXiv as their authors wrote them: LaTeX and TeX, to text with formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, ClassVar, Literal

from pydantic import Field

from pipeline.extraction.latex.document import Extracted, extract
from pipeline.extraction.latex.files import AUTO_IGNORE, decoded, main_file
from pipeline.sources.arxiv.eprint import BrokenPackingError, EPrint, TooMuchError, unpacked
from pipeline.sources.arxiv.ids import ArxivId, identified
from pipeline.sources.arxiv.licence import Licence, stated
from pipeline.sources.arxiv.listing import Listed, digest_of, listed
from pipeline.sources.arxiv.tar import BrokenTarError, Member, members
from pipeline.sources.source import Dropped, Expanded, InputFile, NotADocument, Outcome, Piece, Row, Source
from pipeline.sources.streams.watched_stream import read_up_to

PIECE_BYTES = 64 << 20  # of a bulk archive: some hundred e-prints, a minute of work
LISTING = "arXiv's listing"
MAX_NOTICE_CHARS = 1_500  # of a text that only says that the paper is withdrawn
_BULK_MEMBER = re.compile(r"(?:\./)?\d{4}/[^/]{1,60}\.(?:gz|pdf)")
_WITHDRAWN = re.compile(
    r"\b(?:paper|article|manuscript|submission|e-?print|preprint|work|note|version|letter|thesis|it)\b[^.]{0,80}\b"
    r"(?:has|have|had|is|was|being|been|hereby)\b[^.]{0,40}\b(?:withdrawn|retracted|removed)\b|\bwithdrawn by\b",
    re.IGNORECASE,
)


class Arxiv(Source):
    """LaTeX e-prints: `<id>.tar.gz`, `<id>.gz` (one file), and arXiv's bulk archives `arXiv_src_YYMM_NNN.tar` of these.

    A record is an e-print. Key: the arXiv identifier in the file's name (with its version where the name has one);
    else sha256 of the file, in a bulk archive `sha256@offset`. `work` is `arxiv:<id>` without version, so that the
    PDF and other versions of the paper can give way. Identifiers before April 2007 whose name lacks the archive
    (`0005057` for `math-ph/0005057`) name no work and no URL. `date` is the month in the identifier, YYYY-MM.

    A licence is declared where the source of the paper states one for the paper, else by arXiv's `listing`, where one
    is given: arXiv's default licence does not let anyone redistribute, and stands nowhere in the files. The listing
    also tells author and date (the day of the first version), and the title of a paper that has none.

    Reasons: arxiv:no_tex (figures, PostScript or PDF only), arxiv:withdrawn, arxiv:no_text, arxiv:broken_archive
    (damaged gzip or tar), arxiv:repeated_record (an identifier twice in one bulk archive), resource:record_bytes,
    resource:members, resource:latex_bytes, resource:latex_expansion (macros that grow without measure). A PDF in the
    place of an e-print is counted as arxiv:pdf_only. A bulk archive ends as expanded, arxiv:bulk_archive.
    """

    cpu_s_per_mb: ClassVar[float] = 0.7
    disk_per_byte: ClassVar[float] = 1.0
    kind: Literal["arxiv"] = "arxiv"
    version: ClassVar[int] = 7  # 5: listings, restrictions. 6: names in East Asian languages. 7: a place narrows
    suffixes: ClassVar[tuple[str, ...]] = (".tar.gz", ".tgz", ".gz", ".tar")
    small_file_bytes: ClassVar[int] = 8 << 20
    natural_keys: ClassVar[str] = "arXiv identifier (file name); else sha256 of the file, in an archive @ offset"
    max_record_bytes: int = Field(default=64 << 20, ge=1)
    """Largest e-print that is read into memory."""
    max_unpacked_bytes: int = Field(default=512 << 20, ge=1)
    """Largest e-print when it is unpacked."""
    keep_bibliography: bool = False
    """Whether the list of references stays in the text."""
    listing: str | None = None
    """File of arXiv's metadata, a JSON object a line (`arxiv-metadata-oai-snapshot.json`); none: what papers say."""
    places: ClassVar[frozenset[str]] = frozenset({"listing"})

    def fingerprint(self) -> str:
        """sha256 of the listing."""
        return "" if self.listing is None else digest_of(self.listing)

    def split(self, file: InputFile, stream: BinaryIO) -> list[Piece]:
        """A bulk archive in pieces of about 64 MiB that begin at members; other files whole."""
        if not _is_bulk(file, stream):
            return [Piece(file)]
        starts = [0]
        try:
            for member in _walk(stream):
                if member.header - starts[-1] >= PIECE_BYTES:
                    starts.append(member.header)
        except BrokenTarError:
            pass  # told by whoever reads that far
        return [Piece(file, start, stop) for start, stop in zip(starts, [*starts[1:], None], strict=True)]

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """The e-print, or every one of a bulk archive in its order."""
        if _is_bulk(piece.file, stream):
            yield from self._bulk(piece, stream)
            return
        stream.seek(0)
        name = identified(piece.file.path)
        key = name.key if name is not None else piece.file.digest
        content = read_up_to(stream, self.max_record_bytes + 1)
        if len(content) > self.max_record_bytes:
            yield Dropped("resource:record_bytes", key, 0, piece.file.bytes)
        else:
            yield self._outcome(key, name, 0, content)

    def _bulk(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        file = piece.file
        seen: set[str] = set()
        children = place = 0
        try:
            for member in _walk(stream):
                if piece.stop is not None and member.header >= piece.stop:
                    return
                place = member.offset + member.size
                children += 1
                name = identified(member.name)
                by_place = f"{file.digest}@{member.offset}"
                key = name.key if name is not None and name.key not in seen else by_place
                is_repeated = name is not None and key == by_place
                seen.add(key)
                if member.header < piece.start:
                    continue
                if is_repeated:
                    yield Dropped("arxiv:repeated_record", key, member.offset, member.size)
                    continue
                left_out = piece.passed_over(key, member.offset, member.size)
                outcome = left_out or self._member(key, name, member, stream)
                yield outcome or Dropped("arxiv:broken_archive", key, member.offset, member.size)
                if outcome is None:
                    break
        except BrokenTarError:
            children += 1
            yield Dropped("arxiv:broken_archive", f"{file.digest}@{place}-", place, 0)
        if piece.stop is None:
            yield Expanded("arxiv:bulk_archive", file.digest, 0, file.bytes, children)

    def _member(self, key: str, name: ArxivId | None, member: Member, stream: BinaryIO) -> Outcome | None:
        """What becomes of a member; None where the archive ends within it."""
        if member.name.lower().endswith(".pdf"):
            return NotADocument("arxiv:pdf_only", member.size)
        if member.size > self.max_record_bytes:
            return Dropped("resource:record_bytes", key, member.offset, member.size)
        stream.seek(member.offset)
        content = read_up_to(stream, member.size)
        return self._outcome(key, name, member.offset, content) if len(content) == member.size else None

    def _outcome(self, key: str, name: ArxivId | None, offset: int, content: bytes) -> Outcome:
        size = len(content)
        try:
            eprint = unpacked(content, self.max_unpacked_bytes)
        except BrokenPackingError:
            return Dropped("arxiv:broken_archive", key, offset, size)
        except TooMuchError as error:
            return Dropped(f"resource:{error}", key, offset, size)
        if eprint.is_pdf:
            return NotADocument("arxiv:pdf_only", size)
        found = self._paper(eprint)
        if isinstance(found, str):
            return Dropped(found, key, offset, size)
        paper, main, charset, licence = found
        work = name.work if name is not None else None
        entry = listed(self.listing, work) if self.listing is not None and work is not None else None
        entry = entry or Listed(None, None, None, None)
        declared = (entry.licence, LISTING if entry.licence is not None else None, entry.licence)
        if licence is not None:
            declared = (licence.spdx, main, licence.quote)
        return Row(
            natural_key=key,
            raw_offset=offset,
            raw_bytes=size,
            text=paper.text,
            url=f"https://arxiv.org/abs/{work}" if work is not None else None,
            title=paper.title or entry.title,
            date=entry.date or (name.month if name is not None else None),
            language_hint=paper.language,
            charset=charset,
            licence_declared=declared[0],
            licence_where=declared[1],
            licence_quote=declared[2],
            author=entry.author or paper.author,
            work=f"arxiv:{work}" if work is not None else None,
        )

    def _paper(self, eprint: EPrint) -> tuple[Extracted, str, str, Licence | None] | str:
        """What the e-print says, its main file, that one's charset and the licence in it; or why it says nothing."""
        texts, charsets = {}, {}
        for path, content in eprint.files.items():
            texts[path], charsets[path] = decoded(content)
        main = main_file(texts)
        if main is None:
            return "arxiv:withdrawn" if any(map(_is_notice, texts.values())) else "arxiv:no_tex"
        if AUTO_IGNORE.match(texts[main]):
            return "arxiv:withdrawn"
        paper = extract(texts, main, keep_bibliography=self.keep_bibliography)
        if paper.over_budget is not None:
            return paper.over_budget
        if len(paper.text) <= MAX_NOTICE_CHARS and _WITHDRAWN.search(paper.text):
            return "arxiv:withdrawn"
        if not paper.text:
            return "arxiv:withdrawn" if _is_notice(texts[main]) else "arxiv:no_text"
        return paper, main, charsets[main], stated(texts[main])


def _is_notice(text: str) -> bool:
    """What arXiv keeps in the place of a paper that was withdrawn."""
    return AUTO_IGNORE.match(text) is not None or (len(text) <= MAX_NOTICE_CHARS and bool(_WITHDRAWN.search(text)))


def _is_bulk(file: InputFile, stream: BinaryIO) -> bool:
    """Whether this is an archive of e-prints, not the archive of one."""
    if not file.path.lower().endswith(".tar"):
        return False
    if file.path.rpartition("/")[2].startswith("arXiv_src_"):
        return True
    try:
        first = next(_walk(stream), None)
    except BrokenTarError:
        return False
    return first is not None and _BULK_MEMBER.fullmatch(first.name) is not None


def _walk(stream: BinaryIO) -> Iterator[Member]:
    """The members of a plain tar archive; only their headers are read. The stream may be moved meanwhile."""
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        stream.seek(at)
        found = read_up_to(stream, size)
        at += len(found)
        return found

    def skip(size: int) -> None:
        nonlocal at
        at += size

    for member in members(read, skip, needs_end=True):
        yield member
        skip(member.size)
