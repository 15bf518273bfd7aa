"""How many members fit on a GPU: planned from two dry steps, halved where the plan was too bold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

import torch
from torch import Tensor

from proxy_models.model import ModelConfig
from proxy_models.numerics import Numerics
from proxy_models.swarm import Member, Swarm

SHARE: Final = 0.85  # of the memory that is free: the rest is for the allocator's gaps and for scoring

T = TypeVar("T")
R = TypeVar("R")


class _Blank:
    """Rows of zeros: what they say changes no size."""

    def __init__(self, shape: tuple[int, int, int], device: torch.device) -> None:
        self._rows = torch.zeros(shape, dtype=torch.int64, device=device)

    def load(self, step: int) -> None:
        """Nothing."""

    def rows(self, at: Tensor) -> Tensor:
        return self._rows


def planned(config: ModelConfig, batch: int, wanted: int, numerics: Numerics, resident: int = 0) -> int:
    """How many of `wanted` members of `batch` rows each to train at once: at most SHARE of the free memory of a GPU.

    resident: bytes of tokens that will lie there beside them. The dry steps are not compiled and so keep more than the
    compiled ones will: an upper bound. 1 on a CPU, where a stack is slower than one after another.
    """
    if not numerics.cuda:
        return 1
    with numerics.set():
        one, two = (_peak(config, batch, members, numerics) for members in (1, 2))
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info(numerics.device)
    return min(wanted, fitting(one, two, int(SHARE * free) - resident))


def fitting(one: int, two: int, budget: int) -> int:
    """The most members, at least 1, whose peak is within `budget` bytes, if one takes `one` and a second brings it to
    `two`."""
    return max(1, (budget - one) // max(1, two - one) + 1)


def _peak(config: ModelConfig, batch: int, members: int, numerics: Numerics) -> int:
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    feed = _Blank((members, batch, config.sequence + 1), numerics.device)
    plain = Numerics(numerics.device, numerics.threads, plain=True)
    swarm = Swarm(config, [Member(0, 0.0)] * members, feed, plain, steps=1, warmup_steps=0)
    swarm.decoder.compute = torch.bfloat16
    swarm.dry()
    return torch.cuda.max_memory_allocated() - before


def in_stacks(
    items: Sequence[T], together: int, do: Callable[[Sequence[T]], R], say: Callable[[str], None]
) -> Iterator[R]:
    """`do` of stacks of at most `together` items, in order, of even sizes; a stack that runs out of memory is halved.

    All later ones are, too. Raises torch.OutOfMemoryError where one item alone is too much.
    """
    left = list(items)
    while left:
        stacks = -(-len(left) // together)
        stack = left[: -(-len(left) // stacks)]
        try:
            result = do(stack)
        except torch.OutOfMemoryError:
            if len(stack) == 1:
                raise
            together = len(stack) // 2
            say(f"{len(stack)} models at once are too much for this GPU's memory: {together} from here on")
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            continue
        del left[: len(stack)]
        yield result
