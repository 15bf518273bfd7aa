"""What a pom.xml declares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.licences.expression import ids_of
from pipeline.sources.code.maven import licence_of_pom


def pom(*licences: str, before: str = "") -> str:
    inside = "".join(f"<license>{one}</license>" for one in licences)
    return f"<project>{before}<name>MIT License</name><licenses>\n  {inside}\n</licenses></project>"


APACHE = "<name>The Apache License, Version 2.0</name><url>http://www.apache.org/licenses/LICENSE-2.0.txt</url>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (pom(APACHE), "Apache-2.0"),
        (pom("<name>Apache-2.0</name><distribution>repo</distribution>"), "Apache-2.0"),
        (pom("<name>\n   MIT License\n  </name>"), "MIT"),
        (pom("<name>GPL-2.0-only</name>", "<name>MIT</name>"), "GPL-2.0-only OR MIT"),
        (pom("<name>MIT AND ISC</name>", "<name>Apache-2.0</name>"), "(ISC AND MIT) OR Apache-2.0"),
        (pom("<name>MIT AND ISC</name>"), "ISC AND MIT"),
        (pom("<name>MIT</name>", "<name>MIT</name>"), "MIT"),
        (pom("<name>ours</name><url>https://opensource.org/licenses/MIT</url>"), "MIT"),
        (pom("<name>Ours, all rights reserved</name>", "<name>MIT</name>"), "LicenseRef-all-rights-reserved OR MIT"),
        (pom("<name>see the web site</name>", "<name>MIT</name>"), None),  # one of them is not known
        (pom("<name>MIT License, non-commercial use only</name>"), None),
        (pom(before="<!-- <licenses><license><name>MIT</name></license></licenses> -->"), None),
        (pom("<!-- <name>ISC</name> --><name>MIT</name>"), "MIT"),
        ("<project><name>MIT License</name></project>", None),
        (pom(*["<name>MIT</name>"] * 11), None),
        ("", None),
    ],
)
def test_what_a_pom_declares(text: str, expected: str | None) -> None:
    found = licence_of_pom(text)
    said = None if found is None else found[0]
    if expected is None or said is None:
        assert said == expected
    else:
        assert ids_of(said) == ids_of(expected)
        assert said.count(" OR ") == expected.count(" OR ")


@given(st.lists(st.sampled_from(["MIT", "ISC", "Apache-2.0", "GPL-3.0-or-later"]), min_size=1, max_size=6))
def test_who_is_given_several_may_choose(names: list[str]) -> None:
    found = licence_of_pom(pom(*(f"<name>{name}</name>" for name in names)))
    assert found is not None
    assert found[0] == " OR ".join(sorted(set(names)))


@given(st.lists(st.sampled_from(["<!--", "-->", "<licenses>", "</licenses>", "<license>", "<name>", "MIT", "\n"])))
def test_no_markup_is_trouble(parts: list[str]) -> None:
    found = licence_of_pom("".join(parts))
    assert found is None or set(found[0].split(" OR ")) == {"MIT"}


def test_very_much_markup_is_read_once() -> None:
    for shape in ("<!--", "<licenses>", "<licenses><license>", "<license>", "<name>", "<licenses><license><name>\n"):
        assert licence_of_pom(shape * 20_000) is None
