"""Writing to a real S3 server that fails by schedule: one commit, whole files, or EnvironmentTrouble."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import storage
from pipeline.storage import object_store
from pipeline.trouble import ConfigError, DeterminismError, EnvironmentTrouble
from tests.faulty_s3 import Fault
from tests.storage.asking_s3 import CONTENT, FAULTS, TRIES, faults, methods, url_of

pytestmark = pytest.mark.usefixtures("s3")


@settings(max_examples=30, deadline=None)
@given(schedule=FAULTS, there=st.sampled_from([None, b"theirs"]))
def test_a_commit_happens_once_and_its_answer_is_true(s3, schedule, there):
    """True: ours lies there. False: another's lies there untouched. Trouble: ours, theirs or nothing, never a part."""
    s3.plan()
    url = url_of("manifest.json")
    if there is not None:
        storage.replace(url, there)
    s3.plan(*schedule)
    try:
        ours = storage.put_if_absent(url, b"ours")
    except EnvironmentTrouble as trouble:
        assert url in str(trouble)
        assert faults(schedule) >= TRIES
        ours = None
    s3.plan()
    now = storage.read_bytes(url) if storage.exists(url) else None
    if ours is None:
        assert now in ({there} if there else {None, b"ours"})
    else:
        assert ours == (there is None)
        assert now == (b"ours" if ours else there)


def test_a_commit_whose_answer_was_lost_is_ours_though_no_later_try_gets_through(s3):
    url = url_of("manifest.json")
    s3.plan(Fault.RESET_AFTER, *[Fault.UNAVAILABLE] * TRIES)
    assert storage.put_if_absent(url, b"ours") is True


def test_equal_bytes_of_another_writer_are_not_ours(s3):
    s3.plan()
    url = url_of("manifest.json")
    assert storage.put_if_absent(url, b"equal") is True
    s3.plan(Fault.RESET_BEFORE)
    assert storage.put_if_absent(url, b"equal") is False


def test_of_many_concurrent_commits_one_wins(s3):
    s3.plan()
    url = url_of("manifest.json")
    with ThreadPoolExecutor(6) as threads:
        won = list(
            threads.map(
                lambda i: storage.put_if_absent(url, b"the same of all" if i % 2 else b"writer %d" % i), range(12)
            )
        )
    assert won.count(True) == 1
    winner = won.index(True)
    assert storage.read_bytes(url) == (b"the same of all" if winner % 2 else b"writer %d" % winner)


def test_writing_to_a_bucket_that_is_not_there_says_so(s3):
    s3.plan()
    for write in (storage.put_if_absent, storage.replace):
        with pytest.raises(EnvironmentTrouble, match="no such bucket"):
            write("s3://nowhere/x", b"")


def test_a_web_server_takes_no_commits():
    for write in (storage.check_writable, lambda url: storage.put_if_absent(url, b"")):
        with pytest.raises(ConfigError, match="If-None-Match"):
            write("https://example.org/x")


def test_a_store_that_passes_over_conditions_is_refused(store):
    """It says yes to each of two writers; what it said once does not open it the next time."""
    store.unheard = {"If-None-Match"}
    url = url_of("run")
    for _ in range(2):
        with pytest.raises(ConfigError, match=f"committed to {url}: this store passes over If-None-Match"):
            storage.check_writable(url)


@settings(max_examples=20, deadline=None)
@given(schedule=FAULTS, is_known=st.booleans())
def test_a_store_that_keeps_conditions_is_taken_whatever_answers_are_lost(s3, schedule, is_known):
    s3.plan()
    url = url_of("run")
    if is_known:
        storage.check_writable(url)
    s3.plan(*schedule)
    try:
        storage.check_writable(url)
    except EnvironmentTrouble:
        assert faults(schedule) >= TRIES
    s3.plan()
    storage.check_writable(url)
    assert methods(s3) == ["PUT", "HEAD"]  # no more from the second run on
    assert storage.list_names(url) == [] and storage.list_stats(url) == {}


@settings(max_examples=15, deadline=None)
@given(schedule=FAULTS)
def test_a_published_draft_is_whole(s3, schedule):
    url = url_of("part.parquet")
    s3.plan(*schedule)
    try:
        with storage.Draft(url) as draft:
            draft.file.write(CONTENT)
            entry = draft.publish()
    except EnvironmentTrouble:
        assert faults(schedule) >= TRIES
        entry = None
    s3.plan()
    if entry:
        assert (entry.name, entry.bytes) == ("part.parquet", len(CONTENT))
        assert storage.digest(url) == entry.sha256
    elif storage.exists(url):
        assert storage.read_bytes(url) == CONTENT


@pytest.mark.parametrize("broken_request", range(6))
def test_an_upload_in_parts_survives_a_lost_answer_to_each_request(s3, monkeypatch, broken_request):
    monkeypatch.setattr(object_store, "PART_BYTES", 5 << 20)
    url = url_of("big.parquet")
    block = bytes(range(256)) * 4096
    s3.plan(*[Fault.NONE] * broken_request, Fault.RESET_AFTER)
    with storage.Draft(url) as draft:
        for i in range(11):
            draft.file.write(block[i:] + block[:i])
        entry = draft.publish()
    assert any("uploads" in request for request in s3.seen), "not sent in parts"
    s3.plan()
    assert storage.digest(url) == entry.sha256


def test_a_second_draft_with_equal_bytes_is_discarded_and_other_bytes_are_a_bug(s3):
    s3.plan()
    url = url_of("part.parquet")
    for content in (b"equal", b"equal"):
        with storage.Draft(url) as draft:
            draft.file.write(content)
            draft.publish()
    with storage.Draft(url) as draft:
        draft.file.write(b"other")
        with pytest.raises(DeterminismError, match=re.escape(url)):
            draft.publish()
    assert storage.read_bytes(url) == b"equal"


def test_a_small_file_is_published_with_one_request_and_refused_with_one(s3, tmp_path):
    url = url_of("part.parquet")
    (tmp_path / "part").write_bytes(b"small")
    for is_first in (True, False):
        s3.plan()
        assert object_store.publish_file(str(tmp_path / "part"), url) == is_first
        assert methods(s3) == ["PUT"]
