"""The summary of a comparison in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import storage
from pipeline.dedup.pairing import buckets

ID_CHARACTERS = 40


def told(summary: dict[str, Any], output: str) -> RenderableType:
    """Counts, the largest clusters, and where the files are."""
    documents, cpu_s = summary["documents"], summary["cpu_s"]
    levels = [name for name in ("exact", "url", "near") if summary[name] or name != "url"]
    gone = sum(summary[name] for name in levels)
    counts = Table(title="Duplicates", show_header=False)
    counts.add_column()
    counts.add_column(justify="right")
    counts.add_row("documents compared", f"{documents:,}")
    for name in levels:
        counts.add_row(f"gone, {name}", f"{summary[name]:,}")
    counts.add_row("share gone", f"{gone / documents:.2%}" if documents else "-")
    counts.add_row("clusters", f"{summary['clusters']:,}")
    if "cuts" in summary:
        counts.add_row("spans to cut from what stays", f"{summary['cuts']:,} ({summary['cut_bytes'] / 1e6:.2f} MB)")
    for reason, rows in summary["left_out"].items():
        counts.add_row(f"left out, {escape(reason)}", f"{rows:,}")
    counts.add_row("time of this call", f"{summary['seconds']:.1f} s")
    if cpu_s:
        counts.add_row("CPU time of all tasks", f"{cpu_s:.1f} s")
        rate = f"{documents / cpu_s:,.0f} documents, {summary['text_bytes'] / 1e6 / cpu_s:.1f} MB of text"
        counts.add_row("a CPU second", rate)
    parts: list[RenderableType] = [counts]
    if summary["largest_clusters"]:
        parts.append(_largest(summary["largest_clusters"]))
    if summary["pairs_not_compared"]:
        parts.append(buckets.told(summary))
    if not summary["is_new"]:
        parts.append("Nothing to do: neither inputs nor settings have changed.")
    names = ("duplicates.parquet", "evidence.parquet", *(["cuts.parquet"] if "cuts" in summary else []), "summary.json")
    files = ", ".join(storage.join(output, name) for name in names)
    return Group(*parts, files)


def _largest(clusters: list[dict[str, Any]]) -> Table:
    table = Table(title="Largest clusters")
    for name in ("documents", "gone", "least alike", "stays", "begins"):
        table.add_column(name, justify="left" if name in ("stays", "begins") else "right")
    for one in clusters:
        least = "-" if one["least_similarity"] is None else f"{one['least_similarity']:.4f}"
        stays = escape(one["survivor_id"][:ID_CHARACTERS])
        table.add_row(f"{one['size']:,}", f"{one['removed']:,}", least, stays, escape(one["text"]))
    return table
