"""A fitted surface as one file of plain arrays (.npz), with the names of its domains and tasks: it loads as it was."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mixtures import canonical
from mixtures.mixture import Array
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.models.kernel import Features
from mixtures.models.power_law import PowerLaw
from mixtures.models.stacking import HeldOut
from mixtures.models.task_model import Constant, TaskModel
from mixtures.simplex import normalised, numbered
from mixtures.surface import Surface, fit, silent
from mixtures.tables.files import RUN_ID
from mixtures.tables.frames import Names
from mixtures.tables.runs import Runs

VERSION = 3  # raise it when older files no longer load


@dataclass(frozen=True)
class Named:
    """A surface with its runs: `ids` (runs,), `weights` (runs, domains), `losses` (runs, tasks).

    `id_column`: what the column of ids was called in their tables.
    """

    surface: Surface
    ids: tuple[str, ...]
    domains: tuple[str, ...]
    tasks: tuple[str, ...]
    weights: Array
    losses: Array
    id_column: str = RUN_ID

    @classmethod
    def fit(cls, runs: Runs) -> Self:
        """The surface over `runs`."""
        names = Names(runs.domains, runs.tasks, runs.id_column)
        surface = replace(fit(runs.weights, runs.losses), names=names)
        return cls(surface, runs.ids, runs.domains, runs.tasks, runs.weights, runs.losses, runs.id_column)

    @property
    def silent(self) -> dict[str, str]:
        """Of each of `flat_tasks` why it says nothing."""
        return silent(self.tasks, self.losses, numbered(self.weights))

    @property
    def flat_tasks(self) -> tuple[str, ...]:
        """Those that say nothing of mixtures: their losses are equal, or too few."""
        pairs = zip(self.tasks, self.surface.models, strict=True)
        return tuple(task for task, model in pairs if isinstance(model, Constant))

    def in_order(self) -> Self:
        """The same in the surface's own order, which that of the tables does not change in a single digit."""
        of = self.surface.order
        weights, losses = of.apply(self.weights, self.losses)
        return replace(
            self,
            surface=self.surface.in_order(normalised(weights), losses),
            ids=tuple(self.ids[at] for at in of.runs),
            domains=tuple(self.domains[at] for at in of.domains),
            tasks=tuple(self.tasks[at] for at in of.tasks),
            weights=weights,
            losses=losses,
        )

    def save(self, path: Path) -> None:
        """Write it; what stands there is replaced."""
        found = self.surface
        models = [_numbers(one) for one in found.models]
        arrays = {f"task{at}:{name}": array for at, one in enumerate(models) for name, array in one.items()}
        held = {f"held_out:{name}": array for name, array in vars(found.held_out).items()}
        plain: dict[str, NDArray[Any]] = {"weights": self.weights, "losses": self.losses, "widths": found.widths}
        whole = {**plain, **held, **arrays}
        head = {
            "version": VERSION,
            "ids": self.ids,
            "domains": self.domains,
            "tasks": self.tasks,
            "flat": found.flat,
            "id_column": self.id_column,
            "arrays": sorted(whole),
        }
        text = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, head=text, **whole)

    @classmethod
    def load(cls, path: Path) -> Self:
        """From `save`; ValueError for anything else, FileNotFoundError for nothing."""
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no file is there; python -m mixtures fit makes one")
        try:
            with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            head = json.loads(arrays.pop("head").tobytes())
            version, names = head["version"], set(head.get("arrays", arrays))
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: not a surface, or not a whole one; python -m mixtures fit makes one") from error
        if version != VERSION:
            raise ValueError(f"{path}: version {version}, and this is {VERSION}: fit again")
        if names != set(arrays):
            raise ValueError(f"{path}: not a whole surface; python -m mixtures fit makes one")
        return cls._of(head, arrays)

    @classmethod
    def _of(cls, head: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        weights, losses = arrays["weights"], arrays["losses"]
        held = HeldOut(**{name[9:]: array for name, array in arrays.items() if name.startswith("held_out:")})
        models = tuple(
            _model({name.split(":")[1]: array for name, array in arrays.items() if name.startswith(f"task{at}:")},
                   weights, losses[:, at], held.shares)
            for at in range(len(head["tasks"]))
        )  # fmt: skip
        order = canonical.order(normalised(weights), losses)
        ids, domains, tasks = (tuple(head[name]) for name in ("ids", "domains", "tasks"))
        names = Names(domains, tasks, head["id_column"])
        surface = Surface(models, arrays["widths"], held, head["flat"], order, names)
        return cls(surface, ids, domains, tasks, weights, losses, head["id_column"])


def _numbers(model: TaskModel | Constant) -> dict[str, Array]:
    if isinstance(model, Constant):
        return {"constant": np.array([model.mean, model.noise_sd])}
    law = model.law
    processes: dict[str, Array] = {}
    for at, one in enumerate(model.processes):
        processes[f"hyperparameters{at}"] = one.hyperparameters
        processes[f"floor{at}"] = np.array(np.nan if one.features.floor is None else one.features.floor)
        if one.features.helped is not None:
            processes[f"helped{at}"] = one.features.helped
    return {
        **processes,
        "law": law.parameters,
        "law_numbers": np.array([law.floor, law.ceiling, law.scale]),
        "law_covariance": law.covariance,
    }


def _model(numbers: dict[str, Array], weights: Array, losses: Array, shares: Array) -> TaskModel | Constant:
    if "constant" in numbers:
        return Constant(*map(float, numbers["constant"]))
    seen = np.isfinite(losses)
    processes = []
    for at in range(sum(name.startswith("hyperparameters") for name in numbers)):
        own = float(numbers[f"floor{at}"])
        features = Features(None if np.isnan(own) else own, numbers.get(f"helped{at}"))
        processes.append(GaussianProcess.over(features, numbers[f"hyperparameters{at}"], weights[seen], losses[seen]))
    floor, ceiling, scale = map(float, numbers["law_numbers"])
    return TaskModel(
        tuple(processes), PowerLaw(numbers["law"], floor, ceiling, scale, numbers["law_covariance"]), shares
    )
