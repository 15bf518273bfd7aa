"""The proxy model: a small decoder with RMSNorm, rotary positions, SwiGLU and tied embeddings.

Letters in names: B batch, T positions, D width, H heads, K width of a head, F feed-forward width, V vocabulary.
"""

# ruff: noqa: N803, N806, N815  (a tensor's name ends in its shape)

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

ROPE_BASE: Final = 10_000.0  # arXiv:2104.09864, section 3.3
NORM_EPSILON: Final = 1e-6
TILE: Final = 32  # feed-forward widths are multiples of it: what matrix kernels like on CPU and GPU


class ModelConfig(BaseModel):
    """The shape of a decoder.

    sequence: positions that it sees at most. feed_forward: hidden width of SwiGLU as a multiple of `width`, rounded up
    to a multiple of 32; 8/3 gives its three matrices the parameters of two of 4 * width (arXiv:2002.05202, section 2).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = Field(ge=1)
    width: int = Field(ge=2)
    heads: int = Field(ge=1)
    sequence: int = Field(ge=2)
    vocabulary: int = Field(ge=2)
    feed_forward: float = Field(default=8 / 3, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _heads_are_even(self) -> ModelConfig:
        if self.width % (2 * self.heads):
            raise ValueError(
                f"width: {self.width} is not an even number of columns for each of {self.heads} heads; "
                f"take a multiple of {2 * self.heads}"
            )
        return self

    @property
    def hidden(self) -> int:
        """F, the width between the feed-forward matrices."""
        return math.ceil(self.feed_forward * self.width / TILE) * TILE

    @property
    def matrices(self) -> int:
        """Parameters that multiply in every layer: 4 D^2 of attention and 3 D F of SwiGLU each."""
        return self.layers * (4 * self.width**2 + 3 * self.width * self.hidden)

    @property
    def parameters(self) -> int:
        """All parameters; the embedding is also the output and counts once."""
        return self.matrices + self.vocabulary * self.width + (2 * self.layers + 1) * self.width

    @property
    def flops_per_token(self) -> int:
        """Floating-point operations to train on a token: 6 N + 12 layers * D * T (arXiv:2204.02311, appendix B).

        N: what multiplies, that is the matrices and the output; gains and the look-up of embeddings do not. As there,
        attention counts in full, though causality spares half of it: so an MFU compares with published ones.
        """
        return 6 * (self.matrices + self.vocabulary * self.width) + 12 * self.layers * self.width * self.sequence


def rotary_angles(positions: int, head_width: int) -> Tensor:
    """The angle of each position and pair of columns, (T, K/2) float32: position * base^(-2 i / K)."""
    frequency_K = ROPE_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float64) / head_width)
    return torch.outer(torch.arange(positions, dtype=torch.float64), frequency_K).float()


def rotate(x_BHTK: Tensor, cos_TK: Tensor, sin_TK: Tensor) -> Tensor:
    """Turn the pair of columns (i, i + K/2) of each position by its angle (arXiv:2104.09864, section 3.2.2)."""
    left, right = x_BHTK.chunk(2, dim=-1)
    return torch.cat((left * cos_TK - right * sin_TK, right * cos_TK + left * sin_TK), dim=-1).type_as(x_BHTK)


class RMSNorm(nn.Module):
    """Divide each position by its root mean square, scale its columns by their gains (arXiv:1910.07467, section 4)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x_BTD: Tensor) -> Tensor:
        return F.rms_norm(x_BTD, self.gain.shape, self.gain, NORM_EPSILON)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """A matrix without bias whose weights are still to be drawn: torch's own draw would use the global generator."""
    return nn.Linear(inputs, outputs, bias=False, device="meta").to_empty(device="cpu")


class Attention(nn.Module):
    """Causal attention of several heads, with rotary positions; no biases."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.input = _linear(config.width, 3 * config.width)  # queries, keys, values
        self.output = _linear(config.width, config.width)

    def forward(self, x_BTD: Tensor, cos_TK: Tensor, sin_TK: Tensor) -> Tensor:
        B, T, D = x_BTD.shape
        query, key, value = self.input(x_BTD).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        query, key = rotate(query, cos_TK, sin_TK), rotate(key, cos_TK, sin_TK)
        y_BHTK = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.output(y_BHTK.transpose(1, 2).reshape(B, T, D))


class SwiGLU(nn.Module):
    """silu(x G) * (x U), and back to the width (arXiv:2002.05202, section 2)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input = _linear(config.width, 2 * config.hidden)  # gate, then what it gates
        self.output = _linear(config.hidden, config.width)

    def forward(self, x_BTD: Tensor) -> Tensor:
        gate_BTF, up_BTF = self.input(x_BTD).chunk(2, dim=-1)
        return self.output(F.silu(gate_BTF) * up_BTF)


class Block(nn.Module):
    """One layer: attention, then SwiGLU, each normed before it and added to what came in."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.width)
        self.attention = Attention(config)
        self.feed_forward_norm = RMSNorm(config.width)
        self.feed_forward = SwiGLU(config)

    def forward(self, x_BTD: Tensor, cos_TK: Tensor, sin_TK: Tensor) -> Tensor:
        x_BTD = x_BTD + self.attention(self.attention_norm(x_BTD), cos_TK, sin_TK)
        return x_BTD + self.feed_forward(self.feed_forward_norm(x_BTD))


class Decoder(nn.Module):
    """Tokens (B, T) of an integer type, T up to `config.sequence`, to logits (B, T, V) of the token after each.

    Weights are drawn from `generator` in the order of the modules, in float32 on the CPU, so that a seed means the same
    model on any device.
    """

    cos_TK: Tensor
    sin_TK: Tensor

    def __init__(self, config: ModelConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width, device="meta").to_empty(device="cpu")
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.width)
        angles_TK = rotary_angles(config.sequence, config.width // config.heads)
        self.register_buffer("cos_TK", angles_TK.cos(), persistent=False)
        self.register_buffer("sin_TK", angles_TK.sin(), persistent=False)
        self._draw(generator)

    def _draw(self, generator: torch.Generator) -> None:
        """Initial weights: normal, standard deviation 1/sqrt(inputs), so that a product keeps the scale of its input.

        So, too, the embedding, whose inputs are the width where it is the output: logits start with variance 1, and
        after 113,000 tokens of a model of width 64 the loss was 0.44 nats lower than with 0.02, GPT-2's constant.
        What adds to the residual stream is divided by sqrt(2 * layers) more: its variance then does not grow with depth
        (GPT-2's report, section 2.3).
        """
        nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(self.config.width), generator=generator)
        for name, module in self.blocks.named_modules():
            if isinstance(module, nn.Linear):
                adds = math.sqrt(2 * self.config.layers) if name.endswith(".output") else 1.0
                nn.init.normal_(module.weight, std=1 / (math.sqrt(module.in_features) * adds), generator=generator)

    def forward(self, tokens_BT: Tensor) -> Tensor:
        return self.logits(self.hidden(tokens_BT))

    def hidden(self, tokens_BT: Tensor) -> Tensor:
        """What the last layer says of each position, (B, T, D), normed."""
        T = tokens_BT.shape[1]
        cos_TK, sin_TK = self.cos_TK[:T], self.sin_TK[:T]
        x_BTD = self.embedding(tokens_BT)
        for block in self.blocks:
            x_BTD = block(x_BTD, cos_TK, sin_TK)
        return self.norm(x_BTD)

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., D) to (..., V); apart from `hidden`, so that a score pays for the positions that it is of alone."""
        return F.linear(hidden, self.embedding.weight)

    def loss(self, tokens_BT: Tensor) -> Tensor:
        """Mean cross-entropy in nats of each token after the first of its row; in float32 also under autocast."""
        logits_BTV = self(tokens_BT[:, :-1])
        return F.cross_entropy(logits_BTV.flatten(0, 1).float(), tokens_BT[:, 1:].flatten())
