"""JSON Lines: one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from pipeline.sources.source import KILLED_WORKER, InputFile, NotADocument, Piece
from pipeline.sources.streams.lines import Line, bounded_lines, line_start, unpacked
from pipeline.sources.streams.raw_record import PIECE_BYTES, RawRecord

PACKED = (".jsonl.gz", ".jsonl.zst", ".jsonl.zstd", ".json.gz", ".json.zst", ".json.zstd")
JSON_LINES = (".jsonl", *PACKED)
"""What files of lines are called; packed ones without the l, too, as Dolma and C4 have them."""
# Python's parser gives up at a depth that hangs on how deep its caller stands; a bound of our own does not.
MAX_DEPTH = 100
MAX_VALUES = 1_000_000  # commas and opening brackets; each stands for a value of 30 to 250 bytes once parsed
_BOM = b"\xef\xbb\xbf"
# A string (or the rest of the text after a quote that nothing closes), a bracket or a comma; possessive, so that it
# runs in linear time and constant memory whatever the text is.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)


def json_pieces(file: InputFile) -> list[Piece]:
    """A .jsonl in even ranges of bytes; other files whole. A line is of the piece that it begins in."""
    count = -(-file.bytes // PIECE_BYTES) if is_plain(file.path) else 1
    if count <= 1:
        return [Piece(file)]
    edges = [file.bytes * number // count for number in range(count + 1)]
    return [Piece(file, start, stop) for start, stop in pairwise(edges)]


def json_records(piece: Piece, stream: BinaryIO, budget: int) -> Iterator[RawRecord | NotADocument]:
    """A record for every line of one of JSON_LINES that is not blank; a line may have `budget` bytes.

    Rows are line numbers from 0, blank lines included; a UTF-8 byte order mark before the first line is passed over.
    Where the compressed stream breaks off, the last record stands for the rest of the file (`rest="end"`).
    """
    first_row, most_bytes = 0, None
    if piece.stop is not None:
        start = line_start(stream, piece.start, piece.stop)
        if start is None:
            return
        assert piece.start == 0 or piece.first_row is not None, "it is counted with the digest"
        stream.seek(start)
        first_row, most_bytes = piece.first_row or 0, piece.stop - start
    is_asked = piece.left_out.is_asked()
    for line in bounded_lines(unpacked(piece.file.path.lower(), stream), budget, first_row, most_bytes):
        if is_asked and piece.left_out.has(f"{piece.file.digest}#{line.row}"):
            yield RawRecord(line.row, line.line_bytes, reason=KILLED_WORKER)
        else:
            yield record_of(line, may_be_marked=line.row == 0)


def is_plain(path: str) -> bool:
    """Whether a file is lines as they stand, so that it can be read from anywhere."""
    return path.lower().endswith(".jsonl")


def record_of(line: Line, *, may_be_marked: bool) -> RawRecord | NotADocument:
    """The record that a line holds; a byte order mark before it is passed over where it `may_be_marked`."""
    if line.is_cut:
        return RawRecord(line.row, line.line_bytes, reason="text:broken_file", rest="end")
    if line.content is None:
        return RawRecord(line.row, line.line_bytes, reason="resource:record_bytes")
    content = line.content.removeprefix(_BOM) if may_be_marked else line.content
    if not content.strip():
        return NotADocument("text:blank_line", line.line_bytes)
    try:
        text = content.decode("utf-8")
        reason = excess(text)
        values = json.loads(text) if not reason else None
    except UnicodeDecodeError:
        reason = "text:bad_utf8"
    except ValueError:  # not JSON, or an integer of more digits than Python reads
        reason = "text:bad_json"
    if reason:
        return RawRecord(line.row, line.line_bytes, reason=reason)
    return RawRecord(line.row, line.line_bytes, values if isinstance(values, dict) else {})


def excess(text: str) -> str:
    """Why JSON is not parsed: it is nested too deeply, or holds too many values. Strings count for nothing."""
    opening = text.count("[") + text.count("{")
    if opening <= MAX_DEPTH and opening + text.count(",") <= MAX_VALUES:
        return ""
    depth = values = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        values += mark in "[{,"
        if depth > MAX_DEPTH:
            return "text:bad_json"
        if values > MAX_VALUES:
            return "resource:json_values"
    return ""
