"""configs/clear_licence.yaml on real pages: what is published has an open licence with evidence, and only that."""

from __future__ import annotations

import json

import duckdb
import mlcroissant
import pytest
import yaml

from tests.e2e import drive

pytestmark = pytest.mark.data


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what mlcroissant stands on
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
    drive.run_here(config, tmp_path / "data")
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
            f"select reason, count(*) from '{tmp_path}/data/20_filtered/*.ledger.parquet' "
            "where reason like 'licence:%' group by reason"
        ).fetchall()
    )
    assert reasons["licence:conflicting"] == 2
    assert reasons["licence:not_allowed"] > 40
    named = duckdb.sql(f"select url, licence, author from '{tmp_path}/data/attribution/*.parquet'").fetchall()
    assert len(named) == len(rows), "all that is left is under a licence of Creative Commons"
    assert all(licence.removeprefix("LicenseRef-").startswith("CC-BY") for _, licence, _ in named)
    card = (tmp_path / "data/40_published/README.md").read_text(encoding="utf-8")
    assert "| permissive | " in card and "| share-alike | " in card and "| proprietary" not in card
    croissant_is_valid(tmp_path / "data", rows)


def croissant_is_valid(data, rows):  # type: ignore[no-untyped-def]
    """Croissant's own package reads the metadata without an error, and every document by it."""
    dataset = mlcroissant.Dataset(jsonld=data / "40_published/croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    assert {record_set.id for record_set in dataset.metadata.record_sets} == {source for source, *_ in rows}
    found = [
        (record[f"{name}/url"].decode(), record[f"{name}/licence_spdx"].decode())
        for name in {source for source, *_ in rows}
        for record in dataset.records(name)
    ]
    assert sorted(found) == sorted((url, spdx) for _, url, spdx, *_ in rows)
    ids = {each for _, _, spdx, *_ in rows for each in spdx.split(" AND ")}
    stated = json.loads((data / "40_published/croissant.json").read_bytes())["license"]
    assert {each.removeprefix("https://spdx.org/licenses/").removesuffix(".html") for each in stated} == ids
