"""Answers on disk: nothing is lost, nothing is overwritten, a file that is none is named."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review import answers
from pipeline.review.answers import ANSWER, ANSWERS, Answer, Session, forget, held, read, standing
from pipeline.trouble import ConfigError
from tests.review.test_agreement import answer

GIVEN = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["ann", "bob"]), st.sampled_from([*ANSWERS, "withdrawn"])), max_size=20
)


@given(GIVEN)
def test_what_was_added_is_read_and_the_last_word_stands(given_: list[tuple[int, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sessions = {who: Session(folder, who, "quality") for who in ("ann", "bob")}
        last: dict[tuple[str, int], str] = {}
        for at, (doc, who, word) in enumerate(given_):
            sessions[who].add(answer(doc, who, word, at=at))
            last[who, doc] = word
        rows = read(folder)
        assert [(row.who, row.answer) for row in rows] == [(who, word) for _, who, word in given_]
        assert {(row.who, int(row.doc_id, 16)): row.answer for row in standing(rows)} == {
            key: word for key, word in last.items() if word != "withdrawn"
        }


def test_two_windows_of_one_person_have_a_file_each(tmp_path: Path) -> None:
    one, other = Session(str(tmp_path), "ann", "quality"), Session(str(tmp_path), "ann", "quality")
    one.add(answer(1, "ann", "keep"))
    other.add(answer(2, "ann", "drop"))
    assert len(read(str(tmp_path))) == 2 == len(answers.files(str(tmp_path)))
    third = Session(str(tmp_path), "ann", "quality")
    third.close()
    assert len(answers.files(str(tmp_path))) == 2, "a sitting without an answer leaves nothing"


def test_times_ascend_whatever_the_clock_does(tmp_path: Path) -> None:
    session = Session(str(tmp_path), "ann", "quality")
    session.add(answer(1, "ann", "keep", at=100))
    session.add(answer(1, "ann", "withdrawn", at=5))
    first, second = read(str(tmp_path))
    assert (first.answer, second.answer) == ("keep", "withdrawn") and first.when < second.when


def test_a_document_is_forgotten_even_in_a_session_that_goes_on(tmp_path: Path) -> None:
    data = str(tmp_path)
    session = Session(data, "ann", "quality")
    for doc in (1, 2):
        session.add(answer(doc, "ann", "keep", at=doc))
    gone = f"{1:032x}"
    assert held(data, frozenset({gone})) == [(session.name, 1)]
    assert forget(data, {gone}) == [session.name]
    session.add(answer(3, "ann", "drop", at=9))
    assert [int(row.doc_id, 16) for row in read(data)] == [2, 3]
    assert forget(data, {gone}) == [] == held(data, frozenset({gone}))
    forget(data, {row.doc_id for row in read(data)})
    assert answers.files(data) == []


@pytest.mark.parametrize("name", ["", "a b", "../x", "é", "a" * 65, "-a", "a.b", "a\n"])
def test_a_name_is_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="--as"):
        Session(str(tmp_path), name, "quality")
    assert not list(tmp_path.iterdir())


def table(*rows: Answer) -> pa.Table:
    return pa.Table.from_pylist([vars(row) for row in rows], ANSWER)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not Parquet"),
        (b"junk", "not Parquet"),
        (None, "not Parquet, or damaged"),
        (pa.table({"doc_id": ["a"]}), "columns"),
        (table(replace(answer(1, "ann", "keep"), answer="maybe")), "row 0 is no answer"),
        (table(answer(1, "a", "keep"), replace(answer(1, "ann", "keep"), pipeline="?")), "row 1 is no answer"),
    ],
)
def test_a_file_that_is_none_is_named_and_nothing_is_read(
    tmp_path: Path, content: bytes | pa.Table | None, says: str
) -> None:
    session = Session(str(tmp_path), "ann", "quality")
    session.add(answer(1, "ann", "keep"))
    broken = tmp_path / answers.FOLDER / "broken.parquet"
    if isinstance(content, pa.Table):
        pq.write_table(content, broken)
    else:
        whole = (tmp_path / session.name).read_bytes()
        broken.write_bytes(content if content is not None else whole[:8] + b"\xff" * 40 + whole[48:])
    with pytest.raises(ConfigError, match=says) as told:
        read(str(tmp_path))
    assert str(broken) in str(told.value) and "move that file away" in str(told.value)
