"""What the allocator is told, seen in a process of its own by its page faults."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from proxy_models.model.allocator import keep_freed_memory

if sys.argv[1] == "keep":
    assert keep_freed_memory()
def step():
    return [torch.ones(1 << power, dtype=torch.uint8) for power in range(18, 26)]
step(), step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="another C library than glibc")
def test_freed_memory_is_taken_again_without_page_faults() -> None:
    def faults(what: str) -> int:
        done = subprocess.run([sys.executable, "-c", FAULTS, what], capture_output=True, text=True, check=True)
        return int(done.stdout)

    kept, given_back = faults("keep"), faults("leave")
    assert kept < given_back / 4
