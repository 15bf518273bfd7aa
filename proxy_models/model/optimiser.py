"""AdamW as proxies are trained with it, over members side by side; how the learning rate follows width and step."""

# ruff: noqa: N803, N806, N815  (a tensor's name ends in its shape)

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor

BETAS: Final = (0.9, 0.95)  # arXiv:2005.14165, appendix B: 0.999 remembers longer than a proxy trains
EPSILON: Final = 1e-8
MAX_NORM: Final = 1.0  # of all gradients of a model together, as there
CLIP_EPSILON: Final = 1e-6  # as in torch.nn.utils.clip_grad_norm_

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


def decays(name: str) -> bool:
    """Whether the weight of that name decays: only matrices of the layers.

    Gains would decay to nothing, and a rare token's embedding would shrink while it is not seen.
    """
    return name.startswith("blocks.") and not name.endswith("gain")


def norms(gradients: Sequence[Tensor]) -> Tensor:
    """(M,) the length of each member's gradients together; over all axes but M."""
    each = torch.stack([torch.linalg.vector_norm(one, dim=(1, 2)) for one in gradients])
    return torch.linalg.vector_norm(each, dim=0)


def clips(norms_M: Tensor, most_M: Tensor) -> Tensor:
    """(M,) what gradients of these norms are multiplied by, at most 1."""
    return (most_M / (norms_M + CLIP_EPSILON)).clamp(max=1.0)


class Factors(NamedTuple):
    """What an update is made with, (M, 1, 1) each; `corrections` of both moments, 1 - beta^t, (2,).

    taken: whether the member takes this step. decay: 0 for a weight that does not decay.
    """

    taken_M11: Tensor
    clip_M11: Tensor
    rate_M11: Tensor
    decay_M11: Tensor
    corrections: Tensor


def update(weight: Tensor, gradient: Tensor, first: Tensor, second: Tensor, of: Factors) -> None:
    """One step of AdamW (arXiv:1711.05101, algorithm 2) in place, (M, rows, columns) each; elementwise, so one kernel.

    A member that does not take the step keeps weight and moments to the bit: where() drops what a product would spread,
    for 0 * NaN is NaN.
    """
    first_correction, second_correction = of.corrections
    clipped = gradient * of.clip_M11
    new_first = first.lerp(clipped, 1 - BETAS[0])
    new_second = second.lerp(clipped.square(), 1 - BETAS[1])
    scale = new_second.sqrt() + EPSILON * second_correction.sqrt()
    rate_M11 = of.rate_M11 * (second_correction.sqrt() / first_correction)
    moved = weight * (1 - of.rate_M11 * of.decay_M11) - new_first / scale * rate_M11
    weight.copy_(torch.where(of.taken_M11, moved, weight))
    first.copy_(torch.where(of.taken_M11, new_first, first))
    second.copy_(torch.where(of.taken_M11, new_second, second))
