"""A search of a saved surface: the best mixture under each weighting, its interval, its bounds and their prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures.frozen import Frozen
from mixtures.mixture import Constraints
from mixtures.names import aligned
from mixtures.search import bounds, search, weighting
from mixtures.search.bounds import SLOPE_WEIGHT
from mixtures.search.landscape import Landscape
from mixtures.search.objective import Objective
from mixtures.search.resamples import OBSERVED, PROPOSED, REPLICA_STARTS, searched_again
from mixtures.simplex import few
from mixtures.surface_file import Named
from mixtures.uncertainty import joint, noise
from mixtures.uncertainty.estimate import Estimate, resample_interval
from mixtures.uncertainty.gains import Gains, pairs_note
from mixtures.uncertainty.joint import Joint
from mixtures.uncertainty.noise import Noise


class Weight(Frozen):
    """One domain's best weight with its interval (90 % of the draws' own best); `price`: what .01 beyond would gain."""

    weight: Estimate
    natural: float
    epochs: float
    held_by: str | None
    price: float


class Best(Frozen):
    """The best mixture under one weighting. Gains are over natural, positive is better; shares are of the draws.

    `best_observed`: the run of the lowest fitted objective. `silent_draws`: in how many larger models follow smaller
    ones in no task: there nothing counts, every gain is 0, and natural as good as any.
    """

    weights: dict[str, Weight]
    gain: Estimate
    better_than_natural_share: float
    best_observed: str
    better_than_best_observed_share: float
    silent_draws: int = 0

    def in_order(self, domains: tuple[str, ...]) -> Best:
        """The same, its weights told in the order of `domains`."""
        return self.model_copy(update={"weights": {name: self.weights[name] for name in domains}})


class Searched(Frozen):
    """Under "raw", "z" and, with pairs, "gain"; `gain_slopes` by task with their 80 % intervals.

    `discrepancy_kept`: how much counts of what larger models lose besides, 0 to 1; 0 where it is chance, or the pairs'
    weights are not known. `pairs`: how many mixtures were trained at both sizes. `noise`: of one run, by task that says
    something, and what it is known from.
    """

    draws: int
    seed: int
    best: dict[str, Best]
    gain_slopes: dict[str, Estimate]
    pairs: int
    discrepancy_kept: float
    noise: dict[str, Noise]


def searched(
    named: Named,
    constraints: Constraints,
    objective: Objective,
    *,
    draws: int,
    seed: int,
    gains: Gains | None = None,
    spread: Sequence[Noise] | None = None,
) -> Searched:
    """Search the surface under every weighting, in its own order; each of `draws` is searched again.

    With `gains`, a draw of the surface goes with a draw of the pairs: the interval of "gain" holds both. `spread`: of
    one run, a task each, where it is known already (`noise.of_run`). Raises ValueError where the constraints name other
    domains than the surface, or a task that counts says nothing.
    """
    _check_domains(named, constraints)
    spread = noise.of_run(named) if spread is None else spread
    with threadpool_limits(1, "blas"):
        inside = named.in_order()
        ordered = constraints.ordered(inside.domains)
        asked = objective.shares(inside.tasks, inside.flat_tasks)
        noise_sd = noise.deviations(spread)[named.surface.order.tasks]
        reliability = weighting.reliability(inside.surface, ordered, noise_sd)
        shares = weighting.reliable(asked, reliability)
        kept = gains and gains.of(named.surface.order.tasks, named.surface.order.domains)
        weightings = weighting.weightings(shares, inside.surface, ordered, kept, draws)
        found = joint.drawn(inside.surface, inside.weights, inside.losses, shares, draws, seed)
        plain = Landscape(inside.surface, shares, ordered.reference, objective.caution, objective.divergence)
        best = {
            name: _best(inside, ordered, factors.landscape(plain), factors.weighed(found), seed)
            for name, factors in weightings.items()
        }
    best = {name: one.in_order(named.domains) for name, one in best.items()}
    slopes = {} if gains is None else {
        task: Estimate(value=float(value), low=float(low), high=float(high))
        for task, value, low, high in zip(named.tasks, gains.slopes, *gains.bounds, strict=True)
    }  # fmt: skip
    kept_share = 0.0 if gains is None else gains.discrepancy_kept
    return Searched(
        draws=draws,
        seed=seed,
        best=best,
        gain_slopes=slopes,
        pairs=0 if gains is None else gains.mixtures,
        discrepancy_kept=kept_share,
        noise={task: one for task, one in zip(named.tasks, spread, strict=True) if task not in named.flat_tasks},
    )


def _check_domains(named: Named, constraints: Constraints) -> None:
    asked, known = set(constraints.names), set(named.domains)
    if strange := sorted(asked - known):
        raise ValueError(f"domains: {few(strange)}: the surface's runs had none of it; leave it out of the constraints")
    if lacking := sorted(known - asked):
        raise ValueError(
            f"domains: {few(lacking)}: missing in the constraints; what may not be used has a maximum of 0"
        )


def _best(named: Named, constraints: Constraints, landscape: Landscape, found: Joint, seed: int) -> Best:
    reference = constraints.reference
    pool = search.pool(constraints, seed, named.surface.order.domains)
    starts = search.best_first(landscape.plain.values(pool) + landscape.pull(pool)[0], pool)[:REPLICA_STARTS]
    best = search.minimise(landscape.criterion, constraints, starts)
    observed = int(np.argmin(landscape.mean(named.weights)))
    points = np.vstack((reference, best, constraints.project(named.weights[observed])))
    told = searched_again(found, landscape, constraints, starts, points)
    prices = SLOPE_WEIGHT * bounds.prices(landscape.criterion(best[None])[1][0], best, constraints)
    epochs, means = constraints.epochs(best), landscape.mean(points)
    gains = told.gains(PROPOSED)
    return Best(
        weights={
            name: Weight(
                weight=resample_interval(best[at], told.best[:, at]),
                natural=float(reference[at]),
                epochs=float(epochs[at]),
                held_by=bounds.binding(constraints, best, at),
                price=float(prices[at]),
            )
            for at, name in enumerate(constraints.names)
        },
        gain=resample_interval(float(means[0] - means[PROPOSED]), gains),
        better_than_natural_share=float((gains > 0).mean()),
        best_observed=named.ids[observed],
        better_than_best_observed_share=float((told.objective[:, PROPOSED] < told.objective[:, OBSERVED]).mean()),
        silent_draws=int(found.silent.sum()),
    )


def lines(found: Searched) -> Iterator[str]:
    """What somebody at a terminal needs to know: the weightings side by side, a line a domain."""
    names = list(found.best)
    first = found.best[names[0]].weights
    domains = sorted(first, key=lambda one: (-first[one].weight.value, one))
    head, *shown = aligned(["domain", *domains])
    yield f"{head}  natural  " + "  ".join(f"{name + ' (90 % of draws)':<24}" for name in names).rstrip()
    for told, domain in zip(shown, domains, strict=True):
        cells = []
        for name in names:
            one = found.best[name].weights[domain]
            held = f" {one.held_by}" if one.held_by in ("max_epochs", "maximum") else ""
            cells.append(f"{one.weight.value:6.1%} ({one.weight.low:5.1%} to {one.weight.high:5.1%}){held}")
        yield f"{told}  {first[domain].natural:7.1%}  " + "  ".join(f"{cell:<24}" for cell in cells).rstrip()
    for name, best in found.best.items():
        yield (
            f"{name}: gain over natural {best.gain.value:+.4f} (90 % of draws: {best.gain.low:+.4f} to "
            f"{best.gain.high:+.4f}); better in {best.better_than_natural_share:.1%} of draws, than the best observed "
            f"in {best.better_than_best_observed_share:.1%}"
        )
        if best.silent_draws:
            yield (
                f"{name}: in {best.silent_draws} of {found.draws} draws larger models follow smaller ones in no task: "
                "there nothing is gained, and natural is as good as any"
            )
        capped = {domain: w.price for domain, w in best.weights.items() if w.price > 0 and w.held_by != "minimum"}
        prices = ", ".join(f"{domain} {price:.5f}" for domain, price in capped.items())
        if capped:
            yield f"{name}: a weight of .01 beyond its cap would gain: {prices}"
    yield f"noise of one run, by which tasks count: from {noise.most(found.noise.values()).origin}"
    if found.pairs:
        yield f"gain: {pairs_note(found.pairs)}"
    if found.discrepancy_kept:
        yield (
            "gain: beside slopes a smooth function of the weights, as far as left-out pairs bear it out: "
            f"{found.discrepancy_kept:.0%} of it"
        )
