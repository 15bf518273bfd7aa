"""How many members fit on a GPU, planned from dry steps of as few as tell; who does not fit is told so by its key."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor

from proxy_models.model import head
from proxy_models.model.decoder import ModelConfig
from proxy_models.model.numerics import ROWS, Numerics
from proxy_models.swarm import Member, Swarm

SHARE: Final = 0.85  # of the memory that is free: the rest is for the allocator's gaps and for scoring
ELEMENTS: Final = 2**31  # that flash attention's backward pass counts (PriorLabs/TabPFN, pull request 1184)


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

    No more than attention's kernels take (`attended`), either.

    resident: bytes of tokens that will lie there beside them. The dry steps are not compiled and so keep more than the
    compiled ones will: an upper bound. 1 on a CPU, where a stack is slower than one after another. Raises
    torch.OutOfMemoryError where one member is too much.
    """
    if not numerics.cuda:
        return 1
    wanted = min(wanted, attended(config, batch))
    with numerics.set():
        points = measured(lambda members: _peak(config, batch, members, numerics), wanted, full_chunk(config, batch))
        free_what_is_dead()
        free, _ = torch.cuda.mem_get_info(numerics.device)
    return fitting(points, wanted, int(SHARE * free) - resident)


def attended(config: ModelConfig, batch: int) -> int:
    """Members of `batch` rows each that one call of attention takes, one at least.

    Its backward pass counts in tiles of 128 positions and columns of a head from 32 on.
    """
    positions, columns = -(-config.sequence // 128) * 128, max(config.width // config.heads, 32)
    return max(1, min(ROWS, ELEMENTS // (config.heads * positions * columns)) // batch)


def full_chunk(config: ModelConfig, batch: int) -> int:
    """Members whose logits fill a chunk of the output: with fewer, each one more makes the chunk larger, too."""
    return max(1, head.LOGITS // (batch * config.sequence * config.vocabulary))


def measured(peak: Callable[[int], int | None], wanted: int, few: int) -> list[tuple[int, int]]:
    """(members, bytes that a step takes), of `few` members and of one more; of `wanted` alone where those are no more.

    peak: bytes, None where they are too many: then half as many members are tried. Raises torch.OutOfMemoryError where
    one is too much.
    """
    few = min(few, wanted)
    while (of_few := peak(few)) is None:
        if few == 1:
            raise torch.OutOfMemoryError("a step of one member")
        few //= 2
    of_more = peak(few + 1) if few < wanted else None
    return [(few, of_few)] if of_more is None else [(few, of_few), (few + 1, of_more)]


def fitting(points: list[tuple[int, int]], wanted: int, budget: int) -> int:
    """The most members, 1 to `wanted`, whose need is within `budget` bytes on the line through what was `measured`.

    Of one point: its members, or as many less as its need is beyond the budget.
    """
    (few, need), *more = points
    if more:
        fits = few + (budget - need) // max(1, more[0][1] - need)
    else:
        fits = few if need <= budget else few * max(0, budget) // need
    return max(1, min(wanted, fits))


@contextmanager
def one_must_fit(config: ModelConfig, batch: int, numerics: Numerics) -> Iterator[None]:
    """What is left of running out of memory, when stacks were halved as far as they go: a setting that cannot be."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        device = numerics.facts()["device"]
        raise ValueError(
            f"batch: a step of one model of {config.parameters:,} parameters on {batch} rows of {config.sequence:,} "
            f"tokens needs more memory than is free ({device}); take a smaller batch, a shorter sequence or a smaller "
            "model"
        ) from error


def free_what_is_dead() -> None:
    """Give back what no tensor holds any more; nothing may be holding the exception that ended a step."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def dry_step(config: ModelConfig, batch: int, members: int, numerics: Numerics) -> None:
    """One step of so many members, in bfloat16 as they are trained, from nothing to its end."""
    feed = _Blank((members, batch, config.sequence + 1), numerics.device)
    plain = Numerics(numerics.device, numerics.threads, plain=True)
    swarm = Swarm(config, [Member(0, 0.0)] * members, feed, plain, steps=1, warmup_steps=0)
    swarm.decoder.compute = torch.bfloat16
    swarm.dry()


def _peak(config: ModelConfig, batch: int, members: int, numerics: Numerics) -> int | None:
    free_what_is_dead()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    try:
        dry_step(config, batch, members, numerics)
    except torch.OutOfMemoryError:
        return None
    return torch.cuda.max_memory_allocated() - before
