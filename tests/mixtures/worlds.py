"""Reports for tests: a proposal under hostile names, and validation runs of it."""

from __future__ import annotations

from dataclasses import replace

from mixtures.mixture import Domain
from mixtures.proposal.insight import Range
from mixtures.proposal.proposal import Proposal
from mixtures.uncertainty.estimate import Estimate
from mixtures.validation.judged import Measured, Validation, judge
from mixtures.validation.registration import Preregistration, arms, of_runs

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><svg onload=alert(1)>",
    "$title ${style} $$",
    "\u202egpj.exe\x00\x1b[2J",
    "a" * 300,
    "",
)


def renamed(proposal: Proposal, text: str) -> Proposal:
    """Every name that a stranger chose is `text`."""
    found, weights = proposal.insight, {text: 0.5}
    insight = found.model_copy(
        update={
            "near": found.near.model_copy(
                update={
                    "ranges": {text: Range(low=0.1, high=0.9)},
                    "extremes": tuple(one.model_copy(update={"weights": weights}) for one in found.near.extremes),
                }
            ),
            "helps": tuple(one.model_copy(update={"task": text, "domain": text}) for one in found.helps),
            "without": tuple(one.model_copy(update={"domain": text, "weights": weights}) for one in found.without),
            "optima": {name: one.model_copy(update={"weights": weights}) for name, one in found.optima.items()},
            "gain_slopes": {text: Estimate(value=1.0, low=0.5, high=1.5)},
            "next_runs": tuple(one.model_copy(update={"weights": weights}) for one in found.next_runs),
        }
    )
    observed = proposal.best_observed.model_copy(update={"mixtures": (weights,)})
    alone = replace(proposal.constraints, domains={text: Domain(natural=1.0, available_tokens=10**9)})
    return proposal.model_copy(
        update={
            "constraints": alone,
            "domains": tuple(one.model_copy(update={"domain": text}) for one in proposal.domains),
            "tasks": tuple(one.model_copy(update={"task": text}) for one in proposal.tasks),
            "held_out": tuple(one.model_copy(update={"run_id": text}) for one in proposal.held_out),
            "insight": insight,
            "best_observed": observed,
            "left_out": {text: text},
            "verdict": text,
            "objective": proposal.objective.model_copy(update={"unit": text}),
        }
    )


def registered(proposal: Proposal, seeds: tuple[int, ...] = (0, 1, 2)) -> Preregistration:
    """What would be registered of it; run ids are made up."""
    planned, _ = arms(proposal, seeds)
    runs = {name: [f"{name}{seed}" for seed in seeds] for name in planned}
    return of_runs(proposal, seeds, runs=runs, steps=10, run_tokens=1280, inputs={"weights": "00"})


def validated(proposal: Proposal) -> Validation:
    """Three seeds of every arm: the proposed one better than natural and uniform, one random run diverged."""
    registration = registered(proposal)
    losses = {
        "natural": (1.5, 1.52, 1.51),
        "proposed": (1.4, 1.4201, 1.4102),
        "uniform": (1.6, 1.62, 1.6103),
        "best_observed": (1.401, 1.42, 1.4101),
        "random": (1.49, 1.53, None),
    }
    return judge(
        registration,
        [
            Measured(arm=name, seed=seed, losses=None if loss is None else dict.fromkeys(registration.objective, loss))
            for name in registration.arms
            for seed, loss in enumerate(losses[name])
        ],
    )
