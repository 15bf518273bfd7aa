"""What an R package declares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.code.cran import fills_in, holder, licence_of_description


def description(licence: str) -> str:
    return f"Package: mills\nTitle: License: none\nLicense: {licence}\nEncoding: UTF-8\n"


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("GPL-2", "GPL-2.0-only"),
        ("GPL (>= 2)", "GPL-2.0-or-later"),
        ("GPL (>= 2.0)", "GPL-2.0-or-later"),
        ("GPL (== 3)", "GPL-3.0-only"),
        ("LGPL (>= 2.1)", "LGPL-2.1-or-later"),
        ("AGPL (>= 3)", "AGPL-3.0-or-later"),
        ("GPL", "GPL-1.0-or-later"),
        ("GPL (>= 2, < 4)", None),
        ("GPL (> 2)", None),
        ("GPL (>= 9)", None),
        ("GPL-2 | GPL-3", "GPL-2.0-only OR GPL-3.0-only"),
        ("GPL-2 |\n    GPL-3", "GPL-2.0-only OR GPL-3.0-only"),
        ("GPL-2 | GPL-2", "GPL-2.0-only"),
        ("LGPL-3 | Apache License 2.0", "LGPL-3.0-only OR Apache-2.0"),
        ("GPL (>= 2) | file LICENSE", "GPL-2.0-or-later"),
        ("Apache License (== 2.0)", "Apache-2.0"),
        ("Apache License (>= 2)", "Apache-2.0"),
        ("Apache License (== 1.1)", None),
        ("Apache License", None),
        ("MIT + file LICENSE", "MIT"),
        ("MIT + file LICENCE", "MIT"),
        ("BSD_3_clause + file LICENSE", "BSD-3-Clause"),
        ("BSD_2_clause", "BSD-2-Clause"),
        ("CC BY-SA 4.0", "CC-BY-SA-4.0"),
        ("Artistic-2.0", "Artistic-2.0"),
        ("GPL-3 + file LICENSE", None),
        ("MIT + file TERMS", None),
        ("MIT + GPL-3", None),
        ("file LICENSE", None),
        ("BSD", None),
        ("Unlimited", None),
        ("Commercial", "LicenseRef-proprietary"),
        ("GPL-3 | Commercial", "GPL-3.0-only"),
        ("", None),
    ],
)
def test_a_field(licence: str, expected: str | None) -> None:
    stated = licence_of_description(description(licence))
    assert (stated and stated[0]) == expected
    if stated:
        assert stated[1] == f"License: {' '.join(licence.split())}"


def test_another_file_of_that_name_declares_nothing() -> None:
    assert licence_of_description("A tool.\n\nLicense: MIT\n") is None
    assert licence_of_description("Package: mills\nLicence of others: MIT\n") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("YEAR: 2020\nCOPYRIGHT HOLDER: A. Miller\n", True),
        ("\nYEAR: 2014-2020\nCOPYRIGHT HOLDER: A. Miller\nORGANIZATION: Mills\n", True),
        ("YEAR: 2020\nCOPYRIGHT HOLDER: A. Miller\n\nMIT License\n", False),
        ("Copyright 2020 A. Miller\n", False),
        ("", False),
    ],
)
def test_what_is_filled_in(text: str, expected: bool) -> None:
    assert fills_in(text) is expected


def test_who_holds_it() -> None:
    assert holder("YEAR: 2020\nCOPYRIGHT HOLDER: A. Miller and others \n") == "A. Miller and others"
    assert holder("YEAR: 2020\n") is None


@given(st.text(alphabet="GPLMIT-23 ()|+>=.file CENS\n\t:", max_size=60))
def test_any_words_are_read(words: str) -> None:
    stated = licence_of_description(description(words))
    assert stated is None or stated[0]
