"""A company's own documents: Parquet, JSON Lines, plain text and Markdown, by suffix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, ClassVar, Literal

from pydantic import Field, field_validator

from pipeline.sources.source import (
    Dropped,
    InputFile,
    Loose,
    NotADocument,
    Outcome,
    Piece,
    Row,
    ScatteringSource,
    Unread,
)
from pipeline.sources.streams.lines import Line, bounded_lines, unpacked
from pipeline.sources.streams.raw_record import RawRecord, iso_date, plain, value_at, without_surrogates
from pipeline.sources.streams.watched_stream import read_up_to
from pipeline.sources.text.jsonl import JSON_LINES, PACKED, is_plain, json_pieces, json_records, record_of
from pipeline.sources.text.parquet import parquet_pieces, parquet_records

MAX_KEY_BYTES = 1024  # a longer id is no key: ledgers hold the key of every record that is gone
SCATTERED_BYTES = 512 << 20  # compressed: 2 to 3 GB of lines, of which a worker holds the signatures
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Text(ScatteringSource):
    """Documents as tables (.parquet, .jsonl, .jsonl.gz, .jsonl.zst and the like: a record a row) or files (.txt, .md).

    Packed lines may also end in .zstd, and in .json before .gz or .zst. A column may lie within another: `metadata.url`
    is the key `url` of the object or struct `metadata`, where no column is called so itself.

    Keys: the value of `id_column` (valid UTF-8 or an integer, at most 1,024 bytes; of a binary column of fixed size, a
    UUID, the hexadecimal digits) where one is named and the record has it, else `file-digest#row`; a plain file's path.
    Of rows with one id deduplication keeps one, whatever files they stand in. `raw_offset` is the row, the first is 0.

    Text in tables is UTF-8. A plain file is what its byte order mark says (UTF-8, UTF-16), else UTF-8 where it is
    valid, else `fallback_charset`; the column `charset` tells which. A label is what `label_column` holds, or else the
    file's folder.

    Reasons: text:bad_json (also an object nested more than 100 deep), text:bad_utf8, text:no_text_field, text:empty,
    resource:record_bytes, resource:json_values (above a million in a line); for plain files text:binary (a NUL
    character) and text:bad_charset; for what is lost of a file text:broken_file; for a Parquet file text:no_text_column
    and text:no_named_column (another column of this configuration is not there). Blank lines are counted as
    text:blank_line.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", *JSON_LINES, ".txt", ".md")
    small_file_bytes: ClassVar[int] = 8 * 2**20
    natural_keys: ClassVar[str] = "`id_column` where named; else sha256 of the file # row; plain files: path"
    decides_with: ClassVar[tuple[str, ...]] = ("pyarrow", "zstandard")
    cpu_s_per_mb: ClassVar[float] = 0.75
    disk_per_byte: ClassVar[float] = 3.4
    kind: Literal["text"] = "text"
    version: ClassVar[int] = 4  # 4: columns within others
    needs_ids: ClassVar[bool] = False  # whether a text without an id, where a column of ids is named, is text:no_id
    text_column: str = "text"
    """Column of the texts."""
    id_column: str | None = None
    """Column of ids: texts, integers or UUIDs; none: a row is called by its file and number."""
    url_column: str | None = None
    """Column of addresses."""
    title_column: str | None = None
    """Column of titles."""
    date_column: str | None = None
    """Column of dates."""
    label_column: str | None = None
    """Column of labels, for `domain_by_label`; none: the file's folder."""
    licence_column: str | None = None
    """Column of licences: an SPDX expression, a known name, an address, or a sentence of up to 300 characters."""
    max_record_bytes: int = Field(default=64 << 20, ge=1)
    """Largest row, line or plain file that is read into memory."""
    fallback_charset: str | None = "windows-1252"
    """Of plain files that are neither UTF-8 nor marked as UTF-16; none: they are text:bad_charset."""

    @field_validator("fallback_charset")
    @classmethod
    def _charset_is_known(cls, name: str | None) -> str | None:
        try:
            b" ".decode(name or "utf-8")
        except LookupError as error:
            raise ValueError(f"{name!r} is no character encoding that Python knows; say for example gb18030") from error
        except UnicodeError:  # a known one, of more than one byte
            pass
        return name

    def split(self, file: InputFile, stream: BinaryIO) -> list[Piece]:
        """Tables in pieces of 256 MB: Parquet of row groups, uncompressed; .jsonl of lines. Other files whole.

        Compressed .jsonl of SCATTERED_BYTES and more is spilled instead.
        """
        if file.path.lower().endswith(".parquet"):
            return parquet_pieces(file, stream)
        return json_pieces(file)

    def record_end(self, path: str) -> bytes | None:
        """Of a plain .jsonl the line feed: rows are called by the number of their line."""
        return b"\n" if is_plain(path) else None

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """Every row or line of the piece, or the plain file, as one outcome in file order."""
        name = piece.file.path.lower()
        records: Iterator[RawRecord | NotADocument]
        if name.endswith(".parquet"):
            records = parquet_records(piece, stream, self.text_column, self._other_columns())
        elif name.endswith(JSON_LINES):
            records = json_records(piece, stream, self.max_record_bytes)
        else:
            yield self._file_outcome(piece.file, stream)
            return
        for record in records:
            yield record if isinstance(record, NotADocument) else self._outcome(piece.file, record)

    def scatters(self, path: str, size: int) -> bool:
        """Large compressed JSON Lines: a stream of which no line can be found but by unpacking all before it."""
        return path.lower().endswith(PACKED) and size >= SCATTERED_BYTES

    def fragments(self, file: InputFile, stream: BinaryIO) -> Iterator[Loose]:
        """Every line as it stands; those that are over the budget or cut meet their fate at once."""
        for line in bounded_lines(unpacked(file.path.lower(), stream), self.max_record_bytes):
            if line.content is not None and not line.is_cut:
                yield Unread(line.row, line.line_bytes, line.content)
                continue
            lost = self._of_line(file, line)
            assert isinstance(lost, Dropped)
            yield lost

    def outcome(self, file: InputFile, record: Unread) -> Outcome:
        """The line's record."""
        return self._of_line(file, Line(record.raw_offset, record.raw_bytes, record.content))

    def _of_line(self, file: InputFile, line: Line) -> Outcome:
        record = record_of(line, may_be_marked=line.row == 0)
        return record if isinstance(record, NotADocument) else self._outcome(file, record)

    def _other_columns(self) -> list[str]:
        return sorted(
            {column for column in (self.id_column, self.date_column, *self._plain_columns().values()) if column}
        )

    def _plain_columns(self) -> dict[str, str | None]:
        """The fields of a row that are a column's value as it stands."""
        return {
            "url": self.url_column,
            "title": self.title_column,
            "licence_declared": self.licence_column,
            "label": self.label_column,
        }

    def _outcome(self, file: InputFile, record: RawRecord) -> Outcome:
        """What becomes of one raw record."""
        by_row = f"{file.digest}@{record.rest}" if record.rest else f"{file.digest}#{record.row}"
        values = record.values
        if values is None:
            return Dropped(record.reason, by_row, record.row, record.bytes)
        key = _key(value_at(values, self.id_column)) if self.id_column else None
        text, reason = self._text(value_at(values, self.text_column))
        if not reason and key is None and self.id_column and self.needs_ids:
            reason = "text:no_id"
        if reason:
            return Dropped(reason, key or by_row, record.row, record.bytes)
        named = {field: column for field, column in self._plain_columns().items() if column}
        found = dict.fromkeys(self._plain_columns()) | {field: plain(value_at(values, named[field])) for field in named}
        return Row(
            natural_key=key or by_row,
            raw_offset=record.row,
            raw_bytes=record.bytes,
            text=text,
            url=found["url"],
            title=found["title"],
            date=iso_date(value_at(values, self.date_column)) if self.date_column else None,
            charset="utf-8",
            licence_declared=found["licence_declared"],
            licence_where="the record" if found["licence_declared"] else None,
            label=_folder(file) if self.label_column is None else found["label"],
        )

    def _text(self, value: object) -> tuple[str, str]:
        """The text, or the reason why there is none."""
        if isinstance(value, bytes):
            if len(value) > self.max_record_bytes:
                return "", "resource:record_bytes"
            try:
                value = value.decode("utf-8")
            except UnicodeDecodeError:
                return "", "text:bad_utf8"
        if not isinstance(value, str):
            return "", "text:no_text_field"
        return without_surrogates(value), "" if value.strip() else "text:empty"

    def _file_outcome(self, file: InputFile, stream: BinaryIO) -> Outcome:
        content = read_up_to(stream, self.max_record_bytes + 1)
        if len(content) > self.max_record_bytes:
            return Dropped("resource:record_bytes", file.path, 0, file.bytes)
        size = len(content)
        text, charset = self._decoded(content)
        reason = "binary" if "\0" in text else "bad_charset" if charset is None else "" if text.strip() else "empty"
        if reason:
            return Dropped(f"text:{reason}", file.path, 0, size)
        title = _heading(text) if file.path.lower().endswith(".md") else None
        return Row(file.path, 0, size, text, title=title, charset=charset, label=_folder(file))

    def _decoded(self, content: bytes) -> tuple[str, str | None]:
        """Text and charset: what its byte order mark says, else UTF-8, else the fallback.

        Where none fits, the charset is None and the text is the bytes' as Latin-1.
        """
        charsets = ["utf-8", *([self.fallback_charset] if self.fallback_charset is not None else [])]
        for mark, charset in _BYTE_ORDER_MARKS:
            if content.startswith(mark):
                charsets, content = [charset], content.removeprefix(mark)
                break
        for charset in charsets:
            try:
                return without_surrogates(content.decode(charset)), charset
            except UnicodeError:
                continue
        return content.decode("latin-1"), None


def _key(value: object) -> str | None:
    try:
        key = plain(value.decode("utf-8") if isinstance(value, bytes) else value)
    except UnicodeDecodeError:  # made readable, two ids could be one
        return None
    return key if key is not None and len(key.encode()) <= MAX_KEY_BYTES else None


def _folder(file: InputFile) -> str | None:
    folder = str(PurePosixPath(file.path).parent)
    return None if folder == "." else folder


def _heading(markdown: str) -> str | None:
    """The first line with something on it, where it is a heading of the first level."""
    first = next((line for line in markdown.splitlines() if line.strip()), "")
    return first.removeprefix("# ").strip() or None if first.startswith("# ") else None
