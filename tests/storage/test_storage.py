"""Storage on a local disk: the commit, drafts under SIGKILL at every step and on a full disk, and listings."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import storage
from pipeline.storage import local_disk
from pipeline.trouble import ConfigError, DeterminismError, EnvironmentTrouble

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in {".", ".."}
)


def draft_of(path: Path, *parts: bytes) -> storage.FileEntry:
    with storage.Draft(str(path)) as draft:
        for part in parts:
            draft.file.write(part)
        return draft.publish()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def hidden(folder: Path) -> list[str]:
    return [name for name in names(folder) if name.startswith(".")]


# --- paths


@given(
    base=st.sampled_from(["/", "/data", "data/", "s3://bucket", "s3://bucket/in/"]), parts=st.lists(NAMES, max_size=4)
)
def test_joining_goes_down_only_and_keeps_what_stands_before(base, parts):
    whole = storage.join(base, *parts)
    assert whole.startswith(base.rstrip("/"))
    assert storage.join(storage.join(base, *parts[:1]), *parts[1:]) == whole
    if parts:
        assert whole == base.rstrip("/") + "/" + "/".join(parts)


def test_an_absolute_part_does_not_escape():
    assert storage.join("/data", "/etc/passwd") == "/data/etc/passwd"
    assert storage.join("", "name") == "name"


def test_file_urls_are_refused_with_a_mend():
    with pytest.raises(ConfigError, match="without file://"):
        storage.read_bytes("file:///etc/hostname")


@pytest.mark.parametrize("url", ["gs://bucket/a", "ftp://127.0.0.1/a", "abfs://box@account/a", "nosuch://x"])
def test_a_url_that_is_not_read_is_refused_with_what_to_do(url):
    for ask in (storage.read_bytes, storage.list_files, storage.exists):
        with pytest.raises(ConfigError, match=f"{re.escape(url)}: .*:// is not read; copy the files") as error:
            ask(url)
        assert ("hf download" in str(error.value)) == url.startswith("hf:")


# --- reading


@given(content=st.binary(max_size=300), start=st.integers(0, 320), length=st.integers(0, 320))
def test_reading_what_was_written(tmp_path_factory, content, start, length):
    path = str(tmp_path_factory.mktemp("reading") / "file")
    storage.replace(path, content)
    assert storage.read_bytes(path) == content
    assert storage.digest(path) == hashlib.sha256(content).hexdigest()
    assert storage.size_and_tag(path)[0] == len(content)
    with storage.open_input(path) as stream:
        assert stream.seekable() and not stream.writable()
        assert stream.read(length) == content[:length]
        stream.seek(start)
        assert stream.read(length) == content[start : start + length]


def test_absence_is_file_not_found_and_a_folder_is_no_file(tmp_path):
    for ask in (storage.open_input, storage.size_and_tag, storage.digest, storage.list_files):
        with pytest.raises(FileNotFoundError):
            ask(str(tmp_path / "nothing"))
    assert not storage.exists(str(tmp_path / "nothing"))
    assert not storage.exists(str(tmp_path))
    assert storage.list_names(str(tmp_path / "nothing")) == []
    storage.remove(str(tmp_path / "nothing"))
    with pytest.raises(EnvironmentTrouble, match=re.escape(str(tmp_path))):
        storage.open_input(str(tmp_path))


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux: a file whose reads fail")
def test_a_read_that_fails_is_environment_trouble():
    with storage.open_input("/proc/self/mem") as stream, pytest.raises(EnvironmentTrouble, match="check the disk"):
        stream.read(1)
    with pytest.raises(EnvironmentTrouble, match="/proc/self/mem"):
        storage.read_bytes("/proc/self/mem")


def test_memory_urls_serve_as_an_object_store():
    url = "memory://storage-test/part"
    assert storage.put_if_absent(url, b"one") and not storage.put_if_absent(url, b"two")
    assert storage.read_bytes(url) == b"one" and storage.list_names("memory://storage-test") == ["part"]
    storage.remove(url)
    assert not storage.exists(url)


# --- listing


def test_listing_is_sorted_relative_and_without_hidden_names(tmp_path):
    for name in ("b.WARC.gz", "a/c.warc.gz", "a/b/d.warc.gz", ".git/e.warc.gz", "a/.f.warc.gz", "g.txt", "é/ü.warc.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    expected = ["a/b/d.warc.gz", "a/c.warc.gz", "b.WARC.gz", "é/ü.warc.gz"]
    assert storage.list_files(str(tmp_path), (".warc.gz",)) == expected
    assert storage.list_files(str(tmp_path) + "/") == sorted([*expected, "g.txt"])
    assert storage.list_files(str(tmp_path / "g.txt")) == ["g.txt"]
    assert storage.list_names(str(tmp_path)) == ["a", "b.WARC.gz", "g.txt", "é"]
    (tmp_path / "empty").mkdir()
    assert storage.list_files(str(tmp_path / "empty")) == []


def test_links_are_followed_once_and_loops_end(tmp_path):
    (tmp_path / "in" / "real").mkdir(parents=True)
    (tmp_path / "in" / "real" / "x.txt").write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "y.txt").write_bytes(b"")
    (tmp_path / "in" / "a_link").symlink_to("real")  # sorts before the real name, and yet the real name is listed
    (tmp_path / "in" / "real" / "up").symlink_to("..")
    (tmp_path / "in" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "z.txt").symlink_to(tmp_path / "elsewhere" / "y.txt")
    os.mkfifo(tmp_path / "in" / "pipe.txt")
    assert storage.list_files(str(tmp_path / "in")) == ["out/y.txt", "real/x.txt", "z.txt"]


@pytest.mark.parametrize(
    ("levels", "found", "left_out"),
    [
        (0, ["r/a.py"], ["own", "r/deep", "r/key.py", "r/nowhere.py"]),
        (1, ["own/a.py", "r/a.py"], ["own/l.py", "r/deep", "r/key.py", "r/nowhere.py"]),
        (None, ["own/a.py", "own/l.py", "r/a.py", "r/key.py"], []),
    ],
)
def test_links_below_so_many_folders_are_left_out_wherever_they_lead(tmp_path, levels, found, left_out):
    (tmp_path / "in" / "r").mkdir(parents=True)
    (tmp_path / "in" / "r" / "a.py").write_bytes(b"")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.py").write_bytes(b"")
    (tmp_path / "mine" / "l.py").symlink_to("a.py")
    (tmp_path / "in" / "own").symlink_to(tmp_path / "mine")
    (tmp_path / "in" / "r" / "key.py").symlink_to(tmp_path / "mine" / "a.py")
    (tmp_path / "in" / "r" / "deep").symlink_to(tmp_path / "mine")
    if levels is not None:
        (tmp_path / "in" / "r" / "nowhere.py").symlink_to("/not/there.py")
    told = storage.LeftOut()
    assert [*storage.list_stats(str(tmp_path / "in"), (".py",), told, levels)] == found
    assert (sorted(told.links), told.files) == (left_out, [])


def test_a_link_that_leads_nowhere_is_trouble_only_where_it_is_wanted(tmp_path):
    (tmp_path / "gone.txt").symlink_to("/mnt/not/mounted/gone.txt")
    assert storage.list_files(str(tmp_path), (".jsonl",)) == []
    with pytest.raises(EnvironmentTrouble, match="leads nowhere"):
        storage.list_files(str(tmp_path), (".txt",))


def test_a_name_that_is_not_utf8_is_refused_and_shown(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_bytes(b"")
    with pytest.raises(ConfigError, match=re.escape(r"b'caf\xe9.txt' is not UTF-8; rename")):
        storage.list_files(str(tmp_path))
    assert storage.list_files(str(tmp_path), (".jsonl",)) == []


# --- the commit


def _commit(job: tuple[str, int]) -> bool:
    path, writer = job
    return storage.put_if_absent(path, b"writer %d " % writer * 1000)


def test_of_many_processes_exactly_one_commits_each_file(tmp_path):
    jobs = [(str(tmp_path / "new" / f"{file}.json"), writer) for file in range(40) for writer in range(4)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        won = pool.map(_commit, jobs, chunksize=1)
    for file in range(40):
        winners = [writer for (path, writer), w in zip(jobs, won, strict=True) if w and path.endswith(f"/{file}.json")]
        assert len(winners) == 1
        assert storage.read_bytes(str(tmp_path / "new" / f"{file}.json")) == b"writer %d " % winners[0] * 1000
    assert hidden(tmp_path / "new") == []


def test_a_file_system_without_links_is_refused(tmp_path, monkeypatch):
    def no_link(source: str, target: str) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_link)
    with pytest.raises(EnvironmentTrouble, match="no hard links"):
        storage.put_if_absent(str(tmp_path / "x"), b"")
    assert names(tmp_path) == []


def test_replacing_overwrites(tmp_path):
    path = str(tmp_path / "new" / "current.json")
    for content in (b"1", b"22", b""):
        storage.replace(path, content)
        assert storage.read_bytes(path) == content
    assert hidden(tmp_path / "new") == []


# --- drafts


def test_a_published_draft_is_what_was_written(tmp_path):
    entry = draft_of(tmp_path / "new" / "part.parquet", b"one", memoryview(b"two"), bytearray(b"three"))
    content = (tmp_path / "new" / "part.parquet").read_bytes()
    assert content == b"onetwothree"
    assert entry == storage.FileEntry("part.parquet", len(content), hashlib.sha256(content).hexdigest())
    assert hidden(tmp_path / "new") == []


def test_a_parquet_writer_writes_into_a_draft(tmp_path):
    table = pa.table({"n": range(1000)})
    with storage.Draft(str(tmp_path / "t.parquet")) as draft:
        with pq.ParquetWriter(draft.file, table.schema) as writer:
            writer.write_table(table)
        entry = draft.publish()
    assert pq.read_table(tmp_path / "t.parquet").equals(table)
    assert storage.digest(str(tmp_path / "t.parquet")) == entry.sha256


def test_a_draft_that_is_not_published_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), storage.Draft(str(tmp_path / "part")) as draft:
        draft.file.write(b"half")
        assert len(hidden(tmp_path)) == 1 and storage.list_files(str(tmp_path)) == []
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_an_equal_file_stays_and_another_is_a_bug(tmp_path):
    path = tmp_path / "part"
    first = draft_of(path, b"equal")
    inode = path.stat().st_ino
    assert draft_of(path, b"eq", b"ual") == first
    assert path.stat().st_ino == inode
    with pytest.raises(DeterminismError, match=re.escape(str(path))):
        draft_of(path, b"other")
    assert path.read_bytes() == b"equal" and hidden(tmp_path) == []


@pytest.mark.parametrize("write", ["draft", "parquet", "put_if_absent", "replace"])
def test_a_full_disk_is_environment_trouble_and_leaves_nothing(tmp_path, write):
    """A limit on file sizes stands in for the full disk: the same system call fails in the same way."""
    path, content = str(tmp_path / "part"), os.urandom(4 << 20)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(EnvironmentTrouble, match=re.escape(str(tmp_path))):
            if write == "draft":
                draft_of(Path(path), content)
            elif write == "parquet":
                with storage.Draft(path) as draft, pq.ParquetWriter(draft.file, pa.schema([("b", pa.binary())])) as out:
                    out.write_table(pa.table({"b": [content]}))
            else:
                getattr(storage, write)(path, content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


def test_errors_name_the_mend(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentTrouble, match="is a file, not a folder"):
        storage.put_if_absent(str(tmp_path / "file" / "x"), b"")
    full = local_disk.trouble("/data/x", OSError(errno.ENOSPC, "No space left on device"))
    assert str(full) == "/data/x: No space left on device; the disk is full: free space or choose another folder"


# --- sudden death

WRITER = """
import os, signal, sys
from pipeline import storage
folder, die_at = sys.argv[1], int(sys.argv[2])
calls = 0
def deadly(call):
    def wrapped(*args, **kwargs):
        global calls
        calls += 1
        if calls == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return wrapped
for name in ("fsync", "link", "open", "unlink"):
    setattr(os, name, deadly(getattr(os, name)))
for number in range(10**6 if die_at == 0 else 2):
    content = number.to_bytes(4, "big") * 100_000
    with storage.Draft(f"{folder}/{number}.part") as draft:
        for start in range(0, len(content), 10_000):
            draft.file.write(content[start:start + 10_000])
        draft.publish()
    storage.put_if_absent(f"{folder}/{number}.manifest", content)
    storage.replace(f"{folder}/current", content)
print(calls)
"""


def check_after_death(folder: Path) -> None:
    """Whatever the moment, each final name shows a whole file, and the rest can be swept."""
    for name in storage.list_files(str(folder)):
        content = (folder / name).read_bytes()
        number = int.from_bytes(content[:4], "big")
        assert content == number.to_bytes(4, "big") * 100_000
        assert name == "current" or name.startswith(f"{number}.")
    assert all(name.startswith(local_disk.DRAFT_PREFIX) for name in hidden(folder))
    storage.sweep_drafts(str(folder), older_than_s=-1)
    assert hidden(folder) == []


def test_killed_before_any_system_call_that_matters_no_final_file_is_partial(tmp_path):
    die_at, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        die_at += 1
        folder = tmp_path / str(die_at)
        folder.mkdir()
        code = subprocess.run([sys.executable, "-c", WRITER, str(folder), str(die_at)], check=False).returncode
        check_after_death(folder)
    assert code == 0
    assert die_at > 15, "the calls that a death should interrupt were not made"


def test_killed_at_any_time_no_final_file_is_partial(tmp_path):
    for moment in range(6):
        folder = tmp_path / str(moment)
        folder.mkdir()
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), "0"])
        while not (folder / "1.manifest").exists():
            assert writer.poll() is None
            time.sleep(0.005)
        time.sleep(0.003 * moment)
        writer.kill()
        writer.wait()
        check_after_death(folder)


def test_a_folder_is_the_same_however_it_is_spelt(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for spelling in ("a/b/", "a//b", "a/../a/./b", "link/b"):
        assert storage.is_same_folder(f"{tmp_path}/a/b", f"{tmp_path}/{spelling}")
        assert storage.is_same_folder(f"{tmp_path}/a/b/none", f"{tmp_path}/{spelling}/none"), "before there is one"
    assert not storage.is_same_folder(f"{tmp_path}/a", f"{tmp_path}/a/b")
    assert storage.is_same_folder("s3://b/o/", "s3://b/o")
    assert not storage.is_same_folder("s3://b/o", "s3://b/p")
    assert not storage.is_same_folder("s3://b/o", f"{tmp_path}/a")


def test_only_old_drafts_are_swept(tmp_path):
    for name, age_s in ((".draft-a", 100), (".draft-b", 0), ("part", 100)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (time.time() - age_s, time.time() - age_s))
    assert storage.sweep_drafts(str(tmp_path), older_than_s=50) == 1
    assert names(tmp_path) == [".draft-b", "part"]
    assert storage.sweep_drafts(str(tmp_path / "nothing"), 0) == 0


def test_drafts_for_urls_lie_in_a_folder_of_this_user_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with storage.Draft("memory://private/a") as draft:
        draft.file.write(b"text")
        (folder,) = tmp_path.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnvironmentTrouble, match="set TMPDIR"):
        storage.Draft("memory://private/a").__enter__()
