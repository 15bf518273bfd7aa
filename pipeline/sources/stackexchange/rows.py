"""The `<row .../>` elements of a dump's Posts.xml, read one by one out of a stream of bytes.

No XML parser: a table's file is one flat list of elements without text, entities or nesting; a parser stops at
the first damage, where this reader loses one row. An attribute's value cannot hold `<` (XML 1.0, 2.3), so a row
ends before the next `<` whatever its quotes are: one damaged row never takes the following with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.sources.streams.raw_record import BrokenInputError, without_surrogates

_ROW = re.compile(rb"""row(?:\s++[A-Za-z_][\w.:-]*+\s*+=\s*+(?:"[^"]*+"|'[^']*+'))*+\s*+/?>""")
_ATTRIBUTE = re.compile(r"""([A-Za-z_][\w.:-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""", re.ASCII)
_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(?:([0-9]{1,9})|[xX]([0-9A-Fa-f]{1,8})));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_IS_ROW = re.compile(rb"row[\s/>]")
_END = b"/posts"
_SPACE_BYTES = 1024  # of white space behind a row, which do not count


@dataclass(frozen=True, slots=True)
class Element:
    """A row: where its `<` stands in the unpacked file, its size in bytes, its attributes or why it has none.

    `reason` is bad_xml, bad_utf8, record_bytes, or broken_file: the file ends within this row, or has no end at all.
    """

    offset: int
    size: int
    attributes: dict[str, str] | None = None
    reason: str = ""


def elements(runs: Iterator[bytes], start: int, budget: int) -> Iterator[Element]:
    """Every row of a table whose first byte counts as `start`; at most `budget` bytes of a row are held.

    A file that ends before `</posts>`, or whose bytes cannot be unpacked to their end, ends in one broken_file. What
    stands outside of rows counts for nothing.
    """
    ended = False
    for chunk in _chunks(runs, start, budget):
        if chunk.cut:
            if not ended or chunk.content is None or _IS_ROW.match(chunk.content):
                yield Element(chunk.offset, chunk.size, reason="broken_file")
        elif chunk.content is None or _IS_ROW.match(chunk.content):
            yield _element(chunk, budget)
        else:
            ended = ended or chunk.content.startswith(_END)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What stands from one `<` to the next: offset of the `<`, size with it, content without it unless it is too large.

    The last one says by `cut` that the file ended in it, or before it.
    """

    offset: int
    size: int
    content: bytes | None
    cut: bool = False


def _chunks(runs: Iterator[bytes], start: int, budget: int) -> Iterator[_Chunk]:
    offset, size = start, 0
    held: list[bytes] = []
    is_first = True  # what stands before the first `<` is no element
    try:
        for run in runs:
            *ended, rest = run.split(b"<")
            for part in ended:
                size += len(part)
                held.append(part)
                if not is_first:
                    yield _Chunk(offset, size, b"".join(held) if size <= budget + _SPACE_BYTES else None)
                held.clear()
                offset, size, is_first = offset + size, 1, False
            size += len(rest)
            if size <= budget + _SPACE_BYTES and not is_first:
                held.append(rest)
            else:
                held.clear()
    except BrokenInputError:
        yield _Chunk(offset, size, b"".join(held) if size <= budget + _SPACE_BYTES else None, cut=True)
        return
    if not is_first and b">" in (content := b"".join(held)):
        yield _Chunk(offset, size, content)
        offset, size = offset + size, 0
        held.clear()
    yield _Chunk(offset, size, b"".join(held) if size <= budget + _SPACE_BYTES else None, cut=True)


def _element(chunk: _Chunk, budget: int) -> Element:
    found = _ROW.match(chunk.content) if chunk.content is not None else None
    size = found.end() + 1 if found else chunk.size
    if chunk.content is None or size > budget:
        return Element(chunk.offset, size, reason="record_bytes")
    if found is None:
        return Element(chunk.offset, size, reason="bad_xml")
    try:
        content = found[0].decode("utf-8")
    except UnicodeDecodeError:
        return Element(chunk.offset, size, reason="bad_utf8")
    attributes = dict[str, str]()
    for name, double, single in _ATTRIBUTE.findall(content):
        if name in attributes:
            return Element(chunk.offset, size, reason="bad_xml")
        attributes[name] = unescaped(double or single)
    return Element(chunk.offset, size, attributes)


def unescaped(value: str) -> str:
    """The value with XML's references resolved, once; what is none stays, and what is no character is U+FFFD."""
    return without_surrogates(_REFERENCE.sub(_character, value)) if "&" in value else value


def _character(reference: re.Match[str]) -> str:
    name, decimal, hexadecimal = reference.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0x110000 else "\ufffd"
