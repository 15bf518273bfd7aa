"""Rates against what a machine can do: known by its name, measured, or not said."""

from __future__ import annotations

import pytest
import torch

from proxy_models.training.speed import cpu_peak, gpu_peak, peak, utilisation


@pytest.mark.parametrize(
    ("name", "flops"),
    [
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA A100-PCIE-40GB", 312e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA H200", 989e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA L40S", 362e12),
        ("NVIDIA L40", None),
        ("NVIDIA A1000", None),
        ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", None),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", None),
        ("NVIDIA A100 80GB PCIe", 312e12),
        ("NVIDIA H200 NVL", 835e12),
        ("NVIDIA GH200 480GB", 989e12),
        ("NVIDIA B200", 2250e12),
        ("Some other card", None),
    ],
)
def test_a_peak_is_that_of_the_card_and_of_no_other(name: str, flops: float | None) -> None:
    assert gpu_peak(name) == flops


def test_the_peak_of_a_cpu_is_measured_once_and_leaves_the_threads() -> None:
    threads = torch.get_num_threads()
    assert 1e8 < cpu_peak(1) < 1e13
    assert peak(torch.device("cpu"), 1) == cpu_peak(1)
    assert torch.get_num_threads() == threads


def test_utilisation_is_a_share_of_the_peak_or_unknown() -> None:
    assert utilisation(6_000, 1e6, 12e9) == pytest.approx(0.5)
    assert utilisation(6_000, 1e6, None) is None
