"""What the header of a 7z archive says of its folders and files.

A folder is one packed stream that unpacks to the bytes of its files, one after the other (7zFormat.txt, LZMA SDK).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.sources.streams.raw_record import BrokenInputError

HEADER_BYTES = 16 << 20  # about 100,000 files; a dump has eight
MAX_CODERS = 32  # of one folder, as the format has it
Coder = tuple[bytes, bytes]  # method and properties
MAX_OFFSET = 1 << 62  # no file is that large, and every stream can be asked for it


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a folder: name, size in bytes, CRC-32 where the header states one."""

    name: str
    bytes: int
    checksum: int | None


@dataclass(frozen=True, slots=True)
class Folder:
    """A packed stream: offset behind the 32 bytes of the start header, packed and unpacked size, how it is packed.

    `coders` begins with the one that gives the content; it is empty where they are no chain.
    """

    packed_at: int
    packed_bytes: int
    bytes: int
    coders: tuple[Coder, ...]
    members: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """The folders in order, and the names of the files without content."""

    folders: tuple[Folder, ...] = ()
    empty: tuple[str, ...] = field(default=())


class Bytes:
    """A cursor over a header. Raises BrokenInputError wherever the header says less than it must."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    @property
    def left(self) -> int:
        return len(self._content) - self._at

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise BrokenInputError("the header ends too early")
        self._at += size
        return self._content[self._at - size : self._at]

    def fixed(self, size: int) -> int:
        """A number of `size` bytes, the lowest first."""
        return int.from_bytes(self.take(size), "little")

    def number(self) -> int:
        """A number whose first byte says by its leading ones how many bytes follow."""
        first = self.fixed(1)
        more = 8 - (~first & 0xFF).bit_length()
        low = self.fixed(more)
        return low if more >= 7 else low | (first & (0x7F >> more)) << (8 * more)

    def count(self) -> int:
        """A number of things of which each takes at least one bit of what follows."""
        found = self.number()
        if found > 8 * self.left:
            raise BrokenInputError(f"{found} things in {self.left} bytes of header")
        return found

    def flags(self, count: int) -> list[bool]:
        packed = self.take((count + 7) // 8)
        return [bool(packed[n >> 3] & 0x80 >> (n & 7)) for n in range(count)]

    def defined(self, count: int) -> list[bool]:
        return [True] * count if self.fixed(1) else self.flags(count)

    def checksums(self, count: int) -> list[int | None]:
        return [self.fixed(4) if known else None for known in self.defined(count)]


def parse_header(header: bytes) -> Archive:
    """The archive that a header (unpacked, beginning with its type) describes."""
    at = Bytes(header)
    if at.fixed(1) != 1:
        raise BrokenInputError("no header where the header should be")
    folders: list[Folder] = []
    empty: list[str] = []
    while part := at.fixed(1):
        if part == 2:  # archive properties
            while at.number():
                at.take(at.number())
        elif part == 3:  # additional streams
            parse_streams(at)
        elif part == 4:
            folders = parse_streams(at)
        elif part == 5:
            folders, empty = _named(folders, at)
        else:
            raise BrokenInputError(f"a header with a part of type {part}")
    return Archive(tuple(folders), tuple(empty))


def parse_streams(at: Bytes) -> list[Folder]:
    """The folders of a StreamsInfo, their files without names."""
    offset, packed = 0, list[int]()
    folders: list[Folder] = []
    while part := at.fixed(1):
        if part == 6:
            offset, packed = _pack_info(at)
        elif part == 7:
            folders = _coders(at, offset, packed)
        elif part == 8:
            folders = _substreams(at, folders)
        else:
            raise BrokenInputError(f"streams with a part of type {part}")
    return folders


def _pack_info(at: Bytes) -> tuple[int, list[int]]:
    offset, count = at.number(), at.count()
    sizes = list[int]()
    while part := at.fixed(1):
        if part == 9:
            sizes = [at.number() for _ in range(count)]
        elif part == 10:
            at.checksums(count)
        else:
            raise BrokenInputError(f"packed streams with a part of type {part}")
    return offset, sizes


def _coders(at: Bytes, offset: int, packed: Sequence[int]) -> list[Folder]:
    if at.fixed(1) != 0x0B:
        raise BrokenInputError("no folders where they should be")
    count = at.count()
    if at.fixed(1):
        raise BrokenInputError("folders in another stream")
    shapes = [_shape(at) for _ in range(count)]
    if at.fixed(1) != 0x0C:
        raise BrokenInputError("no sizes where they should be")
    sizes = [[at.number() for _ in range(shape.outputs)] for shape in shapes]
    checksums: list[int | None] = [None] * count
    while part := at.fixed(1):
        if part != 10:
            raise BrokenInputError(f"folders with a part of type {part}")
        checksums = at.checksums(count)
    folders, taken = list[Folder](), 0
    for shape, unpacked, checksum in zip(shapes, sizes, checksums, strict=True):
        stored = packed[taken : taken + shape.inputs]
        if len(stored) < shape.inputs or offset + sum(stored) > MAX_OFFSET:
            raise BrokenInputError("a folder without its packed stream")
        size = unpacked[shape.main]
        whole = (Entry("", size, checksum),)
        folders.append(Folder(offset, sum(stored), size, shape.coders, whole))
        offset, taken = offset + sum(stored), taken + shape.inputs
    return folders


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a folder's coders hang together; `main` is the number of the output that is the folder's content."""

    coders: tuple[Coder, ...]
    inputs: int
    outputs: int
    main: int


def _shape(at: Bytes) -> _Shape:
    count, inputs, outputs = at.number(), 0, 0
    if not 0 < count <= MAX_CODERS:
        raise BrokenInputError(f"a folder of {count} coders")
    coders = list[Coder]()
    for _ in range(count):
        flags = at.fixed(1)
        method = at.take(flags & 0x0F)
        ins, outs = (at.number(), at.number()) if flags & 0x10 else (1, 1)
        if flags & 0xC0 or not (0 < ins <= MAX_CODERS and 0 < outs <= MAX_CODERS):
            raise BrokenInputError("a coder of an unknown form")
        coders.append((method, at.take(at.number()) if flags & 0x20 else b""))
        inputs, outputs = inputs + ins, outputs + outs
    bound = {at.number(): at.number() for _ in range(outputs - 1)}  # which output an input is fed from
    stored = inputs - (outputs - 1)
    main = sorted(set(range(outputs)) - set(bound.values()))
    if stored < 1 or len(main) != 1:
        raise BrokenInputError("a folder whose coders do not hang together")
    if stored > 1:
        for _ in range(stored):
            at.number()
    chain = [main[0]]
    while len(chain) < count and chain[-1] in bound:
        chain.append(bound[chain[-1]])
    is_chain = count == inputs == outputs == len(chain)
    return _Shape(tuple(coders[number] for number in chain) if is_chain else (), stored, outputs, main[0])


def _substreams(at: Bytes, folders: Sequence[Folder]) -> list[Folder]:
    counts = [1] * len(folders)
    part = at.fixed(1)
    if part == 0x0D:
        counts = [at.count() for _ in folders]
        part = at.fixed(1)
    sizes = list[list[int]]()
    for folder, count in zip(folders, counts, strict=True):
        if part != 9 and count > 1:
            raise BrokenInputError("files without a size")
        known = [at.number() for _ in range(count - 1)]
        if (rest := folder.bytes - sum(known)) < 0:
            raise BrokenInputError("files that are larger than their folder")
        sizes.append([*known, rest] if count else [])
    if part == 9:
        part = at.fixed(1)
    whole = [folder.members[0].checksum if count == 1 else None for folder, count in zip(folders, counts, strict=True)]
    unknown = sum(count for folder, count, checksum in zip(folders, counts, whole, strict=True) if checksum is None)
    stated: list[int | None] = [None] * unknown
    while part:
        if part != 10:
            raise BrokenInputError(f"files with a part of type {part}")
        stated = at.checksums(unknown)
        part = at.fixed(1)
    following = iter(stated)
    return [
        replace(
            folder,
            members=tuple(Entry("", size, next(following) if checksum is None else checksum) for size in file_sizes),
        )
        for folder, file_sizes, checksum in zip(folders, sizes, whole, strict=True)
    ]


def _named(folders: Sequence[Folder], at: Bytes) -> tuple[list[Folder], list[str]]:
    """The folders with the names of their files, and the names of what has no content (files and folders)."""
    count = at.number()
    if 2 * count > at.left:
        raise BrokenInputError(f"{count} files")
    names = list[str]()
    empty: list[bool] = [False] * count
    while part := at.number():
        content = Bytes(at.take(at.number()))
        if part == 0x0E:
            empty = content.flags(count)
        elif part == 0x11:
            if content.fixed(1):
                raise BrokenInputError("names in another stream")
            names = content.take(content.left).decode("utf-16-le", "replace").split("\0")
    if len(names) != count + 1 or names[-1]:
        raise BrokenInputError("as many names as files is what there should be")
    full = iter([name for name, nothing in zip(names, empty, strict=False) if not nothing])
    if sum(len(folder.members) for folder in folders) != count - sum(empty):
        raise BrokenInputError("as many files with content as the folders hold is what there should be")
    named = [
        replace(folder, members=tuple(replace(entry, name=next(full)) for entry in folder.members))
        for folder in folders
    ]
    return named, [name for name, nothing in zip(names, empty, strict=False) if nothing]
