"""Checkpoints of runs: all that their next step depends on, written in one step, refused where it does not belong."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch

from pipeline import storage
from pipeline.storage import local_disk

FORMAT = 2  # raise it when a checkpoint gets other fields


@dataclass(frozen=True)
class Checkpoint:
    """Runs between two steps.

    recipe: the canonical JSON of what is trained, a line a run. numerics: what decides the bits beside it. state: of
    the swarm (`Swarm.state`); after the last step without moments, which nothing needs any more.
    """

    recipe: str
    numerics: dict[str, str]
    state: dict[str, Any]

    def save(self, path: Path) -> None:
        """Replace the file in one step: whoever is killed leaves the old checkpoint or the new one.

        12 bytes a parameter, of which memory holds one tensor at a time. Raises EnvironmentTrouble where it cannot be
        written.
        """
        with local_disk.naming(str(path)):
            local_disk.make_folder(str(path.parent))
            draft = Path(local_disk.new_draft(str(path.parent)))
            try:
                with draft.open("xb") as file:
                    self._write(file)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)

    def _write(self, file: BinaryIO) -> None:
        try:
            torch.save({"format": FORMAT, **vars(self)}, file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):  # torch closes the archive all the same, and misses its place
                raise error.__context__ from None
            raise


def load(path: Path, recipe: str, numerics: dict[str, str]) -> dict[str, Any] | None:
    """The state in the checkpoint at `path`, on the CPU; None where there is none.

    Raises ValueError where it is of another format or recipe, or was trained with other numerics, since a run would
    then end in neither one's bits.
    """
    if not path.exists():
        return None
    fields = torch.load(path, map_location="cpu", weights_only=True)
    mend = "give each run a folder of its own, or remove this file to train anew"
    if (found := fields.pop("format")) != FORMAT:
        raise ValueError(f"{path}: a checkpoint of format {found}, not {FORMAT}; remove it to train anew")
    if fields["recipe"] != recipe:
        raise ValueError(f"{path}: the checkpoint of another recipe; {mend}")
    if other := sorted(name for name in numerics if fields["numerics"].get(name) != numerics[name]):
        said = "; ".join(f"{name} was {fields['numerics'].get(name)}, is {numerics[name]}" for name in other)
        raise ValueError(f"{path}: trained under other numerics ({said}); go on as before, or {mend}")
    state: dict[str, Any] = fields["state"]
    return state


def _seconds_path(checkpoint: Path) -> Path:
    """Where the seconds of training up to a checkpoint stand: not in it, as equal runs have equal checkpoints."""
    return checkpoint.with_suffix(".seconds")


def forget(checkpoint: Path) -> None:
    """Remove a checkpoint, and the seconds beside it, where they are."""
    for path in (checkpoint, _seconds_path(checkpoint)):
        path.unlink(missing_ok=True)


def keep_seconds(checkpoint: Path, seconds: float) -> None:
    """Write how long the training up to a checkpoint took, whichever processes did it."""
    storage.replace(str(_seconds_path(checkpoint)), json.dumps(seconds).encode())


def seconds_before(checkpoint: Path) -> float:
    """How long the training up to a checkpoint took; 0 where an earlier version left none."""
    path = _seconds_path(checkpoint)
    return float(json.loads(path.read_bytes())) if path.exists() else 0.0
