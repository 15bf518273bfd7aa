"""What a source makes of one file, without a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pipeline import storage
from pipeline.extraction import html
from pipeline.kinds import SOURCES
from pipeline.shard import ledger
from pipeline.sources.pdf.source import Pdf
from pipeline.sources.source import InputFile, NotADocument, Outcome, Piece, Row, Source
from pipeline.trouble import ConfigError

OUTCOMES = {Row: "kept", NotADocument: "not_a_document", **ledger.OUTCOMES}


def as_line(outcome: Outcome) -> dict[str, Any]:
    """What a source says of a record, as a JSON line has it: its outcome, and every field that has a value."""
    values = {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
    return {"outcome": OUTCOMES[type(outcome)], **{name: value for name, value in values.items() if value is not None}}


def extracted(file: str, kind: str | None = None, ocr: str | None = None) -> Iterator[dict[str, Any]]:
    """What a source makes of one file: every record and its outcome; of an HTML page what extraction finds.

    `ocr` of PDFs: never, auto or always; auto where it is None. Without a kind the source is told by the file's name.
    Raises ConfigError where it cannot be.
    """
    if not storage.exists(file):
        is_folder = bool(storage.list_names(file))
        raise ConfigError(f"{file}: {'a folder: name one file in it' if is_folder else 'no such file'}")
    if kind is None and file.lower().endswith((".html", ".htm", ".xhtml")):
        yield asdict(html.extract(storage.read_bytes(file), url=None, charset=None))
        return
    reader = _reader(file, kind)
    if isinstance(reader, Pdf):
        reader = Pdf.model_validate({"ocr": ocr or "auto"})
    elif ocr is not None:
        raise ConfigError(f"--ocr is for PDFs; {file} is read as {reader.kind}")
    total, _ = storage.size_and_tag(file)
    path = "/".join(file.split("/")[-2:])  # some sources tell a site by the folder
    piece = Piece(InputFile(path, total, storage.digest(file)))
    with storage.open_input(file) as stream:
        yield from map(as_line, reader.read(piece, stream))


def _reader(file: str, kind: str | None) -> Source:
    kinds: dict[str, Source] = {source().kind: source() for source in SOURCES}
    if kind is not None:
        if kind not in kinds:
            raise ConfigError(f"--kind {kind}: there are {', '.join(kinds)}")
        return kinds[kind]
    name = file.lower()
    fits = {
        k: max((len(s) for s in source.suffixes if s and name.endswith(s)), default=0) for k, source in kinds.items()
    }
    best = [k for k, length in fits.items() if length == max(fits.values()) > 0]
    if len(best) != 1:
        raise ConfigError(f"{file}: its name does not tell what it is; give --kind: {', '.join(best or kinds)}")
    return kinds[best[0]]
