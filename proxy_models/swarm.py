"""A swarm: M proxies, each with its own data, rate, decay and clip, trained as one program.

A step is the same for one member and for many: rows of all, one loss a member, gradients of their sum, norms over all
axes but M, one elementwise update. It waits for nothing on the host. On CUDA it is compiled, in bfloat16 over float32
weights, and replayed as one graph; on a CPU it runs as it is written.

A member whose loss or gradient is not finite takes no more steps; the others neither see nor wait for it.
"""

# ruff: noqa: N806  (a tensor's name ends in its shape)

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from proxy_models.batches.feed import Feed
from proxy_models.model.decoder import Decoder, ModelConfig
from proxy_models.model.numerics import Numerics
from proxy_models.model.optimiser import BETAS, MAX_NORM, Factors, clips, decays, norms, schedule, update

ALLOCATOR: Final = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")  # the second is the older name
WARMING_STEPS: Final = 2  # before a capture: the first compiles, the second allocates as every later one


@dataclass(frozen=True)
class Member:
    """What one proxy of a swarm has for itself, beside its data."""

    seed: int
    learning_rate: float
    weight_decay: float = 0.1
    max_norm: float = MAX_NORM


class Swarm:
    """Members of one shape, some steps of `steps` done. `dtype`: of weights, moments and losses.

    `taken` (M,) steps that changed a member's weights: for one that diverged also the number, from 0, of the step that
    did it. `history` (steps, M) losses in nats a token, NaN for steps to come. `done`: steps done, as the host counts.
    """

    def __init__(
        self,
        config: ModelConfig,
        members: Sequence[Member],
        feed: Feed,
        numerics: Numerics,
        *,
        steps: int,
        warmup_steps: int,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.members, self.steps, self.done = tuple(members), steps, 0
        self._feed, self._numerics = feed, numerics
        self._graph: torch.cuda.CUDAGraph | None = None
        device = numerics.device
        self.decoder = Decoder(config, [one.seed for one in members], dtype).to(device)
        self._update: Callable[..., None] = update
        if numerics.compiled:
            self.decoder.compute = torch.bfloat16
            self.decoder.compiled()
            self._update = torch.compile(update, fullgraph=True, dynamic=False)
        named = dict(self.decoder.named_parameters())
        self._weights = list(named.values())
        self._first = [torch.zeros_like(one, requires_grad=False) for one in self._weights]
        self._second = [torch.zeros_like(one, requires_grad=False) for one in self._weights]
        M = len(members)

        def column(values: Sequence[float]) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=device).view(-1, 1, 1)

        self._peak_M11 = column([one.learning_rate for one in members])
        decay_M11 = column([one.weight_decay for one in members])
        self._decays = [decay_M11 if decays(name) else torch.zeros_like(decay_M11) for name in named]
        self._most_M = column([one.max_norm for one in members]).flatten()
        shares = [schedule(step, steps, warmup_steps) for step in range(steps)]
        self._shares = torch.tensor(shares, dtype=dtype, device=device)
        corrections = [[1 - beta ** (step + 1) for beta in BETAS] for step in range(steps)]
        self._corrections = torch.tensor(corrections, dtype=dtype, device=device)
        self._numbers = torch.arange(steps, device=device)[:, None]
        self._at = torch.zeros(1, dtype=torch.int64, device=device)
        self._alive_M = torch.ones(M, dtype=torch.bool, device=device)
        self.taken = torch.zeros(M, dtype=torch.int64, device=device)
        self.history = torch.full((steps, M), torch.nan, dtype=dtype, device=device)

    # --- a step -------------------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Do the next step; on CUDA this returns when it was asked for, not when it is done."""
        self._feed.load(self.done)
        if self._numerics.compiled and self._graph is None:
            self._capture()
        if self._graph is None:
            self._step()
        else:
            self._graph.replay()
        self.done += 1

    def dry(self) -> None:
        """A step that no member takes: it costs the time and memory of a step, and changes nothing."""
        alive_M, at = self._alive_M.clone(), self._at.clone()
        self._alive_M.zero_()
        self._step()
        self._alive_M.copy_(alive_M)
        self._at.copy_(at)

    def _capture(self) -> None:
        """One step as a CUDA graph, after dry ones on a side stream, as torch's notes on CUDA graphs ask for.

        Raises torch.OutOfMemoryError also where ending the capture fails after it: torch raises that other error then,
        and leaves its stream the current one. What the allocator's setting may hide (ALLOCATOR) is said in a note.
        """
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARMING_STEPS):
                self.dry()
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.stream(torch.cuda.current_stream()), torch.cuda.graph(graph):
                self._step()
        except RuntimeError as error:
            if isinstance(error.__context__, torch.OutOfMemoryError):
                raise error.__context__ from None
            for name in ALLOCATOR:
                if "max_split_size_mb" in os.environ.get(name, ""):
                    error.add_note(
                        f"{name} has max_split_size_mb: memory that ends within a capture is then told as this error, "
                        "and no stack is halved; leave it out, or take a smaller batch"
                    )
            raise
        self._graph = graph

    def _step(self) -> None:
        losses_M = self.decoder.losses(self._feed.rows(self._at))
        gradients = torch.autograd.grad(losses_M.sum(), self._weights)
        with torch.no_grad():
            norms_M = norms(gradients)
            self._alive_M.logical_and_(losses_M.isfinite() & norms_M.isfinite())
            self.taken.add_(self._alive_M)
            self.history.copy_(torch.where(self._numbers == self._at, losses_M, self.history))
            alive_M11, clip_M11 = self._alive_M.view(-1, 1, 1), clips(norms_M, self._most_M).view(-1, 1, 1)
            rate_M11 = self._peak_M11 * self._shares.index_select(0, self._at)
            corrections = self._corrections.index_select(0, self._at)[0]
            state = zip(self._weights, gradients, self._first, self._second, self._decays, strict=True)
            for weight, gradient, first, second, decay_M11 in state:
                factors = Factors(alive_M11, clip_M11, rate_M11, decay_M11, corrections)
                self._update(weight.detach(), gradient, first, second, factors)
            self._at.add_(1)

    # --- what it came to ----------------------------------------------------------------------------------------------

    def alive(self) -> list[bool]:
        """Which members go on; waits for the device."""
        return [bool(one) for one in self._alive_M.tolist()]

    def last_losses(self) -> list[float | None]:
        """Of each member at the last step that it took, nats a token; None before its first. Waits for the device."""
        history, taken = self.history.cpu(), self.taken.tolist()
        return [float(history[count - 1, member]) if count else None for member, count in enumerate(taken)]

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, and what was seen so far."""
        return {
            "done": self.done,
            "weights": self.decoder.state_dict(),
            "first": self._first,
            "second": self._second,
            "alive": self._alive_M,
            "taken": self.taken,
            "history": self.history,
        }

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of a swarm of these members."""
        self.decoder.load_state_dict(state["weights"])
        if state["done"] == self.steps:
            self.release()
        for held, saved in zip((*self._first, *self._second), (*state["first"], *state["second"]), strict=True):
            held.copy_(saved)
        self._alive_M.copy_(state["alive"])
        self.taken.copy_(state["taken"])
        self.history.copy_(state["history"])
        self.rewind(state["done"])

    def rewind(self, step: int) -> None:
        """Let the next step be that number; weights and moments stay."""
        self.done = step
        self._at.fill_(step)

    def release(self) -> None:
        """Give back what training alone needs: moments, and the graph with the memory that it holds."""
        self._graph = None
        self._first, self._second = [], []
