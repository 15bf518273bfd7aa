"""What a record declares, in one form: names, addresses, sentences; nothing open beside what takes it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.licences.statements.declared import normal_form
from pipeline.licences.taxonomy import OPEN, RESERVED, class_of

BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("CC BY-SA 4.0", "CC-BY-SA-4.0"),
        ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", "LicenseRef-arXiv-nonexclusive-distrib-1.0"),
        ("https://spdx.org/licenses/Zlib.html", "Zlib"),
        ("https://opensource.org/licenses/MIT", "MIT"),
        ("Open Government Licence v3.0", "OGL-UK-3.0"),
        ("see the website", None),
        ("", None),
        # all that is named, and nothing open beside what denies or restricts
        ("licensed under CC BY-NC 4.0, metadata under CC0", "CC-BY-NC-4.0 AND CC0-1.0"),
        (f"text {BY} images {BY.replace('by', 'by-nc')}", "CC-BY-4.0 AND CC-BY-NC-4.0"),
        ("© Elsevier. All rights reserved. Open access under CC BY 4.0", f"CC-BY-4.0 AND {RESERVED}"),
        ("All rights reserved", RESERVED),
        ("MIT license with Commons Clause", None),
        ("Apache License 2.0, non-commercial use only", None),
        ("Apache License 2.0 (research use only)", None),
        ("This is not under the MIT license", None),
        ("This was never released under the MIT license", None),
        ("no MIT license", None),
        ("Apache License 2.0 for students only", None),
        ("MIT license (modified)", None),
        ("MIT license excluding images", None),
        ("Proprietary; portions under the MIT license", None),
        ("formerly under the MIT license", None),
        ("These slides are not in the public domain", None),
        ("These slides are in the public domain", "LicenseRef-public-domain"),
        ("Text under the MIT license and the Apache License 2.0", "Apache-2.0 AND MIT"),
        ("https://spdx.org/licenses/no-such", None),
        ("MIT license " + "x" * 288, "MIT"),
        ("MIT license " + "x" * 289, None),  # beyond 300 characters
    ],
)
def test_one_normal_form(declared: str, expected: str | None) -> None:
    assert normal_form(declared) == expected


OPEN_NAMES = st.sampled_from(["the MIT license", "CC BY 4.0", "CC0", BY, "Apache License 2.0", "CC BY-SA 3.0"])
AGAINST = st.sampled_from(
    ["non-commercial use only", "with the Commons Clause", "this is not licensed so", "research use only",
     "it never was", "All rights reserved", "but no longer", "academic use", "may not be copied", "personal use only"]
)  # fmt: skip


@given(name=OPEN_NAMES, against=AGAINST, is_first=st.booleans())
def test_nothing_is_open_beside_words_that_take_it_back(name: str, against: str, is_first: bool) -> None:
    assert normal_form(name) is not None or name == "the MIT license"
    said = f"{against}; {name}" if is_first else f"{name}; {against}"
    found = normal_form(said)
    assert found is None or class_of(found) not in OPEN
