"""An index is used only where its keys were made as this version and these settings make them."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.dedup.settings import SIGNATURE_VERSION, Deduplication
from pipeline.duplicates.published_index import Index, Segment
from pipeline.trouble import ConfigError

SETTINGS = Deduplication(scope="previous", index="there")


def index_of(keys: dict[str, Any]) -> Index:
    return Index("there", 0, (Segment("data", keys, ()),))


def test_an_index_of_the_same_keys_is_used() -> None:
    index_of(SETTINGS.of_keys()).check(SETTINGS, "elsewhere")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bands": 20}, r"made with \{'bands': 20\}, now \[32\]"),
        ({"signature_version": SIGNATURE_VERSION - 1}, "'signature_version': 0"),
        ({"signature_version": None}, "'signature_version': None"),
        ({"a_key_of_a_later_version": 1}, r"'a_key_of_a_later_version': 1\}, now \[None\]"),
    ],
)
def test_an_index_of_other_keys_is_refused(changed: dict[str, Any], said: str) -> None:
    keys = {name: value for name, value in (SETTINGS.of_keys() | changed).items() if value is not None}
    with pytest.raises(ConfigError, match=said):
        index_of(keys).check(SETTINGS, "elsewhere")
