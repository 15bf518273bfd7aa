"""How fast a machine trains: tokens a second, and model FLOPs utilisation (MFU) against what it can do at most.

MFU (arXiv:2204.02311, appendix B): the operations that the model needs, over those that the machine could have done in
the time. A machine whose peak nobody stated has none here.
"""

from __future__ import annotations

import functools
import re
import time
from typing import Final

import torch

GPU_PEAKS: Final[tuple[tuple[str, float], ...]] = (
    # names as the driver says them; dense bfloat16 operations a second, as NVIDIA's data sheets state them (where those
    # state them with sparsity, half of it)
    (r"NVIDIA A100(-SXM4-40GB|-SXM4-80GB|-PCIE-40GB| 80GB PCIe)", 312e12),
    (r"NVIDIA H100 PCIe", 756e12),
    (r"NVIDIA H100 NVL", 835e12),
    (r"NVIDIA H100 80GB HBM3", 989e12),
    (r"NVIDIA H200", 989e12),
    (r"NVIDIA H200 NVL", 835e12),
    (r"NVIDIA GH200 (480GB|144G HBM3e)", 989e12),
    (r"NVIDIA B200", 2250e12),
    (r"NVIDIA L4", 121e12),
    (r"NVIDIA L40S", 362e12),
    (r"NVIDIA GeForce RTX 4090", 165e12),
)
PROBE_WIDTH: Final = 1024  # of the square matrices multiplied: 4 MiB each, 20 to 50 ms on a core
PROBE_TIMES: Final = 5


def gpu_peak(name: str) -> float | None:
    """Dense bfloat16 operations a second of the GPU of that name; None where it is not in the table."""
    return next((peak for pattern, peak in GPU_PEAKS if re.fullmatch(pattern, name)), None)


@functools.cache
def cpu_peak(threads: int) -> float:
    """Float32 operations a second of the best of some matrix products with `threads` threads, measured once a process.

    Others on the machine make it smaller, and an MFU against it larger.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    matrix = torch.ones(PROBE_WIDTH, PROBE_WIDTH)
    try:
        best = min(_product_s(matrix) for _ in range(PROBE_TIMES))
    finally:
        torch.set_num_threads(before)
    return 2 * PROBE_WIDTH**3 / best


def _product_s(matrix: torch.Tensor) -> float:
    start = time.perf_counter()
    torch.mm(matrix, matrix)
    return time.perf_counter() - start


def peak(device: torch.device, threads: int) -> float | None:
    """Operations a second that the device can do at most in the precision we train in; None where it is unknown."""
    return gpu_peak(torch.cuda.get_device_name(device)) if device.type == "cuda" else cpu_peak(threads)


def utilisation(flops_per_token: int, tokens_per_s: float, peak_flops: float | None) -> float | None:
    """MFU, above 0 and at most about 1; None where the peak is unknown."""
    return None if peak_flops is None else flops_per_token * tokens_per_s / peak_flops
