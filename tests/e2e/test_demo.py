"""`make demo` from the inside: its config over its shards, every planted record meeting the fate it was planted for."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import duckdb
import pytest

from pipeline import funnel
from pipeline.__main__ import main
from pipeline.demo import code as demo_code
from pipeline.publishing.sorting import order_of
from pipeline.schema import doc_id_of
from proxy_models.experiment import load
from proxy_models.sweep import trials
from proxy_models.sweep.material import Material
from proxy_models.tokens.tokenise import tokenise
from tests.conftest import ROOT
from tests.e2e import drive


@pytest.fixture(scope="module")
def demo(demo_raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the demo's config run over the demo's shards on two worker processes."""
    folder = tmp_path_factory.mktemp("demo")
    text = (ROOT / "configs" / "demo.yaml").read_text()
    text = text.replace("data/demo-raw", str(demo_raw)).replace("file: rules/", f"file: {ROOT}/configs/rules/")
    (folder / "demo.yaml").write_text(text)
    drive.run(folder / "demo.yaml", folder / "data", "--workers", "2")
    return folder / "data"


def test_every_planted_record_meets_its_fate(demo, demo_raw):
    planted = json.loads((demo_raw / "planted.json").read_text())
    with funnel.connect(str(demo)) as connection:
        published = {row[0] for row in connection.execute("select doc_id from documents").fetchall()}
        dropped = dict(connection.execute("select doc_id, reason from dropped").fetchall())
        survivors = dict(connection.execute("select doc_id, survivor from dropped").fetchall())
        counted = {row[0] for row in connection.execute("select reason from funnel where docs_in > 0").fetchall()}
    seen = set()
    for plant in planted:
        ids = [doc_id_of(record["source"], record["natural_key"]) for record in plant["records"]]
        kept = [doc_id for doc_id in ids if doc_id in published]
        gone = [doc_id for doc_id in ids if doc_id in dropped]
        match plant["fate"]:
            case "published":
                assert kept == ids, plant
            case "one_published":
                assert len(kept) == 1 and len(gone) == len(ids) - 1, plant
                assert {survivors[doc_id] for doc_id in gone} == set(kept), plant
            case "dropped":
                assert [dropped.get(doc_id) for doc_id in ids] == [plant["reason"]] * len(ids), plant
            case "not_a_document":
                assert not kept and not gone and plant["reason"] in counted, plant
            case other:
                pytest.fail(f"unknown fate {other}")
        seen.add(plant["fate"])
    assert seen == {"published", "one_published", "dropped", "not_a_document"}


HOME = Path(sysconfig.get_path("stdlib"))
MODULES = [path.read_bytes() for name in demo_code.PACKAGES for path in (HOME / name).glob("*.py")]
LICENCES = 1 + len(demo_code.PACKAGES) * (HOME / "LICENSE.txt").is_file()
"""What of the source `code` depends on the Python at hand."""

PUBLISHED = {
    "arxiv": 2,
    "code": 7 + sum(1 for module in MODULES if module.strip()),
    "pdf": 3,
    "reddit": 3,
    "stackexchange": 6,
    "wikipedia": 6,
}
GONE = {
    "arxiv": "broken_archive bulk_archive no_tex pdf_only withdrawn dedup:exact resource:latex_expansion",
    "code": f"archive*{1 + len(demo_code.PACKAGES)} binary binary_suffix data empty*{1 + MODULES.count(b'')} link "
    f"lock_file encoded_data generated licence_file*{LICENCES} minified unsafe_path vendored",
    "pdf": "dedup:work broken encrypted no_text_layer not_pdf truncated",
    "reddit": "bad_json blank_line comment*11 left_out no_submission no_text not_reddit over_18 promoted removed*4 "
    "repeated_record score",
    "stackexchange": "length:word_count answer*9 bad_xml broken_file empty*2 moderator_nomination no_question "
    "other_file repeated_record tag_wiki tag_wiki_excerpt",
    "wikipedia": "broken_page disambiguation namespace no_text not_wikitext older_revision redirect truncated*2",
}
"""What the demo's other modules plant: reasons (of the source, where it is not named) and how many records met them."""


@pytest.mark.parametrize("source", GONE)
def test_what_the_other_sources_plant_meets_its_fate(demo, source):
    with funnel.connect(str(demo)) as connection:
        published = connection.execute("select count(*) from documents where source = ?", [source]).fetchone()
        gone = connection.execute(
            "select reason, sum(docs_in)::int from funnel where outcome <> 'kept' and source = ? group by 1", [source]
        ).fetchall()
    planted = {}
    for word in GONE[source].split():
        reason, _, count = word.partition("*")
        planted[reason if ":" in reason else f"{source}:{reason}"] = int(count or 1)
    assert dict(gone) == planted
    assert published == (PUBLISHED[source],)


def test_of_one_paper_the_latex_stands_for_its_pdf(demo):
    with funnel.connect(str(demo)) as connection:
        rows = connection.execute(
            "select d.source, k.source, k.work from dropped d join documents k on k.doc_id = d.survivor "
            "where d.reason = 'dedup:work'"
        ).fetchall()
    assert rows == [("pdf", "arxiv", "arxiv:2601.99002")]


@pytest.mark.parametrize("name", ["demowiki-pages-meta-history.xml", "2601.99001.tar.gz", "settling-ponds.pdf"])
def test_a_file_can_be_looked_at_without_a_run(demo_raw, name, capsys):
    (path,) = demo_raw.rglob(name)
    assert main(["extract", str(path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["outcome"] for line in lines if line["outcome"] != "not_a_document"] == ["kept"]
    assert main(["extract", str(path), "--kind", "nothing"]) == 2
    assert main(["extract", str(path.parent)]) == 2
    assert "a folder: name one file in it" in " ".join(capsys.readouterr().err.split())


def test_every_published_document_has_its_provenance(demo):
    with funnel.connect(str(demo)) as connection:
        lost = connection.execute(
            "select count(*) from documents where raw_path is null or natural_key is null or domain is null "
            "or (licence_declared is null and licence_where is null) or text is null or text = ''"
        ).fetchone()
    assert lost == (0,)


def test_published_shards_are_cut_by_domain_and_ascend_in_published_order(demo):
    for path in sorted((demo / "40_published").glob("*.parquet")):
        rows = duckdb.sql(f"select doc_id, domain from '{path}'").fetchall()
        assert {domain for _, domain in rows} == {path.name.split("-")[0]}
        orders = [order_of(doc_id) for doc_id, _ in rows]
        assert orders == sorted(orders)


def test_the_spill_is_gone_and_nothing_is_left_lying(demo):
    names = [path.name for path in demo.rglob("*")]
    assert not [name for name in names if name.startswith(".draft")]
    assert not list((demo / "39_sorted").iterdir())


@pytest.mark.browser
def test_the_report_in_a_browser_says_what_the_manifests_say(demo, browser):
    said, asked = [], []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((demo / "61_reports" / "funnel.html").as_uri())
    shown = json.loads(page.locator("#funnel-data").text_content())
    assert said == []
    assert [url for url in asked if not url.startswith("file:")] == []
    told = funnel.funnel_rows(funnel.versions(str(demo)))
    keys = ("room", "source", "outcome", "docs_in", "docs_out", "raw_bytes", "text_bytes")
    assert [{k: flow[k] for k in keys} for flow in shown["flows"]] == [{k: row[k] for k in keys} for row in told]
    published = sum(row["docs_out"] for row in told if row["room"] == "40_published")
    assert f"{published:,}" in page.locator("header").first.inner_text()


def test_the_experiment_of_the_demo_has_room_for_its_mixtures(demo):
    experiment = load(ROOT / "configs" / "mixtures" / "demo.yaml")
    material = Material.open(tokenise(str(demo), experiment.tokens).folder, None)
    feasible = trials.constraints(experiment, material)
    assert {"code", "docs", "web"} <= set(feasible.names)
    asked = experiment.proxies
    runs = asked.mixtures + asked.repeats + 2 * asked.distant_repeats
    assert len(trials.sweep(experiment, material, feasible)) == runs


def test_the_front_door_opens(demo):
    """The make targets that need a finished run, as a user types them."""

    def make(*arguments: str) -> str:
        done = subprocess.run(
            [*drive.MAKE, *arguments, f"DATA={demo}"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | {"COLUMNS": "120"},
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "make demo" in make("help")
    assert "language:not_english" in make("funnel")
    assert "finished" in make("status")
    assert "310" in make("query", "SQL=select 300 + 10 as n")
    doc_id = duckdb.sql(f"select doc_id from read_parquet('{demo}/40_published/*.parquet') limit 1").fetchall()[0][0]
    trace = [drive.PYTHON, "-m", "pipeline", "trace", "--data", str(demo), doc_id]
    traced = subprocess.run(trace, capture_output=True, text=True, cwd=ROOT, check=False)
    assert traced.returncode == 0 and "raw_path" in traced.stdout
