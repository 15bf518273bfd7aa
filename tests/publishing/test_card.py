"""The card's licences by class: that of the id, or what the config says of terms of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import funnel
from pipeline.__main__ import main
from pipeline.publishing import card
from pipeline.publishing.licence_counts import LICENCES_COUNTED, Licences
from pipeline.report.page.tables import LICENCES_SHOWN, licence_chips
from pipeline.rooms.manifest import Manifest, read_manifests
from pipeline.rooms.names import PUBLISHED
from pipeline.rooms.version import RoomVersion

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
    croissant = json.loads((data / "40_published/croissant.json").read_bytes())
    mit = "https://spdx.org/licenses/MIT.html"
    assert croissant["license"] == ["LicenseRef-contract-2026", mit, "unknown"]  # the corpus is not open as a whole
    (domain,) = card.published_domains(read_manifests(str(data), funnel.versions(str(data))[PUBLISHED].manifests))
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


def test_a_licence_in_every_document_does_not_fill_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source may declare another text in each: many shards, each with as many as one may name."""
    monkeypatch.setattr(card, "LICENCES_TOLD", 3)
    manifests = []
    for shard in range(3):
        licences = {"MIT": [5, 5], **{f"(c) author {shard}-{number}": [1, 1] for number in range(4)}}
        facts = {"domain": "web", "licences": licences, "licence_classes": dict.fromkeys(licences, "unknown")}
        manifests.append(Manifest(PUBLISHED, f"web-{shard:05d}-of-00003", f"{shard}" * 64, {}, (), (), facts))
    (domain,) = card.published_domains(manifests)
    assert domain.licences == {"MIT": 15, "(c) author 0-0": 1, "(c) author 0-1": 1, "other": 10}
    assert set(domain.licence_classes) == set(domain.licences) - {"other"}


def test_the_page_shows_the_most_frequent_licences_and_counts_the_others() -> None:
    html = licence_chips({f"L-{number:04d}": 2000 - number for number in range(1000)})
    assert html.count("<li>") == LICENCES_SHOWN + 1
    assert "L-0019" in html and "L-0020" not in html and "980 others" in html


def test_shards_are_told_apart_by_domain_whatever_domains_are_called() -> None:
    domains = ["a", "a-b", "a-00000-of-00001", "a.b"]
    files = [f"40_published/{d}-{n:05d}-of-00002.0123456789ab.parquet" for d in domains for n in range(2)]
    found = card._by_domain(RoomVersion(PUBLISHED, "r", (), {"rows": files}, ()))
    assert found == {d: [f.rpartition("/")[2] for f in files[2 * at : 2 * at + 2]] for at, d in enumerate(domains)}
