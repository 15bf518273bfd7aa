"""Reading a real S3 server that fails by schedule: exact bytes of one version, or EnvironmentTrouble."""

from __future__ import annotations

import hashlib
import io
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import s3fs
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import storage
from pipeline.config import Config
from pipeline.inputs import listing
from pipeline.storage import ranged
from pipeline.trouble import EnvironmentTrouble
from tests.faulty_s3 import Fault
from tests.storage.asking_s3 import BLOCK, CONTENT, FAULTS, TRIES, faults, methods, stored, url_of

pytestmark = pytest.mark.usefixtures("s3")

OTHERS = [None, CONTENT[::-1], CONTENT[:-1], CONTENT + b"more"]
"""What may stand where an object stood."""


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
