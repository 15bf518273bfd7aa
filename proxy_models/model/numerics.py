"""What decides the bits of a run beside its recipe: device, precision, threads; set for a run and put back after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import deterministic

from proxy_models.model.allocator import keep_freed_memory

ATTENTION: Final = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
ROWS: Final = 2**16 - 1  # of members and batch that one call of it takes: blocks along an axis (pytorch issue 146704)
SHAPES: Final = 128  # of a function that one process may compile: six weights a model, some models, some stacks


@contextmanager
def compiling() -> Iterator[None]:
    """Torch compiles eight shapes of a function and then refuses; swarms of several sizes need more.

    And it pads products of sizes that are no multiples of eight, or does not, by what was faster when it looked, so
    that another process may come to other bits: none is padded.
    """
    from torch._dynamo import config as tracer  # half a second that a CPU need not spend
    from torch._inductor import config as compiler

    with tracer.patch(recompile_limit=SHAPES), compiler.patch(shape_padding=False):
        yield


@dataclass(frozen=True)
class Numerics:
    """Float32 on a CPU; on CUDA bfloat16 products over float32 weights, compiled, or with `plain` float32 and eager.

    device: as torch names it. threads: of this process on the CPU; sums are cut by it, so another number may give
    other last bits. plain: on CUDA as on a CPU, to compare the two and to measure against.
    """

    device: torch.device
    threads: int
    plain: bool = False

    @staticmethod
    def of(device: str, threads: int | None) -> Numerics:
        """For `device` and so many threads; None: as many as torch has now. Raises ValueError where CUDA is missing."""
        if device.partition(":")[0] not in {"cpu", "cuda"}:
            raise ValueError(f"device: {device} is neither cpu nor cuda")
        found = torch.device(device)
        if found.type == "cuda" and not torch.cuda.is_available():
            raise ValueError(f"device: {device}, but torch sees no CUDA; take cpu, or install torch's CUDA wheel")
        if threads is not None and threads < 1:
            raise ValueError(f"threads: {threads} is below 1")
        return Numerics(found, torch.get_num_threads() if threads is None else threads)

    @property
    def cuda(self) -> bool:
        return self.device.type == "cuda"

    @property
    def compiled(self) -> bool:
        return self.cuda and not self.plain

    def facts(self, members: int = 1) -> dict[str, str]:
        """What two runs must share to end in the same bits; words for a result. members: trained together."""
        name = torch.cuda.get_device_name(self.device) if self.cuda else torch.backends.cpu.get_cpu_capability()
        return {
            "device": f"{self.device.type}: {name}",
            "precision": "bfloat16, compiled" if self.compiled else "float32",
            "threads": str(self.threads),
            "torch": str(torch.__version__),
            "members": str(members),
            **({"compiler": "no padding"} if self.compiled else {}),  # what `compiling` sets
        }

    @contextmanager
    def set(self) -> Iterator[None]:
        """Deterministic algorithms, the device and the threads, for what runs inside; as before afterwards.

        On a CPU the process keeps freed memory from then on (`allocator`). On CUDA cuBLAS is deterministic only with a
        workspace set before its first use in the process, so this sets it where nobody did (and leaves it). Attention
        is any but cuDNN's, which has no deterministic backward pass. Torch would also fill all new memory, which costs
        time and finds nothing here.
        """
        before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
        filled = deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
        if self.cuda:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        else:
            keep_freed_memory()
        torch.set_num_threads(self.threads)
        torch.use_deterministic_algorithms(True)
        deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        try:
            with ExitStack() as stack:
                stack.enter_context(sdpa_kernel(ATTENTION))
                if self.cuda:
                    stack.enter_context(torch.cuda.device(self.device))
                if self.compiled:
                    stack.enter_context(compiling())
                yield
        finally:
            torch.set_num_threads(before[0])
            torch.use_deterministic_algorithms(before[1])
            deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]
