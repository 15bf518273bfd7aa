"""The main job on real input: all web archives of the shared data on a real cluster of two worker processes."""

from __future__ import annotations

import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import funnel
from pipeline.config import load
from pipeline.rooms.manifest import Place
from pipeline.rooms.names import COUNTED
from pipeline.rooms.tables import TableFile
from pipeline.stage import Stage
from tests.e2e import drive

pytestmark = [pytest.mark.cluster, pytest.mark.data]

CONFIG = """
run: real
sources:
  web: {reader: {kind: commoncrawl}, inputs: %s}
  archives: {reader: {kind: commoncrawl}, inputs: %s}
  faults: {reader: {kind: commoncrawl}, inputs: %s}
filter:
  - {kind: normalise}
  - {kind: language}
  - kind: rules
    name: language
    rules:
      - {drop: "language:not_english", when: "language <> 'en'"}
      - {drop: "language:unsure", when: "language_score < 6500"}
  - {kind: statistics}
  - {kind: rules, file: %s/gopher.yaml}
  - {kind: rules, file: %s/fineweb.yaml}
audit: {one_in: 20, floor: 5}
publish: {shard_bytes: 1000000}
"""


@pytest.fixture(scope="module")
def real(shared_data, tmp_path_factory):
    """A finished run over web/, warc/ and warc_faults/."""
    folder = tmp_path_factory.mktemp("real")
    rules = drive.ROOT / "configs" / "rules"
    config = folder / "config.yaml"
    config.write_text(CONFIG % (shared_data("web"), shared_data("warc"), shared_data("warc_faults"), rules, rules))
    with drive.dask_scheduler(folder) as (_, address), drive.dask_workers(folder, address):
        drive.run(config, folder / "data", "--scheduler", address)
    return folder / "data"


def test_the_funnel_balances_by_source_and_room(real):
    rooms = funnel.versions(str(real))
    funnel.check_balance(rooms)
    assert set(COUNTED) <= set(rooms)


def test_the_ledgers_hold_exactly_what_the_manifests_count(real):
    with funnel.connect(str(real)) as connection:
        counted = connection.execute(
            "select room, source, reason, docs_in, raw_bytes from funnel where outcome = 'dropped' order by all"
        ).fetchall()
        held = connection.execute(
            "select room, source, reason, count(*), sum(raw_bytes) from dropped group by all order by all"
        ).fetchall()
    assert held == counted
    assert counted


def test_each_room_holds_the_rows_that_it_counts(real):
    rooms = funnel.versions(str(real))
    for room in ("10_extracted", "20_filtered", "40_published"):
        files = [str(real / name) for name in rooms[room].files["rows"]]
        held = dict(duckdb.sql(f"select source, count(*) from read_parquet({files}) group by 1").fetchall())
        counted: dict[str, int] = {}
        for count in rooms[room].counts:
            if count.outcome == "kept" and count.docs:
                counted[count.source] = counted.get(count.source, 0) + count.docs
        assert held == counted, room


def test_published_documents_are_unique_and_in_published_order(real):
    with funnel.connect(str(real)) as connection:
        total, distinct = connection.execute("select count(*), count(distinct doc_id) from documents").fetchone()
    assert total == distinct > 100


def test_published_text_is_as_it_was_measured(real):
    """The law of the design: published columns equal a fresh measurement of the published text."""
    _, steps = load(str(real.parent / "config.yaml"))
    rooms = funnel.versions(str(real))
    for name in rooms["40_published"].files["rows"][:2]:
        for published in pq.ParquetFile(real / name).iter_batches(256):
            for step in steps:
                if isinstance(step, Stage) and not step.rewrites_text:
                    bare = published.select([n for n in published.schema.names if n not in step.adds.names])
                    assert step(bare).select(step.adds.names).equals(published.select(step.adds.names))


def test_every_faulty_file_ends_in_outcomes_and_stops_nothing(real, shared_data):
    files = {line["file"] for line in map(json.loads, shared_data("warc_faults/index.jsonl").read_text().splitlines())}
    seen = set()
    for manifest in drive.manifests(real, "10_extracted"):
        if manifest.shard.startswith("faults-"):
            seen.add(manifest.shard)
            assert sum(count.docs for count in manifest.counts) > 0, manifest
    read = {name for name in files if not name.endswith(".bad")}
    assert len(seen) >= len(read)


def test_ledger_rows_cost_at_most_100_bytes(real, tmp_path):
    """All rows of the filter's ledgers in one file, as a large shard writes it: columns, footer apart."""
    rooms = funnel.versions(str(real))
    tables = [pq.read_table(real / name) for name in rooms["20_filtered"].files["ledger"]]
    rows = pa.concat_tables(tables).sort_by("reason").combine_chunks()
    place = Place(str(tmp_path), "20_filtered", "all", "r" * 64)
    with TableFile(place, "ledger", ".ledger.parquet", rows.schema) as file:
        file.write(rows.to_batches()[0])
        name = file.publish().name
    group = pq.ParquetFile(tmp_path / name).metadata.row_group(0)
    size = sum(group.column(i).total_compressed_size for i in range(group.num_columns))
    assert rows.num_rows > 300
    assert size / rows.num_rows <= 100
