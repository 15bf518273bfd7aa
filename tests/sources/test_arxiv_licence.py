"""Licences that a paper states in its own source."""

from __future__ import annotations

import pytest

from pipeline.sources.arxiv.licence import stated


@pytest.mark.parametrize(
    ("tex", "spdx"),
    [
        ("This work is licensed under \\url{https://creativecommons.org/licenses/by-nc-nd/4.0/}", "CC-BY-NC-ND-4.0"),
        ("This paper was released under https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("This work is licensed under CC BY 4.0.", "CC-BY-4.0"),
        ("\\usepackage[type={CC}, modifier={by-sa}, version={3.0}]{doclicense}", "CC-BY-SA-3.0"),
        ("\\setcopyright{cc}\\setcctype{by}", "CC-BY-4.0"),
        ("% This work is licensed under CC BY 4.0.", None),
        ("Our models are released under the Apache 2.0 license.", None),
        ("The data are licensed under CC BY 4.0.", None),
        ("This work is licensed under terms that we forgot.", None),
        ("This work is licensed under CC BY-NonCommercial 4.0.", "CC-BY-NC-4.0"),
        ("This work is licensed under CC~BY--NC--ND~4.0.", "CC-BY-NC-ND-4.0"),
        (
            "This paper is released under a Creative\nCommons Attribution 3.0 licence. The data are under CC0.",
            "CC-BY-3.0",
        ),
        (
            "This work is licensed under \\href{https://creativecommons.org/licenses/by/2.0/fr/}{CC BY}",
            "LicenseRef-CC-BY-2.0-FR",
        ),
        ("This work is licensed under CC BY-SA 4.0, its figures under CC BY-NC 4.0.", "CC-BY-NC-4.0 AND CC-BY-SA-4.0"),
        ("\\setcctype{by}", None),
    ],
)
def test_licences_that_a_paper_states_for_itself(tex: str, spdx: str | None) -> None:
    licence = stated(tex)
    assert (licence.spdx if licence else None) == spdx


@pytest.mark.parametrize(
    "tex",
    [
        "This work is licensed under CC BY 4.0 for academic use only.",
        "This work is licensed under a Creative Commons license.",
        "\\usepackage[modifier={by-xx}]{doclicense}",
    ],
)
def test_terms_that_are_not_known_are_stated_all_the_same(tex: str) -> None:
    licence = stated(tex)
    assert licence is not None
    assert licence.spdx is None
    assert licence.quote
