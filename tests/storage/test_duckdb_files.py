"""What DuckDB reads in a bucket: its threads share handles, the store misbehaves, the rows are those written."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import s3fs

from pipeline import storage
from pipeline.storage import patience
from pipeline.trouble import EnvironmentTrouble
from tests.faulty_s3 import Fault, FaultyS3, faulty_s3

CONTENT = random.Random(1).randbytes(100_000)
FILES, ROWS = 12, 2_000


@pytest.fixture(scope="module")
def s3() -> Iterator[FaultyS3]:
    with faulty_s3() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setattr(patience, "pause", lambda seconds: None)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("shelf")  # moto keeps its buckets for the whole process
        storage.replace("s3://shelf/bytes", CONTENT)
        for number in range(FILES):
            sink = io.BytesIO()
            rows = {
                "id": [number * ROWS + row for row in range(ROWS)],
                "text": [f"row {row} " * 9 for row in range(ROWS)],
            }
            pq.write_table(pa.table(rows), sink, row_group_size=100)
            storage.replace(f"s3://shelf/{number}.parquet", sink.getvalue())
        yield server
        s3fs.S3FileSystem.clear_instance_cache()


def test_nobody_comes_between_a_seek_and_a_read(s3):
    """DuckDB's threads share handles: seek and read are two calls, and another thread's may stand between them."""
    files = storage.patient_files("s3://shelf")
    assert files is not None
    handle = files.open("shelf/bytes")
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        first.submit(handle.seek, 70_000).result()
        second.submit(handle.seek, 10).result()
        assert first.submit(handle.read, 50).result() == CONTENT[70_000:70_050]
        assert second.submit(handle.read, 50).result() == CONTENT[10:60]
        assert first.submit(handle.read, 50).result() == CONTENT[70_050:70_100]
        assert second.submit(handle.tell).result() == 60
    handle.close()


def rows_in(threads: int) -> list[tuple[int, ...]]:
    files = storage.patient_files("s3://shelf")
    assert files is not None
    names = ", ".join(f"'s3://shelf/{number}.parquet'" for number in range(FILES))
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.register_filesystem(files)
        try:
            return connection.execute(
                f"select count(*), sum(id), count(distinct id), sum(length(text)) from read_parquet([{names}])"
            ).fetchall()
        except duckdb.Error as error:
            raise files.trouble or error from error


def test_of_a_small_table_nothing_is_asked_for_but_its_bytes(s3):
    """DuckDB opens each two or three times, and asks for its size as often."""
    s3.plan()
    rows_in(1)
    assert [request.split()[0] for request in s3.seen] == ["GET"] * FILES


def test_any_number_of_threads_reads_the_same_through_a_store_that_misbehaves(s3):
    expected = rows_in(1)
    assert expected[0][:3] == (FILES * ROWS, sum(range(FILES * ROWS)), FILES * ROWS)
    met: Counter[str] = Counter()

    def choose(name: str) -> Fault:
        """At most four an object: five tries outlast them."""
        met[name] += 1
        return random.Random(f"{name} {met[name]}").choice(list(Fault)) if met[name] <= 4 else Fault.NONE

    for _ in range(3):
        met.clear()
        s3.choose = choose
        assert rows_in(8) == expected
        assert met.total() > FILES
    s3.choose = None


def test_a_store_that_stays_away_is_environment_trouble(s3):
    s3.plan(then=Fault.UNAVAILABLE)
    with pytest.raises(EnvironmentTrouble, match=r"s3://shelf/\d+\.parquet.*run again"):
        rows_in(8)
    s3.plan()


def test_it_only_reads(s3):
    files = storage.patient_files("s3://shelf")
    assert files is not None
    with pytest.raises(ValueError, match="only to be read"):
        files.open("shelf/bytes", "wb")
    assert files.exists("shelf/bytes") and not files.exists("shelf/nothing")
