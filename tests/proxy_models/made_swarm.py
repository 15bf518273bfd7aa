"""A swarm of three small members and its data; support for tests, with no tests in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from proxy_models.batches.feed import Batches, Feed, Hosted
from proxy_models.model.decoder import ModelConfig
from proxy_models.model.numerics import Numerics
from proxy_models.swarm import Member, Swarm

CONFIG = ModelConfig(layers=2, width=32, heads=2, sequence=12, vocabulary=50)
STEPS, WARMUP, BATCH = 20, 5, 3
MEMBERS = (
    Member(seed=1, learning_rate=0.012, weight_decay=0.1, max_norm=1.0),
    Member(seed=2, learning_rate=0.005, weight_decay=0.5, max_norm=0.3),
    Member(seed=3, learning_rate=0.008, weight_decay=0.0, max_norm=0.7),
)
CPU = Numerics(torch.device("cpu"), 1)
TOLERANCE = 0.05  # bfloat16 keeps 8 bits: a product is off by up to 2^-8, a mean over 64 tokens by far less


@dataclass(frozen=True)
class Drawn:
    """Rows drawn for a number and the step."""

    number: int

    def batch(self, step: int) -> npt.NDArray[np.int64]:
        """Skewed, so that there is something to learn."""
        generator = np.random.default_rng([self.number, step])
        return (generator.random((BATCH, CONFIG.sequence + 1)) ** 2 * CONFIG.vocabulary).astype(np.int64)


DATA = (Drawn(10), Drawn(11), Drawn(12))


def hosted(samplers: Sequence[Batches], numerics: Numerics = CPU) -> Hosted:
    return Hosted(samplers, (BATCH, CONFIG.sequence + 1), CONFIG.vocabulary, numerics.device)


def swarm(
    members: Sequence[Member] = MEMBERS,
    samplers: Sequence[Batches] = DATA,
    numerics: Numerics = CPU,
    dtype: torch.dtype = torch.float32,
    feed: Feed | None = None,
) -> Swarm:
    feed = feed or hosted(samplers, numerics)
    return Swarm(CONFIG, members, feed, numerics, steps=STEPS, warmup_steps=WARMUP, dtype=dtype)


def advanced(of: Swarm, steps: int = STEPS) -> Swarm:
    for _ in range(steps):
        of.advance()
    return of
