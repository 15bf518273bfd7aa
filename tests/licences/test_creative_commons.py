"""Licences of Creative Commons by their addresses and in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.licences.statements.creative_commons import ADDRESS, of_address, of_words
from pipeline.licences.taxonomy import UNKNOWN, class_of


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by-sa/3.0/deed.de", "CC-BY-SA-3.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/2.0/de/deed.de", "CC-BY-NC-SA-2.0-DE"),
        ("http://creativecommons.org/licenses/by/2.0/fr/", "LicenseRef-CC-BY-2.0-FR"),
        ("http://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        ("http://i.creativecommons.org/l/by-nd/3.0/88x31.png", "CC-BY-ND-3.0"),
        ("https://creativecommons.org/licenses/by-sa/", "LicenseRef-CC-BY-SA"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
    ],
)
def test_addresses_keep_version_and_jurisdiction(address: str, expected: str) -> None:
    found = ADDRESS.search(address)
    assert found is not None
    assert of_address(found) == expected
    assert class_of(expected) != UNKNOWN


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CC BY-SA 3.0 DE", "CC-BY-SA-3.0-DE"),
        ("cc-by 4.0", "CC-BY-4.0"),
        (
            "Creative Commons Namensnennung - Keine kommerzielle Nutzung - Keine Bearbeitung 3.0 Deutschland",
            "CC-BY-NC-ND-3.0-DE",
        ),
        (
            "Creative Commons Attribution-Noncommercial-No Derivative Works 3.0 United States License",
            "LicenseRef-CC-BY-NC-ND-3.0-US",
        ),
        ("a Creative Commons Attribution license", "LicenseRef-CC-BY"),
        ("CC0", "CC0-1.0"),
        ("a Creative Commons licence", "LicenseRef-CreativeCommons"),
        ("account by 4.0", None),
        # every part that is said, whatever stands between
        ("CC BY NonCommercial 4.0", "CC-BY-NC-4.0"),
        ("CC BY\u2011NC\u2011SA 4.0", "CC-BY-NC-SA-4.0"),
        ("CC BY\u2013NC\u2013SA 4.0", "CC-BY-NC-SA-4.0"),
        ("CC BY/NC 4.0", "CC-BY-NC-4.0"),
        ("CC BY_NC 4.0", "CC-BY-NC-4.0"),
        ("cc by, nc", "LicenseRef-CC-BY-NC"),
        ("CC-BY 4.0, NC", "CC-BY-NC-4.0"),
        ("CC 4.0 BY-NC", "LicenseRef-CC-BY-NC"),
        ("CC-BY Non-Commercial Share-Alike 3.0", "CC-BY-NC-SA-3.0"),
        ("CC BY non\u2011commercial 4.0", "CC-BY-NC-4.0"),
        ("CC BY 4.0 No Derivatives", "CC-BY-ND-4.0"),
        ("Creative Commons Attribution-NC-SA 4.0", "CC-BY-NC-SA-4.0"),
        ("Creative Commons Attribution (CC BY) NonCommercial 4.0", "CC-BY-NC-4.0"),
        ("Creative Commons Atribuição-NãoComercial-SemDerivações 4.0", "CC-BY-NC-ND-4.0"),
        ("Creative Commons Atribución-NoComercial-SinDerivadas 4.0", "CC-BY-NC-ND-4.0"),
        ("Creative Commons Attribuzione - Non commerciale - Non opere derivate 4.0", "CC-BY-NC-ND-4.0"),
        ("CC BY 4.0 and, of the images, CC BY-NC 4.0", "CC-BY-4.0 AND CC-BY-NC-4.0"),
        ("licensed under CC BY-NC 4.0, metadata under CC0", "CC-BY-NC-4.0 AND CC0-1.0"),
    ],
)
def test_licences_in_words(words: str, expected: str | None) -> None:
    assert (" AND ".join(of_words(words)) or None) == expected


BARS = st.sampled_from(["-", " ", "\u2010", "\u2011", "\u2013", "\u2014", "/", "_", " - ", ", "])


@given(bar=BARS, more=st.lists(st.sampled_from(["NC", "SA", "ND", "NonCommercial"]), max_size=2, unique=True))
def test_what_stands_between_the_letters_takes_nothing_away(bar: str, more: list[str]) -> None:
    (found,) = of_words(f"CC BY{''.join(bar + each for each in more)} 4.0")
    said = {"NC" if each == "NonCommercial" else each for each in more}
    assert said <= set(found.split("-"))
