"""One config runs every source over real input on two workers: nothing is lost, and counts are the files' own."""

from __future__ import annotations

import bz2
import io
import re
import signal
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
import zstandard

from pipeline import funnel
from pipeline.kinds import SOURCES
from tests.e2e import drive

CONFIG = """
run: all
sources:
  web: {reader: {kind: commoncrawl}, inputs: %(data)s/warc}
  docs: {reader: {kind: text}, inputs: %(data)s/labelled}
  code: {reader: {kind: code}, inputs: %(made)s/code}
  pdf: {reader: {kind: pdf}, inputs: %(data)s/pdf}
  reddit: {reader: {kind: reddit}, inputs: %(data)s/reddit}
  stackexchange: {reader: {kind: stackexchange}, inputs: %(data)s/stackexchange}
  wikipedia: {reader: {kind: wikipedia}, inputs: %(data)s/wikipedia}
  arxiv: {reader: {kind: arxiv}, inputs: %(data)s/arxiv}
filter:
  - {kind: normalise}
  - {kind: c4_lines, terminal_punctuation: false, min_words: 3, sources: &prose [web, docs]}
  - {kind: language}
  - {kind: statistics}
  - {kind: rules, file: %(rules)s/gopher.yaml, sources: *prose}
  - {kind: rules, file: %(rules)s/fineweb.yaml, sources: *prose}
  - {kind: rules, file: %(rules)s/reddit.yaml, sources: [reddit]}
audit: {one_in: 50, floor: 20}
dedup: {source_priority: [arxiv, wikipedia, stackexchange, pdf]}
"""
PACKAGES = ("typer", "yaml", "fsspec")


def make_repositories(folder: Path) -> int:
    """Installed packages as zips of a repository; returns how many members they have."""
    site = Path(sysconfig.get_paths()["purelib"])
    folder.mkdir(parents=True)
    count = 0
    for name in PACKAGES:
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for path in sorted((site / name).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, f"{name}-main/{path.relative_to(site)}")
                    count += 1
    return count


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    folder = tmp_path_factory.mktemp("made")
    return folder, make_repositories(folder / "code")


@pytest.fixture(scope="module")
def config(made, shared_data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "all.yaml"
    path.write_text(CONFIG % {"data": shared_data(""), "made": made[0], "rules": drive.ROOT / "configs" / "rules"})
    return path


@pytest.fixture(scope="module")
def finished(config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on two workers."""
    folder = tmp_path_factory.mktemp("all")
    drive.run(config, folder / "data", "--workers", "2")
    return folder / "data"


pytestmark = [pytest.mark.cluster, pytest.mark.data]


def test_every_source_that_a_config_can_name_is_in_it(config):
    kinds = {source.model_fields["kind"].default for source in SOURCES}
    assert set(re.findall(r"reader: \{kind: (\w+)", config.read_text())) == kinds


def asked(data: Path, sql: str) -> list[tuple]:
    with funnel.connect(str(data)) as connection:
        return connection.execute(sql).fetchall()


def test_the_funnel_balances_for_merged_and_expanded_records_too(finished):
    funnel.check_balance(funnel.versions(str(finished)))
    counted = asked(
        finished,
        "select room, source, outcome, reason, docs_in, raw_bytes from funnel "
        "where outcome in ('dropped', 'merged', 'expanded') order by all",
    )
    held = asked(
        finished,
        "select room, source, outcome, reason, count(*), sum(raw_bytes) from dropped group by all order by all",
    )
    assert held == counted
    assert {outcome for _, _, outcome, _, _, _ in counted} == {"dropped", "merged", "expanded"}


def test_what_was_merged_is_in_a_row_and_what_was_expanded_is_all_there(finished):
    rooms = funnel.versions(str(finished))
    files = ", ".join(f"'{finished / name}'" for name in rooms["10_extracted"].files["rows"])
    rows = f"read_parquet([{files}])"
    lost = f"select count(*) from dropped where outcome = 'merged' and survivor not in (select doc_id from {rows})"
    assert asked(finished, lost) == [(0,)]
    parts = f"select sum(parts - 1) from {rows} where source in ('reddit', 'stackexchange')"
    merged = "select count(*) from dropped where outcome = 'merged'"
    assert asked(finished, parts) == asked(finished, merged)
    children = "select sum(children) from dropped where outcome = 'expanded' and source = 'code'"
    records = (
        "select sum(docs_in) from funnel where room = '10_extracted' and source = 'code' and outcome <> 'expanded'"
    )
    assert asked(finished, children) == asked(finished, records)


def records_in(data: Path, source: str) -> int:
    sql = f"select sum(docs_in)::int from funnel where room = '10_extracted' and source = '{source}'"
    return asked(data, sql)[0][0]


def test_the_counts_are_the_files_own(finished, shared_data, made):
    packed = shared_data("reddit/RS_2013-08.zst").read_bytes()
    decoder = zstandard.ZstdDecompressor(max_window_size=1 << 31)
    submissions = decoder.stream_reader(io.BytesIO(packed)).read().count(b"\n")
    comments = len(shared_data("reddit/RC_schema_exemplars.jsonl").read_text().splitlines())
    assert submissions == 15_995
    assert records_in(finished, "reddit") == submissions + comments
    posts = shared_data("stackexchange/coffee.stackexchange.com/Posts.xml").read_bytes()
    assert records_in(finished, "stackexchange") == len(re.findall(rb"<row ", posts))
    dumps = shared_data("wikipedia").glob("*.bz2")
    assert records_in(finished, "wikipedia") == sum(bz2.decompress(d.read_bytes()).count(b"<page>") for d in dumps)
    assert records_in(finished, "pdf") == len(list(shared_data("pdf").rglob("*.pdf")))
    assert records_in(finished, "arxiv") == len(list(shared_data("arxiv").glob("*.tar.gz")))
    assert records_in(finished, "code") == made[1] + len(PACKAGES)


def test_every_source_is_published_with_its_own_columns(finished):
    published = dict(asked(finished, "select source, count(*) from documents group by 1"))
    assert set(published) == {"web", "docs", "code", "pdf", "reddit", "stackexchange", "wikipedia", "arxiv"}
    for source, condition in {
        "code": "programming_language is not null and repository_path is not null and c4_removed_line_count is null",
        "reddit": "label is not null and over_18 is not null and score is not null and licence_declared is null",
        "stackexchange": "starts_with(licence_declared, 'CC-BY-SA-') and author is not null and url is not null",
        "wikipedia": "title is not null and (url is null or licence_declared = 'CC-BY-SA-3.0')",
        "arxiv": "charset is not null and (work is null or starts_with(work, 'arxiv:'))",
        "pdf": "pages >= 1 and pages_without_text < pages",
    }.items():
        holds = f"select bool_and(coalesce({condition}, false)) from documents where source = '{source}'"
        assert asked(finished, holds) == [(True,)], source
    named = "select count(work) from documents where source = 'arxiv'"
    assert asked(finished, named) == [(4,)]  # two old identifiers do not say of which archive they are
    addresses = "select count(url), count(*) from documents where source = 'wikipedia'"
    assert asked(finished, addresses) == [(97, 102)]  # the extract of tables does not say of which wiki it is


PATCHED = """
import os, signal, sys
from pipeline.joins import merge
from pipeline.joins import spill
from pipeline.__main__ import main
spill.SEGMENT_BYTES = 1 << 20
merge.FAN = 2
commit, rows_of = spill._commit, merge.merged_rows
def dying(task, segment, rows, is_last):
    if sys.argv[-1] == f"segment {segment}":
        os.kill(os.getpid(), signal.SIGKILL)
    return commit(task, segment, rows, is_last)
def merging(*arguments):
    global merged
    merged += 1
    if sys.argv[-1] == f"merge {merged}":
        os.kill(os.getpid(), signal.SIGKILL)
    return rows_of(*arguments)
merged = 0
spill._commit, merge.merged_rows = dying, merging
sys.exit(main(sys.argv[1:-1]))
"""


def test_a_run_killed_inside_a_large_input_resumes_there(shared_data, tmp_path):
    """Many segments of one file stand for the 30 GB that a test cannot have."""
    config = tmp_path / "reddit.yaml"
    config.write_text(
        f"run: killed\nsources:\n  reddit: {{reader: {{kind: reddit}}, inputs: {shared_data('reddit')}}}\n"
        "filter:\n  - {kind: normalise}\n"
    )

    def run(data: Path, dies_at: str) -> int:
        options = ["run", "--config", str(config), "--data", str(data), "--workers", "0"]
        with drive.started([sys.executable, "-c", PATCHED, *options, dies_at], tmp_path / "log") as process:
            return process.wait(timeout=300)

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(whole, "never") == 0, (tmp_path / "log").read_text()
    assert run(killed, "segment 3") == -signal.SIGKILL, (tmp_path / "log").read_text()
    before = {path.name: path.stat().st_mtime_ns for path in (killed / "05_spilled").glob("*.parquet")}
    assert 3 <= len(before) < len(list((whole / "05_spilled").glob("reddit-*.parquet")))
    assert run(killed, "merge 5") == -signal.SIGKILL, (tmp_path / "log").read_text()
    assert len(list((killed / "05_spilled").glob("merge-*.parquet"))) == 4
    before = {path.name: path.stat().st_mtime_ns for path in (killed / "05_spilled").glob("*.parquet")}
    assert not (killed / "10_extracted").exists()
    assert run(killed, "never") == 0, (tmp_path / "log").read_text()
    after = {path.name: path.stat().st_mtime_ns for path in (killed / "05_spilled").glob("*.parquet")}
    assert {name: after[name] for name in before} == before, "what was spilled was spilled again"
    assert drive.digest(killed) == drive.digest(whole)
