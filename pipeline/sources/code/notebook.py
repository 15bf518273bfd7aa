"""Jupyter notebooks as text: Markdown cells as they are, code cells in fences, outputs and metadata left out."""

from __future__ import annotations

import json

from pipeline.extraction.fences import fence_for
from pipeline.sources.text.jsonl import excess


def script_of(notebook: str) -> str | None:
    """The cells of a notebook of nbformat 3 to 4 as Markdown; None for what is no notebook, or has no cell with text.

    Code goes into fences with the language of the notebook's kernel; raw cells are left out.
    """
    if excess(notebook):
        return None
    try:
        content = json.loads(notebook)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    sheets = content.get("worksheets")
    first = sheets[0] if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict) else content
    cells = first.get("cells")
    if not isinstance(cells, list):
        return None
    language = _language(content)
    parts = [part for cell in cells if isinstance(cell, dict) and (part := _cell(cell, language))]
    return "\n\n".join(parts) + "\n" if parts else None


def _cell(cell: dict[str, object], language: str) -> str:
    source = cell.get("source", cell.get("input"))
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str)).strip("\n")
    if not text.strip():
        return ""
    if cell.get("cell_type") == "code":
        fence = fence_for(text)
        return f"{fence}{language}\n{text}\n{fence}"
    if cell.get("cell_type") == "heading":
        level = cell.get("level")
        return "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1) + f" {text}"
    return text if cell.get("cell_type") == "markdown" else ""


def _language(content: dict[str, object]) -> str:
    metadata = content.get("metadata")
    if isinstance(metadata, dict):
        for key in ("language_info", "kernelspec"):
            said = metadata.get(key)
            name = said.get("name" if key == "language_info" else "language") if isinstance(said, dict) else None
            if isinstance(name, str) and name.isascii() and name.replace("+", "").replace("-", "").isalnum():
                return name.lower()
    return "python"
