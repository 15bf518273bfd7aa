"""The stage `licence`: every source's word in one form, and what a config allows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from pipeline.schema import DOCUMENT, THE_CONFIG
from pipeline.stages.licence import Licence


def judged(stage: Licence, **values: Any) -> dict[str, Any]:
    row = {"source": "web", "text": "x"} | values
    schema = pa.schema([DOCUMENT.field(name) for name in sorted({*stage.reads, "text"})])
    batch = pa.RecordBatch.from_pylist([row], schema)
    return stage(batch).select(stage.adds.names).to_pylist()[0]


@pytest.mark.parametrize(
    ("declared", "spdx", "category", "allowed"),
    [
        ("CC-BY-4.0", "CC-BY-4.0", "permissive", True),
        ("mit", "MIT", "permissive", True),
        ("CC0-1.0", "CC0-1.0", "public-domain", True),
        ("CC BY-SA 4.0", "CC-BY-SA-4.0", "share-alike", False),
        ("http://creativecommons.org/licenses/by-nc/2.0/", "CC-BY-NC-2.0", "non-commercial", False),
        ("CC-BY-SA-3.0 AND CC-BY-SA-4.0", "CC-BY-SA-3.0 AND CC-BY-SA-4.0", "share-alike", False),
        (
            "CC-BY-4.0 AND LicenseRef-all-rights-reserved",
            "CC-BY-4.0 AND LicenseRef-all-rights-reserved",
            "conflicting",
            False,
        ),
        (
            "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "LicenseRef-arXiv-nonexclusive-distrib-1.0",
            "proprietary",
            False,
        ),
        ("free to read", None, "unknown", False),
        (None, None, "unknown", False),
    ],
)
def test_what_is_declared_and_allowed(declared: str | None, spdx: str | None, category: str, allowed: bool) -> None:
    found = judged(Licence(), licence_declared=declared, licence_where="the record" if declared else None)
    assert (found["licence_spdx"], found["licence_category"], found["licence_allowed"]) == (spdx, category, allowed)


def test_each_source_has_an_allow_list_of_its_own() -> None:
    stage = Licence(allow=("public-domain",), allow_of={"wiki": ("share-alike",)})
    for source, declared, allowed in [
        ("wiki", "CC-BY-SA-4.0", True),
        ("wiki", "CC0-1.0", False),
        ("web", "CC0-1.0", True),
    ]:
        row = judged(stage, source=source, licence_declared=declared, licence_where="the record")
        assert row["licence_allowed"] is allowed


def test_a_contract_is_a_category_of_the_config() -> None:
    values = {
        "licence_declared": "LicenseRef-contract",
        "licence_where": THE_CONFIG,
        "licence_quote": "contract, section 4",
    }
    assert judged(Licence(), **values)["licence_category"] == "unknown"
    found = judged(Licence(categories={"LicenseRef-contract": "permissive"}), **values)
    assert (found["licence_allowed"], found["licence_by"], found["licence_sure"]) == (True, "config", 5000)
    assert found["licence_evidence"] == "contract, section 4"


def test_evidence_and_place_come_along() -> None:
    found = judged(
        Licence(),
        licence_declared="CC-BY-4.0",
        licence_where="page, footer",
        licence_quote="CC BY",
        licence_method="rel",
        licence_confidence=9500,
        licence_start=12,
        licence_end=40,
    )
    assert found["licence_place"] == "page, footer, bytes 12-40"
    assert (found["licence_evidence"], found["licence_by"], found["licence_sure"]) == ("CC BY", "rel", 9500)


def test_terms_that_nobody_knows_are_unknown() -> None:
    found = judged(Licence(), licence_where="page, head", licence_quote="/terms", licence_method="rel")
    assert (found["licence_spdx"], found["licence_category"], found["licence_allowed"]) == (None, "unknown", False)
