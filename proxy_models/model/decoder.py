"""The proxy model: small decoders with RMSNorm, rotary positions, SwiGLU and tied embeddings, M of them as one.

Every weight has a leading axis of members, and every product is a batched one over it, so that models which are too
small to fill a GPU fill it together. A single model is M = 1.

Letters in names: M members, B batch, T positions, N = B * T, D width, H heads, K width of a head, F feed-forward width,
E columns of a fused matrix, V vocabulary.
"""

# ruff: noqa: N803, N806, N815  (a tensor's name ends in its shape)

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from proxy_models.model import head

ROPE_BASE: Final = 10_000.0  # arXiv:2104.09864, section 3.3
NORM_EPSILON: Final = 1e-6
TILE: Final = 32  # feed-forward widths are multiples of it: what matrix kernels like on CPU and GPU


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a decoder; ValueError for one that cannot be.

    sequence: positions that it sees at most. feed_forward: hidden width of SwiGLU as a multiple of `width`, rounded up
    to a multiple of 32; 8/3 gives its three matrices the parameters of two of 4 * width (arXiv:2002.05202, section 2).
    A dataclass, for a GPU machine has torch and little else; as a field of a recipe pydantic reads it all the same.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    layers: int
    width: int
    heads: int
    sequence: int
    vocabulary: int
    feed_forward: float = 8 / 3

    def __post_init__(self) -> None:
        for name, least in {"layers": 1, "width": 2, "heads": 1, "sequence": 2, "vocabulary": 2}.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name}: {getattr(self, name)} is below {least}")
        if not (math.isfinite(self.feed_forward) and self.feed_forward > 0):
            raise ValueError(f"feed_forward: {self.feed_forward} is not a number above 0")
        if self.width % (2 * self.heads):
            raise ValueError(
                f"width: {self.width} is not an even number of columns for each of {self.heads} heads; "
                f"take a multiple of {2 * self.heads}"
            )
        object.__setattr__(self, "feed_forward", float(self.feed_forward))  # 2 and 2.0 name one recipe

    @property
    def hidden(self) -> int:
        """F, the width between the feed-forward matrices."""
        return math.ceil(self.feed_forward * self.width / TILE) * TILE

    @property
    def block_parameters(self) -> int:
        """Parameters that multiply in the layers: 4 D^2 of attention and 3 D F of SwiGLU each."""
        return self.layers * (4 * self.width**2 + 3 * self.width * self.hidden)

    @property
    def embedding_parameters(self) -> int:
        """Of the table that is embedding and output in one."""
        return self.vocabulary * self.width

    @property
    def parameters(self) -> int:
        """All parameters, the gains of the norms among them."""
        return self.block_parameters + self.embedding_parameters + (2 * self.layers + 1) * self.width

    @property
    def sizes(self) -> dict[str, int]:
        """How parameters are reported: block, embedding and total."""
        return {"block": self.block_parameters, "embedding": self.embedding_parameters, "total": self.parameters}

    @property
    def flops_per_token(self) -> int:
        """Floating-point operations to train on a token: 6 N + 12 layers * D * T (arXiv:2204.02311, appendix B).

        N: what multiplies, that is the matrices and the output; gains and the look-up of embeddings do not. As there,
        attention counts in full, though causality spares half of it: so an MFU compares with published ones.
        """
        return 6 * (self.block_parameters + self.embedding_parameters) + 12 * self.layers * self.width * self.sequence


def rotary_angles(positions: int, head_width: int) -> Tensor:
    """The angle of each position and pair of columns, (T, K/2) float64: position * base^(-2 i / K)."""
    frequency_K = ROPE_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float64) / head_width)
    return torch.outer(torch.arange(positions, dtype=torch.float64), frequency_K)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pair of columns (i, i + K/2) of each position by its angle (arXiv:2104.09864, section 3.2.2).

    x: (..., K). cos, sin: (..., K/2), which broadcast.
    """
    left, right = x.chunk(2, dim=-1)
    return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1).type_as(x)


def normed(x_MND: Tensor, gain_M1D: Tensor) -> Tensor:
    """RMSNorm (arXiv:1910.07467, section 4) in the gains' precision, given back in that of `x_MND`."""
    scaled_MND = F.rms_norm(x_MND.to(gain_M1D.dtype), x_MND.shape[-1:], eps=NORM_EPSILON)
    return (scaled_MND * gain_M1D).type_as(x_MND)


def product(x_MND: Tensor, weight_MDE: Tensor) -> Tensor:
    """Each member's rows times its own matrix, in the precision of the rows."""
    return torch.bmm(x_MND, weight_MDE.type_as(x_MND))


def normed_product(x_MND: Tensor, gain_M1D: Tensor, weight_MDE: Tensor) -> Tensor:
    """Each member's rows, normed, times its own matrix; as `product(normed(x, gain), weight)` but for rounding.

    Gains multiply the rows of the matrix instead of the columns of what is normed, so that their gradient comes out of
    the matrix's, (M, D, E), and no pass over (M, N, D) is for it alone.
    """
    scaled_MND = F.rms_norm(x_MND.to(weight_MDE.dtype), x_MND.shape[-1:], eps=NORM_EPSILON).type_as(x_MND)
    return product(scaled_MND, gain_M1D.view(*weight_MDE.shape[:2], 1) * weight_MDE)


def block(x_MND: Tensor, weights: Sequence[Tensor], cos_TK: Tensor, sin_TK: Tensor, heads: int) -> Tensor:
    """One layer: causal attention, then SwiGLU (arXiv:2002.05202), each normed before it and added to what came in.

    weights: as `Block` holds them. Attention folds members into the batch: (M * B, T, H, K). What it takes and gives
    lies in memory as the products do, so that nothing is copied to transpose it.
    """
    gain_M1D, input_MDE, output_MDD, other_gain_M1D, gated_MDE, back_MFD = weights
    M, N, D = x_MND.shape
    T = len(cos_TK)
    fused_MNE = normed_product(x_MND, gain_M1D, input_MDE)
    turning, value = fused_MNE.view(M * N // T, T, 3, heads, D // heads).split_with_sizes([2, 1], dim=2)
    query, key = rotate(turning, cos_TK[:, None, None], sin_TK[:, None, None]).transpose(1, 3).unbind(2)
    mixed_BHTK = F.scaled_dot_product_attention(query, key, value.transpose(1, 3).squeeze(2), is_causal=True)
    x_MND = x_MND + product(mixed_BHTK.transpose(1, 2).reshape(M, N, D), output_MDD)
    gate_MNF, up_MNF = normed_product(x_MND, other_gain_M1D, gated_MDE).chunk(2, dim=-1)
    return x_MND + product(F.silu(gate_MNF) * up_MNF, back_MFD)


class Compiled:
    """A function of (M, N, D) and others, compiled whole, for shapes that never change, from a leaf of each shape.

    The compiler asks each argument for its `.grad`, which warns where autograd made the argument; what it compiles is
    the same for either.
    """

    def __init__(self, of: Callable[..., Tensor], **options: Any) -> None:
        self._call: Callable[..., Tensor] = torch.compile(of, fullgraph=True, dynamic=False, **options)
        self._known: set[torch.Size] = set()

    def __call__(self, x_MND: Tensor, *others: Any) -> Tensor:
        if x_MND.shape not in self._known:
            self._call(torch.zeros_like(x_MND, requires_grad=x_MND.requires_grad), *others)
            self._known.add(x_MND.shape)
        return self._call(x_MND, *others)


class Block(nn.Module):
    """The weights of one layer of all members, in the order in which `block` takes them."""

    def __init__(self, config: ModelConfig, members: int, dtype: torch.dtype) -> None:
        super().__init__()
        D, F_ = config.width, config.hidden

        def weight(rows: int, columns: int) -> nn.Parameter:
            return nn.Parameter(torch.ones(members, rows, columns, dtype=dtype))

        self.attention_gain = weight(1, D)
        self.attention_input = weight(D, 3 * D)  # queries, keys, values
        self.attention_output = weight(D, D)
        self.feed_forward_gain = weight(1, D)
        self.feed_forward_input = weight(D, 2 * F_)  # gate, then what it gates
        self.feed_forward_output = weight(F_, D)


class Decoder(nn.Module):
    """Tokens (M, B, T) of an integer type, T up to `config.sequence`, to logits (M, B, T, V) of the token after each.

    A member's weights are drawn from its seed in the order of the modules, in float32 on the CPU, so that a seed means
    the same model on any device and in any company. dtype: of weights. `compute` is the precision of products, by
    default the weights'; norms, the softmax and the loss are in the weights' precision whatever it is.
    """

    cos_TK: Tensor
    sin_TK: Tensor

    def __init__(self, config: ModelConfig, seeds: Sequence[int], dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.config, self.members, self.compute = config, len(seeds), dtype
        self.embedding = nn.Parameter(torch.empty(self.members, config.vocabulary, config.width, dtype=dtype))
        self.blocks = nn.ModuleList(Block(config, self.members, dtype) for _ in range(config.layers))
        self.gain = nn.Parameter(torch.ones(self.members, 1, config.width, dtype=dtype))
        angles_TK = rotary_angles(config.sequence, config.width // config.heads)
        self.register_buffer("cos_TK", angles_TK.cos().to(dtype), persistent=False)
        self.register_buffer("sin_TK", angles_TK.sin().to(dtype), persistent=False)
        self.block: Callable[..., Tensor] = block
        self.normed: Callable[..., Tensor] = normed
        self.chunk: head.Chunk = head.chunk
        for member, seed in enumerate(seeds):
            self._draw(member, torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _draw(self, member: int, generator: torch.Generator) -> None:
        """Initial weights: normal, standard deviation 1/sqrt(inputs), so that a product keeps the scale of its input.

        So, too, the embedding, whose inputs are the width where it is the output: logits start with variance 1, and
        after 113,000 tokens of a model of width 64 the loss was 0.44 nats lower than with 0.02, GPT-2's constant.
        What adds to the residual stream is divided by sqrt(2 * layers) more: its variance then does not grow with depth
        (GPT-2's report, section 2.3).
        """
        for name, weight in self.named_parameters():
            if name.endswith("gain"):
                continue
            inputs = self.config.width if name == "embedding" else weight.shape[1]
            adds = math.sqrt(2 * self.config.layers) if name.endswith("_output") else 1.0
            drawn = torch.randn(weight.shape[1:], generator=generator) / (math.sqrt(inputs) * adds)
            weight[member] = drawn.to(weight.dtype)

    def compiled(self) -> Decoder:
        """This decoder; a layer, the last norm and a chunk of the output are each compiled whole, for fixed shapes.

        One layer is compiled once and called for all, whatever their number: what is not fused across its border is
        one reading of (M, N, D), a fortieth of what a layer reads and writes.
        """
        self.block, self.normed = Compiled(block), Compiled(normed)
        self.chunk = torch.compile(head.chunk, fullgraph=True, dynamic=False)
        return self

    def plain(self) -> Decoder:
        """The same weights, not copied, with nothing compiled and every product in their precision."""
        other = copy.copy(self)
        other.block, other.normed, other.chunk, other.compute = block, normed, head.chunk, self.embedding.dtype
        return other

    def forward(self, tokens_MBT: Tensor) -> Tensor:
        return self.logits(self.hidden(tokens_MBT))

    def hidden(self, tokens_MBT: Tensor) -> Tensor:
        """What the last layer says of each position, (M, B, T, D), normed."""
        M, B, T = tokens_MBT.shape
        cos_TK, sin_TK = self.cos_TK[:T], self.sin_TK[:T]
        first_row_M1 = torch.arange(M, device=tokens_MBT.device)[:, None] * self.config.vocabulary
        table = self.embedding.flatten(0, 1)  # one table (M * V, D)
        x_MND = F.embedding(tokens_MBT.flatten(1) + first_row_M1, table).to(self.compute)
        for layer in self.blocks:
            x_MND = self.block(x_MND, tuple(layer.parameters()), cos_TK, sin_TK, self.config.heads)
        return self.normed(x_MND, self.gain).view(M, B, T, -1)

    def logits(self, hidden_MBTD: Tensor) -> Tensor:
        """(M, ..., D) to (M, ..., V); apart from `hidden`, so that a score pays for the positions that it is of."""
        flat = product(hidden_MBTD.flatten(1, -2), self.embedding.transpose(1, 2))
        return flat.view(*hidden_MBTD.shape[:-1], self.config.vocabulary)

    def losses(self, tokens_MBT: Tensor) -> Tensor:
        """(M,) mean cross-entropy in nats of each token after the first of its row, to be differentiated once."""
        hidden_MND = self.hidden(tokens_MBT[:, :, :-1]).flatten(1, 2)
        return head.losses(hidden_MND, self.embedding, tokens_MBT[:, :, 1:].flatten(1), self.chunk)
