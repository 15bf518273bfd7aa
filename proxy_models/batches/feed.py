"""How the rows of a step reach a swarm: cut on the host, or gathered on the device where all tokens lie.

What a member sees is its sampler's (seed, domain, epoch and step decide), never its place or the number of members;
members whose samplers have one seed share the order of each domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from proxy_models.batches.sampling import MixtureSampler


class Batches(Protocol):
    """Where training rows come from; a pure function of the step, so that resuming needs no state of it."""

    def batch(self, step: int) -> npt.NDArray[np.int64]:
        """Tokens (batch, sequence + 1) of a step from 0."""


class Feed(Protocol):
    """Rows of all members, a step at a time."""

    def load(self, step: int) -> None:
        """On the host, before a step."""

    def rows(self, at: Tensor) -> Tensor:
        """(M, B, T + 1) int64 on the device, of step `at`, (1,) int64 there; waits for nothing on the host."""


class Hosted:
    """Rows that samplers cut out of what may be memory-mapped, copied into one place before each step.

    shape: (batch, sequence + 1) that every sampler must keep to. Raises ValueError for rows of another shape, and for
    tokens outside the vocabulary.
    """

    def __init__(
        self, samplers: Sequence[Batches], shape: tuple[int, int], vocabulary: int, device: torch.device
    ) -> None:
        self._samplers, self._shape, self._vocabulary = samplers, shape, vocabulary
        self._rows = torch.zeros((len(samplers), *shape), dtype=torch.int64, device=device)

    def load(self, step: int) -> None:
        """Ask each sampler."""
        for member, sampler in enumerate(self._samplers):
            tokens = sampler.batch(step)
            if tokens.shape != self._shape:
                raise ValueError(f"the sampler's rows have shape {tokens.shape}, the recipe's {self._shape}")
            _check(int(tokens.min()), int(tokens.max()), self._vocabulary)
            self._rows[member].copy_(torch.from_numpy(tokens))

    def rows(self, at: Tensor) -> Tensor:
        """What was loaded."""
        return self._rows


class Resident:
    """All tokens that any run reads, on the device once, and where each row of the whole run starts, made ahead.

    Two bytes a token where the vocabulary allows it; 8 bytes a row of a member. Raises ValueError for tokens outside
    the vocabulary.
    """

    def __init__(
        self, samplers: Sequence[MixtureSampler], steps: int, sequence: int, vocabulary: int, device: torch.device
    ) -> None:
        held = _held(samplers)
        begins = dict(zip(held, np.cumsum([0, *map(len, held.values())]), strict=False))
        whole = np.concatenate(list(held.values()))
        _check(int(whole.min()), int(whole.max()), vocabulary)
        narrow = whole.astype(np.uint16).view(np.int16) if vocabulary <= 2**16 else whole.astype(np.int32)
        self._tokens = torch.from_numpy(narrow).to(device)
        each = {sampler: _starts(sampler, steps, begins) for sampler in set(samplers)}
        starts = np.stack([each[sampler] for sampler in samplers], axis=1)
        self._starts = torch.from_numpy(starts).to(device)
        self._span = torch.arange(sequence + 1, device=device)
        self._mask = 0xFFFF if vocabulary <= 2**16 else 0x7FFFFFFF  # an int16 is a uint16 whose sign was misread

    @property
    def nbytes(self) -> int:
        """On the device."""
        return self._tokens.nbytes + self._starts.nbytes

    def load(self, step: int) -> None:
        """Nothing: the device has it all."""

    def rows(self, at: Tensor) -> Tensor:
        """Gathered."""
        starts = self._starts.index_select(0, at)[0]
        return self._tokens[starts[:, :, None] + self._span].long() & self._mask


def resident_bytes(samplers: Sequence[MixtureSampler], vocabulary: int) -> int:
    """Of the tokens that `Resident` puts on a device."""
    width = 2 if vocabulary <= 2**16 else 4
    return width * sum(map(len, _held(samplers).values()))


def _held(samplers: Sequence[MixtureSampler]) -> dict[int, npt.NDArray[np.generic]]:
    """The streams by their identity, each as far as any sampler reads it."""
    held: dict[int, npt.NDArray[np.generic]] = {}
    for sampler in samplers:
        for tokens, read in zip(sampler.streams, sampler.read, strict=True):
            if id(tokens) not in held or len(held[id(tokens)]) < read:
                held[id(tokens)] = tokens[:read]
    return held


def _starts(sampler: MixtureSampler, steps: int, begins: dict[int, int]) -> npt.NDArray[np.int64]:
    """(steps, batch) first token of each row among all streams, one after another."""
    assert steps <= sampler.steps
    begin = np.array([begins[id(tokens)] for tokens in sampler.streams])
    domains, starts = sampler.all_places()
    return begin[domains[:steps]] + starts[:steps]


def _check(low: int, high: int, vocabulary: int) -> None:
    if low < 0 or high >= vocabulary:
        raise ValueError(f"tokens {low} to {high} are not all in the vocabulary of {vocabulary}")
