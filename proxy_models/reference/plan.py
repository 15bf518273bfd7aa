"""The reference experiment on one GPU: what is trained at which size, and how much of it.

This module and those that it is used by need torch, numpy, scipy and scikit-learn alone: a GPU that is lent for an hour
has little else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from proxy_models.model.decoder import ModelConfig

HEAD_WIDTH: Final = 64
RATES: Final = (0.32, 0.64, 1.28, 2.56, 5.12)  # tried on the uniform mixture, over the width: a doubling series

Size = Literal["proxy", "larger", "validator"]


@dataclass(frozen=True)
class Training:
    """A size of model, and how a run of it is trained: `steps` updates of `batch` rows of `sequence` tokens.

    stack: runs that are trained as one program at most, on a GPU.
    """

    layers: int
    width: int
    sequence: int
    batch: int
    steps: int
    stack: int

    @property
    def tokens(self) -> int:
        """Trained on, a run."""
        return self.steps * self.batch * self.sequence

    def model(self, vocabulary: int) -> ModelConfig:
        return ModelConfig(self.layers, self.width, self.width // HEAD_WIDTH, self.sequence, vocabulary)


@dataclass(frozen=True)
class Plan:
    """The experiment. mixtures: trial mixtures, the natural one first; `pairs` of them again at the larger size.

    repeats: further runs of the natural mixture; distant: of each of two mixtures far from it. Repeats differ in
    initialisation and order of the data, trials share both. scored: bytes of held-out text a domain. epochs: how often
    a run of the target, which is the validator's, may repeat a domain. seeds: of the validation.
    """

    proxy: Training
    larger: Training
    validator: Training
    mixtures: int
    pairs: int
    repeats: int
    distant: int
    scored: int
    seeds: int
    draws: int
    epochs: float = 4.0
    seed: int = 0

    @property
    def target_tokens(self) -> int:
        return self.validator.tokens

    def training(self, size: Size) -> Training:
        found: Training = getattr(self, size)
        return found

    def written(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


PLANS: Final[dict[str, Plan]] = {
    # 5M, 15M and 30M parameters at a vocabulary of 4,096; 72 proxies: 56 mixtures, 8 + 4 + 4 repeats
    "full": Plan(
        proxy=Training(layers=6, width=256, sequence=512, batch=32, steps=488, stack=36),
        larger=Training(layers=8, width=384, sequence=512, batch=32, steps=488, stack=16),
        validator=Training(layers=8, width=512, sequence=512, batch=64, steps=488, stack=10),
        mixtures=56,
        pairs=16,
        repeats=8,
        distant=4,
        scored=200_000,
        seeds=6,
        draws=200,
    ),
    # A hundredth of the tokens a run, about a hundredth of the parameters and half of the runs, for a CPU
    "rehearsal": Plan(
        proxy=Training(layers=1, width=64, sequence=64, batch=32, steps=40, stack=36),
        larger=Training(layers=2, width=64, sequence=64, batch=32, steps=40, stack=16),
        validator=Training(layers=2, width=64, sequence=64, batch=32, steps=80, stack=10),
        mixtures=24,
        pairs=8,
        repeats=4,
        distant=2,
        scored=5000,
        seeds=3,
        draws=200,
    ),
}
