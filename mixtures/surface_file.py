"""A fitted surface as one file of plain arrays (.npz), with the names of its domains and tasks: it loads as it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mixtures import canonical
from mixtures.gaussian_process import GaussianProcess
from mixtures.kernel import Features
from mixtures.mixture import Array
from mixtures.model import Constant, TaskModel
from mixtures.power_law import PowerLaw
from mixtures.stacking import HeldOut
from mixtures.surface import Surface, normalised

VERSION = 1  # raise it when older files no longer load


@dataclass(frozen=True)
class Named:
    """A surface with its runs: `ids` (runs,), `weights` (runs, domains), `losses` (runs, tasks)."""

    surface: Surface
    ids: tuple[str, ...]
    domains: tuple[str, ...]
    tasks: tuple[str, ...]
    weights: Array
    losses: Array

    def save(self, path: Path) -> None:
        """Write it; what stands there is replaced."""
        found = self.surface
        head = {"version": VERSION, "ids": self.ids, "domains": self.domains, "tasks": self.tasks, "flat": found.flat}
        models = [_numbers(one) for one in found.models]
        arrays = {f"task{at}:{name}": array for at, one in enumerate(models) for name, array in one.items()}
        held = {f"held_out:{name}": array for name, array in vars(found.held_out).items()}
        text = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        named: dict[str, NDArray[Any]] = {
            "head": text,
            "weights": self.weights,
            "losses": self.losses,
            "widths": found.widths,
        }
        whole = {**named, **held, **arrays}
        with path.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **whole)

    @classmethod
    def load(cls, path: Path) -> Self:
        """From `save`; ValueError for anything else."""
        with np.load(path, allow_pickle=False) as file:
            if "head" not in file:
                raise ValueError(f"{path}: not a surface; python -m mixtures fit makes one")
            head = json.loads(file["head"].tobytes())
            if head["version"] != VERSION:
                raise ValueError(f"{path}: version {head['version']}, and this is {VERSION}: fit again")
            arrays = {name: file[name] for name in file.files}
        weights, losses = arrays["weights"], arrays["losses"]
        held = HeldOut(**{name[9:]: array for name, array in arrays.items() if name.startswith("held_out:")})
        models = tuple(
            _model({name.split(":")[1]: array for name, array in arrays.items() if name.startswith(f"task{at}:")},
                   weights, losses[:, at], held.shares)
            for at in range(len(head["tasks"]))
        )  # fmt: skip
        order = canonical.order(normalised(weights), losses)
        surface = Surface(models, arrays["widths"], held, head["flat"], order)
        return cls(surface, tuple(head["ids"]), tuple(head["domains"]), tuple(head["tasks"]), weights, losses)


def _numbers(model: TaskModel | Constant) -> dict[str, Array]:
    if isinstance(model, Constant):
        return {"constant": np.array([model.mean, model.noise_sd])}
    law = model.law
    floors = [np.nan if one.features.floor is None else one.features.floor for one in model.processes]
    return {
        "hyperparameters": np.array([one.hyperparameters for one in model.processes]),
        "floors": np.array(floors),
        "law": law.parameters,
        "law_numbers": np.array([law.floor, law.ceiling, law.scale]),
        "law_covariance": law.covariance,
    }


def _model(numbers: dict[str, Array], weights: Array, losses: Array, shares: Array) -> TaskModel | Constant:
    if "constant" in numbers:
        return Constant(*map(float, numbers["constant"]))
    seen = np.isfinite(losses)
    processes = tuple(
        GaussianProcess.over(Features(None if np.isnan(floor) else float(floor)), one, weights[seen], losses[seen])
        for floor, one in zip(numbers["floors"], numbers["hyperparameters"], strict=True)
    )
    floor, ceiling, scale = map(float, numbers["law_numbers"])
    return TaskModel(processes, PowerLaw(numbers["law"], floor, ceiling, scale, numbers["law_covariance"]), shares)
