"""The Hugging Face Hub by its own client: exact bytes of one content or trouble, listings that say what reads say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import storage
from pipeline.config import Config
from pipeline.inputs import listing
from pipeline.inputs.patterns import named_files
from pipeline.storage import patience, ranged
from pipeline.trouble import ConfigError, EnvironmentTrouble
from tests import hub_server
from tests.hub_server import GATED, REPOSITORY, SECRET, TOKEN, Fault, Hub

BLOCK = 1 << 12
CONTENT = bytes(range(251)) * 80  # 20,080 bytes, five blocks
ROOT = f"hf://datasets/{REPOSITORY}"
FILES = {
    "README.md": b"# pages\n",
    "data/a.jsonl": b'{"text": "a"}\n' * 700,
    "data/b.parquet": CONTENT,
    "data/2024/c.jsonl.gz": CONTENT[::-1],
    "data/empty.jsonl": b"",
    "data/empty.gz": b"",
    ".gitattributes": b"*.parquet filter=lfs\n",
}
TRIES = len(patience.RETRY_DELAYS_S) + 1


@pytest.fixture(scope="module")
def pauses() -> list[float]:
    return []


@pytest.fixture(scope="module", autouse=True)
def hub(pauses: list[float]) -> Iterator[Hub]:
    with pytest.MonkeyPatch.context() as patch, hub_server.served(patch) as server:
        patch.setattr(patience, "pause", pauses.append)
        patch.setattr(ranged, "BLOCK_BYTES", BLOCK)
        patch.delenv("HF_TOKEN", raising=False)
        server.files["main"] = dict(FILES)
        server.files["old"] = {"data/b.parquet": CONTENT[:-1]}
        yield server


@pytest.fixture(autouse=True)
def at_peace(hub: Hub) -> None:
    hub.plan()
    hub.files["main"] = dict(FILES)


def test_a_listing_says_of_each_file_what_asking_for_it_says():
    found = storage.list_stats(ROOT)
    assert list(found) == sorted(name for name in FILES if not name.startswith("."))
    for name, stat in found.items():
        assert storage.size_and_tag(f"{ROOT}/{name}") == stat
        assert stat is not None and stat[0] == len(FILES[name])
    assert found["data/b.parquet"] == (len(CONTENT), hub_server.sha256(CONTENT))
    assert found["README.md"] == (8, hub_server.git_sha1(FILES["README.md"]))


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_is_the_file(name):
    url = f"{ROOT}/{name}"
    assert storage.read_bytes(url) == FILES[name]
    with storage.open_committed(url) as stream:  # as Parquet is read: the end first
        assert stream.seek(-min(7, len(FILES[name])), 2) == len(FILES[name]) - min(7, len(FILES[name]))
        assert stream.read() == FILES[name][-7:]
    with storage.open_unchanged(url, *storage.size_and_tag(url)) as stream:
        assert stream.read() == FILES[name]


@settings(max_examples=25, deadline=None)
@given(
    schedule=st.lists(st.sampled_from(list(Fault)), max_size=7),
    name=st.sampled_from(["data/a.jsonl", "data/b.parquet"]),
    start=st.integers(0, len(CONTENT) + 9),
)
def test_reads_give_the_exact_bytes_or_trouble(hub, schedule, name, start):
    url = f"{ROOT}/{name}"
    stat = storage.size_and_tag(url)
    hub.plan(*schedule)
    try:
        with storage.open_unchanged(url, *stat) as stream:
            stream.seek(start)
            assert stream.read() == FILES[name][start:]
    except EnvironmentTrouble as trouble:
        assert url in str(trouble)
        assert sum(fault is not Fault.NONE for fault in schedule) >= TRIES


def test_a_listing_outlasts_an_outage(hub):
    hub.plan(Fault.UNAVAILABLE)
    assert "data/b.parquet" in storage.list_stats(ROOT)


def test_the_hub_is_waited_for_as_long_as_it_says(hub, pauses):
    pauses.clear()
    hub.plan(Fault.LIMITED)
    assert storage.read_bytes(f"{ROOT}/data/a.jsonl") == FILES["data/a.jsonl"]
    assert pauses[0] == 8


def test_a_revision_is_read_as_it_is_named(hub):
    assert storage.read_bytes(f"{ROOT}@old/data/b.parquet") == CONTENT[:-1]
    assert list(storage.list_stats(f"{ROOT}@old")) == ["data/b.parquet"]


@pytest.mark.parametrize("name", ["data/a.jsonl", "data/b.parquet"])
def test_a_new_revision_while_it_is_read_is_trouble(hub, name):
    url = f"{ROOT}/{name}"
    stat = storage.size_and_tag(url)
    with storage.open_unchanged(url, *stat) as stream:
        is_first = stream.read(BLOCK) == FILES[name][:BLOCK]
        assert is_first
        hub.files["main"][name] = FILES[name][::-1]  # as many bytes
        stream.seek(2 * BLOCK)
        with pytest.raises(EnvironmentTrouble, match="changed while it was read"):
            stream.read(1)
    del hub.files["main"][name]
    with storage.open_unchanged(url, *stat) as stream, pytest.raises(EnvironmentTrouble, match="gone while"):
        stream.read(1)


def test_patterns_folders_and_single_files(hub):
    assert named_files(f"{ROOT}/data/*.jsonl", (".jsonl",))[1].keys() == {"a.jsonl", "empty.jsonl"}
    root, found = named_files(f"{ROOT}/data/**/*.gz", (".gz",))
    assert (root, list(found)) == (f"{ROOT}/data", ["2024/c.jsonl.gz", "empty.gz"])
    root, found = named_files(f"{ROOT}/data/b.parquet", (".parquet",))
    assert (root, list(found)) == (f"{ROOT}/data", ["b.parquet"])
    assert list(named_files(f"{ROOT}/data/", (".parquet",))[1]) == ["b.parquet"]
    for nowhere in (f"{ROOT}/nothing", f"{ROOT}@never", f"{ROOT}/data/never.parquet"):
        with pytest.raises(FileNotFoundError):
            named_files(nowhere, (".parquet",))


def test_the_digest_of_a_large_file_is_known_without_reading_it(hub):
    _, tag = storage.size_and_tag(f"{ROOT}/data/b.parquet")
    assert storage.stated_digest(f"{ROOT}/data/b.parquet", tag) == storage.digest(f"{ROOT}/data/b.parquet")
    _, tag = storage.size_and_tag(f"{ROOT}/README.md")
    assert storage.stated_digest(f"{ROOT}/README.md", tag) is None
    assert storage.stated_digest("/data/b.parquet", hub_server.sha256(CONTENT)) is None


def test_a_large_file_is_not_read_for_its_digest_and_others_are(hub):
    source = {"reader": {"kind": "text"}, "inputs": f"{ROOT}/data"}
    config = Config.model_validate({"run": "x", "sources": {"docs": source}, "filter": [{"kind": "normalise"}]})
    found = listing.list_inputs(config, listing.Digests("memory://nothing-known"))
    hub.plan()
    digests = {one.input.path: one.pieces[0].file.digest for one in map(listing.digest, found)}
    assert digests == {path: hub_server.sha256(FILES[f"data/{path}"]) for path in digests}
    read = {request.rpartition("/")[2] for request in hub.seen}
    assert read == {"a.jsonl", "empty.jsonl"} and "b.parquet" in digests


def test_the_token_is_shown_to_the_hub_alone(hub, monkeypatch):
    with pytest.raises(EnvironmentTrouble, match=r"private.*HF_TOKEN"):
        storage.list_stats(f"hf://datasets/{SECRET}")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.plan()
    assert storage.read_bytes(f"hf://datasets/{SECRET}/data/b.parquet") == CONTENT
    assert hub.tokens == {"hub": {f"Bearer {TOKEN}"}, "store": {None}}


@pytest.mark.parametrize(
    ("repository", "told"), [("riffle/never", "no such repository"), (GATED, "ask on the repository's page")]
)
def test_a_repository_that_cannot_be_read_says_why_at_once(hub, repository, told):
    for read in (storage.list_stats, lambda url: storage.read_bytes(f"{url}/a.parquet")):
        hub.plan()
        with pytest.raises(EnvironmentTrouble, match=told):
            read(f"hf://datasets/{repository}")
        assert len(hub.seen) == 1


@pytest.mark.parametrize("url", ["hf://datasets/", "hf://datasets/one", "hf://buckets/a/b/c", "hf://datasets/a/b@/c"])
def test_what_names_no_repository_is_told(url):
    with pytest.raises(ConfigError, match="hf://"):
        storage.list_stats(url)


def test_nothing_is_written_to_the_hub():
    with pytest.raises(ConfigError, match="only local paths and s3:// URLs can be written to"):
        storage.check_writable(f"{ROOT}/run")
