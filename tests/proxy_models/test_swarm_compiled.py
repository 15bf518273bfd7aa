"""What CUDA compiles of a swarm, as far as a CPU can tell, and how a capture that fails is told."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch

from proxy_models.batches.feed import Hosted
from proxy_models.model import head
from proxy_models.model.decoder import Compiled, Decoder, block, normed
from proxy_models.model.numerics import Numerics, compiling
from proxy_models.model.optimiser import Factors, update
from proxy_models.swarm import Member, Swarm
from tests.proxy_models.made_swarm import (
    CONFIG,
    CPU,
    DATA,
    advanced,
    swarm,
)
from tests.proxy_models.tiny_run import TOLERANCE, Counting, wider


def test_all_that_is_compiled_is_one_graph_each() -> None:
    """Traced whole, forward and backward, by torch's compiler without its code generator."""
    from torch._dynamo.testing import CompileCounterWithBackend  # here: 2 s that no other module need spend

    options: dict[str, Any] = {"fullgraph": True, "dynamic": False, "backend": "aot_eager"}
    plain, traced = Decoder(CONFIG, [1, 2]), Decoder(CONFIG, [1, 2])
    counted = CompileCounterWithBackend("aot_eager")
    traced.block, traced.normed = (Compiled(of, backend=counted) for of in (block, normed))
    traced.chunk = torch.compile(head.chunk, **options)
    tokens = torch.stack([torch.from_numpy(one.batch(0)) for one in DATA[:2]])
    for of in (plain, traced):
        of.losses(tokens).sum().backward()  # type: ignore[no-untyped-call]
    for (name, ours), theirs in zip(traced.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, msg=name)
    assert counted.frame_count == 2  # a leaf and what autograd made are one shape to it
    states = [[torch.full((2, 3, 4), value) for value in (1.0, 0.5, 0.0, 0.0)] for _ in range(2)]
    column = torch.tensor([0.1, 0.2]).view(2, 1, 1)
    factors = Factors(column > 0.15, column, column, column, torch.tensor([0.1, 0.05]))
    update(*states[0], factors)
    torch.compile(update, **options)(*states[1], factors)
    assert torch.equal(states[0][0][0], torch.ones(3, 4))
    assert not torch.equal(states[0][0][1], torch.ones(3, 4))
    for ours, theirs in zip(*states, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_swarm_as_cuda_compiles_it_follows_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it but code generator and graph, under the same `filterwarnings = error` as the GPU's own tests.

    Compiled are a layer, the last norm, a chunk, and an update a shape of weights, of which there are six: gradients
    that lie in memory otherwise than their weights would make it more.
    """
    from torch._dynamo.testing import CompileCounterWithBackend

    compiler, counted = torch.compile, CompileCounterWithBackend("aot_eager")
    monkeypatch.setattr(torch, "compile", lambda of, **options: compiler(of, **options | {"backend": counted}))
    monkeypatch.setattr(Numerics, "compiled", True)
    monkeypatch.setattr(Swarm, "_capture", Swarm.dry)
    with CPU.set():
        compiled = advanced(swarm(), 4)
    assert compiled.decoder.compute is torch.bfloat16
    assert counted.frame_count == 1 + 1 + 1 + 6
    monkeypatch.undo()
    with CPU.set():
        plain = advanced(swarm(), 4)
    torch.testing.assert_close(compiled.history[:4], plain.history[:4], rtol=0.02, atol=0)
    assert not torch.equal(compiled.history[:4], plain.history[:4])


def test_more_shapes_are_compiled_than_torch_would_of_itself() -> None:
    compiled = torch.compile(update, fullgraph=True, dynamic=False, backend="eager")
    with compiling():
        for members in range(1, 12):
            state = [torch.ones(members, 2, 3) for _ in range(4)]
            column = torch.full((members, 1, 1), 0.1)
            compiled(*state, Factors(column > 0, column, column, column, torch.tensor([0.1, 0.05])))
            assert (state[0] < 1).all()


@pytest.fixture
def failing_capture(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The calls of a capture without CUDA: as torch's, the end of a failed one raises what hides why it failed."""

    @contextmanager
    def capture(graph: object) -> Iterator[None]:
        try:
            yield
        finally:
            raise torch.AcceleratorError("operation failed due to a previous error during capture")

    for name in ("Stream", "current_stream", "stream", "synchronize", "CUDAGraph"):
        monkeypatch.setattr(torch.cuda, name, MagicMock())
    monkeypatch.setattr(torch.cuda, "graph", capture)
    monkeypatch.setattr(Swarm, "dry", lambda _: None)
    return monkeypatch


@pytest.mark.parametrize("first", [torch.OutOfMemoryError, ValueError])
def test_memory_that_ends_within_a_capture_is_told_from_what_fails_after_it(
    failing_capture: pytest.MonkeyPatch, first: type[Exception]
) -> None:
    failing_capture.setattr(Swarm, "_step", MagicMock(side_effect=first("a step")))
    caught = first if first is torch.OutOfMemoryError else torch.AcceleratorError
    with pytest.raises(RuntimeError) as error:
        swarm()._capture()
    assert error.type is caught


@pytest.mark.parametrize("name", ["PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"])
def test_a_setting_that_hides_memory_that_ended_is_named(failing_capture: pytest.MonkeyPatch, name: str) -> None:
    failing_capture.setattr(Swarm, "_step", lambda _: None)
    with pytest.raises(torch.AcceleratorError) as error:
        swarm()._capture()
    assert not hasattr(error.value, "__notes__")
    failing_capture.setenv(name, "max_split_size_mb:64")
    with pytest.raises(torch.AcceleratorError) as error:
        swarm()._capture()
    assert [f"{name} has max_split_size_mb" in note for note in error.value.__notes__] == [True]


def test_bfloat16_follows_float32_where_a_gpu_is_compared() -> None:
    """Products alone in bfloat16, eager: what a GPU must show within TOLERANCE is within half of it here."""
    of, held = wider(), []
    for compute in (torch.float32, torch.bfloat16):
        with CPU.set():
            feed = Hosted([Counting()], (of.batch, of.model.sequence + 1), of.model.vocabulary, CPU.device)
            member = Member(of.seed, of.learning_rate, of.weight_decay)
            one = Swarm(of.model, [member], feed, CPU, steps=of.steps, warmup_steps=of.warmup_steps)
            one.decoder.compute = compute
            held.append(advanced(one, of.steps).history)
    torch.testing.assert_close(held[1], held[0], rtol=TOLERANCE / 2, atol=0)
    assert not torch.equal(held[1], held[0])


def test_no_timing_decides_what_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a product is padded is measured by torch, and then other in another process."""
    from torch._inductor import config

    monkeypatch.setattr(Numerics, "compiled", True)
    assert config.shape_padding
    with CPU.set():
        assert not config.shape_padding
    assert config.shape_padding
    assert CPU.facts()["compiler"] == "no padding"  # what was trained with it is not gone on with


def test_the_code_generator_is_imported_without_an_error() -> None:
    """It uses what torch has deprecated; were that an error, each test on a GPU would end where it first compiles."""
    importlib.import_module("torch._inductor.compile_fx")


def test_what_we_use_of_torch_that_it_has_deprecated_is_an_error() -> None:
    with pytest.raises(DeprecationWarning, match="script` is deprecated"):
        torch.jit.script(torch.nn.ReLU())  # type: ignore[no-untyped-call]
