"""A repository as a folder: each file is read beside the licences above it, and says what its archive would say."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import storage
from pipeline.config import Config
from pipeline.inputs import listing
from pipeline.planning import plan
from pipeline.shard import records
from pipeline.shard.extract import extraction_parts
from pipeline.sources.code.source import Code
from pipeline.sources.source import InputFile, Outcome, Piece, Row
from pipeline.trouble import EnvironmentTrouble

APACHE = (Path(__file__).parent.parent.parent / "LICENSE").read_text(encoding="utf-8")
TAG = "SPDX-License-Identifier: "
BODY = "def gauge(level):\n    return level * 2\n"
TREE = {
    "LICENSE": APACHE,
    "a.py": BODY,
    "own.py": f"# {TAG}MIT\n{BODY}",
    "lib/LICENSE": f"{TAG}BSD-3-Clause\n",
    "lib/deep/b.py": BODY,
    "pkg/pyproject.toml": '[project]\nname = "pkg"\nlicense = "ISC"\n',
    "pkg/c.py": BODY,
    "odd/LICENSE": "You may look at this, but not touch it.\n",
    "odd/d.py": BODY,
}
EXPECTED = {
    "a.py": ("Apache-2.0", "LICENSE"),
    "own.py": ("MIT", "header of the file"),
    "lib/deep/b.py": ("BSD-3-Clause", "lib/LICENSE"),
    "pkg/c.py": ("ISC", "pkg/pyproject.toml"),
    "pkg/pyproject.toml": ("ISC", "pkg/pyproject.toml"),
    "odd/d.py": (None, None),
}


def from_folder(tree: dict[str, str], code: Code | None = None) -> list[Outcome]:
    code = code or Code()
    near = code.beside(list(tree))
    found: list[Outcome] = []
    for path, text in tree.items():
        content = text.encode()
        beside = {other: tree[other].encode() for other in near.get(path, ())}
        piece = Piece(InputFile(path, len(content), path))
        found += code.read_beside(piece, io.BytesIO(content), beside)
    return found


def from_archive(tree: dict[str, str]) -> list[Outcome]:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path, text in tree.items():
            archive.writestr(f"r-main/{path}", text)
    return list(Code().read(Piece(InputFile("r.zip", len(held.getvalue()), "d")), held))


def licences(outcomes: list[Outcome]) -> dict[str | None, tuple[str | None, ...]]:
    rows = [outcome for outcome in outcomes if isinstance(outcome, Row)]
    return {
        row.repository_path: (row.licence_declared, row.licence_where, row.licence_quote, row.author) for row in rows
    }


def test_the_nearest_licence_above_a_file() -> None:
    assert {path: found[:2] for path, found in licences(from_folder(TREE)).items()} == EXPECTED


@given(names=st.sets(st.sampled_from(sorted(TREE)), min_size=1))
def test_a_folder_declares_what_its_archive_declares(names: set[str]) -> None:
    tree = {name: TREE[name] for name in sorted(names)} | {"z.py": BODY}
    assert licences(from_folder(tree)) == licences(from_archive(tree))


INFO = "Metadata-Version: 2.4\nName: %s\nVersion: 1\nLicense-Expression: %s\n\n"


def test_packages_side_by_side_say_nothing_of_each_other() -> None:
    """As in site-packages: nothing tells which folder is whose, and a wrong licence is worse than none."""
    one = {"a-1.dist-info/METADATA": INFO % ("a", "MIT"), "a/m.py": BODY, "a/sub/n.py": BODY}
    one |= {"a-1.dist-info/licenses/LICENSE": f"{TAG}MIT\n", "a-1.dist-info/licenses/a/sub/LICENSE": f"{TAG}Zlib\n"}
    other = {"b-1.dist-info/METADATA": INFO % ("b", "Apache-2.0"), "b/m.py": BODY}
    assert licences(from_folder(one))["a/m.py"][0] == "MIT"
    assert licences(from_folder(one))["a/sub/n.py"][0] == "Zlib"  # as wheels state what they bundle
    assert licences(from_archive(one)) == licences(from_folder(one))
    for found in (licences(from_folder(one | other)), licences(from_archive(one | other))):
        assert found["a/m.py"][0] is None and found["b/m.py"][0] is None
    inside = one | other | {"b/LICENSE": f"{TAG}BSD-2-Clause\n"}
    assert licences(from_folder(inside))["b/m.py"][0] == "BSD-2-Clause"


def test_folders_of_repositories_keep_their_licences_and_paths() -> None:
    tree = {f"{owner}/{path}": text for owner in ("x", "y") for path, text in TREE.items()}
    del tree["y/LICENSE"]
    rows = [o for o in from_folder(tree, Code(repository_folders=1)) if isinstance(o, Row)]
    found = {(row.repository, row.repository_path): (row.licence_declared, row.licence_where) for row in rows}
    assert {path: found["x", path] for path in EXPECTED} == EXPECTED
    assert found["y", "a.py"] == (None, None) and found["y", "pkg/c.py"] == EXPECTED["pkg/c.py"]


def test_a_licence_that_is_no_licence_file_any_more_is_not_read() -> None:
    assert licences(from_folder({"LICENSE": APACHE + " " * (1 << 18), "a.py": BODY}))["a.py"][0] is None


def shards(folder: Path) -> list:
    config = Config.model_validate(
        {"run": "t", "sources": {"r": {"reader": {"kind": "code"}, "inputs": str(folder / "in")}}, "filter": []}
    )
    inputs = listing.list_inputs(config, listing.Digests(str(folder / "data")))
    found = plan.shards_of(str(folder / "data"), config, (), inputs, [], 1.0)
    read = [listing.digest(one) for one in plan.unread(found, inputs, [])]
    return plan.shards_of(str(folder / "data"), config, (), listing.with_digests(inputs, read), [], 1.0)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for path, text in TREE.items():
        (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / path).write_text(text)
    return tmp_path


def test_what_stands_beside_is_digested_read_and_part_of_the_recipe(repository: Path) -> None:
    (shard,) = shards(repository)
    assert all(file.digest for piece in shard.pieces for file in piece.beside)
    rows = [o for _, o in shard.records().outcomes() if isinstance(o, Row)]
    assert {row.repository_path: (row.licence_declared, row.licence_where) for row in rows} == EXPECTED
    before = extraction_parts(shard)
    alone = replace(shard, pieces=tuple(piece for piece in shard.pieces if piece.file.path == "lib/deep/b.py"))
    (repository / "in" / "lib" / "LICENSE").write_text(f"{TAG}GPL-3.0-only\n")
    (changed,) = shards(repository)
    assert extraction_parts(changed)["input"] != before["input"]
    one = replace(shard, pieces=tuple(piece for piece in changed.pieces if piece.file.path == "lib/deep/b.py"))
    assert extraction_parts(one)["input"] != extraction_parts(alone)["input"]
    with pytest.raises(EnvironmentTrouble, match="lib/LICENSE: changed since the run began"):
        list(alone.records().outcomes())


def test_a_sample_digests_what_stands_beside_what_it_takes(repository: Path) -> None:
    (shard,) = shards(repository)
    inputs = listing.list_inputs(shard.config, listing.Digests(str(repository / "data")))
    taken = replace(shard, pieces=tuple(p for p in shard.pieces if p.file.path == "pkg/c.py"))
    assert {one.input.path for one in plan.unread([taken], inputs, [])} == {"pkg/c.py", "pkg/pyproject.toml", "LICENSE"}


def test_a_licence_is_read_once_a_shard(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shard,) = shards(repository)
    opened: list[str] = []
    real = storage.open_input
    monkeypatch.setattr(records.storage, "open_input", lambda path: opened.append(path) or real(path))
    list(shard.records().outcomes())
    assert len(opened) == len(TREE) + 4  # every file itself, and the four that stand beside others
