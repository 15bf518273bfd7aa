"""A whole run from a bucket into a bucket through a store that misbehaves: the same bytes as on a local disk."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator

import pytest
import s3fs

from pipeline import funnel
from pipeline import run as running
from pipeline.planning import survey
from pipeline.storage import patience
from tests.e2e import drive
from tests.faulty_s3 import Fault, FaultyS3, faulty_s3

MOST_FAULTS = 4
FAULTS = (Fault.UNAVAILABLE, Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.CUT_BODY, Fault.SHORT_BODY)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    with faulty_s3() as server:
        for name, value in {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(patience, "pause", lambda seconds: None)
        s3fs.S3FileSystem.clear_instance_cache()
        yield server
        s3fs.S3FileSystem.clear_instance_cache()


def test_a_run_in_a_faulty_bucket_equals_one_on_a_disk(s3, undisturbed, raw, tmp_path):
    _, data = undisturbed
    bucket = s3fs.S3FileSystem()
    bucket.mkdir("raw")
    bucket.mkdir("out")
    for path in sorted(raw.rglob("*")):
        if path.is_file():
            bucket.pipe_file(f"raw/{path.relative_to(raw)}", path.read_bytes())
    config = drive.write_config(tmp_path, raw)
    config.write_text(config.read_text().replace(str(raw), "s3://raw"))

    met: Counter[str] = Counter()

    def choose(name: str) -> Fault:
        """At most four faults an object or prefix, whoever asks and when: five tries outlast them."""
        chance = random.Random(f"{name} {met[name]}")
        fault = chance.choice(FAULTS) if chance.random() < 0.2 else Fault.NONE
        faults[name] += fault is not Fault.NONE
        met[name] += 1
        return fault if faults[name] <= MOST_FAULTS else Fault.NONE

    faults: Counter[str] = Counter()
    s3.choose = choose
    running.execute(survey.prepare(survey.Order(str(config), "s3://out/run", 0)))
    assert sum(min(count, MOST_FAULTS) for count in faults.values()) > 100, "the store was hardly asked"

    s3.choose = None
    rooms = tuple(f"{room}/" for room in drive.ROOMS)
    bucket.invalidate_cache()
    stored = {
        name.removeprefix("out/run/"): hashlib.sha256(bucket.cat_file(name)).hexdigest()
        for name in bucket.find("out/run")
        if name.removeprefix("out/run/").startswith(rooms)
    }
    assert stored == drive.digest(data)
    with funnel.connect("s3://out/run") as connection:
        (published,) = connection.execute("select count(*) from documents").fetchone()
        (counted,) = connection.execute("select sum(docs_out) from funnel where room = '40_published'").fetchone()
    assert published == counted > 0
