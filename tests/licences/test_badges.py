"""Which licence a badge names: addresses of Creative Commons, copies of its files, texts; photos are none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.licences.statements.badges import of_badges
from pipeline.licences.taxonomy import CLASSES, class_of

CC = "https://mirrors.creativecommons.org/presskit"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("https://i.creativecommons.org/l/by-sa/4.0/88x31.png ", ["CC-BY-SA-4.0"]),
        ("https://licensebuttons.net/l/by-nc/3.0/us/80x15.png ", ["LicenseRef-CC-BY-NC-3.0-US"]),
        ("https://licensebuttons.net/p/zero/1.0/88x31.png ", ["CC0-1.0"]),
        ("https://licensebuttons.net/p/mark/1.0/88x31.png ", ["CC-PDM-1.0"]),
        (f"{CC}/buttons/88x31/png/by-nc-sa.eu.png ", ["LicenseRef-CC-BY-NC-SA"]),
        (f"{CC}/buttons/88x31/svg/by.svg ", ["LicenseRef-CC-BY"]),
        (f"{CC}/buttons/80x15/png/cc-zero.png ", ["CC0-1.0"]),
        (f"{CC}/icons/cc.svg \n{CC}/icons/by.svg?ref=chooser-v1 \n{CC}/icons/nd.svg ", ["LicenseRef-CC-BY-ND"]),
        (f"{CC}/icons/cc.svg \n{CC}/icons/zero.svg ", ["CC0-1.0"]),
        (f"{CC}/icons/cc.svg ", ["LicenseRef-CreativeCommons"]),
        (f"{CC}/logos/cc.logo.svg Creative Commons", []),
        ("http://creativecommons.org/images/public/somerights20.gif ", ["LicenseRef-CreativeCommons"]),
        ("/image?url=https%3A%2F%2Fi.creativecommons.org%2Fl%2Fby-sa%2F4.0%2F88x31.png ", ["CC-BY-SA-4.0"]),
        ("/images/cc-by-nc-88x31.png Creative Commons License", ["LicenseRef-CC-BY-NC"]),
        ("/88px-CC-BY_icon.svg.png ", ["LicenseRef-CC-BY"]),
        ("/CC-BY-SA-4.0.svg ", ["CC-BY-SA-4.0"]),
        ("/cc_by_sa80x15.png Creative Commons BY SA 3.0", ["CC-BY-SA-3.0"]),
        ("/by-nc-nd.png ", ["LicenseRef-CC-BY-NC-ND"]),
        ("/cc0.svg ", ["CC0-1.0"]),
        ("/by.png ", []),
        ("/0.png ", []),
        ("/cc-zero-200x200.png Coca-Cola Zero", []),
        ("/by-train.jpg By train", []),
        ("/cc-by-rail.jpg ", []),
        ("/a.png CC BY-NC 4.0", ["CC-BY-NC-4.0"]),
        ("/a.png クリエイティブ・コモンズ・ライセンス 表示 4.0 国際", []),
        ("/heron.jpg Heron (CC BY 2.0)", []),
        ("/cc-by.png CC BY-NC 4.0", ["CC-BY-NC-4.0", "LicenseRef-CC-BY"]),
    ],
)
def test_badges(shown: str, expected: list[str]) -> None:
    assert list(of_badges(shown)) == expected


PARTS = st.sampled_from(
    ["cc", "by", "-", "_", "nc", "sa", "nd", "0", "88x31", "4.0", ".png", "/", " ", "\n", "%2F", "x"]
)


@given(st.lists(st.one_of(PARTS, st.text(max_size=6)), max_size=30).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_picture_names_licences_or_none(shown: str) -> None:
    assert all(class_of(each) in CLASSES for each in of_badges(shown))
