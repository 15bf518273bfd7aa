"""The views and the card: what the version holds and nothing else, whatever the folder is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import funnel, journal
from pipeline import run as running
from pipeline.__main__ import main
from pipeline.planning import survey
from pipeline.rooms.manifest import Count
from pipeline.rooms.version import Current, RoomVersion, write_version

CONFIG = """
run: test
sources:
  docs: {reader: {kind: text, licence_column: licence}, inputs: %s, domain: a}
filter: []
publish: {shard_bytes: %d}
"""


def run(folder: Path, data: Path, shard_bytes: int = 10**6) -> None:
    (folder / "in").mkdir(exist_ok=True)
    rows = [{"text": f"text number {n} " * 40, "licence": f"odd | licence\n`{n % 30}`"} for n in range(40)]
    (folder / "in" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "c.yaml").write_text(CONFIG % (folder / "in", shard_bytes))
    running.execute(survey.prepare(survey.Order(str(folder / "c.yaml"), str(data), 0)))


def test_a_folder_named_like_a_partition_changes_no_column(tmp_path):
    data = tmp_path / "source=zzz" / "data"
    run(tmp_path, data)
    with funnel.connect(str(data)) as connection:
        assert connection.execute("select distinct source from documents").fetchall() == [("docs",)]


def test_the_card_names_the_files_of_its_version_and_survives_odd_licences(tmp_path):
    data = tmp_path / "data"
    run(tmp_path, data)
    run(tmp_path, data, shard_bytes=10_000)
    rooms = funnel.versions(str(data))
    card = (data / "40_published" / "README.md").read_text()
    listed = {line[4:] for line in card.splitlines() if line.startswith("  - ")}
    assert listed == {name.rpartition("/")[2] for name in rooms["40_published"].files["rows"]}
    assert len(listed) > 1 and len(list((data / "40_published").glob("*.parquet"))) > len(listed)
    (row,) = [line for line in card.splitlines() if line.startswith("| a |")]
    assert row.replace("\\|", "").count("|") == 6
    assert "10 others" in row


def test_a_query_of_the_funnel_makes_no_view_of_files(tmp_path):
    rooms = {}
    for room in ("10_extracted", "20_filtered", "31_duplicates", "40_published"):
        files = {role: [f"{room}/{n:06d}.parquet" for n in range(30_000)] for role in ("rows", "ledger", "clusters")}
        version = RoomVersion(room, "r", (), files, (Count("web", "kept", "kept", 5, 5, 5),))
        rooms[room] = write_version(str(tmp_path), version)
    Current("r", "c", rooms, True).write(str(tmp_path))
    with funnel.connect(str(tmp_path), asked="select sum(docs_in) from funnel") as connection:
        assert connection.execute("select sum(docs_in) from funnel").fetchall() == [(20,)]
        tables = {name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()}
    assert tables == {"funnel"}


@pytest.mark.parametrize("arguments", [["run"], ["nonsense"], ["query", "--data", "x"], ["run", "--workers", "many"]])
def test_a_wrong_command_is_exit_2_and_a_message(arguments, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["pipeline", *arguments])
    assert main() == 2
    assert "wrong:" in capsys.readouterr().err


def test_a_wrong_query_names_the_views(tmp_path, monkeypatch, capsys):
    run(tmp_path, tmp_path / "data")
    for sql in ("select nothing from documents", "select * from nowhere", "select cast('x' as int) from funnel"):
        monkeypatch.setattr("sys.argv", ["pipeline", "query", "--data", str(tmp_path / "data"), sql])
        assert main() == 2
        assert "duplicates, evidence, cuts, measured, audit, funnel" in capsys.readouterr().err


def test_nothing_to_ask_says_whether_a_run_began(tmp_path, capsys):
    for command in (["query", "select 1"], ["funnel"], ["trace", "ab"]):
        assert main([command[0], "--data", str(tmp_path), *command[1:]]) == 2
        assert "no run here" in capsys.readouterr().err
    book = journal.Journal(str(tmp_path))
    book.say("started", config="c.yaml", shards=40, shards_done=28)
    book.close("interrupted")
    for command in (["query", "select 1"], ["funnel"], ["trace", "ab"]):
        assert main([command[0], "--data", str(tmp_path), *command[1:]]) == 2
        assert f"status --data {tmp_path}` says how far it is" in " ".join(capsys.readouterr().err.split())
