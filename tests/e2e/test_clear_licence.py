"""configs/clear_licence.yaml on real pages: what is published has an open licence with evidence, and only that."""

from __future__ import annotations

import duckdb
import pytest
import yaml

from tests.e2e import drive

pytestmark = pytest.mark.data


def test_only_clear_licences_are_published(shared_data, tmp_path):  # type: ignore[no-untyped-def]
    recipe = yaml.safe_load((drive.ROOT / "configs/clear_licence.yaml").read_text(encoding="utf-8"))
    inputs = {"web": "web/trafilatura_eval.warc.gz", "stackexchange": "stackexchange"}
    recipe["sources"] = {name: recipe["sources"][name] | {"inputs": str(shared_data(inputs[name]))} for name in inputs}
    for step in recipe["filter"]:
        step.pop("allow_of", None)
        if "file" in step:
            step["file"] = str(drive.ROOT / "configs" / step["file"])
    recipe["filter"][0]["allow_of"] = {"stackexchange": ["share-alike"]}
    config = tmp_path / "clear.yaml"
    config.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    drive.run(config, tmp_path / "data", "--workers", "0")
    rows = duckdb.sql(
        f"select source, url, licence_spdx, licence_category, licence_evidence, licence_place "
        f"from '{tmp_path}/data/40_published/*.parquet'"
    ).fetchall()
    web = {url: spdx for source, url, spdx, *_ in rows if source == "web"}
    assert any(url.startswith("https://de.globalvoices.org/") for url in web)
    assert all(spdx.startswith(("CC-BY-3", "LicenseRef-CC-BY-2.0-DE")) for spdx in web.values())
    assert {category for source, _, _, category, *_ in rows} == {"permissive", "share-alike"}
    assert all(evidence and place for *_, evidence, place in rows)
    reasons = dict(
        duckdb.sql(
            f"select reason, count(*) from '{tmp_path}/data/20_filtered/*.ledger.parquet' where reason like 'licence:%' "
            "group by reason"
        ).fetchall()
    )
    assert reasons["licence:conflicting"] == 2
    assert reasons["licence:not_allowed"] > 40
