"""The tied output and its cross-entropy in chunks over members and tokens: logits are never held whole.

A chunk gives loss and gradients at once, while its logits are there. Checkpointing would compute them twice, 8 V D
operations a token instead of 6, and at these sizes the output is up to half of a model.

Letters: M members (m of a chunk), N tokens (n of a chunk), D width, V vocabulary.
"""

# ruff: noqa: N803, N806  (a tensor's name ends in its shape)

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import torch
from torch import Tensor

LOGITS: Final = 2**27  # of a chunk: 256 MiB in bfloat16, and products of it fill any GPU; decides rounding only
LOG2_E: Final = math.log2(math.e)

Chunk = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]


def chunk(hidden_mnD: Tensor, table_mVD: Tensor, targets_mn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(m,) summed nats, and their gradients: of `hidden_mnD`, of `table_mVD`, each in its precision.

    Products are in the precision of `hidden_mnD`, the softmax in that of `table_mVD`.
    """
    weights_mVD = table_mVD.type_as(hidden_mnD)
    logits_mnV = torch.bmm(hidden_mnD, weights_mVD.transpose(1, 2)).type_as(table_mVD)
    softmax = _compiled_softmax if torch.compiler.is_compiling() else _softmax
    nats_m, slope_mnV = softmax(logits_mnV, targets_mn[:, :, None])
    slope_mnV = slope_mnV.type_as(hidden_mnD)
    gradient_mVD = torch.bmm(slope_mnV.transpose(1, 2), hidden_mnD).type_as(table_mVD)
    return nats_m, torch.bmm(slope_mnV, weights_mVD), gradient_mVD


def _softmax(logits_mnV: Tensor, at_mn1: Tensor) -> tuple[Tensor, Tensor]:
    """(m,) summed nats of the targets, and (m, n, V) probabilities less 1 at the target."""
    logs_mnV = logits_mnV.log_softmax(-1)
    picked_mn1 = logs_mnV.gather(-1, at_mn1)
    return -picked_mn1.sum((1, 2)), logs_mnV.exp_().scatter_(-1, at_mn1, picked_mn1.exp_() - 1)


def _compiled_softmax(logits_mnV: Tensor, at_mn1: Tensor) -> tuple[Tensor, Tensor]:
    """As `_softmax` but for rounding, in the fewest instructions a logit: on a GPU they bound it, not the memory.

    Powers of 2 are what the hardware has; of log_softmax the compiler makes one that needs twice the instructions. A
    comparison is fused with what is around it, where a scatter would stand apart.
    """
    bits_mnV = logits_mnV * LOG2_E
    most_mn1 = bits_mnV.amax(-1, keepdim=True)
    all_mn1 = (bits_mnV - most_mn1).exp2().sum(-1, keepdim=True).log2() + most_mn1
    nats_m = (all_mn1 - bits_mnV.gather(-1, at_mn1)).sum((1, 2)) / LOG2_E
    is_target_mnV = torch.arange(bits_mnV.shape[-1], dtype=torch.int32, device=at_mn1.device) == at_mn1.int()
    return nats_m, (bits_mnV - all_mn1).exp2() - is_target_mnV.type_as(bits_mnV)


def cuts(members: int, tokens: int, vocabulary: int, most: int = LOGITS) -> Iterator[tuple[slice, slice]]:
    """(members, tokens) of each chunk: as many members as `most` logits allow, or part of the tokens of one.

    Chunks of one kind are of one size but for the last, so that two are compiled at most.
    """
    together = max(1, most // (tokens * vocabulary))
    length = tokens if together > 1 or tokens * vocabulary <= most else max(1, most // vocabulary)
    for member in range(0, members, together):
        for token in range(0, tokens, length):
            yield slice(member, min(member + together, members)), slice(token, min(token + length, tokens))


class _Losses(torch.autograd.Function):
    """(M,) mean nats; the gradients are made in the forward pass, and scaled in the backward."""

    @staticmethod
    def forward(ctx: Any, hidden_MND: Tensor, table_MVD: Tensor, targets_MN: Tensor, of_chunk: Chunk) -> Tensor:
        (M, N), V = targets_MN.shape, table_MVD.shape[1]
        hidden_MND, table_MVD = hidden_MND.detach(), table_MVD.detach()  # a compiler asks what has a past for its .grad
        losses_M = table_MVD.new_zeros(M)
        hidden_gradient, table_gradient = torch.empty_like(hidden_MND), torch.empty_like(table_MVD)
        for some, part in cuts(M, N, V):
            nats_m, of_hidden, of_table = of_chunk(hidden_MND[some, part], table_MVD[some], targets_MN[some, part])
            losses_M[some] += nats_m
            hidden_gradient[some, part] = of_hidden
            if part.start:
                table_gradient[some] += of_table
            else:
                table_gradient[some] = of_table
        ctx.save_for_backward(hidden_gradient, table_gradient)
        ctx.tokens = N
        return losses_M / N

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        hidden_gradient, table_gradient = ctx.saved_tensors
        each_M11 = gradients[0][:, None, None] / ctx.tokens
        scaled_MND = torch.empty_like(hidden_gradient)
        torch.mul(hidden_gradient, each_M11, out=scaled_MND)  # 1 / N is no bfloat16: rounded once, by the product
        return scaled_MND, table_gradient * each_M11, None, None


def losses(hidden_MND: Tensor, table_MVD: Tensor, targets_MN: Tensor, of_chunk: Chunk = chunk) -> Tensor:
    """(M,) mean cross-entropy in nats of the targets under the tied output of each member."""
    found: Tensor = _Losses.apply(hidden_MND, table_MVD, targets_MN, of_chunk)  # type: ignore[no-untyped-call]
    return found
