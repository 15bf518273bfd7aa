"""A swarm on CUDA: as one graph against float32 on the CPU, its own bits again after a stop, and what memory holds.

Imports nothing that a GPU which is lent may lack; `test_gpu_runs` needs more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from proxy_models.batches.feed import Resident
from proxy_models.model.decoder import ModelConfig
from proxy_models.model.numerics import Numerics
from proxy_models.swarm import Member, Swarm
from proxy_models.training import memory, stacks
from tests.proxy_models import test_swarm

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA: the GPU path is not tested here"),
]

TOLERANCE = 0.05  # bfloat16 keeps 8 bits: a product is off by up to 2^-8, a mean over 64 tokens by far less
CUDA = Numerics(torch.device("cuda"), 1)
WIDE = ModelConfig(layers=2, width=128, heads=2, sequence=12, vocabulary=50)  # heads of 64: flash attention


def swarm(numerics: Numerics, members: int = 8) -> Swarm:
    held = test_swarm.streams(50)
    samplers = [test_swarm.sampler(held, {"web": 0.5, "code": 0.5}, seed) for seed in range(members)]
    feed = Resident(samplers, test_swarm.STEPS, 12, 50, numerics.device)
    each = [Member(seed, 0.005) for seed in range(members)]
    return Swarm(WIDE, each, feed, numerics, steps=test_swarm.STEPS, warmup_steps=5)


def test_a_swarm_as_one_graph_follows_float32_on_the_cpu() -> None:
    with test_swarm.CPU.set():
        slow = test_swarm.advanced(swarm(test_swarm.CPU))
    with CUDA.set():
        fast = test_swarm.advanced(swarm(CUDA))
        torch.testing.assert_close(fast.history.cpu(), slow.history, rtol=TOLERANCE, atol=0)


def bits(of: Swarm, members: list[int]) -> list[bytes]:
    tensors = [*of.state()["weights"].values(), *of.state()["first"], *of.state()["second"], of.taken, of.history.T]
    return [one[members].detach().cpu().numpy().tobytes() for one in tensors]


def test_seven_of_eight_do_not_notice_that_one_diverges_in_a_graph() -> None:
    with CUDA.set():
        healthy, sick = test_swarm.advanced(swarm(CUDA), 6), test_swarm.advanced(swarm(CUDA), 6)
        with torch.no_grad():
            sick.decoder.get_parameter("blocks.1.feed_forward_input")[3, 0, 0] = torch.nan
        test_swarm.advanced(healthy, 6)
        test_swarm.advanced(sick, 6)
        others = [0, 1, 2, 4, 5, 6, 7]
        assert sick.taken.tolist() == [12] * 3 + [6] + [12] * 4
        assert bits(sick, others) == bits(healthy, others)


def test_a_swarm_that_is_stopped_on_cuda_ends_in_the_same_bits() -> None:
    with CUDA.set():
        whole, stopped, resumed = swarm(CUDA), swarm(CUDA), swarm(CUDA)
        resumed.restore(test_swarm.advanced(stopped, 9).state())
        test_swarm.advanced(resumed, test_swarm.STEPS - 9)
        assert bits(resumed, list(range(8))) == bits(test_swarm.advanced(whole), list(range(8)))


def test_a_plan_fits_into_memory_and_fills_it() -> None:
    assert memory.planned(WIDE, 64, 4, CUDA) == 4
    large = ModelConfig(layers=8, width=512, heads=8, sequence=512, vocabulary=4096)
    fitting = memory.planned(large, 64, 10_000, CUDA)
    free, _ = torch.cuda.mem_get_info()
    with CUDA.set():
        need = memory._peak(large, 64, fitting, CUDA)
        more = memory._peak(large, 64, fitting + 1, CUDA)
    assert need is not None
    assert need < 0.9 * free
    assert more is None or more > 0.75 * free  # a step of one member is a tenth of 80 GB


def test_a_stack_that_runs_out_of_memory_is_halved_and_the_halves_are_trained(tmp_path: Path) -> None:
    """Only what is allocated here is too much for the whole: half of it fits where the failed half was."""
    free, _ = torch.cuda.mem_get_info()
    most, sizes = int(0.4 * free), []

    def do(stack: Sequence[str]) -> int:
        sizes.append(len(stack))
        held = [torch.empty(most, dtype=torch.uint8, device="cuda") for _ in stack]
        for one in stack:
            (tmp_path / one).touch()
        return len(held)

    said: list[str] = []
    plan = stacks.Plan(
        tmp_path / "stacks.json", lambda one: (tmp_path / one).exists(), lambda of: tmp_path / "none", said.append
    )
    assert list(plan.each("abcd", lambda: 4, do)) == [2, 2]
    assert (sizes, len(said)) == ([4, 2, 2], 1)


def test_one_model_that_is_too_large_is_a_setting_that_cannot_be() -> None:
    huge = ModelConfig(layers=2, width=2048, heads=32, sequence=2048, vocabulary=4096)
    with pytest.raises(ValueError, match="take a smaller batch"), memory.one_must_fit(huge, 4096, CUDA):
        memory.planned(huge, 4096, 2, CUDA)
