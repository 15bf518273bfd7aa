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
PASSING = [fault for fault in Fault if fault not in {Fault.SILENT, Fault.PAGE}]


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
    schedule=st.lists(st.sampled_from(PASSING), max_size=7),
    name=st.sampled_from(["data/a.jsonl", "data/b.parquet"]),
    start=st.integers(0, len(CONTENT) + 9),
)
def test_reads_give_the_exact_bytes_or_trouble(hub, schedule, name, start):
    hub.plan()  # what is left of another example's
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


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in {Fault.NONE, Fault.SILENT}])
def test_a_listing_outlasts_an_outage_and_asks_for_no_page_again_that_it_has(hub, fault):
    everything = storage.list_stats(ROOT)
    hub.plan()
    storage.list_stats(ROOT)
    pages = list(hub.seen)
    hub.plan(Fault.NONE, fault)
    assert storage.list_stats(ROOT) == everything
    assert hub.seen == [pages[0], pages[1], *pages[1:]]


@pytest.mark.parametrize(
    "ask", [lambda: storage.list_names(ROOT), lambda: storage.read_bytes(f"{ROOT}/data/b.parquet")]
)
def test_a_hub_that_says_nothing_is_not_waited_for_without_end(monkeypatch, ask):
    """On a server of its own: what is given up may reach it later, when another test has planned something."""
    monkeypatch.setattr("pipeline.storage.hub.TIMEOUT", 2)
    with hub_server.served(monkeypatch) as silent:
        silent.files["main"] = dict(FILES)
        silent.plan(Fault.SILENT)
        assert ask()


def test_names_are_those_of_files_and_folders(hub):
    assert storage.list_names(ROOT) == ["README.md", "data"]
    assert storage.list_names(f"{ROOT}/data") == ["2024", "a.jsonl", "b.parquet", "empty.gz", "empty.jsonl"]
    assert storage.list_names(f"{ROOT}/nothing") == []


@pytest.mark.parametrize(("fault", "least", "most"), [(Fault.LIMITED, 8, 8), (Fault.DATED, 60, 120)])
def test_the_hub_is_waited_for_as_long_as_it_says(hub, pauses, fault, least, most):
    pauses.clear()
    hub.plan(fault)
    assert storage.read_bytes(f"{ROOT}/data/a.jsonl") == FILES["data/a.jsonl"]
    assert least <= pauses[0] <= most


def test_a_signature_stands_in_no_message(hub):
    hub.choose = lambda target: Fault.UNAVAILABLE if hub_server.SIGNATURE in target else Fault.NONE
    try:
        with pytest.raises(EnvironmentTrouble, match="HTTP 503") as error:
            storage.read_bytes(f"{ROOT}/data/b.parquet")
    finally:
        hub.choose = None
    assert "Signature" not in str(error.value)


@pytest.mark.parametrize("revision", ["old", "refs/convert/parquet", "refs/pr/1"])
def test_a_revision_is_read_as_it_is_named(hub, revision):
    hub.files[revision] = {"data/b.parquet": CONTENT[:-1]}
    assert storage.read_bytes(f"{ROOT}@{revision}/data/b.parquet") == CONTENT[:-1]
    assert list(storage.list_stats(f"{ROOT}@{revision}")) == ["data/b.parquet"]
    assert list(named_files(f"{ROOT}@{revision}/*/*.parquet", (".parquet",))[1]) == ["data/b.parquet"]


def test_a_branch_with_a_slash_is_written_with_its_code(hub):
    hub.files["next/one"] = {"a.jsonl": b"{}"}
    assert storage.read_bytes(f"{ROOT}@next%2Fone/a.jsonl") == b"{}"
    with pytest.raises(FileNotFoundError, match="no such file, folder or revision on the Hub"):
        storage.list_stats(f"{ROOT}@next/one")


@pytest.mark.parametrize("name", ["a b.gz", "a#b.gz", "a?b.gz", "a%20b.gz", "ü/日本.gz", "x@1.gz", "[1]/a/{b}.gz"])
def test_names_may_have_any_characters(hub, name):
    hub.files["main"][name] = name.encode()
    assert storage.read_bytes(f"{ROOT}/{name}") == name.encode()
    assert storage.list_stats(ROOT)[name] == storage.size_and_tag(f"{ROOT}/{name}")
    root, found = named_files(f"{ROOT}/{name}", (".gz",))
    assert [f"{root}/{one}" for one in found] == [f"{ROOT}/{name}"]
    folder = f"{ROOT}/{name}".rpartition("/")[0]
    assert name.rpartition("/")[2] in named_files(folder, (".gz",))[1]


def test_a_repository_or_a_folder_is_no_file(hub):
    for url in (ROOT, f"{ROOT}/data"):
        assert not storage.exists(url)
        with pytest.raises(FileNotFoundError):
            storage.read_bytes(url)


def test_a_token_that_is_none_is_told(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_é")
    for ask in (storage.list_stats, storage.exists, storage.read_bytes):
        with pytest.raises(EnvironmentTrouble, match="HF_TOKEN"):
            ask(f"{ROOT}/README.md")


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
    for shorter in (FILES[name][:BLOCK], b""):
        hub.files["main"][name] = FILES[name]
        with storage.open_unchanged(url, *stat) as stream:
            hub.files["main"][name] = shorter
            stream.seek(2 * BLOCK)
            hub.plan()
            with pytest.raises(EnvironmentTrouble, match="changed while it was read"):
                stream.read(1)
            assert len(hub.seen) <= 2, "it was tried again"
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
        source = {"reader": {"kind": "text"}, "inputs": nowhere}
        config = Config.model_validate({"run": "x", "sources": {"s": source}, "filter": []})
        with pytest.raises(ConfigError, match=f"{nowhere} does not exist$"):
            listing.list_inputs(config, listing.Digests("memory://nothing-known"))


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
