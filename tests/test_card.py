"""The card's licences by class: that of the id, or what the config says of terms of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from pipeline import card, funnel
from pipeline.__main__ import main
from pipeline.licence_counts import LICENCES_COUNTED, Licences
from pipeline.rooms import PUBLISHED

CONFIG = """
run: classes
sources:
  notes: {{reader: {{kind: text, licence_column: terms}}, inputs: {raw}}}
filter:
  - kind: licence
    allow: [public-domain, permissive]
    categories: {{LicenseRef-contract-2026: permissive}}
"""


def test_the_classes_that_the_config_gives_are_on_the_card(tmp_path: Path) -> None:
    raw, data = tmp_path / "raw", tmp_path / "data"
    raw.mkdir()
    rows = [
        {"text": f"The river rose in night {n}, and nobody had seen it before.", "terms": terms}
        for n, terms in enumerate(["LicenseRef-contract-2026", "LicenseRef-contract-2026", "MIT", "whatever"])
    ]
    (raw / "n.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(CONFIG.format(raw=raw), encoding="utf-8")
    assert main(["run", "--config", str(tmp_path / "c.yaml"), "--data", str(data), "--workers", "0"]) == 0
    written = (data / "40_published/README.md").read_text(encoding="utf-8")
    assert "| permissive | 3 | LicenseRef-contract-2026 (2), MIT (1) |" in written
    assert "| unknown | 1 | unknown (1) |" in written
    (domain,) = card.published_domains(str(data), funnel.versions(str(data))[PUBLISHED])
    assert domain.licence_classes == {"LicenseRef-contract-2026": "permissive"}
    assert "licence_category" in pq.read_schema(data / funnel.versions(str(data))[PUBLISHED].files["rows"][0]).names


def test_licences_beyond_the_budget_are_counted_together_and_are_in_no_class() -> None:
    counted = Licences()
    for number in range(LICENCES_COUNTED + 2):
        counted.add(f"LicenseRef-{number}", "permissive", 1)
    facts = counted.facts()
    assert facts["licences"]["other"] == [2, 2]
    assert len(facts["licence_classes"]) == LICENCES_COUNTED
    assert "other" not in facts["licence_classes"]
