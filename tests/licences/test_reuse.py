"""REUSE: globs and precedence by the specification's words, in the command and in the source `code`."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.licences.files import told
from pipeline.licences.reuse import stated, tables_of
from pipeline.sources.code.source import Code
from pipeline.sources.source import InputFile, Piece, Row

TOML = """
version = 1
[[annotations]]
path = "**"
SPDX-License-Identifier = "CC0-1.0"
[[annotations]]
path = ["docs/*.md", "a\\\\*b.py"]
SPDX-License-Identifier = ["CC-BY-4.0", "MIT OR Apache-2.0"]
[[annotations]]
path = "src/**"
precedence = "override"
SPDX-License-Identifier = "GPL-3.0-or-later"
[[annotations]]
path = "lib/*"
precedence = "aggregate"
SPDX-License-Identifier = "MIT"
"""
INNER = 'version = 1\n[[annotations]]\npath = "*.py"\nSPDX-License-Identifier = "ISC"\n'
HEADED = "# SPDX-License-Identifier: BSD-2-Clause\nimport os\n\nprint(os.name)\n"
BARE = "import os\n\n\ndef f():\n    return os.name\n"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x.py", "CC0-1.0"),
        ("docs/a.md", "CC-BY-4.0 AND (MIT OR Apache-2.0)"),
        ("docs/deep/a.md", "CC0-1.0"),
        ("a*b.py", "CC-BY-4.0 AND (MIT OR Apache-2.0)"),
        ("axb.py", "CC0-1.0"),
        ("src/deep/a.py", "GPL-3.0-or-later"),
        ("sub/a.py", "ISC"),
        ("sub/deep/a.py", "CC0-1.0"),
    ],
)
def test_the_last_table_that_matches_and_the_nearest_file(path: str, expected: str) -> None:
    found = stated({"": tables_of(TOML), "sub": tables_of(INNER)}, path)
    assert found is not None
    assert found[1].licence == expected


def test_an_override_above_beats_what_is_nearer() -> None:
    tables = {"": tables_of(TOML), "src": tables_of(INNER)}
    found = stated(tables, "src/a.py")
    assert found is not None
    assert (found[0], found[1].licence) == ("", "GPL-3.0-or-later")


@given(st.text(max_size=200))
def test_any_text_has_its_annotations(text: str) -> None:
    assert tables_of(text) == tables_of(text)


@pytest.mark.parametrize("text", ["version = 2", "no toml [", 'version = 1\nannotations = "x"', ""])
def test_what_is_no_reuse_file_says_nothing(text: str) -> None:
    assert tables_of(text) == ()


FILES = {
    "REUSE.toml": TOML,
    "LICENSES/MIT.txt": "see elsewhere",
    "own.py": HEADED,
    "bare.py": BARE,
    "src/own.py": HEADED,
    "lib/own.py": HEADED,
    "with.py": HEADED,
    "with.py.license": "SPDX-FileCopyrightText: 2020 Ada\n\nSPDX-License-Identifier: Zlib\n",
}
EXPECTED = {
    "own.py": "BSD-2-Clause",
    "bare.py": "CC0-1.0",
    "src/own.py": "GPL-3.0-or-later",
    "lib/own.py": "BSD-2-Clause AND MIT",
    "with.py": "Zlib",
}


def test_the_source_obeys_it() -> None:
    source = Code(repository_folders=0)
    beside = source.beside(sorted(FILES))
    assert beside["with.py"] == ("LICENSES/MIT.txt", "REUSE.toml", "with.py.license")
    found = {}
    for path in EXPECTED:
        content = FILES[path].encode()
        contents = {near: FILES[near].encode() for near in beside[path]}
        piece = Piece(InputFile(path, len(content), "0" * 64))
        (outcome,) = source.read_beside(piece, io.BytesIO(content), contents)
        assert isinstance(outcome, Row)
        found[path] = outcome.licence_declared
    assert found == EXPECTED


def test_the_command_obeys_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    rows = {row["file"].removeprefix(f"{tmp_path}/"): row for row in told([str(tmp_path)])}
    assert {path: rows[path]["class"] for path in EXPECTED} == {
        "own.py": "permissive",
        "bare.py": "public-domain",
        "src/own.py": "copyleft",
        "lib/own.py": "permissive",
        "with.py": "permissive",
    }
    assert rows["with.py"]["licences"][0]["spdx"] == "Zlib"
    assert rows["with.py"]["reuse"].endswith("with.py.license")
    assert rows["src/own.py"]["reuse"] == "REUSE.toml"
    (alone,) = told([str(tmp_path / "bare.py")])
    assert alone["class"] == "public-domain"
