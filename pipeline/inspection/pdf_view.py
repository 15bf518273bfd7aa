"""`extract --view`: a PDF read once, for the JSON line and for the page that shows it."""

from __future__ import annotations

from typing import Any

from pipeline import storage
from pipeline.extraction.pdf import view
from pipeline.extraction.pdf.document import is_pdf, read
from pipeline.inspection.one_file import as_line, pdf_reader
from pipeline.sources.pdf.source import outcome_of
from pipeline.trouble import ConfigError


def write(file: str, target: str, ocr: str | None, engine: str | None) -> dict[str, Any]:
    """Write the page for a PDF, path or URL, to `target`; the file's outcome, as `extract` says it without the page.

    `ocr` and `engine`: see `one_file.pdf_reader`. Raises ConfigError where there is no such PDF.
    """
    content = storage.read_bytes(file) if storage.exists(file) else b""
    if not is_pdf(content):
        raise ConfigError(f"--view is for PDFs; {file} is none, or not there")
    options = pdf_reader(ocr, engine)
    document = read(content, options)
    storage.replace(target, view.html_of(file.rsplit("/", 1)[-1], content, document, options).encode())
    return as_line(outcome_of("/".join(file.split("/")[-2:]), content, document))
