"""The order and the names of runs, domains and tasks decide nothing: not the order, not the surface, not the search."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtures import canonical
from mixtures.design import choosing
from mixtures.mixture import Array, Constraints, Domain
from mixtures.proposal.proposal import Proposal, Settings
from mixtures.proposal.propose import propose
from mixtures.search.objective import Objective
from mixtures.search.searched import Searched, searched
from mixtures.surface import fit
from mixtures.surface_file import Named
from mixtures.tables.named import Mixtures
from mixtures.tables.runs import Runs
from mixtures.uncertainty.noise import deviations, of_run
from mixtures.uncertainty.pairs import Pairs

DOMAINS, TASKS = 5, 3
NAMES = ("arxiv", "books", "code", "news", "web")


def swarm(seed: int) -> tuple[Array, Array]:
    """With a mixture trained four times, weights of 0 and a loss that is missing."""
    generator = np.random.default_rng(seed)
    weights, helped = generator.dirichlet(np.full(DOMAINS, 0.5), 30), generator.gamma(1, 1, (DOMAINS, TASKS))
    weights = np.where(weights < 0.01, 0.0, weights)
    weights[-3:] = weights[0]
    losses = 0.7 + 0.5 * (weights @ helped + 0.05) ** -0.4 + generator.normal(0, 0.01, (30, TASKS))
    losses[4, 1] = np.nan
    return weights / weights.sum(axis=1, keepdims=True), losses


@given(st.integers(0, 10_000), st.integers(2, 5))
@settings(max_examples=60)
def test_permuted_tables_are_one_in_canonical_order(seed: int, values: int) -> None:
    """Few values, so that much is tied, and one column that tells runs apart as noise does."""
    generator = np.random.default_rng(seed)
    weights = generator.integers(0, values, (12, 4)).astype(float)
    losses = np.column_stack((generator.integers(0, values, (12, 2)), generator.normal(size=12)))
    losses[generator.random(losses.shape) < 0.1] = np.nan
    losses[:, 2] = generator.normal(size=12)
    runs, domains, tasks = generator.permutation(12), generator.permutation(4), generator.permutation(3)
    moved = weights[np.ix_(runs, domains)], losses[np.ix_(runs, tasks)]
    for one, other in zip(
        canonical.order(weights, losses).apply(weights, losses), canonical.order(*moved).apply(*moved), strict=True
    ):
        assert np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_surface_is_the_same_for_permuted_runs_domains_and_tasks(seed: int) -> None:
    weights, losses = swarm(seed)
    generator = np.random.default_rng(seed + 10)
    runs, domains, tasks = generator.permutation(30), generator.permutation(DOMAINS), generator.permutation(TASKS)
    new = generator.dirichlet(np.ones(DOMAINS), 20)
    plain, moved = fit(weights, losses), fit(weights[np.ix_(runs, domains)], losses[np.ix_(runs, tasks)])
    sd = np.nanstd(losses, axis=0)
    for one, other in zip(plain.predict(new), moved.predict(new[:, domains]), strict=True):
        assert abs(other - one[:, tasks]).max() < 1e-9 * sd.min()
    assert np.array_equal(moved.widths, plain.widths[tasks])
    assert np.array_equal(moved.shares, plain.shares)
    assert np.array_equal(moved.held_out.part, plain.held_out.part[runs])
    assert np.array_equal(moved.held_out.means, plain.held_out.means[np.ix_(runs, tasks)], equal_nan=True)


def found(weights: Array, losses: Array, names: tuple[str, ...]) -> Searched:
    limits = Constraints({name: Domain(1.0, maximum=0.6) for name in names}, 1, 1.0)
    named = Named(fit(weights, losses), tuple(map(str, range(30))), names, tuple("xyz"), weights, losses)
    return searched(named, limits, Objective(tasks={"*": 1.0}), draws=12, seed=0)


def test_a_search_is_the_same_for_permuted_and_renamed_tables() -> None:
    """Domains of equal limits, so that only the runs tell them apart."""
    weights, losses = swarm(2)
    generator = np.random.default_rng(3)
    runs, domains = generator.permutation(30), generator.permutation(DOMAINS)
    plain, moved = found(weights, losses, NAMES), found(weights[np.ix_(runs, domains)], losses[runs], NAMES[::-1])
    new = dict(zip(NAMES, (NAMES[::-1][list(domains).index(at)] for at in range(DOMAINS)), strict=True))
    for name, best in plain.best.items():
        other = moved.best[name]
        assert other.weights == {new[domain]: weight for domain, weight in best.weights.items()}
        assert list(other.weights) == list(NAMES[::-1])
        assert other.best_observed == str(list(runs).index(int(best.best_observed)))
        assert other.model_dump(exclude={"weights", "best_observed"}) == best.model_dump(
            exclude={"weights", "best_observed"}
        )


def test_gains_and_next_runs_are_the_same_for_permuted_tables() -> None:
    """Noise of a run decides both: made in the order of the tables, its last digit moved every weight."""
    weights, losses = swarm(7)
    generator = np.random.default_rng(8)
    runs, domains, tasks = generator.permutation(30), generator.permutation(DOMAINS), generator.permutation(TASKS)
    pairs = [*range(4), *range(5, 20)]  # run 4 lacks a loss
    shuffled, mixed = generator.permutation(len(pairs)), generator.permutation(30)
    large = 0.8 * losses[pairs] + 0.3 * np.sin(4 * np.sqrt(weights[pairs, :1]))
    ids, names = tuple(map(str, range(30))), tuple("xyz")
    plain = Named(fit(weights, losses), ids, NAMES, names, weights, losses)
    places = weights[np.ix_(runs, domains)], losses[np.ix_(runs, tasks)]
    columns = tuple(NAMES[at] for at in domains), tuple(names[at] for at in tasks)
    moved = Named(fit(*places), tuple(ids[at] for at in runs), *columns, *places)

    kept = Pairs(tuple(ids[at] for at in pairs), names, losses[pairs], large, {}, weights[pairs])
    rows, by_task = kept.weights[shuffled][:, domains], np.ix_(shuffled, tasks)  # type: ignore[index]
    other = Pairs(tuple(kept.ids[at] for at in shuffled), columns[1], kept.small[by_task], large[by_task], {}, rows)
    spread, there = of_run(plain), of_run(moved)
    assert there == tuple(spread[at] for at in tasks)
    before, after = kept.gains(plain, deviations(spread), 0), other.gains(moved, deviations(there), 0)
    assert np.array_equal(after.slopes, before.slopes[tasks])
    assert np.array_equal(after.drawn, before.drawn[:, tasks])
    assert after.discrepancy_kept == before.discrepancy_kept > 0

    found, lowered = _next(plain, ids, weights, np.array([0.5, 0.3, 0.2]))
    at = tuple(ids[one] for one in mixed)
    others, also = _next(moved, at, weights[np.ix_(mixed, domains)], np.array([0.5, 0.3, 0.2])[tasks])
    assert others == found and np.array_equal(also, lowered)


def _next(named: Named, ids: tuple[str, ...], weights: Array, shares: Array) -> tuple[list[str], Array]:
    columns, _ = choosing.informative(Mixtures("id", ids, named.domains, weights), 3, named, shares, seed=0)
    return list(columns["id"]), np.asarray(columns["variance_share"])  # type: ignore[arg-type]


def test_a_proposal_is_the_same_for_permuted_and_renamed_tables() -> None:
    """Random arms, learning curve, rank resamples and gains among it; told in the order that was given."""
    weights, losses = (one[[*range(12), -3, -2, -1]] for one in swarm(5))
    losses, generator = np.nan_to_num(losses, nan=1.0), np.random.default_rng(6)
    bent = 0.3 * np.sin(4 * np.sqrt(weights[:12, :1]))
    pairs = losses[:12] + generator.normal(0, 0.01, (12, TASKS)), 0.8 * losses[:12] + bent
    runs, domains, tasks = generator.permutation(15), generator.permutation(DOMAINS), generator.permutation(TASKS)

    def proposed(of: Runs, small: Array, large: Array, trained: Array) -> Proposal:
        limits = Constraints({name: Domain(1.0, maximum=0.6) for name in of.domains}, 1, 1.0)
        return propose(of, limits, Objective(tasks={"*": 1.0}), Settings(replicas=10), (small, large, trained))

    given = Runs(tuple(map(str, range(15))), NAMES, tuple("xyz"), weights, losses, {})
    before = proposed(given, *pairs, weights[:12])
    assert [one.domain for one in before.domains] == list(before.constraints.domains) == list(NAMES)
    assert [one.run_id for one in before.held_out] == list(given.ids)
    assert before.held_out[3].weights == tuple(weights[3]) and before.held_out[3].task_measured == tuple(losses[3])
    assert [(one.task, one.domain) for one in before.insight.helps] == [(t, d) for t in "xyz" for d in NAMES]

    places = np.ix_(runs, domains), np.ix_(runs, tasks)
    renamed = dict(zip(NAMES[::-1], (NAMES[at] for at in domains), strict=True))  # new name to the old one
    new = {old: name for name, old in renamed.items()}
    moved = Runs(
        given.ids[::-1], NAMES[::-1], tuple("xyz"[at] for at in tasks), weights[places[0]], losses[places[1]], {}
    )
    shuffled = generator.permutation(12)
    after = proposed(moved, *(one[np.ix_(shuffled, tasks)] for one in pairs), weights[np.ix_(shuffled, domains)])
    told = after.model_copy(
        update={
            "held_out": tuple(
                one.model_copy(update={"run_id": given.ids[runs[at]]}) for at, one in enumerate(after.held_out)
            )
        }
    ).in_order(given.ids, [new[name] for name in NAMES], given.tasks)
    text = json.dumps(told.model_dump(mode="json"))
    for name, old in renamed.items():
        text = text.replace(f'"{name}"', f'"<{old}>"')
    assert json.loads(text.replace("<", "").replace(">", "")) == before.model_dump(mode="json")


def test_a_file_keeps_the_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    weights, losses = swarm(4)
    path = tmp_path_factory.mktemp("canonical") / "s.npz"
    made = Named(fit(weights, losses), tuple(map(str, range(30))), NAMES, tuple("xyz"), weights, losses)
    made.save(path)
    for one in ("runs", "domains", "tasks"):
        kept, before = (getattr(named.surface.order, one) for named in (Named.load(path), made))
        assert np.array_equal(kept, before)
