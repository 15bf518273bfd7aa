"""The benchmarks' own reading, counting and parsing; what they measure is no test's business."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from pipeline import config
from pipeline.journal import Journal

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
MODULES = ("archives", "contenders", "dedup_scale", "measure", "memory", "run", "tables")
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"
PROSE = b"<p>the quick brown foxes jump over the lazy dogs while other foxes watch them from the edge of the wood.</p>"


WITH_PEERS = ("datatrove_decisions", "datatrove_path", "dedup_datatrove")
"""They run where the peer is installed."""
IMPORTING = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(f"benchmarks.{name}")
"""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The modules of `benchmarks/`, as the scripts see them: that folder is no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    loaded: dict[str, ModuleType] = {name: importlib.import_module(name) for name in MODULES}
    yield SimpleNamespace(**loaded)
    for name in MODULES:
        sys.modules.pop(name, None)


def response(bench: SimpleNamespace, block: bytes, number: int = 0, kind: str = "response") -> object:
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{number}>",
        "WARC-Target-URI": f"https://x.org/{number}",
    }
    return bench.archives.Record(tuple(headers.items()), block)


@pytest.mark.parametrize(
    ("block", "kind", "size"),
    [
        (PAGE + b"<p>hello", "response", 8),
        (PAGE.replace(b"text/html", b"application/xhtml+xml; charset=utf-8") + b"", "response", 0),
        (PAGE.replace(b"Content-Type", b"content-type") + b"x", "response", 1),
        (PAGE.replace(b"200 OK", b"404 Not Found") + b"x", "response", None),
        (PAGE.replace(b"text/html", b"image/png") + b"x", "response", None),
        (PAGE.replace(b"text/html", b"text/htmlx") + b"x", "response", None),
        (PAGE + b"x", "request", None),
        (PAGE[:-4], "response", None),
    ],
)
def test_a_page_is_an_html_response_of_status_200(bench, block, kind, size):
    assert response(bench, block, kind=kind).page_bytes == size


def test_what_is_written_is_read_again_and_counted(bench, tmp_path):
    pages = [response(bench, PAGE + b"<p>%d" % n, n) for n in range(5)]
    records = [response(bench, b"GET / HTTP/1.1\r\n\r\n", 9, "request"), *pages]
    made = bench.archives.write(records, tmp_path / "raw" / "a.warc.gz")
    again = list(bench.archives.read([tmp_path / "raw" / "a.warc.gz"]))
    assert [record.block for record in again] == [record.block for record in records]
    assert (made.pages, made.html_bytes, made.plain_bytes) == (5, 20, sum(len(record.block) for record in records))
    assert made.packed_bytes == (tmp_path / "raw" / "a.warc.gz").stat().st_size


def test_only_pages_get_a_payload_type(bench):
    records = [response(bench, PAGE + b"x"), response(bench, b"", kind="warcinfo")]
    named = [dict(r.headers).get("WARC-Identified-Payload-Type") for r in bench.archives.as_common_crawl(records)]
    assert named == ["text/html", None]


def test_copies_are_other_documents_and_the_first_round_is_untouched(bench):
    sources = [response(bench, PAGE + PROSE, n) for n in range(3)]
    size = len(sources[0].block)
    copies = list(bench.archives.copies(lambda: iter(sources), 7 * size))
    assert copies[:3] == sources
    assert sum(len(copy.block) for copy in copies) >= 7 * size
    for name in ("WARC-Record-ID", "WARC-Target-URI"):
        assert len({dict(copy.headers)[name] for copy in copies}) == len(copies)
    assert len({copies[n].block for n in (0, 3, 6)}) == 3
    assert b"Content-Length" not in copies[3].block
    assert copies == list(bench.archives.copies(lambda: iter(sources), 7 * size))


def test_a_page_of_our_own_is_escaped_and_counts_as_one(bench):
    page = bench.archives.page_of(["a < b"], "https://example.org/")
    assert page.page_bytes and b"a &lt; b" in page.block


def test_datatrove_counts_are_read_from_its_statistics(bench, tmp_path):
    steps = [
        {"documents": {"total": 10, "mean": 10.0}},
        {"total": 10, "extracted": 7, "timeout": 2, "clean_error": 1, "forwarded": 6, "dropped": 1},
        {"total": 6, "forwarded": 4},
        {"XXXXX.jsonl.gz": 4, "total": 4},
    ]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "stats.json").write_text(json.dumps([{"name": "step", "stats": step} for step in steps]))
    contender = bench.contenders.Contender("peer", "", (), "datatrove")
    assert contender.outcome(tmp_path) == bench.contenders.Outcome(read=10, with_text=6, kept=4, lost=3)


def test_ours_and_the_peer_are_given_the_same_model(bench):
    peer = bench.contenders.peers(timeout_s=1.0)[0]
    assert Path(peer.command[peer.command.index("--lid") + 1]).name == "lid.176.ftz"
    names = [contender.name for contender in (*bench.contenders.ours(), *bench.contenders.peers(1.0))]
    assert len(set(names)) == len(names)


def test_a_failed_command_says_how_its_output_ends(bench, tmp_path):
    with pytest.raises(bench.measure.CommandFailed, match=r"exit code 3\nbad luck"):
        bench.measure.measure(
            [sys.executable, "-c", "print('bad luck'); raise SystemExit(3)"], tmp_path, tmp_path / "log"
        )


def test_a_command_is_measured_with_its_children(bench, tmp_path):
    child = "x = bytearray(200 << 20)"
    command = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"]
    cost = bench.measure.measure(command, tmp_path, tmp_path / "log")
    assert cost.max_rss_bytes > 200 << 20
    assert cost.cpu_s > 0


@pytest.mark.parametrize(
    "given",
    [["--rounds", "0"], ["--every", "0"], ["--timeout-s", "0"], ["--warc", "/nowhere/a.warc.gz"], ["--date", "today"]],
)
def test_wrong_arguments_are_refused(bench, given, capsys):
    with pytest.raises(SystemExit) as refused:
        bench.run.arguments(given)
    assert refused.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_size_that_is_none_is_refused(bench, capsys):
    with pytest.raises(SystemExit):
        bench.memory.arguments(["--gb", "0"])
    assert "--gb must be above 0" in capsys.readouterr().err


def test_processes_are_named_by_their_command_lines(bench):
    assert bench.memory.role(["python", "-m", "pipeline"], True).startswith("command")
    assert bench.memory.role(["python", "-c", "from multiprocessing.spawn import spawn_main; ..."], False) == "worker"
    assert bench.memory.role(["python", "-c", "multiprocessing.resource_tracker"], False) == "resource tracker"


def test_steps_follow_one_another_in_the_journal(bench, tmp_path):
    journal = Journal(str(tmp_path))
    journal.say("started")
    for step in ("extract", "extract", "publish"):
        journal.say("done", step=step)
    journal.close("finished")
    steps = bench.memory.phases(str(tmp_path))
    assert [name for name, _, _ in steps] == ["extract", "publish"]
    assert steps[0][1] <= steps[0][2] == steps[1][1] <= steps[1][2]


def test_a_table_reads_the_same_in_markdown(bench):
    table = bench.tables.Table("Title", ["what", "n"], [["a", "1"]], "A note.")
    assert table.markdown() == "## Title\n\n| what | n |\n| --- | ---: |\n| a | 1 |\n\nA note.\n"


PAGES = """
from benchmarks.extraction_parse import measured
print(*measured([b"<p>one two three", "<p>\u00e9t\u00e9 \u00e0 la mer".encode()], 1))
"""


def test_extraction_and_parsing_are_timed_page_by_page() -> None:
    """In a process of its own, as the command is: what other tests have imported and patched is not there."""
    done = subprocess.run(
        [sys.executable, "-c", PAGES], capture_output=True, text=True, check=False, cwd=BENCHMARKS.parent
    )
    assert done.returncode == 0, done.stderr
    assert min(map(float, done.stdout.split())) > 0


def test_signatures_without_texts_go_through_every_step_on_keys(bench):
    cost, taken, files, on_disk = bench.dedup_scale.measured(2_000, 500, 100_000)
    rows = {one.step: one.rows for one in taken}
    assert (files, on_disk > 0, cost.max_rss_bytes > 0) == (4, True, True)
    assert rows["candidates"] >= 200  # every tenth shares bands with the one before it
    assert rows["clusters"] == 2 * rows["routes"] == 400


def test_the_committed_config_is_one(bench):
    settings, steps = config.load(str(bench.contenders.CONFIG))
    assert settings.sources["web"].inputs == "raw"
    assert len(steps) == len(settings.filter)


def test_the_peers_script_imports_nothing_of_ours():
    tree = ast.parse((BENCHMARKS / "datatrove_path.py").read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.partition(".")[0] for name in imported} <= {
        *("__future__", "argparse", "pathlib", "typing", "datatrove", "resiliparse", "trafilatura")
    }


def test_every_benchmark_finds_what_it_imports() -> None:
    names = sorted(path.stem for path in BENCHMARKS.glob("*.py") if path.stem not in WITH_PEERS)
    paths = [str(BENCHMARKS.parent), str(BENCHMARKS)]  # as scripts and as modules
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}{IMPORTING}", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
