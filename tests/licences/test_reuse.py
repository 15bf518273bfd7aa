"""REUSE: globs and precedence by the specification's words, in the command and in the source `code`."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.licences.files import told
from pipeline.licences.reuse import Glob, stated, tables_of
from pipeline.sources.code.licence import Licences
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


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("*", "a", True), ("*", "a/b", False), ("*", "", True), ("**", "a/b", True), ("***", "a/b", True),
        ("a/**", "a/b/c", True), ("a/**", "a", False), ("**/a", "b/c/a", True), ("**/a", "a", False),
        ("*a*", "xay", True), ("*a*", "xy", False), ("a*b", "a/b", False), ("a**b", "a/b", True), ("a**b", "ab", True),
        ("\\*", "*", True), ("\\*", "a", False), ("a?", "ab", False), ("a.b", "axb", False), ("a", "ab", False),
        ("*/**/b*", "a/c/d/bx", True), ("*/**/b*", "a/bx", False), ("", "", True), ("a\\", "a\\", True),
    ],
)  # fmt: skip
def test_globs(glob: str, path: str, expected: bool) -> None:
    assert Glob(glob).matches(path) is expected


@given(st.lists(st.sampled_from(["a", "b", "/", "*", "**", "\\*"]), max_size=8), st.text("ab/*", max_size=8))
def test_a_glob_is_the_expression_that_it_stands_for(pieces: list[str], path: str) -> None:
    glob = "".join(pieces)
    spelled = "".join(
        re.escape(escaped or other) if not stars else "[^/]*" if len(stars) == 1 else ".*"
        for escaped, stars, other in re.findall(r"\\(.)|(\*+)|(.)", glob)
    )
    assert Glob(glob).matches(path) is (re.fullmatch(spelled, path) is not None)


@pytest.mark.parametrize("star", ["*a", "**a", "*a**a"])
def test_a_glob_of_stars_is_not_a_trap(star: str) -> None:
    assert not Glob(star * 30 + "b").matches("a" * 4000)


def test_a_path_of_another_kind_is_no_table() -> None:
    assert tables_of('version = 1\n[[annotations]]\npath = 5\nSPDX-License-Identifier = "MIT"\n') == ()
    assert tables_of('version = 1\n[[annotations]]\npath = "*"\nSPDX-License-Identifier = {a = "MIT"}\n') == ()


@pytest.mark.parametrize(
    ("precedence", "where", "expected"),
    [
        ("closest", "vendor/COPYING", "ISC"),
        ("closest", "vendor/deep/LICENSES/ISC.txt", "ISC"),
        ("closest", "COPYING", "CC0-1.0"),
        ("aggregate", "vendor/COPYING", "CC0-1.0 AND ISC"),
        ("override", "vendor/COPYING", "CC0-1.0"),
    ],
)
def test_a_licence_file_nearer_than_the_table_counts(precedence: str, where: str, expected: str) -> None:
    table = f'version = 1\n[[annotations]]\npath = "**"\nprecedence = "{precedence}"\n'
    licences = Licences()
    licences.add("REUSE.toml", (table + 'SPDX-License-Identifier = "CC0-1.0"\n').encode())
    licences.add(where, ISC.encode())
    assert licences.of("vendor/deep/a.py").licence == expected


@pytest.mark.parametrize("precedence", ["closest", "aggregate"])
def test_terms_nearer_than_the_table_that_nobody_knows_leave_it_unknown(precedence: str) -> None:
    table = f'version = 1\n[[annotations]]\npath = "**"\nprecedence = "{precedence}"\n'
    licences = Licences()
    licences.add("REUSE.toml", (table + 'SPDX-License-Identifier = "CC0-1.0"\n').encode())
    licences.add("vendor/COPYING", b"Ask Ada before you copy this.")
    assert licences.of("vendor/deep/a.py").licence is None
    assert licences.of("a.py").licence == "CC0-1.0"


@given(st.text(max_size=200))
def test_any_text_has_its_annotations(text: str) -> None:
    assert tables_of(text) == tables_of(text)


@pytest.mark.parametrize("text", ["version = 2", "no toml [", 'version = 1\nannotations = "x"', ""])
def test_what_is_no_reuse_file_says_nothing(text: str) -> None:
    assert tables_of(text) == ()


ISC = (
    "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby "
    "granted, provided that the above copyright notice and this permission notice appear in all copies.\n\n"
    'THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING '
    "ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, "
    "DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, "
    "WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE "
    "USE OR PERFORMANCE OF THIS SOFTWARE.\n"
)
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
    (tmp_path / "REUSE.toml").rename(tmp_path / "Reuse.Toml")  # as the source `code` takes it
    assert [row["class"] for row in told([str(tmp_path / "bare.py")])] == ["public-domain"]
    assert {row["class"] for row in told([str(tmp_path)]) if row["file"].endswith("/bare.py")} == {"public-domain"}
