"""The wiki door on real dumps: the golden, their own counts, and cuts of a real file.

`GOLDEN_WRITE=1 pytest tests/sources/test_wikipedia_golden.py` writes the golden anew; it refuses where the outcomes
changed under the same versions.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import os
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from pipeline.sources.source import Dropped, InputFile, Outcome, Piece, Row
from pipeline.sources.wikipedia.source import Wikipedia

pytestmark = pytest.mark.data

GOLDEN = Path(__file__).parent.parent / "golden" / "wikipedia.json"
WRITE = os.environ.get("GOLDEN_WRITE") == "1"
LARGE = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"


def read(name: str, content: bytes, start: int = 0, stop: int | None = None) -> list[Outcome]:
    file = InputFile(name, len(content), hashlib.sha256(content).hexdigest())
    return list(Wikipedia().read(Piece(file, start, stop), io.BytesIO(content)))


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    counts = Counter("row" if isinstance(outcome, Row) else outcome.reason for outcome in outcomes)
    digest = hashlib.sha256()
    for row in outcomes:
        if isinstance(row, Row):
            fields = (row.natural_key, row.url, row.title, row.date, row.language_hint, row.licence_declared)
            digest.update(json.dumps([*fields, row.author, row.raw_offset, row.raw_bytes, row.text]).encode())
    return {"outcomes": dict(sorted(counts.items())), "rows_sha256": digest.hexdigest()}


@pytest.fixture(scope="module")
def dumps(shared_data) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(shared_data("wikipedia").iterdir())}


@pytest.fixture(scope="module")
def everything(dumps) -> dict[str, list[Outcome]]:
    return {name: read(name, content) for name, content in dumps.items()}


def test_every_dump_gives_what_it_gave(everything):
    lock = {name: version(name) for name in Wikipedia.decides_with} | {"Wikipedia": Wikipedia.version}
    observed = {"lock": lock, "files": {name: summary(outcomes) for name, outcomes in everything.items()}}
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {"lock": None, "files": {}}
    if WRITE and golden != observed:
        known = {name: observed["files"].get(name) for name in golden["files"]}
        if lock == golden["lock"] and known != golden["files"]:
            pytest.fail("the outcomes changed under the same versions: raise Wikipedia.version")
        GOLDEN.write_text(json.dumps(observed, indent=1, sort_keys=True) + "\n")
        golden = observed
    assert observed["lock"] == golden["lock"]
    assert observed["files"] == golden["files"]


def test_counts_are_those_of_the_files(dumps, everything):
    for name, content in dumps.items():
        xml = bz2.decompress(content)
        outcomes = everything[name]
        assert len(outcomes) == xml.count(b"<page>") == xml.count(b"</revision>")
        redirects = sum(not isinstance(o, Row | Dropped) and o.reason == "wikipedia:redirect" for o in outcomes)
        others = xml.count(b"<ns>") - xml.count(b"<ns>0</ns>")
        assert xml.count(b"<redirect ") - others <= redirects <= xml.count(b"<redirect ")
        keys = [o.natural_key for o in outcomes if isinstance(o, Row | Dropped)]
        assert len(keys) == len(set(keys))


def test_no_markup_is_left(everything):
    for outcomes in everything.values():
        for row in outcomes:
            if not isinstance(row, Row) or row.title == "ASCII":  # which is about such signs
                continue
            plain = "".join(line for line in row.text.split("\n") if "$" not in line)  # formulas have braces
            for left in ("[[", "]]", "{{", "}}", "''", "<ref", "</", "&nbsp;", "{|", "|}", "( )", "()"):
                assert left not in plain, row.title
            assert not any(ord(char) < 32 and char != "\n" for char in row.text), row.title


def test_a_real_dump_cut_in_its_middle_yields_what_stands_before(dumps, everything):
    whole = everything[LARGE]
    cut = dumps[LARGE][:1_000_000]
    *found, last = read(LARGE, cut)
    kept = [o for o in found if isinstance(o, Row)]
    texts = [row.text for row in whole if isinstance(row, Row)]
    assert [row.text for row in kept] == texts[: len(kept)]
    before = bz2.BZ2Decompressor().decompress(cut)
    assert len(kept) > 50
    assert sum(o.reason != "wikipedia:truncated" if isinstance(o, Dropped) else True for o in found) == before.count(
        b"</page>"
    )
    assert isinstance(last, Dropped)
    assert last.reason == "wikipedia:truncated"
    assert last.natural_key.endswith("@end")


def test_pieces_of_a_real_dump_yield_what_the_whole_yields(dumps, everything):
    content = dumps[LARGE]
    file = InputFile(LARGE, len(content), hashlib.sha256(content).hexdigest())
    pieces = Wikipedia(piece_bytes=300_000).split(file, io.BytesIO(content))
    assert len(pieces) == 6
    together = [outcome for piece in pieces for outcome in read(LARGE, content, piece.start, piece.stop)]
    assert together == everything[LARGE]
