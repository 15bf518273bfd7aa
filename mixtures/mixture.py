"""What may be trained on: each domain's bounds, and the nearest feasible mixture to any vector of weights."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 1e-9  # of a weight against its bounds and of the sum against 1: far below one sequence of any run


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _keys(what: str, value: object, required: Sequence[str] = (), optional: Sequence[str] = ()) -> dict[str, Any]:
    """`value` as an object with these keys and no others; any where none are named."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} must be an object, and is {value!r:.40}")
    allowed = (*required, *optional)
    if missing := [name for name in required if name not in value]:
        raise ValueError(f"{missing[0]}: missing; give {', '.join(required)}")
    if allowed and (unknown := [name for name in value if name not in allowed]):
        raise ValueError(f"{unknown[0]}: unknown; give {', '.join(allowed)}, nothing else")
    return dict(value)


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a key that stands twice, JSON would keep the last and say nothing."""
    if twice := [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]:
        raise ValueError(f"{twice[0]} stands twice")
    return dict(pairs)


@dataclass(frozen=True)
class Domain:
    """One domain: its natural share and what limits its weight.

    `natural` is relative (the shares are divided by their sum). `available_tokens` None means without end. `minimum`
    and `maximum` bound the weight, inclusive, in 0..1. Raises ValueError for a value out of its range.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    natural: float
    available_tokens: int | None = None
    minimum: float = 0.0
    maximum: float = 1.0

    def __post_init__(self) -> None:
        if not (_is_number(self.natural) and self.natural >= 0):
            raise ValueError(f"natural: {self.natural!r} is not a number of at least 0")
        if self.available_tokens is not None and not (_is_number(self.available_tokens) and self.available_tokens >= 1):
            raise ValueError(f"available_tokens: {self.available_tokens!r} is not a number of at least 1")
        for name in ("minimum", "maximum"):
            value = getattr(self, name)
            if not (_is_number(value) and 0 <= value <= 1):
                raise ValueError(f"{name}: {value!r} is not a number within 0 to 1")


@dataclass(frozen=True)
class Constraints:
    """The feasible set: weights in their bounds with sum 1, no domain read more than `max_epochs` times.

    A run of `budget_tokens` reads domain i `weight_i * budget_tokens / available_tokens_i` times. All arrays are in the
    order of `domains`. Raises ValueError where no mixture is feasible, naming the domains and the budget that would
    fit.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    domains: Mapping[str, Domain]
    budget_tokens: int
    max_epochs: float

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """From what JSON holds; ValueError names the field that is missing, unknown or wrong."""
        keys = _keys("the file", written, required=("domains", "budget_tokens", "max_epochs"))
        domains = {}
        for name, limits in _keys("domains", keys["domains"]).items():
            optional = ("available_tokens", "minimum", "maximum")
            try:
                domains[name] = Domain(**_keys("it", limits, required=("natural",), optional=optional))
            except ValueError as error:
                raise ValueError(f"domains.{name}: {error}") from error
        return cls(domains, written["budget_tokens"], written["max_epochs"])

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a JSON file; ValueError names the file and what is wrong in it, FileNotFoundError the file."""
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no file is there; python -m mixtures constraints begins one")
        try:
            written = json.loads(path.read_bytes(), object_pairs_hook=_distinct)
        except ValueError as error:
            raise ValueError(f"{path}: not JSON: {error}") from error
        try:
            return cls.of(written)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def written(self) -> dict[str, Any]:
        """What `of` reads, for JSON."""
        return asdict(self)

    def ordered(self, names: Sequence[str]) -> Self:
        """The same constraints with the domains in another order."""
        return replace(self, domains={name: self.domains[name] for name in names})

    def __post_init__(self) -> None:
        if not self.domains:
            raise ValueError("domains: give at least one")
        for name in ("budget_tokens", "max_epochs"):
            value = getattr(self, name)
            if not (_is_number(value) and value > 0):
                raise ValueError(f"{name}: {value!r} is not a number above 0")
        if sum(domain.natural for domain in self.domains.values()) <= 0:
            raise ValueError("domains: give at least one a natural share above 0")
        crossed = [
            f"{name} (from {low:.4g} to {high:.4g})"
            for name, low, high in zip(self.names, self.lower, self.upper, strict=True)
            if low > high
        ]
        if crossed:
            raise ValueError(
                f"minimum above what maximum and max_epochs leave: {', '.join(crossed)}; lower the minimum, "
                "or the budget_tokens, or raise max_epochs"
            )
        if math.fsum(self.lower) > 1 + TOLERANCE:
            raise ValueError(f"the minimums add up to {math.fsum(self.lower):.4g}: lower them to at most 1")
        if math.fsum(self.upper) < 1 - TOLERANCE:
            raise ValueError(self._shortage())

    def _shortage(self) -> str:
        caps = ", ".join(f"{name} {cap:.4g}" for name, cap in zip(self.names, self.upper, strict=True))
        fits = self.largest_budget()
        mend = f"a budget of {fits:,} tokens would fit" if fits else "no budget fits: raise the maximums"
        return (
            f"budget_tokens {self.budget_tokens:,} at max_epochs {self.max_epochs:g}: the largest weights "
            f"({caps}) add up to {math.fsum(self.upper):.4g}, less than 1; {mend}"
        )

    def largest_budget(self) -> int:
        """The most tokens that can be trained on under the other bounds; 0 where the maximums alone forbid any.

        Raising the budget lowers each epoch cap in proportion to 1 / budget, so the sum of the caps is monotone: with
        s = max_epochs / budget, sum of min(maximum, available * s) = 1 is solved between its kinks.
        """
        limits = list(self.domains.values())
        if math.fsum(one.maximum for one in limits) < 1 - TOLERANCE:
            return 0
        finite = [(one.available_tokens, one.maximum) for one in limits if one.available_tokens is not None]
        free = math.fsum(one.maximum for one in limits if one.available_tokens is None)
        for tokens, maximum in sorted(finite, key=lambda pair: pair[1] / pair[0]):
            kink = maximum / tokens
            if free + math.fsum(min(most, held * kink) for held, most in finite) >= 1:
                full = math.fsum(most for held, most in finite if most / held < kink)
                slope = math.fsum(held for held, most in finite if most / held >= kink)
                return int(self.max_epochs * slope / (1 - free - full))
        return int(self.max_epochs * min(held / most for held, most in finite if most > 0))

    def covering(self, names: Sequence[str]) -> Self:
        """The same feasible set over domains that were trained on before, too, and are no longer offered: at most 0."""
        gone = {name: Domain(natural=0.0, maximum=0.0) for name in names if name not in self.domains}
        return type(self)(
            domains={**self.domains, **gone}, budget_tokens=self.budget_tokens, max_epochs=self.max_epochs
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.domains)

    @property
    def natural(self) -> Array:
        """The natural shares, sum 1; they need not be feasible."""
        shares = np.array([domain.natural for domain in self.domains.values()])
        return shares / math.fsum(shares)

    @property
    def reference(self) -> Array:
        """The feasible mixture nearest to the natural shares: what every other is compared with."""
        return self.project(self.natural)

    @property
    def lower(self) -> Array:
        return np.array([domain.minimum for domain in self.domains.values()])

    @property
    def epoch_caps(self) -> Array:
        """The weight at which a domain is read `max_epochs` times; infinite where its tokens have no end."""
        held = [domain.available_tokens for domain in self.domains.values()]
        return np.array([math.inf if n is None else self.max_epochs * n / self.budget_tokens for n in held])

    @property
    def upper(self) -> Array:
        return np.minimum(np.array([domain.maximum for domain in self.domains.values()]), self.epoch_caps)

    def epochs(self, weights: Array) -> Array:
        """How often each domain is read by a run on `weights`; 0 where its tokens have no end."""
        return np.where(np.isinf(self.epoch_caps), 0.0, weights * self.max_epochs / self.epoch_caps)

    def check(self, weights: Array) -> None:
        """Raise ValueError, naming the first domain that is out of bounds, unless `weights` is feasible."""
        if weights.shape != (len(self.domains),):
            raise ValueError(f"weights of {len(self.domains)} domains are needed, not of shape {weights.shape}")
        for name, weight, low, high in zip(self.names, weights, self.lower, self.upper, strict=True):
            if not low - TOLERANCE <= weight <= high + TOLERANCE:
                raise ValueError(f"weight of {name} is {weight:.6g}, outside {low:.6g} to {high:.6g}")
        if not abs(math.fsum(weights) - 1) <= TOLERANCE:
            raise ValueError(f"weights add up to {math.fsum(weights):.9g}, not to 1")

    def project(self, weights: Array, scale: Array | None = None) -> Array:
        """The feasible mixture nearest to each row of `weights`; same shape.

        Near is Euclidean, or with `scale` (same shape, above 0) the sum of squared differences divided by it. Exact:
        the answer is clip(w - t * scale, lower, upper), and the t at which the sum is 1 lies between two of the 2 * d
        kinks, where the sum is linear. Within 1e-12 of sum 1, unless the caps themselves add up to less by TOLERANCE,
        and never outside the bounds.
        """
        rows = weights.reshape(-1, len(self.domains))
        scales = np.ones_like(rows) if scale is None else scale.reshape(rows.shape)
        return self._nearest(rows, scales).reshape(weights.shape)

    def _nearest(self, rows: Array, scales: Array) -> Array:
        """`project` of (rows, domains)."""
        kinks = np.sort(np.concatenate(((rows - self.lower) / scales, (rows - self.upper) / scales), axis=1), axis=1)
        sums = np.zeros_like(kinks)  # falls along each row from sum(upper) to sum(lower)
        for column, scale, low, high in zip(rows.T, scales.T, self.lower, self.upper, strict=True):
            sums += np.clip(column[:, None] - kinks * scale[:, None], low, high)
        after = np.clip((sums > 1).sum(axis=1), 1, kinks.shape[1] - 1)[:, None]
        between = (np.take_along_axis(kinks, after - 1, axis=1) + np.take_along_axis(kinks, after, axis=1)) / 2
        shifted = rows - between * scales
        free = (shifted > self.lower) & (shifted < self.upper)
        clipped = np.clip(shifted, self.lower, self.upper)
        held = np.where(free, 0.0, clipped).sum(axis=1)
        room = np.where(free, scales, 0.0).sum(axis=1)
        shift = (np.where(free, rows, 0.0).sum(axis=1) + held - 1) / np.where(room > 0, room, 1.0)
        return settled(np.where(free, rows - shift[:, None] * scales, clipped), self.lower, self.upper)


def settled(weights: Array, lower: Array, upper: Array) -> Array:
    """Rows of `weights` within their bounds, what rounding left over or short given where there is most room."""
    inside = np.clip(weights, lower, upper)
    missing = 1 - inside.sum(axis=1)
    room = np.where(missing[:, None] > 0, upper - inside, inside - lower)
    inside[np.arange(len(inside)), np.argmax(room, axis=1)] += missing
    return np.clip(inside, lower, upper)
