"""Shards: every piece once, stable under new files; samples that hold their share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import storage
from pipeline.config import Config
from pipeline.inputs import listing
from pipeline.planning import plan
from pipeline.sources.source import InputFile, Piece
from pipeline.sources.text import jsonl as text_jsonl
from pipeline.sources.text.source import Text

files = st.dictionaries(
    st.text("abcdef/", min_size=1, max_size=12), st.integers(0, 40 * 2**20), min_size=1, max_size=60
)


def config(folder: str = "in") -> Config:
    return Config.model_validate(
        {"run": "t", "sources": {"docs": {"reader": {"kind": "text"}, "inputs": folder}}, "filter": []}
    )


def answers(sizes: dict[str, int], pieces: int = 1) -> list[listing.Split]:
    reader = Text()
    return [
        listing.Split(
            listing.Input("docs", "in", path, size, "tag", reader),
            tuple(Piece(InputFile(path, size, path, "tag"), n, n + 1) for n in range(pieces)),
        )
        for path, size in sizes.items()
    ]


def test_files_that_the_reader_does_not_take_are_told(tmp_path, capsys):
    for name in ("a.jsonl", "b.warc.gz.bad", "c.warc.gz.bad", "README"):
        (tmp_path / name).write_text("x")
    assert len(listing.list_inputs(config(str(tmp_path)), listing.Digests(str(tmp_path / "data")))) == 1
    said = capsys.readouterr()
    assert "source docs: 3 files left out, which text does not read: 2 .gz.bad, 1 README" in said.out + said.err


def test_a_link_in_a_repository_is_not_read_and_told_with_the_mend(tmp_path, capsys):
    """A cloned repository may have `notes.py -> /home/me/.ssh/id_rsa`, and links that lead nowhere, in its tests."""
    (tmp_path / "secret").write_text("x = 1\n")
    repository = tmp_path / "in" / "owner" / "name"
    repository.mkdir(parents=True)
    (repository / "a.py").write_text("x = 2\n")
    (repository / "notes.py").symlink_to(tmp_path / "secret")
    (repository / "gone.py").symlink_to("nowhere.py")
    (tmp_path / "in" / "mine").symlink_to(tmp_path / "in" / "owner")
    source = {"reader": {"kind": "code", "repository_folders": 2}, "inputs": str(tmp_path / "in")}
    found = Config.model_validate({"run": "t", "sources": {"code": source}, "filter": []})
    assert [split.input.path for split in listing.list_inputs(found, listing.Digests(str(tmp_path / "data")))] == [
        "owner/name/a.py"
    ]
    said = " ".join(capsys.readouterr().err.split())
    assert "source code: 2 links left out, which may lead anywhere: owner/name/gone.py, owner/name/notes.py" in said
    assert "`repository_folders`" in said


@given(files, st.integers(1, 4), st.randoms())
def test_every_piece_is_in_one_shard_whatever_the_order_of_the_survey(sizes, pieces, random):
    surveyed = answers(sizes, pieces)
    shards = plan.shards_of("data", config(), (), surveyed, [], 1.0)
    found = [piece for shard in shards for piece in shard.pieces]
    assert sorted(found, key=repr) == sorted((p for a in surveyed for p in a.pieces), key=repr)
    assert len({shard.name for shard in shards}) == len(shards)
    random.shuffle(surveyed)
    assert plan.shards_of("data", config(), (), surveyed, [], 1.0) == shards


def test_a_new_small_file_changes_one_shard():
    sizes = {f"file-{n}": 10_000 for n in range(5000)}
    before = {shard.pieces for shard in plan.shards_of("data", config(), (), answers(sizes), [], 1.0)}
    after = {shard.pieces for shard in plan.shards_of("data", config(), (), answers(sizes | {"file-new": 5}), [], 1.0)}
    assert len(before) > 4
    assert len(after - before) == 1


@given(st.integers(1, 300), st.floats(1e-4, 1.0))
def test_a_sample_takes_its_share_of_the_records(count, rate):
    sizes = {f"{n:04}": 100 * 2**20 for n in range(count)}
    shards = plan.shards_of("data", config(), (), answers(sizes), [], rate)
    assert 1 <= len(shards) <= count
    share = sum(shard.record_rate for shard in shards) / count
    assert share == pytest.approx(rate)


def test_what_the_digests_remember_is_forgotten_with_the_stamp(tmp_path: Path):
    (answer,) = answers({"a": 10})
    digests = listing.Digests(str(tmp_path))
    assert digests.get(answer.input) is None
    digests.learn(answer)
    digests.save()
    again = listing.Digests(str(tmp_path))
    assert again.get(answer.input) == answer
    changed = listing.Input("docs", "in", "a", 10, "another tag", Text())
    assert again.get(changed) is None


def test_other_settings_of_a_reader_cut_anew_what_need_not_be_read_again(tmp_path: Path):
    (answer,) = answers({"a": 10}, pieces=3)
    digests = listing.Digests(str(tmp_path))
    digests.learn(answer)
    other = listing.Split(
        replace(answer.input, reader=Text(text_column="body")), (Piece(InputFile("a", 10, "", "tag")),)
    )
    assert digests.get(other.input) is None
    changed = replace(other.input, size=11)
    assert not digests.with_digest(replace(other, input=changed)).is_read
    assert digests.with_digest(other).pieces == (Piece(InputFile("a", 10, "a", "tag")),)
    digests.save()
    assert listing.Digests(str(tmp_path)).get(other.input) is not None


def test_what_was_counted_before_the_pieces_of_a_file_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text_jsonl, "PIECE_BYTES", 10)
    (tmp_path / "a.jsonl").write_bytes(b"{}\n" * 9)
    size, tag = storage.size_and_tag(str(tmp_path / "a.jsonl"))
    fresh = listing.split(listing.Input("docs", str(tmp_path), "a.jsonl", size, tag, Text()))
    digests = listing.Digests(str(tmp_path))
    assert not digests.with_digest(fresh).is_read
    digests.learn(read := listing.digest(fresh))
    assert [(piece.start, piece.first_row) for piece in read.pieces] == [(0, 0), (9, 3), (18, 6)]
    digests.save()
    again = listing.Digests(str(tmp_path))
    assert again.get(fresh.input) == read
    other = listing.split(replace(fresh.input, reader=Text(text_column="body")))
    assert again.with_digest(other).pieces == read.pieces
    monkeypatch.setattr(text_jsonl, "PIECE_BYTES", 9)
    other = listing.split(replace(fresh.input, reader=Text(text_column="content")))
    assert again.with_digest(other).pieces == read.pieces
    monkeypatch.setattr(text_jsonl, "PIECE_BYTES", 20)
    assert not again.with_digest(listing.split(other.input)).is_read
