"""Storage against a real S3 server that fails by schedule: exact bytes or EnvironmentTrouble, one commit."""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import s3fs
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import storage
from pipeline.config import Config
from pipeline.inputs import listing
from pipeline.storage import object_store, patience, ranged
from pipeline.trouble import ConfigError, DeterminismError, EnvironmentTrouble
from tests.faulty_s3 import Fault, FaultyS3, faulty_s3

BLOCK = 1 << 14
CONTENT = bytes(itertools.islice(itertools.cycle(range(251)), 5 * BLOCK + 77))  # no two blocks are alike
TRIES = len(patience.RETRY_DELAYS_S) + 1
FAULTS = st.lists(st.sampled_from(list(Fault)), max_size=8)
OTHERS = [None, CONTENT[::-1], CONTENT[:-1], CONTENT + b"more"]
"""What may stand where an object stood."""
fresh = itertools.count()


@pytest.fixture(scope="module")
def pauses() -> list[float]:
    return []


@pytest.fixture(scope="module", autouse=True)
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
        s3fs.S3FileSystem().mkdir("bucket")
        yield server
        s3fs.S3FileSystem.clear_instance_cache()


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


@settings(max_examples=15, deadline=None)
@given(schedule=FAULTS)
def test_reads_give_the_exact_bytes_or_environment_trouble(s3, schedule):
    s3.plan()
    url = stored(CONTENT)
    s3.plan(*schedule)
    try:
        assert storage.read_bytes(url) == CONTENT
    except EnvironmentTrouble as trouble:
        assert url in str(trouble)
        assert faults(schedule) >= TRIES


@settings(max_examples=15, deadline=None)
@given(
    schedule=FAULTS, places=st.lists(st.tuples(st.integers(0, len(CONTENT) + 9), st.integers(0, 2 * BLOCK)), max_size=6)
)
def test_random_reads_give_the_exact_bytes_or_environment_trouble(s3, schedule, places):
    s3.plan()
    url = stored(CONTENT)
    with storage.open_input(url) as stream:
        s3.plan(*schedule)
        try:
            for start, length in places:
                assert stream.seek(start) == start
                assert stream.read(length) == CONTENT[start : start + length]
            assert stream.seek(-7, 2) == len(CONTENT) - 7
            assert stream.read() == CONTENT[-7:]
        except EnvironmentTrouble:
            assert faults(schedule) >= TRIES


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


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE], ids=lambda fault: fault.name)
def test_patience_ends_and_says_where(s3, pauses, fault):
    s3.plan()
    url = stored(CONTENT)
    with storage.open_input(url) as stream:
        s3.plan(then=fault)
        pauses.clear()
        stream.seek(2 * BLOCK)  # the first block came with the opening
        with pytest.raises(EnvironmentTrouble, match=f"(?s){url}.*5 times.*run again"):
            stream.read(1)
    assert TRIES <= len(s3.seen) <= 2 * TRIES  # after a reset aiohttp sends once more by itself
    assert len(pauses) == TRIES - 1 and pauses == sorted(pauses) and sum(pauses) < 30


def test_absence_is_an_answer_and_costs_one_request(s3, pauses):
    pauses.clear()
    s3.plan()
    url = url_of("nothing")
    with pytest.raises(FileNotFoundError, match=url):
        storage.open_input(url)
    with pytest.raises(FileNotFoundError, match=url):
        storage.size_and_tag(url)
    with pytest.raises(EnvironmentTrouble, match=f"{url}: this committed file is gone"):
        storage.open_committed(url)
    assert methods(s3) == ["GET", "HEAD", "GET"]
    with pytest.raises(FileNotFoundError, match=url):
        storage.list_files(url)
    assert not storage.exists(url)
    assert storage.list_names(url) == []
    storage.remove(url)
    assert pauses == []


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_a_file_is_opened_by_its_first_bytes_and_asked_for_nothing_else(s3, size):
    s3.plan()
    url = stored(CONTENT[:size])
    s3.plan()
    assert storage.read_bytes(url) == CONTENT[:size]
    # of an empty one there is no first byte, so its size is looked up
    assert methods(s3) == (["GET"] * max(1, -(-size // BLOCK)) if size else ["GET", "HEAD"])


def test_the_rest_of_a_file_is_read_by_blocks(s3):
    s3.plan()
    with storage.open_input(stored(CONTENT)) as stream:
        assert stream.read(10) == CONTENT[:10]
        s3.plan()
        assert stream.read() == CONTENT[10:]
    assert methods(s3) == ["GET"] * (len(CONTENT) // BLOCK)


@pytest.mark.parametrize("rows", [0, 10, 20_000])
def test_a_table_is_opened_by_its_end(s3, monkeypatch, rows):
    monkeypatch.setattr(ranged, "BLOCK_BYTES", 8 << 20)
    sink = io.BytesIO()
    table = pa.table({"id": range(rows), "hash": [hashlib.sha256(b"%d" % row).hexdigest() for row in range(rows)]})
    pq.write_table(table, sink, row_group_size=1000)
    assert (len(sink.getvalue()) > ranged.END_BYTES) == (rows > 10)
    s3.plan()
    url = stored(sink.getvalue())
    s3.plan()
    with storage.open_committed(url) as stream:
        file = pq.ParquetFile(stream)
        assert file.metadata.num_rows == rows
        assert methods(s3) == ["GET"]
        assert file.read().equals(table)
    assert set(methods(s3)) == {"GET"} and (len(s3.seen) == 1) == (rows <= 10)


def test_what_a_listing_has_told_is_not_asked_for_again(s3):
    s3.plan()
    url = stored(CONTENT)
    size, tag = storage.size_and_tag(url)
    s3.plan()
    with storage.open_unchanged(url, size, tag) as stream:
        stream.seek(2 * BLOCK)
        assert stream.read(BLOCK) == CONTENT[2 * BLOCK : 3 * BLOCK]
    assert methods(s3) == ["GET"]


@settings(max_examples=30, deadline=None)
@given(schedule=FAULTS, places=st.lists(st.integers(0, len(CONTENT)), max_size=4), other=st.sampled_from(OTHERS))
def test_another_version_than_was_listed_is_never_read(s3, schedule, places, other):
    s3.plan()
    url = stored(CONTENT)
    size, tag = storage.size_and_tag(url)
    changes = len(places) // 2
    s3.plan(*schedule)
    try:
        with storage.open_unchanged(url, size, tag) as stream:
            for number, place in enumerate(places):
                if number == changes:
                    s3.plan()
                    storage.remove(url) if other is None else storage.replace(url, other)
                stream.seek(place)
                is_as_listed = stream.read(BLOCK) == CONTENT[place : place + BLOCK]
                assert is_as_listed  # compared by pytest two blocks would take minutes to be told apart
    except EnvironmentTrouble as trouble:
        assert url in str(trouble)
        assert re.search("changed|gone", str(trouble)) or faults(schedule) >= TRIES


def without(name: str, said: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in said.items() if key != name}


STORES = {
    "passes over If-Match": ({"If-Match"}, dict),
    "has no ETag": (set(), lambda said: without("ETag", said)),
    "has weak ETags": (set(), lambda said: {**said, "ETag": f"W/{said.get('ETag')}"}),
}
"""Which headers a store does not hear, and what it says in place of its own."""


@pytest.fixture
def store(s3: FaultyS3) -> Iterator[FaultyS3]:
    """The store, that a test may make of another kind."""
    s3.plan()
    yield s3
    s3.unheard, s3.says = set(), dict


@pytest.mark.parametrize("is_listed", [False, True])
@pytest.mark.parametrize("kind", STORES)
def test_two_versions_are_told_apart_whatever_the_store_makes_of_etags(store, kind, is_listed):
    store.unheard, store.says = STORES[kind]
    url = stored(CONTENT)
    size, tag = storage.size_and_tag(url)
    with storage.open_unchanged(url, size, tag) if is_listed else storage.open_input(url) as stream:
        is_first = stream.read(3 * BLOCK) == CONTENT[: 3 * BLOCK]
        assert is_first
        storage.replace(url, CONTENT[::-1] + b"more")
        with pytest.raises(EnvironmentTrouble, match="changed while it was read"):
            stream.read(BLOCK)
    with pytest.raises(EnvironmentTrouble, match="changed"), storage.open_unchanged(url, size, tag) as stream:
        stream.read(1)


@pytest.mark.parametrize("size", [0, 1, BLOCK])
def test_a_whole_object_is_taken_for_a_range_where_it_is_no_more(store, size):
    url = stored(CONTENT[:size])
    store.unheard = {"Range"}
    store.plan()
    assert storage.read_bytes(url) == CONTENT[:size]
    with storage.open_committed(url) as stream:
        assert (stream.seek(0, 2), stream.read()) == (size, b"")
    assert methods(store) == ["GET", "GET"]


def test_a_larger_whole_object_is_refused_at_once(store):
    url = stored(CONTENT)
    store.unheard = {"Range"}
    store.plan()
    with pytest.raises(EnvironmentTrouble, match=f"{url}: the server gives whole files only"):
        storage.open_input(url)
    assert methods(store) == ["GET"]


def test_a_store_that_does_not_say_how_large_an_object_is_is_environment_trouble(store):
    url = stored(CONTENT)
    store.says = lambda said: without("Content-Length", said)
    with pytest.raises(EnvironmentTrouble, match=f"{url}: the server does not state a size"):
        storage.size_and_tag(url)
    store.says = lambda said: {**said, "Content-Range": "bytes 0-9/*"}
    with pytest.raises(EnvironmentTrouble, match=rf"{url}: .*'bytes 0-9/\*'"):
        storage.open_input(url)


def test_an_object_that_changes_while_it_is_read_is_environment_trouble(s3):
    s3.plan()
    url = stored(CONTENT)
    before = storage.size_and_tag(url)
    with storage.open_input(url) as stream:
        assert stream.read(3) == CONTENT[:3]
        storage.replace(url, CONTENT[::-1])
        stream.seek(3 * BLOCK)
        with pytest.raises(EnvironmentTrouble, match="changed while it was read"):
            stream.read(1)
    after = storage.size_and_tag(url)
    assert before[0] == after[0] and before[1] != after[1]


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


def test_a_listing_says_of_each_object_what_asking_for_it_says(s3):
    s3.plan()
    folder = url_of("crawl")
    for number in range(7):
        storage.replace(f"{folder}/{number % 2}/{number}.warc", b"x" * number)
    config = Config.model_validate(
        {
            "run": "x",
            "sources": {"docs": {"reader": {"kind": "commoncrawl"}, "inputs": f"{folder}/*/*.warc"}},
            "filter": [{"kind": "normalise"}],
        }
    )
    s3.plan()
    found = listing.list_inputs(config, listing.Digests("memory://nothing-known"))
    assert sum(request.startswith("HEAD") for request in s3.seen) == 1  # the pattern as a name
    for known in found:
        asked = storage.size_and_tag(storage.join(known.input.root, known.input.path))
        assert (known.input.size, known.input.tag) == asked
    assert [known.input.size for known in found] == [0, 2, 4, 6, 1, 3, 5]


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


def test_listing_names_files_below_a_prefix_and_nothing_beside_it(s3):
    s3.plan()
    base = url_of("in")
    for name in ("in/b.WARC.gz", "in/a/c.warc.gz", "in/.hidden", "in/a/.git/x.warc.gz", "inner/d.warc.gz", "in/e.txt"):
        storage.replace(base.removesuffix("in") + name, b"x")
    s3fs.S3FileSystem().touch(storage.join(base, "marker") + "/")
    assert storage.list_files(base, (".warc.gz",)) == ["a/c.warc.gz", "b.WARC.gz"]
    assert storage.list_files(base + "/e.txt") == ["e.txt"]
    assert storage.list_names(base) == ["a", "b.WARC.gz", "e.txt", "marker"]
    storage.remove(base + "/e.txt")
    assert storage.list_files(base) == ["a/c.warc.gz", "b.WARC.gz"]
    s3.plan(*[Fault.UNAVAILABLE] * (TRIES - 1))
    assert storage.list_files(base) == ["a/c.warc.gz", "b.WARC.gz"]
