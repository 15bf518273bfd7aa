"""glibc's allocator, told to keep what a training step frees for the next one."""

from __future__ import annotations

import ctypes
from typing import Final

M_TRIM_THRESHOLD: Final = -1  # numbers of glibc's malloc.h
M_TOP_PAD: Final = -2
M_MMAP_MAX: Final = -4
PAD_BYTES: Final = 64 << 20  # taken at once when the heap must grow


def keep_freed_memory() -> bool:
    """From now on this process gives no freed memory back to the system; whether its C library could be told so.

    A step takes and frees blocks of megabytes. By default each of them is a mapping of its own, whose pages the system
    zeroes and maps again every step: 13,000 page faults a step of the smallest proxies.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    told = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, PAD_BYTES))
    answers = [library.mallopt(option, value) for option, value in told]
    return answers == [1] * len(told)
