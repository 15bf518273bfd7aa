"""What a source makes of one file, without a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError

from pipeline import storage
from pipeline.extraction import html
from pipeline.kinds import SOURCES
from pipeline.settings import settings_file
from pipeline.settings.complaints import complaints
from pipeline.shard import ledger
from pipeline.sources.pdf.source import Pdf
from pipeline.sources.source import InputFile, NotADocument, Outcome, Piece, Row, Source
from pipeline.trouble import ConfigError

OUTCOMES = {Row: "kept", NotADocument: "not_a_document", **ledger.OUTCOMES}


def as_line(outcome: Outcome) -> dict[str, Any]:
    """What a source says of a record, as a JSON line has it: its outcome, and every field that has a value."""
    values = {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
    return {"outcome": OUTCOMES[type(outcome)], **{name: value for name, value in values.items() if value is not None}}


def pdf_reader(ocr: str | None, engine: str | None) -> Pdf:
    """The source `pdf` that reads pictures by `ocr` (never, auto, always; None: auto) and `engine`.

    An engine is its kind, or its keys as a config has them, `{kind: tesseract, languages: deu}`. Raises ConfigError
    where it is none, or lacks something.
    """
    given: dict[str, Any] = {"ocr": ocr or "auto"}
    if engine is not None:
        said = settings_file.parsed(engine, "--engine")
        given["engine"] = {"kind": said} if isinstance(said, str) else said
    try:
        reader = Pdf.model_validate(given)
    except ValidationError as error:
        raise ConfigError(complaints(error, Pdf, "--engine")) from error
    reader.fingerprint()
    return reader


def extracted(
    file: str, kind: str | None = None, ocr: str | None = None, engine: str | None = None
) -> Iterator[dict[str, Any]]:
    """What a source makes of one file: every record and its outcome; of an HTML page what extraction finds.

    `ocr` and `engine` of PDFs: see `pdf_reader`. Without a kind the source is told by the file's name.
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
        reader = pdf_reader(ocr, engine)
    elif ocr is not None or engine is not None:
        raise ConfigError(f"--{'ocr' if ocr is not None else 'engine'} is for PDFs; {file} is read as {reader.kind}")
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
