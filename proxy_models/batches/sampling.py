"""Which tokens a training step sees: a mixture of domains, exact over the run and near it at every step.

Nothing is remembered between steps: `batch(step)` is a function of the step, so that resuming, skipping and looking
back cost the same as going on. Memory is O(domains + batch), however long the streams are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from proxy_models.tokens.documents import Documents
from proxy_models.tokens.permutation import key_of, mixed, permuted

SUM_TOLERANCE = 1e-6
"""Weights may miss the sum of 1 by this much (they come out of files); they are divided by their sum."""

MOST_TIMES = 2**26
"""Sequences of a run whose times float64 tells apart: counts c and c' with a sum of 2^26 have 2 c c' <= 2^51, and equal
fractions have equal quotients, since division rounds correctly."""


class MixtureSampler:
    """Batches of token windows in which every domain has the share that `weights` gives it.

    A domain's stream is cut into windows of `sequence` tokens and one more, the last target, which is also the next
    window's first token; windows run across documents. Each epoch visits the windows in another permutation. Sequences
    of a domain over the run: `counts`, by largest remainder; the i-th of `c` stands at (i + 1/2)/c of the run, and the
    run is all of them in that order. So after g of the N sequences a domain of weight w has been seen w*g times, give
    or take 1/2 + w * domains/2, which no shuffle of the order would promise. Rows within a batch are shuffled.

    streams: tokens by domain; weights: shares by domain, not negative, sum 1. target_tokens: of the run planned; a
    stream is then read as far as `readable` says. Raises ValueError, naming the domain, where a weight is for no
    stream or one too short for a window, or asks for more than `max_epochs`.
    """

    def __init__(
        self,
        streams: Mapping[str, Documents],
        weights: Mapping[str, float],
        *,
        sequence: int,
        batch: int,
        steps: int,
        max_epochs: float,
        seed: int,
        target_tokens: int | None = None,
    ) -> None:
        for name, value in {"sequence": sequence, "batch": batch, "steps": steps, "max_epochs": max_epochs}.items():
            if not value > 0:
                raise ValueError(f"{name} is {value}; it must be above 0")
        self.sequence, self.batch_size, self.steps = sequence, batch, steps
        shares = _shares(weights)
        trained = steps * batch * sequence
        windows = {name: _windows(streams, name, sequence, trained, target_tokens) for name in shares}
        counts = _counts(shares, windows, steps * batch, max_epochs)
        self.counts: dict[str, int] = {name: counts.get(name, 0) for name in sorted(weights)}
        self.epochs: dict[str, float] = {name: n / windows[name] if n else 0.0 for name, n in self.counts.items()}
        self._names = [name for name in sorted(counts) if counts[name]]
        self._counts = [counts[name] for name in self._names]
        self._windows = [windows[name] for name in self._names]
        self.streams = [streams[name].tokens for name in self._names]
        self.read = [windows * sequence + 1 for windows in self._windows]  # tokens of each stream, from its first
        self._keys = [key_of("windows", seed, name) for name in self._names]
        self._order_key = np.uint64(key_of("rows of a batch", seed))

    def batch(self, step: int) -> npt.NDArray[np.int64]:
        """The tokens of a step, (batch, sequence + 1): inputs are all but the last column, targets all but the first.

        step: 0 <= step < steps; else ValueError.
        """
        domains, starts = self.places(step)
        rows = np.empty((self.batch_size, self.sequence + 1), np.int64)
        span = np.arange(self.sequence + 1)
        for domain in np.unique(domains):
            here = domains == domain
            rows[here] = self.streams[domain][starts[here, None] + span]
        return rows

    def places(self, step: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where the rows of a step are, (batch,) each: the number of the stream in `streams`, and the first token."""
        found = self.windows_of(step)
        domains = np.concatenate([np.full(len(windows), domain) for domain, windows in found])
        starts = np.concatenate([windows for _, windows in found]) * self.sequence
        places = np.arange(step * self.batch_size, (step + 1) * self.batch_size, dtype=np.uint64)
        order = np.argsort(mixed(places ^ self._order_key), kind="stable")
        return domains[order], starts[order]

    def all_places(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """`places` of every step, (steps, batch) each, at once: a hundredth of the time that they take one by one."""
        shape = (self.steps, self.batch_size)
        domains = np.repeat(np.arange(len(self._counts)), self._counts)
        domains = domains[self._order_in_time(domains)].reshape(shape)
        starts = np.empty(shape, np.int64)
        for domain, count in enumerate(self._counts):
            starts[domains == domain] = self._visited(domain, 0, count) * self.sequence
        places = np.arange(domains.size, dtype=np.uint64)
        shuffled = np.argsort(mixed(places ^ self._order_key).reshape(shape), axis=1, kind="stable")
        # `places` shuffles what stands domain by domain
        order = np.take_along_axis(np.argsort(domains, axis=1, kind="stable"), shuffled, axis=1)
        return np.take_along_axis(domains, order, axis=1), np.take_along_axis(starts, order, axis=1)

    def _order_in_time(self, domains: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How the run orders its sequences, given one domain after another: by (2 i + 1) / 2 c, then by domain.

        Two such times are equal or differ by 1 / 2 c c', so float64 tells them apart for runs of up to MOST_TIMES.
        """
        index = np.concatenate([np.arange(count) for count in self._counts])
        counts = np.array(self._counts)[domains]
        if len(domains) <= MOST_TIMES:
            return np.lexsort((domains, (2 * index + 1) / (2 * counts)))
        exact = zip(index.tolist(), counts.tolist(), domains.tolist(), strict=True)
        keys = [(Fraction(2 * i + 1, 2 * count), domain) for i, count, domain in exact]
        return np.array(sorted(range(len(keys)), key=keys.__getitem__))

    def windows_of(self, step: int) -> list[tuple[int, npt.NDArray[np.int64]]]:
        """The windows of a step: (number of the domain among those with a count, sorted; indices of its windows)."""
        if not 0 <= step < self.steps:
            raise ValueError(f"step {step} is not in this run; it has steps 0 to {self.steps - 1}")
        before, after = self._seen(step * self.batch_size), self._seen((step + 1) * self.batch_size)
        return [
            (domain, self._visited(domain, first, last))
            for domain, (first, last) in enumerate(zip(before, after, strict=True))
            if first < last
        ]

    def _visited(self, domain: int, first: int, last: int) -> npt.NDArray[np.int64]:
        """The windows that are the domain's sequences first, ..., last - 1 of the run."""
        size, found = self._windows[domain], []
        for epoch in range(first // size, (last - 1) // size + 1):
            places = np.arange(max(first, epoch * size), min(last, (epoch + 1) * size)) - epoch * size
            found.append(permuted(places, size, key_of(self._keys[domain], epoch)))
        return np.concatenate(found)

    def _seen(self, position: int) -> list[int]:
        """How many sequences of each domain stand before `position`, in exact arithmetic.

        Of `c` sequences round(c*t) stand up to the time t, so all domains' are within domains/2 of N*t: the time of
        `position` lies between two bounds, and only what stands between them needs sorting.
        """
        total, domains = sum(self._counts), len(self._counts)
        low, high = max(0, 2 * position - domains), min(2 * total, 2 * position + domains)
        seen = [(count * low + total) // (2 * total) for count in self._counts]
        between = sorted(
            (Fraction(2 * index + 1, 2 * count), domain)
            for domain, count in enumerate(self._counts)
            for index in range(seen[domain], (count * high + total) // (2 * total))
        )
        for _, domain in between[: position - sum(seen)]:
            seen[domain] += 1
        return seen


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights above zero, divided by their sum."""
    for name, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"the weight of {name} is {weight}; it must be a number that is not negative")
    total = math.fsum(weights.values())
    if abs(total - 1) > SUM_TOLERANCE:
        raise ValueError(f"the weights sum to {total:.9g}; they must sum to 1")
    return {name: weight / total for name, weight in sorted(weights.items()) if weight}


def readable(tokens: int, trained: int, target: int | None) -> int:
    """How many of a domain's `tokens` a run that trains on `trained` may read, where one of `target` is planned.

    The share trained / target of them, so that a weight means as many epochs here as there. They are the first:
    published documents are in a global shuffle, so this is a sample of whole documents but for the last, and that of a
    shorter run is part of that of a longer one.
    """
    return tokens if target is None else min(tokens, -(-tokens * trained // target))


def _windows(
    streams: Mapping[str, Documents], name: str, sequence: int, trained: int, target_tokens: int | None
) -> int:
    if name not in streams:
        raise ValueError(f"{name} has a weight and no tokens; there are {', '.join(sorted(streams))}")
    tokens = readable(len(streams[name].tokens), trained, target_tokens)
    if tokens <= sequence:
        raise ValueError(f"{name} has {tokens:,} tokens, too few for one window of {sequence} and a target")
    return (tokens - 1) // sequence


def _counts(shares: dict[str, float], windows: dict[str, int], total: int, max_epochs: float) -> dict[str, int]:
    """Sequences by domain: largest remainder, in which a domain at its cap does not round up."""
    wanted = {name: share * total for name, share in shares.items()}
    counts = {name: math.floor(value) for name, value in wanted.items()}
    for name, count in counts.items():
        if count / windows[name] > max_epochs:
            raise ValueError(
                f"{name}: a weight of {shares[name]:.6g} asks for {wanted[name] / windows[name]:.3g} epochs of its "
                f"{windows[name]:,} windows; at most {max_epochs:g} are allowed, a weight of up to "
                f"{max_epochs * windows[name] / total:.6g}"
            )
    up = sorted(counts, key=lambda name: (counts[name] - wanted[name], name))
    room = [name for name in up if counts[name] < wanted[name] and (counts[name] + 1) / windows[name] <= max_epochs]
    missing = total - sum(counts.values())
    if missing > len(room):
        full = ", ".join(sorted(set(counts) - set(room)))
        raise ValueError(f"{total:,} sequences cannot be filled: {full} may be seen {max_epochs:g} times at most")
    for name in room[:missing]:
        counts[name] += 1
    return counts
