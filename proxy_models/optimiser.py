"""AdamW as proxies are trained with it: which weights decay, how the learning rate follows width and step."""

from __future__ import annotations

from typing import Final

import torch

from proxy_models.model import Decoder

BETAS: Final = (0.9, 0.95)  # arXiv:2005.14165, appendix B: 0.999 remembers longer than a proxy trains
EPSILON: Final = 1e-8
MAX_NORM: Final = 1.0  # of all gradients together, as there

RATE_TIMES_WIDTH: Final = 1.28
"""Best learning rate times width: 0.02 at 64, 0.01 at 128, 0.005 at 256 were each the best of a doubling series (on
40,000 to 113,000 tokens of Wikipedia). That Adam's rate for matrices goes as 1/width is arXiv:2203.03466, table 3."""


def learning_rate(width: int) -> float:
    """The default peak rate of a decoder of that width."""
    return RATE_TIMES_WIDTH / width


def schedule(step: int, steps: int, warmup_steps: int) -> float:
    """The share of the peak rate at a step (0 to steps - 1), in (0, 1]: linear up, then linear to zero.

    The peak is at the last step of the warm-up, and zero would be at step `steps`. Linear to zero beat other decays in
    arXiv:2502.15938, and ends a short run without noise.
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return (steps - step) / (steps - max(0, warmup_steps - 1))


def adamw(model: Decoder, weight_decay: float) -> torch.optim.AdamW:
    """AdamW over the model's weights in their order. Only matrices of the layers decay.

    Gains would decay to nothing, and a rare token's embedding would shrink while it is not seen.
    """
    matrices = [weight for weight in model.blocks.parameters() if weight.ndim == 2]
    decaying = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in decaying]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=0.0, betas=BETAS, eps=EPSILON, fused=True)
