"""The registration: written once, checked byte for byte, and complete before there is anything to judge."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from mixtures.proposal.proposal import Proposal
from mixtures.validation.registration import Preregistration, arms, power_line
from tests.mixtures.worlds import registered


def test_it_is_written_once_and_checked(tmp_path: Path, proposal: Proposal) -> None:
    path, found = tmp_path / "deep" / "preregistered.json", registered(proposal)
    with pytest.raises(ValueError, match=r"nothing is registered: .* register comes before validate"):
        found.check(path)
    found.write(path)
    assert path.stat().st_mode & 0o444 == 0o444, "everybody may check it"
    before = path.read_bytes()
    assert hashlib.sha256(before).hexdigest() == found.sha256
    found.write(path)
    found.check(path)
    other = found.model_copy(update={"steps": 11})
    for act in (other.write, other.check):
        with pytest.raises(ValueError, match=r"something else was registered before \(steps\)"):
            act(path)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["preregistered.json"]
    assert Preregistration.read(path) == found
    assert json.dumps(json.loads(before), sort_keys=True, separators=(",", ":")).encode() == before
    path.write_text(json.dumps(json.loads(before), indent=1))
    with pytest.raises(ValueError, match="how it is written"):
        found.check(path)
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"preregistered\.json"):
        found.check(path)


def test_every_arm_is_feasible_and_its_difference_is_widened_by_the_noise(proposal: Proposal) -> None:
    found = registered(proposal, (0, 1, 2, 3))
    assert list(found.arms) == ["natural", "proposed", "uniform", "best_observed", "random"]
    for arm in found.arms.values():
        for weights in arm.mixtures:
            proposal.constraints.check(np.array([weights[name] for name in proposal.constraints.names]))
    assert found.arms["natural"].difference is None
    gain, noise = found.arms["proposed"].difference, 1.645 * proposal.noise.sd * np.sqrt(2 / 4)
    assert gain is not None
    assert gain.high - gain.value == pytest.approx(np.hypot(proposal.gain.high - proposal.gain.value, noise), rel=1e-3)
    assert gain.value - gain.low >= noise * 0.999
    assert set(found.objective) == {"heldout:prose", "heldout:code"}
    assert found.analysis.references == ("natural", "uniform", "best_observed", "random")
    random = [tuple(one.values()) for one in found.arms["random"].mixtures]
    assert len(set(random)) == len(random) == proposal.settings.validation_seeds == 6


def test_an_arm_that_is_another_one_is_left_out(proposal: Proposal) -> None:
    twin = proposal.best_observed.model_copy(update={"mixtures": (proposal.reference,)})
    kept, left_out = arms(proposal.model_copy(update={"best_observed": twin}), (0, 1))
    assert left_out == {"best_observed": "the same mixture as natural"}
    assert list(kept) == ["natural", "proposed", "uniform", "random"]
    kept, left_out = arms(proposal, (0, 1), ("natural",))
    assert list(kept) == ["natural", "proposed"]
    assert left_out == dict.fromkeys(("uniform", "best_observed", "random"), "not asked for")
    domains = tuple(
        one.model_copy(update={"proposed": replace(one.proposed, value=one.natural)}) for one in proposal.domains
    )
    with pytest.raises(ValueError, match="there is nothing to validate"):
        arms(proposal.model_copy(update={"domains": domains}), (0, 1))


def test_a_seed_stands_once_and_there_are_not_too_many(proposal: Proposal) -> None:
    fields = registered(proposal).model_dump()
    with pytest.raises(ValidationError, match="each must stand once"):
        Preregistration.model_validate(fields | {"seeds": (1, 1)})
    with pytest.raises(ValidationError, match="at most 16"):
        Preregistration.model_validate(fields | {"seeds": tuple(range(17))})


def test_what_can_be_seen_is_said_before() -> None:
    said = power_line(6, 4, 0.01, "bits per byte")
    assert "6 seeds find a difference of 1.43 sd" in said
    assert "2.01 where 4 comparisons are corrected" in said
