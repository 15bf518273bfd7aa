"""Runs at the edges: nothing in, one row in, a huge record, a broken stage, a wrong config."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from pipeline import funnel, storage
from pipeline import run as running
from pipeline.__main__ import main
from pipeline.execution.runner import Failures
from pipeline.planning import survey
from pipeline.sources.reddit.source import Reddit
from pipeline.stages.language import Language
from pipeline.trouble import EnvironmentTrouble
from tests.e2e import drive

TEXTS = """
run: test
sources:
  docs:
    reader: {kind: text}
    inputs: %s
filter:
  - {kind: normalise}
  - {kind: language}
"""


def texts_config(folder: Path, inputs: Path) -> Path:
    path = folder / "config.yaml"
    path.write_text(TEXTS % inputs)
    return path


def execute(config: Path, data: Path, **options) -> None:
    running.execute(survey.prepare(survey.Order(str(config), str(data), 0, **options)))


def sums(data: Path) -> dict[tuple[str, str], int]:
    with funnel.connect(str(data)) as connection:
        rows = connection.execute("select room, reason, sum(docs_in) from funnel group by all").fetchall()
    return {(room, reason): count for room, reason, count in rows}


def test_an_empty_run_publishes_an_empty_corpus(tmp_path):
    (tmp_path / "in").mkdir()
    execute(texts_config(tmp_path, tmp_path / "in"), tmp_path / "data")
    assert sums(tmp_path / "data") == {}
    with funnel.connect(str(tmp_path / "data")) as connection:
        assert connection.execute("select count(*), count(text) from documents").fetchone() == (0, 0)
        assert connection.execute("select count(*) from dropped").fetchone() == (0,)


def test_an_empty_shard_passes_every_room(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "none.jsonl").write_text("")
    execute(texts_config(tmp_path, tmp_path / "in"), tmp_path / "data")
    with funnel.connect(str(tmp_path / "data")) as connection:
        assert connection.execute("select count(*), count(domain) from documents").fetchone() == (0, 0)


def test_of_two_empty_shards_each_is_done(tmp_path):
    """Also where one was done before the other was begun: what is empty is not all one."""
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "none.jsonl").write_text(" \n" if name == "b" else "")
    config = tmp_path / "config.yaml"
    entries = "".join(f"  {n}: {{reader: {{kind: text}}, inputs: {tmp_path}/in/{n}}}\n" for n in ("a", "b"))
    config.write_text(f"run: test\nsources:\n{entries}filter:\n  - {{kind: language}}\n")
    execute(config, tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    for room in ("20_filtered", "30_signatures", "31_duplicates", "40_published", "audit"):
        for path in (tmp_path / "killed" / room).glob("b-*" if room < "31" or room == "audit" else "*"):
            path.unlink()
    (tmp_path / "killed" / "current.json").unlink()
    execute(config, tmp_path / "killed")
    assert drive.digest(tmp_path / "killed") == drive.digest(tmp_path / "whole")


def test_a_file_that_cannot_be_spilled_fails_its_source_and_the_others_finish(tmp_path, monkeypatch):
    (tmp_path / "threads").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "threads" / "RS.jsonl").write_text('{"id": "a", "title": "A title", "selftext": "A text."}\n')
    (tmp_path / "texts" / "one.jsonl").write_text(json.dumps({"text": "The only row of this source."}) + "\n")
    config = tmp_path / "config.yaml"
    config.write_text(
        f"run: test\nsources:\n  threads: {{reader: {{kind: reddit}}, inputs: {tmp_path}/threads}}\n"
        f"  texts: {{reader: {{kind: text}}, inputs: {tmp_path}/texts}}\nfilter:\n  - {{kind: language}}\n"
    )

    def broken(self, file, stream):
        raise ZeroDivisionError("a bug of ours")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(Reddit, "fragments", broken)
        with pytest.raises(Failures) as caught:
            execute(config, tmp_path / "data")
    (failure,) = caught.value.failures
    assert (failure.name, failure.kind) == ("threads-00000", "bug") and "a bug of ours" in failure.traceback
    assert drive.committed(tmp_path / "data", "30_signatures") == 1
    with pytest.raises(Failures):  # remembered: the file is not read again for nothing
        execute(config, tmp_path / "data")
    execute(config, tmp_path / "data", retry_failed=True)
    assert sums(tmp_path / "data")[("40_published", "kept")] == 2


def test_any_legal_name_of_a_domain_is_published(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.jsonl").write_text(json.dumps({"text": "The only row of this run says so."}) + "\n")
    config = texts_config(tmp_path, tmp_path / "in")
    config.write_text(config.read_text().replace("filter:", "    domain: spill-39_sorted\nfilter:"))
    execute(config, tmp_path / "data")
    assert sums(tmp_path / "data")[("40_published", "kept")] == 1


def test_a_committed_file_that_is_gone_is_no_bug(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.jsonl").write_text(json.dumps({"text": "The only row of this run says so."}) + "\n")
    config = texts_config(tmp_path, tmp_path / "in")
    execute(config, tmp_path / "data")
    for path in (tmp_path / "data" / "10_extracted").glob("*.parquet"):
        path.unlink()
    config.write_text(config.read_text() + "  - {kind: statistics}\n")
    command = ["run", "--config", str(config), "--data", str(tmp_path / "data"), "--workers", "0"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["pipeline", *command])
        patch.setattr("pipeline.execution.runner.PAUSE_S", (0.0, 0.0, 0.0))
        assert main() == 3
    said = capsys.readouterr().err
    assert "committed file is gone" in said and "10_extracted/docs-00000" in said
    assert not (tmp_path / "data" / "failed").exists()


def test_a_finished_run_without_one_of_its_ledgers_says_which(tmp_path, capsys):
    """Also the last of several: DuckDB asks for the first file of a view, for the others when it reads them."""
    names = ("a", "b", "c")
    for name in names:
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "one.jsonl").write_text(
            json.dumps({"text": f"The only row of {name} says so."}) + "\n{\n"
        )
    config = tmp_path / "config.yaml"
    entries = "".join(f"  {name}: {{reader: {{kind: text}}, inputs: {tmp_path}/in/{name}}}\n" for name in names)
    config.write_text(f"run: test\nsources:\n{entries}filter:\n  - {{kind: language}}\n")
    order = survey.Order(str(config), str(tmp_path / "data"), 0)
    running.execute(survey.prepare(order))
    (ledger,) = (tmp_path / "data" / "20_filtered").glob("c-*.ledger.parquet")
    ledger.unlink()
    assert not survey.is_done(survey.prepare(order))
    with pytest.raises(EnvironmentTrouble, match=ledger.name):
        running.execute(survey.prepare(order))
    data = ["--data", str(tmp_path / "data")]
    for command in (["trace", "0", *data], ["query", "select max(reason), max(doc_id) from dropped", *data]):
        assert main(command) == 3
        assert ledger.name in capsys.readouterr().err.replace("\n", "")
    ledger.with_name(ledger.name.replace(".ledger.parquet", ".json")).unlink()
    running.execute(survey.prepare(order))
    assert survey.is_done(survey.prepare(order)) and ledger.exists()


@pytest.mark.parametrize("gone", ["40_published", "31_duplicates", "61_reports/funnel.html", "riffle.duckdb"])
def test_a_finished_run_that_lost_a_result_makes_it_again(tmp_path, gone):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.jsonl").write_text(json.dumps({"text": "The only row of this run says so."}) + "\n")
    order = survey.Order(str(texts_config(tmp_path, tmp_path / "in")), str(tmp_path / "data"), 0)
    running.execute(survey.prepare(order))
    before = drive.digest(tmp_path / "data")
    assert survey.is_done(survey.prepare(order))
    path = tmp_path / "data" / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert not survey.is_done(survey.prepare(order))
    running.execute(survey.prepare(order))
    assert survey.is_done(survey.prepare(order)) and path.exists()
    after = drive.digest(tmp_path / "data")
    assert {name: after[name] for name in before} == before


def test_one_row_is_published_with_its_origin(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.jsonl").write_text(json.dumps({"text": "The only row of this run says so."}) + "\n")
    execute(texts_config(tmp_path, tmp_path / "in"), tmp_path / "data")
    with funnel.connect(str(tmp_path / "data")) as connection:
        rows = connection.execute("select text, raw_path, raw_offset, source, domain from documents").fetchall()
    assert [row[0] for row in rows] == ["The only row of this run says so."]
    assert rows[0][1:] == ("one.jsonl", rows[0][2], "docs", "docs")


def test_a_200_mb_record_is_a_row_of_the_ledger_and_its_neighbours_live(tmp_path):
    (tmp_path / "in").mkdir()
    with (tmp_path / "in" / "big.jsonl").open("w") as file:
        file.write('{"text": "before the big one"}\n{"text": "')
        for _ in range(200):
            file.write("x" * 2**20)
        file.write('"}\n{"text": "after the big one"}\n')
    execute(texts_config(tmp_path, tmp_path / "in"), tmp_path / "data")
    found = sums(tmp_path / "data")
    assert found[("10_extracted", "resource:record_bytes")] == 1
    assert found[("40_published", "kept")] == 2


def test_a_bug_fails_its_shard_alone_and_is_remembered(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for name in ("good", "bad"):
        for number in range(3):
            text = f"{name} row {number} of a file that is large enough to be a shard. " * 200_000
            (tmp_path / "in" / f"{name}{number}.txt").write_text(text)
    config, data = texts_config(tmp_path, tmp_path / "in"), tmp_path / "data"
    healthy = Language.__call__

    def broken(self, batch):
        if any(text.startswith("bad row 1") for text in batch.column("text").to_pylist()):
            raise ZeroDivisionError("provoked by the test")
        return healthy(self, batch)

    monkeypatch.setattr(Language, "__call__", broken)
    with pytest.raises(Failures) as caught:
        execute(config, data)
    assert [failure.kind for failure in caught.value.failures] == ["bug"]
    assert "provoked by the test" in caught.value.failures[0].traceback
    finished = drive.committed(data, "20_filtered")
    assert finished == drive.committed(data, "10_extracted") - 1 > 0
    assert not (data / "current.json").exists(), "nothing is published from half a run"

    monkeypatch.setattr(Language, "__call__", healthy)
    with pytest.raises(Failures):  # remembered: not tried again by itself
        execute(config, data)
    assert drive.committed(data, "20_filtered") == finished
    execute(config, data, retry_failed=True)
    assert sums(data)[("10_extracted", "kept")] == 6


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("kind: language", "kind: langauge"), "langauge"),
        (("kind: normalise}", "kind: normalise, level: 3}"), "filter.0"),
        (("inputs:", "input:"), "sources.docs"),
        (
            ("  - {kind: normalise}\n  - {kind: language}", "  - {kind: language}\n  - {kind: normalise}"),
            "move it before",
        ),
        (("run: test", "run: [test"), "not YAML"),
        (("run: test", "run: test\nrun: again"), "run is given twice"),
        (("filter:", "dedup: {quality_column: nope}\nfilter:"), "no stage measures 'nope'"),
        (("filter:", "dedup: {source_priority: [nobody]}\nfilter:"), "no source is called nobody"),
        (("{kind: text}", "{kind: text}\n    domain: ../up"), "domain"),
    ],
)
def test_a_wrong_config_names_the_key_before_any_work(tmp_path, monkeypatch, capsys, change, complaint):
    (tmp_path / "in").mkdir()
    config = texts_config(tmp_path, tmp_path / "in")
    config.write_text(config.read_text().replace(*change))
    monkeypatch.setattr("sys.argv", ["pipeline", "run", "--config", str(config), "--data", str(tmp_path / "data")])
    assert main() == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_the_query_of_a_folder_without_a_run_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["pipeline", "query", "--data", str(tmp_path), "select 1"])
    assert main() == 2
    assert "make demo" in capsys.readouterr().err


def test_the_database_opens_in_plain_duckdb(undisturbed):
    _, data = undisturbed
    with duckdb.connect(str(data / "riffle.duckdb"), read_only=True) as connection:
        published = connection.execute("select count(*) from documents").fetchone()
        counted = connection.execute("select sum(docs_out) from funnel where room = '40_published'").fetchone()
    assert published == counted


def labelled(folder: Path, domains: str) -> Path:
    """A config that publishes by label, over one row of each of two labels."""
    (folder / "in").mkdir(exist_ok=True)
    rows = [{"text": "a text of the label a", "label": "a"}, {"text": "a text of the label b", "label": "b"}]
    (folder / "in" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = texts_config(folder, folder / "in")
    text = config.read_text().replace("{kind: text}", "{kind: text, label_column: label}")
    config.write_text(text.replace("filter:", f"    domain_by_label: {domains}\nfilter:"))
    return config


def test_labels_that_swap_their_domains_publish_a_new_version(tmp_path):
    for domains, expected in (("{a: x, b: y}", {"a": "x", "b": "y"}), ("{a: y, b: x}", {"a": "y", "b": "x"})):
        execute(labelled(tmp_path, domains), tmp_path / "data")
        with funnel.connect(str(tmp_path / "data")) as connection:
            assert dict(connection.execute("select label, domain from documents").fetchall()) == expected


def test_an_input_that_changes_under_a_run_is_never_committed_as_what_it_was(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "rows.jsonl"
    file.write_text('{"text": "what the plan saw"}\n')
    prepared = survey.prepare(survey.Order(str(texts_config(tmp_path, tmp_path / "in")), str(tmp_path / "data"), 0))
    file.write_text('{"text": "what the plan saw"}\n{"text": "and more"}\n')
    monkeypatch.setattr(running.runner, "PAUSE_S", (0.0,) * len(running.runner.PAUSE_S))
    with pytest.raises(Failures) as caught:
        running.execute(prepared)
    assert [failure.kind for failure in caught.value.failures] == ["environment"]
    execute(tmp_path / "config.yaml", tmp_path / "data")
    assert sums(tmp_path / "data")[("40_published", "kept")] == 2


def test_reports_are_made_of_the_manifests_that_the_run_has(tmp_path, monkeypatch):
    """A bucket would be asked for each once more: half of all requests of a run that reads and writes one."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text("A text that will be published and reported.")
    read, write, asked = storage.read_bytes, running.write_reports, []

    def watched(*arguments):
        with monkeypatch.context() as patch:
            patch.setattr(storage, "read_bytes", lambda path: asked.append(path) or read(path))
            write(*arguments)

    monkeypatch.setattr(running, "write_reports", watched)
    data = tmp_path / "data"
    execute(texts_config(tmp_path, tmp_path / "in"), data)
    manifests = {str(path) for room in drive.ROOMS[1:6] for path in (data / room).glob("*.*.json")}
    assert len(manifests) > 5 and asked
    assert not manifests.intersection(asked)


def test_a_run_that_dies_in_its_reports_makes_them_next_time(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text("A text that will be published and reported.")
    config, data = texts_config(tmp_path, tmp_path / "in"), tmp_path / "data"
    write = running.write_reports
    monkeypatch.setattr(running, "write_reports", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        execute(config, data)
    monkeypatch.setattr(running, "write_reports", write)
    prepared = survey.prepare(survey.Order(str(config), str(data), 0))
    assert not survey.is_done(prepared)
    running.execute(prepared)
    assert (data / "61_reports" / "funnel.html").exists() and (data / "riffle.duckdb").exists()
    assert survey.is_done(survey.prepare(survey.Order(str(config), str(data), 0)))
