"""A store that speaks S3 and fails by schedule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import s3fs

from pipeline.storage import patience, ranged
from tests.faulty_s3 import FaultyS3, faulty_s3
from tests.storage.asking_s3 import BLOCK


@pytest.fixture(scope="module")
def pauses() -> list[float]:
    return []


@pytest.fixture(scope="module")
def s3(pauses: list[float]) -> Iterator[FaultyS3]:
    """The store with one bucket, reached through the environment as users do; pauses are noted, not slept."""
    with faulty_s3() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setattr(patience, "pause", pauses.append)
        patch.setattr(ranged, "BLOCK_BYTES", BLOCK)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().makedirs("bucket", exist_ok=True)  # moto keeps it for the process
        yield server
        s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def store(s3: FaultyS3) -> Iterator[FaultyS3]:
    """The store, that a test may make of another kind."""
    s3.plan()
    yield s3
    s3.unheard, s3.says = set(), dict
