"""The feasible set: projection is exact, bounds hold, and an impossible budget is told with the mend."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mixtures.mixture import TOLERANCE, Constraints, Domain
from tests.mixtures import made


@st.composite
def feasible_sets(draw: st.DrawFn) -> Constraints:
    """Constraints of 1 to 7 domains, some without end, some with bounds, that have a feasible mixture."""
    domains = {}
    for at in range(draw(st.integers(1, 7))):
        low, high = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
        domains[f"d{at}"] = Domain(
            natural=draw(st.floats(0.001, 10)),
            available_tokens=draw(st.none() | st.integers(1, 10_000)),
            minimum=draw(st.sampled_from((0.0, low / 10))),
            maximum=draw(st.sampled_from((1.0, high))),
        )
    try:
        return Constraints(domains=domains, budget_tokens=1000, max_epochs=draw(st.floats(0.5, 8)))
    except ValueError:
        assume(False)
        raise


@given(feasible_sets(), st.data())
def test_a_projection_is_feasible_and_the_nearest(constraints: Constraints, data: st.DataObject) -> None:
    size = len(constraints.names)
    rows = st.lists(st.floats(-3, 3), min_size=size, max_size=size).map(np.array)
    point, other = data.draw(rows), data.draw(rows)
    nearest = constraints.project(point)
    constraints.check(nearest)
    assert np.all(nearest >= constraints.lower)
    assert np.all(nearest <= constraints.upper)
    # The variational inequality that only the nearest point of a convex set fulfils
    assert (point - nearest) @ (constraints.project(other) - nearest) <= 1e-8
    assert np.allclose(constraints.project(nearest), nearest, atol=1e-9)
    scale = data.draw(st.lists(st.floats(1e-4, 1), min_size=size, max_size=size).map(np.array))
    scaled = constraints.project(point, scale)
    constraints.check(scaled)
    assert ((point - scaled) / scale) @ (nearest - scaled) <= 1e-8 / scale.min()


@given(feasible_sets())
def test_sums_are_exact_unless_the_caps_leave_one_mixture(constraints: Constraints) -> None:
    reached = math.fsum(constraints.project(np.zeros(len(constraints.names))))
    assert abs(reached - 1) <= (1e-12 if math.fsum(constraints.upper) >= 1 else TOLERANCE)


@given(feasible_sets())
def test_the_largest_budget_fits_and_a_larger_one_does_not(constraints: Constraints) -> None:
    # One more domain with no limit but its tokens, and no minimums: then some budget is the largest
    limits = {
        name: replace(one, minimum=0.0, available_tokens=one.available_tokens or 77)
        for name, one in constraints.domains.items()
    } | {"more": Domain(natural=1, available_tokens=5000)}
    constraints = Constraints(domains=limits, budget_tokens=1000, max_epochs=constraints.max_epochs)
    largest = constraints.largest_budget()
    assert largest >= constraints.budget_tokens - 1
    Constraints(domains=limits, budget_tokens=largest, max_epochs=constraints.max_epochs)
    with pytest.raises(ValueError, match="tokens would fit"):
        Constraints(domains=limits, budget_tokens=int(largest * 1.01) + 2, max_epochs=constraints.max_epochs)


def test_a_budget_that_is_too_large_says_which_would_fit() -> None:
    with pytest.raises(ValueError, match="a budget of 4,000,000 tokens would fit") as caught:
        made.constraints(budget_tokens=5_000_000)
    assert "web 0.48" in str(caught.value)
    made.constraints(budget_tokens=4_000_000)


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ({"a": {"natural": 0}}, "natural share above 0"),
        ({"a": {"natural": 1, "maximum": 0.4}, "b": {"natural": 1, "maximum": 0.5}}, "no budget fits"),
        ({"a": {"natural": 1, "minimum": 0.6}, "b": {"natural": 1, "minimum": 0.6}}, "add up to 1.2"),
        ({"a": {"natural": 1, "minimum": 0.6, "maximum": 0.5}, "b": {"natural": 1}}, r"a \(from 0.6 to 0.5\)"),
        ({"a": {"natural": 1, "available_tokens": 1, "minimum": 0.5}, "b": {"natural": 1}}, "minimum above what"),
        ({"a": {"natural": 1, "shares": 1}}, "domains.a: shares: unknown; give natural"),
        ({}, "at least one"),
    ],
)
def test_what_cannot_be_is_refused(domains: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Constraints.of({"domains": domains, "budget_tokens": 1000, "max_epochs": 4})


def test_check_names_the_domain() -> None:
    feasible = made.constraints(code=0.3)
    feasible.check(feasible.reference)
    with pytest.raises(ValueError, match=r"weight of code is 0.4, outside 0 to 0\.3"):
        feasible.check(np.array([0.5, 0.4, 0.05, 0.05]))
    with pytest.raises(ValueError, match=r"add up to 0\.9"):
        feasible.check(np.array([0.5, 0.3, 0.05, 0.05]))
    with pytest.raises(ValueError, match="4 domains"):
        feasible.check(np.ones(3))


def test_epochs_and_caps_by_hand() -> None:
    feasible = made.constraints(budget_tokens=2_000_000)
    assert feasible.upper == pytest.approx([1.0, 0.3, 0.1, 0.4])
    assert feasible.epochs(feasible.natural) == pytest.approx([2.0] * 4)
    endless = Constraints(domains={"a": Domain(natural=1)}, budget_tokens=10, max_epochs=1)
    assert endless.epochs(endless.natural) == pytest.approx([0.0])


def test_a_file_that_is_no_constraints_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(ValueError, match=r"c\.json"):
        Constraints.read(tmp_path / "c.json")
