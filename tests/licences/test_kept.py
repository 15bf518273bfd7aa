"""The library of licence texts on disk: what is read back is what was made, and nothing else is read."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.licences.texts import kept
from pipeline.licences.texts.kept import keep, load, place
from pipeline.licences.texts.library import Library, read, ships_texts
from pipeline.licences.texts.templates import Template, Zone
from pipeline.process.kernels import STALE_S, VARIABLE

_words = st.lists(st.text(min_size=1), max_size=4).map(tuple)
_zones = st.builds(Zone, st.integers(), st.integers(), _words.map(frozenset), st.booleans(), st.booleans())
_templates = st.builds(
    lambda spdx, words, zones, blocks, is_closed: Template(
        spdx, not is_closed, words, tuple(len(word) > 1 for word in words), zones, blocks, is_closed, len(words)
    ),
    st.text(),
    _words,
    st.lists(_zones, max_size=3).map(tuple),
    st.lists(st.tuples(st.integers(), st.integers(), st.integers()), max_size=2).map(tuple),
    st.booleans(),
)
_libraries = st.builds(
    Library,
    st.lists(_templates, max_size=3).map(tuple),
    _words.map(frozenset),
    st.lists(_words, max_size=3).map(tuple),
    st.lists(_words, max_size=3).map(tuple),
)
SMALL = Library((), frozenset(["word"]), (("one", "two"),), ())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@given(library=_libraries)
def test_what_is_kept_is_what_is_read(folder: Path, library: Library) -> None:
    keep(folder / "licences-a.json", library)
    assert load(folder / "licences-a.json") == library


def test_the_list_itself_is_read_as_it_was_made(folder: Path) -> None:
    made = read(ships_texts().read_bytes())
    keep(folder / "licences-list.json", made)
    assert load(folder / "licences-list.json") == made == kept.library()


@given(data=st.data())
def test_a_torn_or_changed_file_is_none(folder: Path, data: st.DataObject) -> None:
    file = folder / "licences-torn.json"
    keep(file, SMALL)
    whole = file.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    file.write_bytes(whole[:at])
    assert load(file) is None
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert load(file) is None


@pytest.mark.parametrize("content", ["[]", "{}", '{"words": 1}', "not JSON", '{"words": [], "templates": [[1]]}', ""])
def test_a_file_of_another_make_is_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "licences-other.json"
    file.write_bytes(kept._digest(content.encode()) + b"\n" + content.encode())
    assert load(file) is None


def test_numbers_of_no_word_are_none(tmp_path: Path) -> None:
    file = tmp_path / "licences-far.json"
    content = json.dumps({"words": ["a"], "templates": [], "ordinary": [7], "permissive": [], "notices": []}).encode()
    file.write_bytes(kept._digest(content) + b"\n" + content)
    assert load(file) is None


def test_a_file_that_others_may_write_is_none(tmp_path: Path) -> None:
    file = tmp_path / "licences-a.json"
    keep(file, SMALL)
    assert load(file) == SMALL
    file.chmod(0o620)
    assert load(file) is None


def test_the_name_tells_what_it_was_made_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert place(b"list", b"classes") == place(b"list", b"classes") != place(b"lis", b"tclasses")
    before = place(b"list")
    (tmp_path / "module.py").write_bytes(b"x = 1\n")
    monkeypatch.setattr(kept, "_OURS", tmp_path)
    ours = place(b"list")
    (tmp_path / "module.py").write_bytes(b"x = 2\n")
    assert len({before, ours, place(b"list")}) == 3
    monkeypatch.delenv(VARIABLE)
    assert place(b"list") is None


def test_other_versions_go_once_they_are_old(tmp_path: Path) -> None:
    old, young = tmp_path / "licences-old.json", tmp_path / "licences-young.json"
    for file in (old, young):
        file.write_bytes(b"")
    os.utime(old, (0, time.time() - STALE_S - 60))
    keep(tmp_path / "licences-new.json", SMALL)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["licences-new.json", "licences-young.json"]


def test_a_place_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    keep(tmp_path / "file" / "licences-a.json", SMALL)
    assert load(tmp_path / "file" / "licences-a.json") is None


def test_a_draft_is_a_file_of_its_own(tmp_path: Path) -> None:
    other, folder = tmp_path / "other", tmp_path / "cache"
    other.write_bytes(b"kept")
    folder.mkdir()
    file = folder / "licences-a.json"
    (folder / f".{file.name}-{os.getpid()}").symlink_to(other)
    keep(file, SMALL)
    assert other.read_bytes() == b"kept"
    assert load(file) == SMALL


def test_drafts_of_killed_processes_go_once_they_are_old(tmp_path: Path) -> None:
    old, young = tmp_path / ".licences-a.json-1", tmp_path / ".licences-a.json-2"
    for file in (old, young):
        file.write_bytes(b"")
    os.utime(old, (0, time.time() - STALE_S - 60))
    keep(tmp_path / "licences-a.json", SMALL)
    assert sorted(each.name for each in tmp_path.iterdir()) == [young.name, "licences-a.json"]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        keep(tmp_path / "licences-a.json", SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
