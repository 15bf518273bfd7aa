"""robots.txt and ai.txt: RFC 9309's examples by hand, the file in force by date, the table made of archives."""

from __future__ import annotations

import gzip
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lookup_tables.robots_table import write_table
from pipeline.stages import robots as robots_stage
from pipeline.stages.robots import RECORDS, Robots
from pipeline.stages.robots_rules import asks_not_to_train, disallows, group_for, groups_of, path_of
from tests.made_archives import record

RFC = """
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""  # RFC 9309, 5.1


def closed(text: str, agent: str, url: str) -> bool:
    group = group_for(groups_of(text), agent)
    return group is not None and disallows(group, path_of(url)) is not None


@pytest.mark.parametrize(
    ("agent", "path", "expected"),
    [
        ("other", "/a.gif", True),
        ("other", "/a.gif?x", False),
        ("other", "/example/x", True),
        ("other", "/publications/a", False),
        ("foobot", "/anything", True),
        ("foobot", "/example/page.html", False),
        ("FooBot", "/example/allowed.gif", False),
        ("barbot", "/example/page.html", True),
        ("bazbot", "/example/page.html", True),
        ("bazbot", "/a.gif", False),
        ("quxbot", "/example/", False),
    ],
)
def test_the_example_of_rfc_9309(agent: str, path: str, expected: bool) -> None:
    assert closed(RFC, agent, f"https://a.example{path}") is expected


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("Disallow: /page\nAllow: /page", "/page", False),  # equal: the least restrictive
        ("Disallow: /p\nAllow: /page", "/page", False),
        ("Allow: /p\nDisallow: /page", "/page", True),
        ("Disallow: /foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("Disallow: /foo/bar/ツ", "/foo/bar/%E3%83%84", True),
        ("Disallow: /a*b$", "/axxb", True),
        ("Disallow: /a*b$", "/axxbc", False),
        ("Disallow: /ab*ba$", "/aba", False),  # one letter is not two
        ("Disallow:", "/x", False),
        ("Disallow: /", "", True),
        ("Disallow: /a b # c", "/a b", True),
        ("  disallow :/a", "/a", True),
    ],
)
def test_the_longest_rule_decides(rules: str, path: str, expected: bool) -> None:
    assert closed(f"User-agent: *\n{rules}", "ccbot", f"http://a.example{path}") is expected


@pytest.mark.parametrize(
    ("token", "agent", "expected"),
    [
        ("GPTBot", "gptbot", True),
        ("GPTBot/1.0", "gptbot", True),
        ("gptbot 1.0 (+https://a.example)", "gptbot", True),
        ("GPTBots", "gptbot", False),
        ("AI2Bot", "ai2bot", True),
        ("AI2Bot", "ai", False),
        ("anthropic-ai", "anthropic-ai", True),
        ("* # all", "gptbot", True),
        ("*bot", "gptbot", False),
        ("", "gptbot", False),
        ("a\nUser-agent: gptbot", "gptbot", True),
        ("gptbot\nDisallow: /b\nUser-agent: a", "gptbot", False),
    ],
)
def test_a_token_ends_where_its_version_begins(token: str, agent: str, expected: bool) -> None:
    assert closed(f"User-agent: {token}\nDisallow: /x", agent, "http://a.example/x") is expected


def test_what_stands_before_any_group_is_nobodys_but_for_training() -> None:
    groups = groups_of("Content-Signal: ai-train=no\nDisallow: /\nUser-agent: a\nContent-Signal: ai-train=yes")
    (all_, own) = groups["*"], groups["a"]
    assert (asks_not_to_train(all_), asks_not_to_train(own)) == (
        (True, "Content-Signal: ai-train=no"),
        (False, "Content-Signal: ai-train=yes"),
    )
    assert disallows(all_, "/") is None


def test_a_file_of_many_agents_and_rules_holds_each_rule_once() -> None:
    agents = "".join(f"User-agent: a{n}\n" for n in range(3000))
    groups = groups_of(agents + "Disallow: /x\n" * 3000)
    assert len(groups) == 3000
    assert len({id(block) for group in groups.values() for block in group}) == 1


def test_agents_of_one_group_are_judged_once(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    table = tmp_path / "robots.parquet"
    row = {"host": "a.example", "file": "robots.txt", "date": "2020", "status": 200}
    pq.write_table(pa.Table.from_pylist([row | {"text": "User-agent: *\nDisallow: /"}], RECORDS), table)
    asked: list[str] = []
    monkeypatch.setattr(robots_stage, "disallows", lambda group, path: asked.append(path) or disallows(group, path))
    answer = judged(Robots(records=str(table)), "https://a.example/x", "2021")
    assert answer["robots_agents"] == " ".join(robots_stage.AGENTS)
    assert asked == ["/x"]


@given(blanks=st.integers(0, 30))
def test_blanks_within_a_line_belong_to_the_path(blanks: int) -> None:
    assert closed(f"User-agent: *\nDisallow: /a{' ' * blanks}b", "x", f"http://a.example/a{' ' * blanks}b")


def test_a_line_of_blanks_is_not_a_trap() -> None:
    text = "User-agent: *\n" + ("Disallow: /a" + " " * 20_000 + "b\n") * 20
    assert [len(block.rules) for block in groups_of(text)["*"]] == [20]  # an hour, where each blank is tried as the end


@given(text=st.text(alphabet="UserAgnt:*/$-DisalowDS \nab%4", max_size=300), path=st.text(max_size=30))
def test_any_file_has_an_answer(text: str, path: str) -> None:
    assert closed(text, "ccbot", "http://a.example/" + path) in (True, False)


def test_a_pattern_of_stars_is_not_a_trap() -> None:
    assert not closed("User-agent: *\nDisallow: /" + "*a" * 900 + "b$", "ccbot", "http://a.example/" + "a" * 100_000)


def judged(stage: Robots, url: str | None, day: str | None) -> dict[str, Any]:
    batch = pa.record_batch({"url": pa.array([url], pa.string()), "directives_as_of": pa.array([day], pa.string())})
    return stage(batch).select(stage.adds.names).to_pylist()[0]


def robots(text: str, day: str, host: str = "a.example", file: str = "robots.txt", status: int = 200) -> bytes:
    answer = f"HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\n\r\n{text}".encode()
    return record("response", answer, **{"WARC-Target-URI": f"https://{host}/{file}", "WARC-Date": day})


def test_a_page_is_judged_by_the_file_in_force_at_its_capture(tmp_path) -> None:  # type: ignore[no-untyped-def]
    records = [
        robots("User-agent: *\nDisallow: /old/", "2020-01-01T00:00:00Z"),
        robots("User-agent: GPTBot\nDisallow: /", "2023-09-01T00:00:00Z"),
        robots("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /", "2024-01-01T00:00:00Z", "b.example"),
        robots("User-Agent: *\nDisallow: /", "2024-01-01T00:00:00Z", "b.example", "ai.txt"),
        robots("", "2024-01-01T00:00:00Z", "c.example", status=404),
        robots("", "2024-01-01T00:00:00Z", "d.example", status=503),
        record("response", b"HTTP/1.1 200 OK\r\n\r\n<html>", **{"WARC-Target-URI": "https://a.example/page"}),
    ]
    (tmp_path / "robots.warc.gz").write_bytes(b"".join(map(gzip.compress, records)))
    table = str(tmp_path / "out/robots.parquet")
    assert write_table(str(tmp_path / "*.warc.gz"), table) == 6
    assert pq.read_schema(table).equals(RECORDS)
    stage = Robots(records=table)
    before = judged(stage, "https://a.example/x", "2021-05-05T00:00:00Z")
    assert (before["opt_out_robots"], before["robots_as_of"]) == (False, "2020-01-01T00:00:00Z")
    after = judged(stage, "https://a.example/x", "2023-10-01T00:00:00Z")
    assert (after["opt_out_robots"], after["robots_agents"], after["robots_quote"]) == (True, "gptbot", "Disallow: /")
    assert judged(stage, "https://a.example/old/", "2019-01-01T00:00:00Z")["opt_out_robots"] is True  # the first
    signal = judged(stage, "https://b.example/x", "2024-02-01T00:00:00Z")
    assert (signal["opt_out_robots"], signal["opt_out_robots_training"], signal["opt_out_ai_txt"]) == (
        False,
        True,
        True,
    )
    assert signal["robots_quote"] == "Content-Signal: search=yes, ai-train=no"
    assert judged(stage, "https://c.example/", "2024-02-01T00:00:00Z")["opt_out_robots"] is False
    assert judged(stage, "https://d.example/", "2024-02-01T00:00:00Z")["opt_out_robots"] is True
    for url in ("https://nobody.example/", None, "not an address"):
        assert set(judged(stage, url, "2024-02-01T00:00:00Z").values()) == {None}
    assert stage.fingerprint() == Robots(records=table).fingerprint()
    before = stage.fingerprint()
    assert write_table(str(tmp_path / "robots.warc.gz"), table) > 1
    kept = pq.read_table(table).slice(1)
    pq.write_table(kept, table)  # made anew while this process lives, as a worker may that outlives a run
    assert stage.fingerprint() != before
