"""Records that are not parsed: each source of many records passes over them, and over nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import load
from pipeline.demo.shards import write_demo_shards
from pipeline.inputs import listing
from pipeline.shard.records import Records, group_left_out
from pipeline.sources.reddit.source import Reddit
from pipeline.sources.source import (
    KILLED_WORKER,
    Dropped,
    Fragment,
    JoiningSource,
    LeftOut,
    NotADocument,
    Outcome,
    Piece,
    Row,
    Unread,
)
from tests.e2e import drive


@pytest.fixture(scope="module")
def splits(tmp_path_factory) -> list[listing.Split]:
    """Every input of the demo that is read, not spilled, and has more than one record."""
    folder = tmp_path_factory.mktemp("left_out")
    write_demo_shards(folder / "raw")
    config, _ = load(str(drive.write_config(folder, folder / "raw")))
    found = listing.list_inputs(config, listing.Digests(str(folder / "data")))
    read = [listing.digest(one) for one in found if not isinstance(one.input.reader, JoiningSource)]
    return [one for one in read if len(outcomes(one, one.pieces[0])) > 1]


def outcomes(of: listing.Split, piece: Piece) -> list[Outcome]:
    with Path(of.input.root, of.input.path).open("rb") as stream:
        return list(of.input.reader.read(piece, stream))


def test_each_source_of_many_records_passes_over_those_that_it_is_told_and_no_other(splits):
    kinds = Counter[str]()
    for one in splits:
        piece = one.pieces[0]
        found = outcomes(one, piece)
        none = outcomes(one, replace(piece, left_out=LeftOut(only="")))
        assert len(none) == len(found)
        if one.input.path.endswith(".parquet"):
            assert none == found
            continue
        assert not any(isinstance(outcome, Row) for outcome in none), one.input.path
        passed_over = {n for n, gone in enumerate(none) if isinstance(gone, Dropped) and gone.reason == KILLED_WORKER}
        assert all(none[n] == found[n] for n in range(len(found)) if n not in passed_over)
        number = next(n for n in passed_over if isinstance(found[n], Row))
        key = none[number].natural_key
        assert outcomes(one, replace(piece, left_out=LeftOut(keys=frozenset({key})))) == [
            none[n] if n == number else outcome for n, outcome in enumerate(found)
        ]
        alone = outcomes(one, replace(piece, left_out=LeftOut(only=key)))
        assert [n for n in passed_over if alone[n] == found[n]] == [number]
        kinds[one.input.reader.kind] += 1
    assert kinds.keys() == {"commoncrawl", "text", "code", "wikipedia", "arxiv"}


@pytest.mark.parametrize("behind", [0, 1, 4])
def test_the_rest_of_a_file_is_one_row_and_is_not_read(splits, behind):
    one = next(one for one in splits if one.input.path.endswith(".parquet"))
    (piece,) = one.pieces
    records = Records("", one.input.root, one.pieces, one.input.reader)
    found = [outcome for _, outcome in records.outcomes()]
    left = {piece.place: LeftOut(piece.place, behind=behind)}
    *first, last = [outcome for _, outcome in replace(records, left_out=left).outcomes()]
    assert first == found[:behind]
    size = piece.file.bytes if behind == 0 else 0
    assert last == Dropped(KILLED_WORKER, f"{piece.file.digest}@0+{behind}-", None, size)


def test_of_a_group_that_is_not_joined_each_record_meets_one_fate():
    comment = Fragment("t3_a", "t3_a/c", 7, 70, b"{}")
    gone = Dropped("reddit:bad_json", "d@9", 9, 90)
    group = [("x", Fragment("t3_a", "t3_a", 1, 10, b"{}")), ("y", comment), ("y", comment), ("y", gone)]
    group += [("z", Unread(11, 110, b"{}")), ("z", NotADocument("text:blank_line", 1))]
    found = list(group_left_out(Reddit(), group, {"x": "dx", "y": "dy", "z": "dz"}))
    assert found == [
        ("x", Dropped(KILLED_WORKER, "t3_a", 1, 10)),
        ("y", Dropped(KILLED_WORKER, "t3_a/c", 7, 70)),
        ("y", Dropped("reddit:repeated_record", "dy@7", 7, 70)),
        ("y", gone),
        ("z", Dropped(KILLED_WORKER, "dz@11", 11, 110)),
        ("z", NotADocument("text:blank_line", 1)),
    ]
