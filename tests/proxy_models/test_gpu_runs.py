"""Runs on CUDA: compiled bfloat16 against float32 on the CPU, and their own bits again after a stop."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from proxy_models.training.train import Job, Progress, train_together
from tests.proxy_models.test_training import Interrupted, outcome
from tests.proxy_models.tiny_run import TOLERANCE, Counting, held_out, run, wider

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA: the GPU path is not tested here"),
]


def test_bfloat16_compiled_follows_float32_on_the_cpu(tmp_path: Path) -> None:
    slow: list[Progress] = []
    fast: list[Progress] = []
    on_cpu = run(tmp_path / "cpu", wider(), slow.append)
    on_gpu = run(tmp_path / "gpu", wider(), fast.append, device="cuda")
    assert [at.losses[0] for at in fast] == pytest.approx([at.losses[0] for at in slow], rel=TOLERANCE)
    assert on_gpu.losses == pytest.approx(on_cpu.losses, rel=TOLERANCE)
    assert on_gpu.numerics["precision"] == "bfloat16, compiled"


def test_a_run_on_cuda_that_is_stopped_ends_in_the_same_bits(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.step == 13:
            raise Interrupted

    run(tmp_path / "whole", wider(), device="cuda")
    with pytest.raises(Interrupted):
        run(tmp_path / "resumed", wider(), stop, device="cuda", checkpoint_steps=5)
    run(tmp_path / "resumed", wider(), device="cuda", checkpoint_steps=5)
    assert outcome(tmp_path / "resumed") == outcome(tmp_path / "whole")


def test_a_run_that_diverges_on_cuda_says_so(tmp_path: Path) -> None:
    assert run(tmp_path, wider(learning_rate=1e30), device="cuda").status == "diverged"


def test_a_sweep_on_cuda_resumes_its_stacks(tmp_path: Path) -> None:
    def stop(at: Progress) -> None:
        if at.step == 13:
            raise Interrupted

    def jobs(folder: Path) -> list[Job]:
        recipes = [wider(seed=seed) for seed in range(3)]
        return [Job(of, Counting(), folder / of.run_id) for of in recipes]

    whole = train_together(jobs(tmp_path / "whole"), held_out(), device="cuda")
    with pytest.raises(Interrupted):
        train_together(jobs(tmp_path / "resumed"), held_out(), device="cuda", progress=stop, checkpoint_steps=5)
    assert train_together(jobs(tmp_path / "resumed"), held_out(), device="cuda", checkpoint_steps=5) == whole
    assert not list(tmp_path.rglob("checkpoint*"))
