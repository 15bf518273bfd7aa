"""One proposal, made once for all tests that look at it."""

from __future__ import annotations

import pytest

from mixtures.proposal.proposal import Proposal, Settings
from mixtures.proposal.propose import propose
from mixtures.search.objective import Objective
from tests.mixtures import made


@pytest.fixture(scope="session")
def proposal() -> Proposal:
    """Of the made runs, with few resamples."""
    return propose(made.runs(), made.constraints(), Objective(), Settings(replicas=12))
