"""Files that a user names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.inputs.patterns import named_files, root_of, would_name
from pipeline.storage import LeftOut

FILES = (
    "a.jsonl",
    "b.parquet",
    "c[1].parquet",
    "c1.parquet",
    "x/d.parquet",
    "x/y/e.parquet",
    "x/y/f.txt",
    "d[1]/g.parquet",
    "d1/h.parquet",
)
MEANT = [
    ("", "", "a.jsonl b.parquet c1.parquet c[1].parquet d1/h.parquet d[1]/g.parquet x/d.parquet x/y/e.parquet"),
    ("/d[1]", "/d[1]", "g.parquet"),
    ("/d[0-9]/*", "", "d1/h.parquet"),
    ("/a.jsonl", "", "a.jsonl"),
    ("/x", "/x", "d.parquet y/e.parquet"),
    ("/*.parquet", "", "b.parquet c1.parquet c[1].parquet"),
    ("/c?.parquet", "", "c1.parquet"),
    ("/c[1].parquet", "", "c[1].parquet"),
    ("/c[0-9].parquet", "", "c1.parquet"),
    ("/x/*.parquet", "/x", "d.parquet"),
    ("/*/*.parquet", "", "d1/h.parquet d[1]/g.parquet x/d.parquet"),
    ("/**/*.parquet", "", "b.parquet c1.parquet c[1].parquet d1/h.parquet d[1]/g.parquet x/d.parquet x/y/e.parquet"),
    ("/x/**", "/x", "d.parquet y/e.parquet"),
    ("/none*", "", ""),
]


def not_asked(names: list[str]) -> dict[str, None]:
    """What a listing of a disk says: names alone."""
    return dict.fromkeys(names)


@pytest.mark.parametrize(
    ("named", "left_out"), [("", ["a.jsonl", "x/y/f.txt"]), ("/x", ["y/f.txt"]), ("/*", ["a.jsonl"]), ("/d1", [])]
)
def test_what_is_meant_and_ends_otherwise_is_left_out(tmp_path: Path, named: str, left_out: list[str]) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".hidden.jsonl").touch()
    (tmp_path / "nowhere.jsonl").symlink_to(tmp_path / "gone")
    found = LeftOut()
    named_files(f"{tmp_path}{named}", (".parquet",), found)
    assert sorted(found.files) == sorted([*left_out, *(["nowhere.jsonl"] if named in ("", "/*") else [])])


@pytest.mark.parametrize(("named", "root", "files"), MEANT, ids=[row[0] for row in MEANT])
def test_what_a_name_means(tmp_path: Path, named: str, root: str, files: str) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert named_files(f"{tmp_path}{named}", (".parquet", ".jsonl")) == (f"{tmp_path}{root}", not_asked(files.split()))
    assert root_of(f"{tmp_path}{named}") == f"{tmp_path}{root}"


def test_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").touch()
    monkeypatch.chdir(tmp_path)
    assert named_files("*.jsonl", (".jsonl",)) == named_files("a.jsonl", (".jsonl",)) == (".", not_asked(["a.jsonl"]))


@pytest.mark.parametrize("named", ["none", "none/*.parquet"])
def test_what_is_nowhere(tmp_path: Path, named: str) -> None:
    with pytest.raises(FileNotFoundError):
        named_files(f"{tmp_path}/{named}", ())


@pytest.mark.parametrize(
    ("named", "root", "files"), [row for row in MEANT if row[0] not in ("/a.jsonl", "/d[1]", "/c[1].parquet")]
)
def test_what_would_be_meant_is_what_is_meant_once_it_is_there(
    tmp_path: Path, named: str, root: str, files: str
) -> None:
    tables = [name for name in FILES if name.endswith((".parquet", ".jsonl"))]
    meant = {name for name in tables if would_name(f"{tmp_path}{named}", f"{tmp_path}/{name}")}
    assert meant == {f"{root}/{name}".lstrip("/") for name in files.split()}
