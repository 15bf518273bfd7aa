"""arXiv's listing beside its e-prints: authors, day and licence of a paper; part of the recipe."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load
from pipeline.licences.statements.declared import normal_form
from pipeline.shard.extract import extraction_parts
from pipeline.shard.shard import Shard
from pipeline.sources.arxiv.listing import _id_of, _key, _listed, digest_of, listed
from pipeline.sources.arxiv.source import Arxiv
from pipeline.sources.source import InputFile, Piece, Row
from pipeline.trouble import ConfigError, EnvironmentTrouble

CC_BY = "http://creativecommons.org/licenses/by/4.0/"
DEFAULT = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
PAPER = "\\documentclass{a}\\author{A. Alder et al.}\\begin{document}Text of $x$.%s\\end{document}"


def entry(name: str, **said: Any) -> dict[str, Any]:
    parsed = [["Alder", "Ana", ""], ["van der Birk", "Bo", "Jr"], ["ATLAS", "", ""]]
    created = [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ]
    known = {"id": name, "authors": "A. Alder, B.\n  Birk", "title": "Silt\n  and sand", "license": CC_BY}
    return known | {"authors_parsed": parsed, "versions": created, **said}


def written(folder: Path, *lines: object) -> str:
    path = folder / "listing.json"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return str(path)


def row(name: str, listing: str | None, states: str = "") -> Row:
    content = gzip.compress((PAPER % states).encode())
    piece = Piece(InputFile(name, len(content), hashlib.sha256(content).hexdigest()))
    [found] = Arxiv(listing=listing).read(piece, io.BytesIO(content))
    assert isinstance(found, Row)
    return found


def test_a_paper_has_what_the_listing_says_of_it(tmp_path: Path) -> None:
    listing = written(tmp_path, entry("0704.0001"), entry("hep-th/9901001", license=DEFAULT), entry("0704.0003"))
    found = row("0704.0001v2.gz", listing)
    assert (found.author, found.title, found.date) == (
        "Ana Alder, Bo van der Birk Jr, ATLAS",
        "Silt and sand",
        "2007-04-02",
    )
    assert (found.licence_declared, found.licence_where, found.licence_quote) == (CC_BY, "arXiv's listing", CC_BY)
    assert normal_form(CC_BY) == "CC-BY-4.0"
    old = row("hep-th/9901001.gz", listing)
    assert normal_form(old.licence_declared or "") == "LicenseRef-arXiv-nonexclusive-distrib-1.0"
    assert row("0704.0002.gz", listing) == row("0704.0002.gz", None)  # not listed
    assert row("9901001.gz", listing).licence_declared is None  # its archive is not known


def test_what_a_paper_states_of_its_licence_counts_before_the_listing(tmp_path: Path) -> None:
    listing = written(tmp_path, entry("0704.0001", license=DEFAULT))
    states = " This work is licensed under CC BY-SA 4.0."
    found = row("0704.0001.gz", listing, states)
    assert (found.licence_declared, found.licence_where) == ("CC-BY-SA-4.0", "main")


@pytest.mark.parametrize("said", [None, 7, "", "javascript:x", [CC_BY], "CC-BY"])
def test_a_licence_that_is_no_address_of_a_licence_declares_nothing(tmp_path: Path, said: object) -> None:
    assert row("0704.0001.gz", written(tmp_path, entry("0704.0001", license=said))).licence_declared is None


def test_the_first_of_two_lines_counts_and_broken_ones_are_passed_over(tmp_path: Path) -> None:
    lines = [entry("0704.0001"), '{"id": "0704.0002", "license":', "", "[]", entry("0704.0001", license=DEFAULT)]
    listing = written(tmp_path, *lines, {"license": CC_BY, "id": "0704.0003"})
    one, three = listed(listing, "0704.0001"), listed(listing, "0704.0003")
    assert one is not None and one.licence == CC_BY
    assert listed(listing, "0704.0002") is None
    assert three is not None and (three.licence, three.author, three.date) == (CC_BY, None, None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
FIELDS = ("title", "authors", "authors_parsed", "license", "versions")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, json_values)))
def test_whatever_a_line_holds_it_says_something_or_nothing(found: dict[str, Any]) -> None:
    said = _listed(found)
    assert all(value is None or value.strip() for value in (said.title, said.author, said.date, said.licence))


@given(st.text(max_size=20), st.booleans())
def test_a_line_is_found_by_its_identifier_wherever_that_stands(name: str, is_first: bool) -> None:
    line = {"id": name, "x": 1} if is_first else {"x": 1, "id": name}
    found = _id_of(json.dumps(line).encode())
    assert found is not None and _key(found) == _key(name.encode("utf-8", "replace"))


def test_a_listing_that_changes_under_a_run_is_the_environments_trouble(tmp_path: Path) -> None:
    listing = written(tmp_path, entry("0704.0001"), entry("0704.0002"))
    assert listed(listing, "0704.0002") is not None
    written(tmp_path, entry("0704.0005", title="A longer title than before"), entry("0704.0002"))
    with pytest.raises(EnvironmentTrouble, match="changed since the run began"):
        listed(listing, "0704.0002")


def test_a_process_that_outlives_a_run_reads_a_new_listing_for_the_next(tmp_path: Path) -> None:
    listing = written(tmp_path, entry("0704.0001"))
    before = digest_of(listing)
    assert listed(listing, "0704.0002") is None
    written(tmp_path, entry("0704.0001"), entry("0704.0002"))
    assert digest_of(listing) != before
    assert listed(listing, "0704.0002") is not None


def config(folder: Path, listing: str) -> str:
    path = folder / "run.yaml"
    reader = f"{{kind: arxiv, listing: '{listing}'}}"
    path.write_text(f"run: x\nsources: {{arxiv: {{reader: {reader}, inputs: '{folder}'}}}}\nfilter: []\n")
    return str(path)


def test_a_config_refuses_a_listing_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sources\.arxiv\.reader \(arxiv\).*No such file"):
        load(config(tmp_path, str(tmp_path / "absent.json")))
    with pytest.raises(ConfigError, match="its first line is no JSON object with an id"):
        load(config(tmp_path, written(tmp_path, "id,license")))


def test_its_content_decides_and_not_its_place(tmp_path: Path) -> None:
    def parts(folder: str, *said: dict[str, Any]) -> dict[str, Any]:
        (tmp_path / folder).mkdir()
        config_path = config(tmp_path / folder, written(tmp_path / folder, *said))
        loaded, steps = load(config_path)
        return extraction_parts(Shard("data", "00000", "arxiv", "in", (), loaded, steps))

    assert parts("a", entry("0704.0001")) == parts("b", entry("0704.0001"))
    assert parts("c", entry("0704.0001", license=DEFAULT)) != parts("d", entry("0704.0001"))
    assert Arxiv().fingerprint() == ""
