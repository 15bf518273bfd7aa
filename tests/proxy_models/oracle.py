"""An independent proxy: plain torch modules, one model, torch's own AdamW and clipping. Shares no code with ours."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class OracleLayer(nn.Module):
    """Pre-norm attention and SwiGLU with a matrix for each of query, key, value, gate and up."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_hidden = nn.RMSNorm(width, eps=1e-6), nn.RMSNorm(width, eps=1e-6)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.before_attention(x)
        query, key, value = (self._heads(of(normed)) for of in (self.query, self.key, self.value))
        query, key = _turned(query), _turned(key)
        scores = query @ key.mT / math.sqrt(query.shape[-1])
        hidden_from = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        shares = scores.masked_fill(hidden_from, -math.inf).softmax(-1)
        x = x + self.out((shares @ value).transpose(1, 2).flatten(2))
        normed = self.before_hidden(x)
        return x + self.down(F.silu(self.gate(normed)) * self.up(normed))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def _turned(x: Tensor) -> Tensor:
    """Columns i and i + K/2 as a complex number, turned by position * 10000^(-2i/K)."""
    positions, width = x.shape[-2:]
    speeds = 10_000.0 ** (-2 * torch.arange(width // 2, dtype=torch.float64, device=x.device) / width)
    angles = torch.arange(positions, dtype=torch.float64, device=x.device)[:, None] * speeds
    real, imaginary = x.double().chunk(2, -1)
    turned = torch.complex(real, imaginary) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat((turned.real, turned.imag), -1).to(x.dtype)


class Oracle(nn.Module):
    """Tokens (B, T + 1) to the mean loss of all but the first column."""

    def __init__(self, layers: int, width: int, heads: int, hidden: int, vocabulary: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(OracleLayer(width, heads, hidden) for _ in range(layers))
        self.norm = nn.RMSNorm(width, eps=1e-6)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens[:, :-1])
        for layer in self.layers:
            x = layer(x)
        logits = F.linear(self.norm(x), self.embedding.weight)
        return F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())

    @torch.no_grad()
    def take(self, weights: dict[str, Tensor], member: int) -> None:
        """The weights of one member of a stack, by the names of its state."""

        def of(name: str) -> Tensor:
            return weights[name][member]

        self.embedding.weight.copy_(of("embedding"))
        self.norm.weight.copy_(of("gain")[0])
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, OracleLayer)
            at = f"blocks.{number}."
            layer.before_attention.weight.copy_(of(at + "attention_gain")[0])
            layer.before_hidden.weight.copy_(of(at + "feed_forward_gain")[0])
            for linear, matrix in zip(
                (layer.query, layer.key, layer.value), of(at + "attention_input").chunk(3, -1), strict=True
            ):
                linear.weight.copy_(matrix.T)
            layer.out.weight.copy_(of(at + "attention_output").T)
            for linear, matrix in zip((layer.gate, layer.up), of(at + "feed_forward_input").chunk(2, -1), strict=True):
                linear.weight.copy_(matrix.T)
            layer.down.weight.copy_(of(at + "feed_forward_output").T)

    def stacked(self) -> dict[str, Tensor]:
        """Its weights by the names of a stack's state, without the axis of members."""
        found = {"embedding": self.embedding.weight, "gain": self.norm.weight[None]}
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, OracleLayer)
            found |= {
                f"blocks.{number}.attention_gain": layer.before_attention.weight[None],
                f"blocks.{number}.attention_input": torch.cat(
                    [one.weight.T for one in (layer.query, layer.key, layer.value)], -1
                ),
                f"blocks.{number}.attention_output": layer.out.weight.T,
                f"blocks.{number}.feed_forward_gain": layer.before_hidden.weight[None],
                f"blocks.{number}.feed_forward_input": torch.cat([layer.gate.weight.T, layer.up.weight.T], -1),
                f"blocks.{number}.feed_forward_output": layer.down.weight.T,
            }
        return {name: one.detach() for name, one in found.items()}


def trained(
    model: Oracle, batches: Sequence[Tensor], rates: Sequence[float], decay: float, max_norm: float
) -> list[float]:
    """Train on each batch at its rate; the losses before each update."""
    matrices = [weight for weight in model.layers.parameters() if weight.ndim == 2]
    decaying = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in decaying]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95), eps=1e-8)
    losses = []
    for tokens, rate in zip(batches, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = model(tokens)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses
