"""One e-print as arXiv serves it, unpacked: its TeX files, or why it has none."""

from __future__ import annotations

import posixpath
import zlib
from dataclasses import dataclass, field

from pipeline.sources.arxiv.tar import BrokenTarError, Member, is_header, members
from pipeline.sources.streams.tar_header import BLOCK

MAX_MEMBERS = 20_000
MAX_TEX_BYTES = 32 << 20  # of all files that may be TeX; they are held in memory
MAX_OTHER_BYTES = 1 << 20  # of a file with an unusual name
_PACKED = 1 << 14  # compressed bytes at once: at most 16 MiB come out
_TEX = frozenset({".tex", ".ltx", ".latex", ".bbl", ".sty", ".txt", ".inp", ".input", ".tikz", ".def", ".json", ".xxx"})
_NEVER = frozenset(
    {
        *(".eps", ".ps", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".tif", ".tiff", ".bmp", ".epsi", ".epsf"),
        *(
            ".bib",
            ".bst",
            ".cls",
            ".clo",
            ".aux",
            ".log",
            ".out",
            ".blg",
            ".toc",
            ".dvi",
            ".gz",
            ".zip",
            ".tfm",
            ".pfb",
        ),
        *(
            ".mp4",
            ".avi",
            ".mov",
            ".mpg",
            ".csv",
            ".dat",
            ".xls",
            ".xlsx",
            ".doc",
            ".docx",
            ".py",
            ".ipynb",
            ".m",
            ".nb",
        ),
        *(
            ".html",
            ".htm",
            ".xml",
            ".pgf",
            ".fd",
            ".mf",
            ".ttf",
            ".otf",
            ".jar",
            ".h5",
            ".npy",
            ".pstex",
            ".bak",
            ".lof",
        ),
    }
)


class BrokenPackingError(Exception):
    """The gzip stream or tar archive is damaged or ends too early."""


class TooMuchError(Exception):
    """A budget is spent; the message names it."""


@dataclass(frozen=True, slots=True)
class EPrint:
    """What an e-print holds: the files that may be TeX by name, and what it is where it is one file and no TeX."""

    files: dict[str, bytes] = field(default_factory=dict)
    is_pdf: bool = False


def unpacked(content: bytes, max_bytes: int) -> EPrint:
    """The e-print in `content`: a gzipped or plain tar archive, a gzipped file, or a bare one.

    Raises BrokenPackingError, and TooMuchError where more than `max_bytes` come out of it (`record_bytes`), it has
    more than 20,000 members (`members`), or more than 32 MiB of them may be TeX (`latex_bytes`).
    """
    source = _Bytes(content, max_bytes)
    start = source.peek(BLOCK)
    if is_header(start):
        eprint = EPrint(_files(source))
        source.skip_all()
        return eprint
    if start.startswith((b"%PDF-", b"\n%PDF-")):
        source.skip_all()
        return EPrint(is_pdf=True)
    if start.startswith((b"%!PS", b"\x04%!PS", b"\x89PNG", b"\xff\xd8\xff", b"PK\x03\x04")):
        source.skip_all()
        return EPrint()
    whole = source.read(MAX_TEX_BYTES + 1)
    if len(whole) > MAX_TEX_BYTES:
        source.skip_all()
        raise TooMuchError("latex_bytes")
    source.skip_all()
    return EPrint({"main": whole} if b"\0" not in whole else {})


def _files(source: _Bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    held = count = 0
    try:
        for member in members(source.read, source.skip, needs_end=False):
            count += 1
            if count > MAX_MEMBERS:
                raise TooMuchError("members")
            if not _may_be_tex(member):
                source.skip(member.size)
                continue
            held += member.size
            if held > MAX_TEX_BYTES:
                raise TooMuchError("latex_bytes")
            text = source.read(member.size)
            if len(text) < member.size:
                raise BrokenPackingError("the archive ends within a member")
            name = posixpath.normpath(member.name.lstrip("/"))
            if b"\0" not in text or text.startswith((b"\xff\xfe", b"\xfe\xff")):
                files[name] = text
    except BrokenTarError as error:
        source.skip_all()
        raise BrokenPackingError(str(error)) from error
    return files


def _may_be_tex(member: Member) -> bool:
    suffix = posixpath.splitext(member.name)[1].lower()
    return suffix in _TEX or (suffix not in _NEVER and member.size <= MAX_OTHER_BYTES)


class _Bytes:
    """The bytes of an e-print, decompressed where it is gzip, read from front to back within a budget."""

    def __init__(self, content: bytes, max_bytes: int) -> None:
        self._packed = content
        self._inflate = zlib.decompressobj(31) if content.startswith(b"\x1f\x8b") else None
        self._held = bytearray() if self._inflate else bytearray(content)
        self._at = len(content) if self._inflate is None else 0
        self._left = max_bytes - len(self._held)

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay the next ones."""
        self._fill(size)
        return bytes(self._held[:size])

    def read(self, size: int) -> bytes:
        """The next bytes; fewer at the end."""
        self._fill(size)
        found = bytes(self._held[:size])
        del self._held[:size]
        return found

    def skip(self, size: int) -> None:
        """Pass over bytes; raises BrokenPackingError where there are fewer."""
        while size > 0:
            self._fill(1)
            if not self._held:
                raise BrokenPackingError("the archive ends within a member")
            passed = min(size, len(self._held))
            del self._held[:passed]
            size -= passed

    def skip_all(self) -> None:
        """Read to the end, so that damage anywhere is found."""
        while self._held or self._at < len(self._packed):
            self._held.clear()
            self._fill(1)
            if not self._held:
                break
        if self._inflate is not None and not self._inflate.eof:
            raise BrokenPackingError("the compressed stream ends too early")

    def _fill(self, size: int) -> None:
        """See that `size` bytes are held, unless there are no more."""
        while len(self._held) < size and self._inflate is not None and self._at < len(self._packed):
            if self._inflate.eof:
                self._next_member()
                continue
            piece = self._packed[self._at : self._at + _PACKED]
            self._at += len(piece)
            try:
                self._take(self._inflate.decompress(piece))
            except zlib.error as error:
                raise BrokenPackingError(str(error)) from error
            self._at -= len(self._inflate.unused_data)

    def _next_member(self) -> None:
        """Begin the next gzip member; what is none ends the stream."""
        while self._packed[self._at : self._at + 1] == b"\0":
            self._at += 1
        if self._packed[self._at : self._at + 2] == b"\x1f\x8b":
            self._inflate = zlib.decompressobj(31)
        else:
            self._at = len(self._packed)

    def _take(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise TooMuchError("record_bytes")
        self._held += data
