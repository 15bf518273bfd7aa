"""What the tests of S3 write and count; support for tests, with no tests in it."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from pipeline import storage
from pipeline.storage import patience
from tests.faulty_s3 import Fault, FaultyS3

BLOCK = 1 << 14
CONTENT = bytes(itertools.islice(itertools.cycle(range(251)), 5 * BLOCK + 77))  # no two blocks are alike
TRIES = len(patience.RETRY_DELAYS_S) + 1
FAULTS = st.lists(st.sampled_from(list(Fault)), max_size=8)
fresh = itertools.count()


def url_of(name: str) -> str:
    return f"s3://bucket/{next(fresh)}/{name}"


def stored(content: bytes) -> str:
    url = url_of("object")
    storage.replace(url, content)
    return url


def methods(s3: FaultyS3) -> list[str]:
    return [request.split()[0] for request in s3.seen]


def faults(schedule: list[Fault]) -> int:
    """How many requests go wrong. A try is several requests and fails with any of them: five tries outlast four."""
    return sum(fault is not Fault.NONE for fault in schedule)
