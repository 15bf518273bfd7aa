"""Which runs an experiment makes: trial mixtures, repeats of a few, and the runs that validate a proposal.

All of them are functions of the experiment and the token files, so that a second call finds the runs of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mixtures.design import design
from mixtures.mixture import Array, Constraints
from mixtures.validation.registration import Arm
from proxy_models.evaluation.gold_answers import digest
from proxy_models.experiment import Experiment, Training
from proxy_models.sweep.material import Material
from proxy_models.tokens.tokens import Side
from proxy_models.training.runs import RunRecipe

Kind = Literal["trial", "repeat", "validation"]


@dataclass(frozen=True)
class Run:
    """A run and what it is for. `arm` names what a validation run stands for."""

    kind: Kind
    recipe: RunRecipe
    arm: str | None = None


def constraints(experiment: Experiment, material: Material) -> Constraints:
    """The feasible set: natural shares by tokens, epoch caps for the longest run or the budget that is planned."""
    experiment.constraints(material.natural, material.natural)  # a budget that is too large is said first
    kinds = tuple((of.model.sequence, of.tokens) for of in (experiment.proxies, experiment.validation))
    return experiment.constraints(material.trainable(kinds, experiment.budget_tokens), material.natural)


def sweep(experiment: Experiment, material: Material, feasible: Constraints) -> tuple[Run, ...]:
    """The proxies: each of the trial mixtures once, some again with other seeds (`design.repeats`).

    Raises ValueError where the feasible set has no room for so many, or a mixture cannot be drawn from the tokens.
    """
    of = experiment.proxies
    rows = design.trials(feasible, of.mixtures, of.seed)
    trials = [_weights(feasible, row) for row in rows]
    planned: list[tuple[Kind, dict[str, float]]] = [("trial", weights) for weights in trials]
    planned += [("repeat", trials[at]) for at in design.repeats(of.repeats, of.distant_repeats)]
    runs = tuple(
        Run(kind, _recipe(experiment, of, material, "select", weights=weights, seed=seed))
        for seed, (kind, weights) in enumerate(planned, of.seed)
    )
    _check(runs, material)
    return runs


def validation(experiment: Experiment, material: Material, arms: Mapping[str, Arm]) -> tuple[Run, ...]:
    """A run of every arm with every seed, alike in all else: tokens, initialisation, order within a domain.

    They alone are scored on the final side of what is held out.
    """
    of = experiment.validation
    runs = tuple(
        Run("validation", _recipe(experiment, of, material, "final", weights=arm.weights(at), seed=seed), name)
        for name, arm in arms.items()
        for at, seed in enumerate(of.run_seeds)
    )
    _check(runs, material)
    return runs


def _recipe(experiment: Experiment, of: Training, material: Material, side: Side, **others: Any) -> RunRecipe:
    return of.recipe(
        vocabulary=material.tokens.vocabulary,
        tokens=material.tokens.sha256,
        max_epochs=experiment.feasible.max_epochs,
        target_tokens=experiment.budget_tokens,
        evaluation=experiment.evaluation(digest(material.gold[side]), side),
        **others,
    )


def _weights(feasible: Constraints, row: Array) -> dict[str, float]:
    return dict(zip(feasible.names, map(float, row), strict=True))


def _check(runs: tuple[Run, ...], material: Material) -> None:
    """Draw nothing, but find out before the first run whether every one can be drawn."""
    for run in runs:
        material.sampler(run.recipe)
