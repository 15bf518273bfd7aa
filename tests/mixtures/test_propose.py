"""The proposal: close to the known best, deterministic, honest about noise, and complete as JSON."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from mixtures.mixture import Constraints, Domain
from mixtures.proposal.insight_made import without
from mixtures.proposal.proposal import Proposal, Settings, verdict
from mixtures.proposal.propose import propose
from mixtures.proposal.summary import Findings
from mixtures.search import search
from mixtures.search.objective import Objective
from mixtures.tables.runs import Runs
from mixtures.uncertainty.cross_validation import Score
from mixtures.uncertainty.estimate import Estimate
from mixtures.uncertainty.joint import Joint
from mixtures.uncertainty.noise import Noise
from tests.mixtures import made

FEW = Settings(replicas=10)


def true_objective(weights: np.ndarray) -> np.ndarray:
    return made.truth(weights)[:, :2].mean(axis=1)


def test_the_proposal_is_nearly_the_true_best(proposal: Proposal) -> None:
    feasible = made.constraints()
    best = search.minimise(made.steep(true_objective), feasible, search.pool(feasible, 0))
    proposed = np.array(list(proposal.weights.values()))
    feasible.check(proposed)
    natural, found, lowest = true_objective(np.vstack((feasible.reference, proposed, best)))
    assert found - lowest < 0.1 * (natural - lowest)
    assert natural - found == pytest.approx(proposal.gain.value, abs=3 * made.NOISE_SD)


def test_it_says_how_far_it_can_be_trusted(proposal: Proposal) -> None:
    assert (proposal.runs, proposal.mixtures, proposal.noise.source) == (28, 24, "replicates")
    surface = proposal.scores["surface"]
    assert surface.spearman is not None and surface.spearman > 0.9
    assert surface.rmse < 0.5 * proposal.scores["linear"].rmse < proposal.scores["mean"].rmse
    assert proposal.resolved
    assert "must confirm" in proposal.verdict
    assert [one.share for one in proposal.tasks] == pytest.approx([0.5, 0.5, 0.0], abs=0.01)
    assert min(one.reliability for one in proposal.tasks) > 0.9


def test_it_is_a_function_of_its_inputs_and_survives_json(proposal: Proposal) -> None:
    with threadpool_limits(2, "blas"):  # whatever the caller has set
        again = propose(made.runs(), made.constraints(), Objective(), proposal.settings)
    assert again.model_dump_json() == proposal.model_dump_json()
    assert Proposal.model_validate_json(proposal.model_dump_json()) == proposal


def test_noise_alone_names_no_winner() -> None:
    runs = made.runs()
    for seed in (7, 8, 9, 10):
        noise = np.random.default_rng(seed).normal(1.0, 0.01, runs.losses.shape)
        found = propose(dataclasses.replace(runs, losses=noise), made.constraints(), Objective(), FEW)
        assert not found.resolved
        assert "Not resolved, a plumbing check" in found.verdict
        assert all(score.rmse < 0.1 for score in found.scores.values())  # no law explodes in a corner


def test_a_task_that_says_nothing_is_named() -> None:
    runs = made.runs()
    losses = runs.losses.copy()
    losses[:, 2] = 1.5
    with pytest.raises(ValueError, match="task gold:science: all losses are equal"):
        propose(dataclasses.replace(runs, losses=losses), made.constraints(), Objective(), FEW)


def test_a_cap_that_binds_is_named_with_its_price() -> None:
    feasible = made.constraints(code=0.2)
    found = propose(made.runs(), feasible, Objective(tasks={"heldout:code": 1}), FEW)
    code = next(one for one in found.domains if one.domain == "code")
    assert (code.proposed.value, code.binding) == (pytest.approx(0.2), "maximum")
    assert code.multiplier is not None and code.multiplier > 0
    looser = propose(made.runs(), made.constraints(code=0.21), Objective(tasks={"heldout:code": 1}), FEW)
    assert found.proposed.value - looser.proposed.value == pytest.approx(code.multiplier, rel=0.1)
    epochs = made.constraints(budget_tokens=3_000_000)
    capped = propose(made.runs(), epochs, Objective(tasks={"heldout:code": 1}), FEW)
    code = next(one for one in capped.domains if one.domain == "code")
    assert (code.binding, code.proposed_epochs) == ("max_epochs", pytest.approx(4.0))
    for one in (*found.domains, *capped.domains):
        assert (one.multiplier is None) is (one.binding is None or one.proposed.value < 1e-6)


def test_what_the_proposal_has_nothing_of_is_worth_nothing_and_needs_no_search() -> None:
    feasible, best = made.constraints(), np.array([0.5, 0.3, 0.0, 0.2])
    found = cast(Findings, SimpleNamespace(constraints=feasible, points=np.vstack((feasible.reference, best))))
    told = without(found, cast(Joint, None), best[:0], at=2)
    assert told.weights == dict(zip(feasible.names, best, strict=True))
    assert (told.domain, told.loss) == ("papers", Estimate(0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("gain", "smallest", "rank_low", "resolved"),
    [
        (Estimate(value=0.02, low=0.01, high=0.03), 0.019, 0.01, True),
        (Estimate(value=0.02, low=0.01, high=0.03), 0.02, 0.9, False),
        (Estimate(value=0.02, low=0.0, high=0.03), 0.001, 0.9, False),
        (Estimate(value=-0.02, low=-0.03, high=-0.01), 0.001, 0.9, False),
        (Estimate(value=0.02, low=0.01, high=0.03), 0.001, 0.0, False),
        (Estimate(value=0.02, low=0.01, high=0.03), 0.001, None, False),
    ],
)
def test_a_gain_must_leave_zero_noise_and_chance_behind(
    gain: Estimate, smallest: float, rank_low: float | None, resolved: bool
) -> None:
    noise = Noise(sd=0.01, freedom=5, source="cross-validation")
    score = Score(rmse=0.01, r2=0.5, spearman=0.95, spearman_low=rank_low, spearman_high=0.99)
    said, sentence = verdict(gain, score, noise, smallest, 3, "nats")
    assert said is resolved
    assert ("must confirm" in sentence) is resolved
    assert f"differences below {smallest:.4f} nats cannot be seen" in sentence
    assert "no mixture was trained twice" in sentence


def test_errors_of_fewer_runs_lead_to_those_of_the_folds() -> None:
    """Eight tasks that each want a domain of their own: a model of their mean errs several times as much."""
    generator = np.random.default_rng(0)
    names = tuple("abcdefgh")
    weights = generator.dirichlet(np.full(8, 0.5), 60)
    losses = 3 + 0.5 * (weights + 0.01) ** -0.4 + generator.normal(0, 0.005, (60, 8))
    ids = tuple(f"r{at:02}" for at in range(60))
    runs = Runs(ids, names, tuple(f"t:{name}" for name in names), weights, losses, {})
    free = Constraints({name: Domain(1.0) for name in names}, 1, 1.0)
    learned = propose(runs, free, Objective(tasks={"*": 1.0}), FEW).insight.learned
    assert [one.mixtures for one in learned] == [18, 27, 36, 48]
    assert learned[-1].rmse.value < learned[0].rmse.value
    assert learned[-2].rmse.value < 2 * learned[-1].rmse.value
