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
from pipeline.rooms.recipe import canonical, hashed

TOKENS, TRIALS, MANIFEST = "50_tokens", "60_trials", "manifest.json"
NAME_DIGITS = 12
SUPERSEDED = "superseded"
"""In a folder that was cut: the name of its twin."""


def holders(data: str, ids: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """(kind, name, documents) of token folders with these documents, and of proxy runs on them."""
    for folder, manifest in _folders(data):
        count = len(_ids_held(folder, manifest, ids))
        if not count:
            continue
        yield "tokens", f"{TOKENS}/{folder.name}", count
        identity = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest().encode()
        for run in sorted((Path(data) / TRIALS).glob("*")):
            told = [*run.glob("*.json")] if run.is_dir() else []
            if any(identity in each.read_bytes() for each in told):
                yield "proxy run", f"{TRIALS}/{run.name}", count


def cut(data: str, ids: frozenset[str]) -> list[str]:
    """A folder without these documents beside each that has some and no such twin yet; their names.

    A folder that was cut before is left to `purge`: its twin is cut in its place.
    """
    twins = []
    for folder, manifest in list(_folders(data)):
        held = _ids_held(folder, manifest, ids)
        if held and not _has_twin(folder):
            twins.append(_without(folder, manifest, held))
    return twins


def remove(data: str, ids: frozenset[str]) -> list[str]:
    """Remove the folders that hold any of these documents, and those that were cut; their names.

    A folder was cut, too, for a document that holds a record that went, and that is not gone itself.
    """
    removed = []
    for folder, manifest in list(_folders(data)):
        if _has_twin(folder) or _ids_held(folder, manifest, ids):
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


def _has_twin(folder: Path) -> bool:
    marker = folder / SUPERSEDED
    return marker.exists() and (folder.with_name(marker.read_text(encoding="utf-8")) / MANIFEST).exists()


def _ids_held(folder: Path, manifest: dict[str, Any], ids: frozenset[str]) -> frozenset[str]:
    """Which of `ids` a folder has."""
    wanted = pa.array(sorted(ids), pa.string())
    found: set[str] = set()
    for stream in _streams(manifest):
        column = pq.read_table(folder / stream["index"]["name"], columns=["doc_id"]).column("doc_id")
        found.update(column.filter(pc.is_in(column, value_set=wanted)).to_pylist())
    return frozenset(found)


def _without(folder: Path, manifest: dict[str, Any], held: frozenset[str]) -> str:
    recipe = hashed({"of": hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(), "without": sorted(held)})
    target = folder.with_name(recipe[:NAME_DIGITS])
    if not (target / MANIFEST).exists():
        _write_without(folder, manifest, held, target, recipe)
    storage.replace(str(folder / SUPERSEDED), target.name.encode())
    return f"{TOKENS}/{target.name}"


def _write_without(folder: Path, manifest: dict[str, Any], held: frozenset[str], target: Path, recipe: str) -> None:
    target.mkdir(exist_ok=True)
    shutil.copyfile(folder / manifest["tokenizer"]["name"], target / manifest["tokenizer"]["name"])
    dtype = np.dtype("<u4" if manifest["dtype"] == "uint32" else "<u2")
    for stream in _streams(manifest):
        _cut_stream(folder, target, stream, dtype, held)
    storage.replace(str(target / MANIFEST), canonical(manifest | {"recipe": recipe}))  # the commit, in one step


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
        path = target / stream[key]["name"]
        stream[key] |= {"bytes": path.stat().st_size, "sha256": storage.digest(str(path))}
