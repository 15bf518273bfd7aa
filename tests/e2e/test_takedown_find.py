"""What a takedown means: names of hosts, patterns and ids; the list of it; what is none."""

from __future__ import annotations

import csv

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.__main__ import main
from pipeline.takedown import find as finding
from pipeline.takedown.find import Request, find
from pipeline.trouble import ConfigError
from tests.e2e.takedown_corpus import rows_of


@pytest.mark.parametrize("site", ["gone.example", ".gone.example.", "GONE.example", "example"])
def test_a_site_is_meant_as_dns_names_it(copied_run, site: str) -> None:  # type: ignore[no-untyped-def]
    asked = find(str(copied_run[1]), Request(domain=site)).asked
    assert {each.url for each in asked} >= {"https://gone.example/private/a", "https://gone.example/public"}


def test_names_outside_ascii_and_wrong_ones() -> None:
    assert Request(domain="Bücher.de.").host == "xn--bcher-kva.de"
    for wrong in ("https://a.example", "a.example/x", "a.example:80", "*.a.example", ".", "a b"):
        with pytest.raises(ConfigError, match="the name of a host alone"):
            Request(domain=wrong).check()


def test_the_list_is_whole_and_names_survivors(copied_run, tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    _, data = copied_run
    (gone,) = find(str(data), Request(url_pattern="https://gone.example/private/*")).asked
    others = {row["doc_id"]: row for row in rows_of(data, "31_duplicates", "clusters")}
    listed = tmp_path / "list.csv"
    asked = ["takedown", "--data", str(data), "--url-pattern", "https://gone.example/private/*"]
    assert main([*asked, "--output", str(listed)]) == 0
    told = capsys.readouterr().out
    assert "1 document " in told and "2 copies, which stay (--scope cluster takes them)" in told
    with listed.open(encoding="utf-8", newline="") as stream:
        rows = {row["doc_id"]: row for row in csv.DictReader(stream)}
    assert rows.keys() == others.keys()
    assert [row["role"] for row in rows.values()] == ["asked", "copy", "copy"]
    for doc_id, row in rows.items():
        assert row["survivor"] == (others[doc_id]["survivor"] or "")
        similarity = others[doc_id]["similarity"]
        assert row["similarity"] == ("" if similarity is None else f"{similarity / 10000:.4f}")
        assert doc_id in told and row["raw_path"] and (row["url"] or row["raw_path"]) in told
    assert rows[gone.doc_id]["url"] == "https://gone.example/private/a"
    assert sum(row["survivor"] != "" for row in rows.values()) == 2, "one stands for the other two"
    assert main([*asked, "--scope", "cluster"]) == 0
    assert "2 copies, which go too" in capsys.readouterr().out


def test_what_matches_nothing_is_said_and_not_done(copied_run, capsys) -> None:  # type: ignore[no-untyped-def]
    _, data = copied_run
    wanted = ["takedown", "--data", str(data), "--domain", "nobody.example"]
    assert main(["takedown", "--data", str(data), "--domain", "gonne.example"]) == 0
    told = capsys.readouterr().out
    assert "spelt like it: gone.example" in told
    query = told[told.index('"select') + 1 : told.rindex('"')]
    assert main(["query", "--data", str(data), query]) == 0
    assert "clean.example" in capsys.readouterr().out
    assert main(wanted) == 0
    assert "nothing matches nobody.example" in capsys.readouterr().out
    assert main([*wanted, "--apply"]) == 2
    assert "nothing matches nobody.example" in capsys.readouterr().err
    assert main(["takedown", "--data", str(data), "--doc-ids", "0" * 32]) == 2
    assert "0" * 32 in capsys.readouterr().err
    assert not (data / "tombstones.parquet").exists()


def test_only_what_matches_is_held(copied_run, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    made_: list[str] = []
    meant = finding.Meant
    monkeypatch.setattr(finding, "Meant", lambda *row, **more: made_.append(row[0]) or meant(*row, **more))
    find(str(copied_run[1]), Request(domain="clean.example", scope="cluster"))
    assert len(made_) == 8


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--domain", "a.example", "--doc-ids", "0" * 32],
        ["--doc-ids", "xyz"],
        ["--domain", "a.example", "--scope", "all"],
    ],
)
def test_what_cannot_be_meant_is_said(made_run, wrong, capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["takedown", "--data", str(made_run[1]), *wrong]) == 2
    assert "wrong:" in capsys.readouterr().err


HOSTS = st.text('aA.-_~!%é。\t 0"^|', min_size=1, max_size=5)
PATTERNS = st.text("aA*?[]./:", min_size=1, max_size=6)


@given(HOSTS, PATTERNS, st.lists(st.one_of(st.none(), HOSTS, PATTERNS), max_size=6))
def test_what_is_not_looked_at_is_not_meant(host: str, pattern: str, hosts: list[str | None]) -> None:
    urls = [None if each is None else text for each in hosts for text in (f"https://x@{each}/{host}", each)]
    batch = pa.RecordBatch.from_pydict({"url": pa.array(urls, pa.string())})
    for request in (Request(domain=host), Request(url_pattern=pattern), Request(url_pattern=f"https://{pattern}")):
        if request.domain and not request.host:
            continue
        is_address = request._is_address()
        assert request.meant()(batch).to_pylist() == [url is not None and is_address(url) for url in urls]
