"""The funnel of a run as one table."""

from __future__ import annotations

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import funnel
from pipeline.progress.amounts import size


def funnel_table(data: str) -> RenderableType:
    """The whole funnel: a row a room, source and reason."""
    table = Table(title=f"Funnel of {data}")
    for name in ("room", "source", "reason", "documents", "raw bytes", "text bytes"):
        table.add_column(name, justify="left" if name in ("room", "source", "reason") else "right")
    before = ("", "")
    for row in funnel.funnel_rows(funnel.versions(data)):
        here = (row["room"], row["source"])
        room, source = here if here != before else ("", "")
        style = "bold" if row["outcome"] == "kept" else ""
        table.add_row(
            room,
            source,
            escape(row["reason"]),
            f"{row['docs_in']:,}",
            size(row["raw_bytes"]),
            size(row["text_bytes"]),
            style=style,
        )
        before = here
    return table
