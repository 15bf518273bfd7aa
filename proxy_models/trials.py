"""Which runs an experiment makes: trial mixtures, repeats of the natural one, and the runs that validate a proposal.

All of them are functions of the experiment and the token files, so that a second call finds the runs of the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from mixtures import design
from mixtures.mixture import Array, Constraints
from mixtures.validation import Prediction
from proxy_models.experiment import Experiment, Training
from proxy_models.gold_answers import digest
from proxy_models.material import Material
from proxy_models.runs import RunRecipe

Kind = Literal["trial", "repeat", "validation"]


@dataclass(frozen=True)
class Run:
    """A run and what it is for. `mixture` names the mixture that a validation run checks."""

    kind: Kind
    recipe: RunRecipe
    mixture: str | None = None


def constraints(experiment: Experiment, material: Material) -> Constraints:
    """The feasible set: natural shares by tokens, epoch caps for the longest run or the budget that is planned."""
    sequences = (experiment.proxies.model.sequence, experiment.validation.model.sequence)
    return experiment.constraints(material.trainable(sequences), material.natural)


def sweep(experiment: Experiment, material: Material, feasible: Constraints) -> tuple[Run, ...]:
    """The proxies: each of the trial mixtures once, the natural one again with other seeds.

    Raises ValueError where the feasible set has no room for so many, or a mixture cannot be drawn from the tokens.
    """
    of = experiment.proxies
    rows = design.trials(feasible, of.mixtures, of.seed)
    trials = [_weights(feasible, row) for row in rows]
    planned: list[tuple[Kind, dict[str, float]]] = [("trial", weights) for weights in trials]
    planned += [("repeat", trials[0])] * of.repeats
    runs = tuple(
        Run(kind, _recipe(experiment, of, material, weights=weights, seed=seed))
        for seed, (kind, weights) in enumerate(planned, of.seed)
    )
    _check(runs, material)
    return runs


def validation(experiment: Experiment, material: Material, prediction: Prediction) -> tuple[Run, ...]:
    """A run for every mixture of the prediction and every seed: alike in everything else, equal tokens among it."""
    runs = tuple(
        Run("validation", _recipe(experiment, experiment.validation, material, weights=of.weights, seed=seed), name)
        for name, of in prediction.mixtures.items()
        for seed in prediction.seeds
    )
    _check(runs, material)
    return runs


def _recipe(experiment: Experiment, of: Training, material: Material, **others: Any) -> RunRecipe:
    return of.recipe(
        vocabulary=material.tokens.vocabulary,
        tokens=material.tokens.sha256,
        max_epochs=experiment.feasible.max_epochs,
        evaluation=experiment.evaluation(digest(material.gold)),
        **others,
    )


def _weights(feasible: Constraints, row: Array) -> dict[str, float]:
    return dict(zip(feasible.names, map(float, row), strict=True))


def _check(runs: tuple[Run, ...], material: Material) -> None:
    """Draw nothing, but find out before the first run whether every one can be drawn."""
    for run in runs:
        material.sampler(run.recipe)
