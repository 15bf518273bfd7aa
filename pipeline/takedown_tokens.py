"""Token folders and proxy runs in a takedown, by their files alone: who holds documents, and folders without them.

The form of a folder is that of docs/how-to/tokens.md. A folder with spans cut is a new one, named by a hash of the old
one's manifest and of what was cut; the old one stays until `purge`. A run that was trained on it is named, never
changed: what a model has learnt cannot be cut.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.recipe import canonical, hashed

TOKENS, TRIALS, MANIFEST = "50_tokens", "60_trials", "manifest.json"
NAME_DIGITS = 12


def holders(data: str, ids: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """(kind, name, documents) of token folders with these documents, and of proxy runs on them."""
    for folder, manifest in _folders(data):
        count = sum(_held(folder / stream["index"]["name"], ids) for stream in _streams(manifest))
        if not count:
            continue
        yield "tokens", f"{TOKENS}/{folder.name}", count
        identity = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest().encode()
        for run in sorted((Path(data) / TRIALS).glob("*")):
            told = [*run.glob("*.json")] if run.is_dir() else []
            if any(identity in each.read_bytes() for each in told):
                yield "proxy run", f"{TRIALS}/{run.name}", count


def cut(data: str, ids: frozenset[str]) -> list[str]:
    """A folder without these documents beside each that has some; their names."""
    return [
        _without(folder, manifest, ids)
        for folder, manifest in list(_folders(data))
        if any(_held(folder / stream["index"]["name"], ids) for stream in _streams(manifest))
    ]


def remove(data: str, ids: frozenset[str]) -> list[str]:
    """Remove the folders that hold any of these documents; their names."""
    removed = []
    for folder, manifest in list(_folders(data)):
        if any(_held(folder / stream["index"]["name"], ids) for stream in _streams(manifest)):
            (folder / MANIFEST).unlink()  # the commit first: what has none does not exist
            shutil.rmtree(folder)
            removed.append(f"{TOKENS}/{folder.name}")
    return removed


def _folders(data: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The finished token folders of a run; they are local, and a run at a URL has none beside it."""
    if storage.is_remote(data):
        return
    for manifest in sorted((Path(data) / TOKENS).glob(f"*/{MANIFEST}")):
        yield manifest.parent, json.loads(manifest.read_bytes())


def _streams(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for domain in manifest["domains"].values():
        yield from (domain["train"], domain["select"], domain["final"])


def _held(index: Path, ids: frozenset[str]) -> int:
    column = pq.read_table(index, columns=["doc_id"]).column("doc_id")
    return pc.sum(pc.is_in(column, value_set=pa.array(sorted(ids), pa.string()))).as_py() or 0


def _without(folder: Path, manifest: dict[str, Any], ids: frozenset[str]) -> str:
    recipe = hashed({"of": hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(), "without": sorted(ids)})
    target = folder.with_name(recipe[:NAME_DIGITS])
    if (target / MANIFEST).exists():
        return f"{TOKENS}/{target.name}"
    target.mkdir(exist_ok=True)
    shutil.copyfile(folder / manifest["tokenizer"]["name"], target / manifest["tokenizer"]["name"])
    dtype = np.dtype("<u4" if manifest["dtype"] == "uint32" else "<u2")
    for stream in _streams(manifest):
        _cut_stream(folder, target, stream, dtype, ids)
    (target / MANIFEST).write_bytes(canonical(manifest | {"recipe": recipe}))
    return f"{TOKENS}/{target.name}"


def _cut_stream(folder: Path, target: Path, stream: dict[str, Any], dtype: np.dtype[Any], ids: frozenset[str]) -> None:
    """One stream and its index without the documents; `stream` says afterwards what is there."""
    table = pq.read_table(folder / stream["index"]["name"])
    goes = pc.is_in(table.column("doc_id"), value_set=pa.array(sorted(ids), pa.string()))
    left = table.filter(pc.invert(goes))
    sizes = left.column("tokens").to_numpy()
    old = np.memmap(folder / stream["file"]["name"], dtype, "r") if stream["tokens"] else np.zeros(0, dtype)
    with (target / stream["file"]["name"]).open("wb") as file:
        for start, size in zip(left.column("start").to_pylist(), sizes.tolist(), strict=True):
            file.write(old[start : start + size].tobytes())
    starts = pa.array(np.cumsum(sizes) - sizes, pa.int64())
    at = left.schema.get_field_index("start")
    pq.write_table(left.set_column(at, left.schema.field(at), starts), target / stream["index"]["name"])
    stream["documents"], stream["tokens"] = left.num_rows, int(sizes.sum())
    stream["bytes"] = int(pc.sum(left.column("bytes")).as_py() or 0)
    for key in ("file", "index"):
        content = (target / stream[key]["name"]).read_bytes()
        stream[key] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
