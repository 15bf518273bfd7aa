"""Pages with a sentence in one of their places, and tables of such sentences; support for tests, none in it."""

from __future__ import annotations

import csv
from pathlib import Path


def page(body: str, place: str, sentence: str) -> bytes:
    """An article of a few paragraphs; place: text (within it), page (a block behind it) or footer."""
    paragraphs = f"<p>{body * 3}</p>" * 3
    said = {place: f"<p>{sentence}</p>"}
    return (
        f"<!doctype html><html><head><title>River</title></head><body><article><h1>River</h1>{paragraphs}"
        f"{said.get('text', '')}{paragraphs}</article><div>{said.get('page', '')}</div>"
        f"<footer>{said.get('footer', '')}</footer></body></html>"
    ).encode()


def sentences(gold: Path) -> list[dict[str, str]]:
    """The rows of a table with language, place, expected and sentence."""
    with gold.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
