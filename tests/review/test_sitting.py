"""The queue and a sitting on a finished run: who is asked what, resumed, undone, and not asked of what is gone."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from classifiers.labelled.answers import read as read_answers
from classifiers.settings import Answers
from pipeline import funnel
from pipeline.__main__ import main
from pipeline.review import answers, labelled
from pipeline.review.answers import ANSWERS
from pipeline.review.queue import draw, turns
from pipeline.review.sitting import Sitting, Stale, WrongAnswer
from pipeline.rooms.names import PUBLISHED
from pipeline.trouble import ConfigError
from tests.review import made


def reply(sitting: Sitting, answer: str, seconds: int = 2) -> dict[str, object]:
    item = sitting.state()["item"]
    return sitting.answer(item["doc_id"], item["fingerprint"], answer, seconds)


def test_the_nearest_of_both_sides_and_all_sources_are_asked_in_one_order(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    drawn = draw(data, "quality", 50)
    keys = {each.read(data)["natural_key"]: each for each in drawn.candidates}
    assert set(keys) == {*(f"n{words}" for words in range(46, 54)), "p48", "p49", "p50", "p51", "hostile"}
    assert {key for key, each in keys.items() if each.pipeline == "drop"} == {"n46", "n47", "n48", "n49", "p48", "p49"}
    assert all(each.reason == ("kept" if each.pipeline == "keep" else "length:short") for each in drawn.candidates)
    assert keys["n50"].distance < keys["n51"].distance < keys["n53"].distance
    assert drawn == draw(data, "quality", 50)
    few = draw(data, "quality", 4).candidates
    assert {each.read(data)["natural_key"] for each in few} == {"n49", "n50", "p49", "p50"}, (
        "sources and sides in turns"
    )
    assert [each.doc_id for each in few] == sorted(each.doc_id for each in few)


def test_conflicts_of_licence_and_items_of_benchmarks_are_shown_with_their_evidence(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    [doubtful] = [each for each in draw(data, "licence", 50).candidates if each.cause.name == "terms that nobody knows"]
    assert doubtful.read(data)["natural_key"] == "strange"
    sitting = Sitting(data, draw(data, "contamination", 50), "ann")
    item = sitting.state()["item"]
    marked = " ".join(piece for piece, kind in item["pieces"] if kind == 1)
    assert marked.startswith("Natalia sold clips") and marked.rstrip("?").endswith("at noon")
    assert any("exam" in line for line in item["evidence"])
    assert next(name for name, _, near in item["signals"] if near) == "contamination_kind"


def test_a_sitting_resumes_and_goes_one_step_back(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    drawn = draw(data, "quality", 6)
    first = Sitting(data, drawn, "ann")
    asked = [first.state()["item"]["doc_id"]]
    for answer in ANSWERS:
        asked.append(reply(first, answer)["item"]["doc_id"])  # type: ignore[index]
    assert asked[:4] == [each.doc_id for each in drawn.candidates[:4]]
    assert first.back()["item"]["doc_id"] == asked[2]  # type: ignore[index]
    assert [each.answer for each in answers.standing(answers.read(data))] == ["keep", "drop"]

    second = Sitting(data, drawn, "ann")
    state = second.state()
    assert (state["done"], state["total"], state["item"]["doc_id"]) == (2, 6, asked[2])
    assert second.back()["item"]["doc_id"] == asked[1], "what an earlier sitting answered can be taken back, too"  # type: ignore[index]
    for _ in range(5):
        state = reply(second, "keep")
    assert state["item"] is None and state["done"] == 6
    with pytest.raises(Stale):
        second.answer(asked[0], "0" * 32, "keep", 1)
    assert Sitting(data, drawn, "bob").state()["done"] == 0, "another person is asked everything"
    last = {each.doc_id: each.answer for each in answers.standing(answers.read(data))}
    assert last == dict.fromkeys((each.doc_id for each in drawn.candidates), "keep")
    row = answers.read(data)[1]
    assert (row.pipeline, row.reason, row.run) == (drawn.candidates[1].pipeline, drawn.candidates[1].reason, drawn.run)


def test_a_blind_answer_is_kept_as_such_and_the_verdict_is_told_after_it(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    drawn = draw(data, "quality", 4)
    sitting = Sitting(data, drawn, "ann", blind=True)
    state = sitting.state()
    item, verdict = state["item"], drawn.candidates[0]
    assert (item["pipeline"], item["reason"], item["boundary"], item["signals"]) == ("", "", "", [])
    assert state["told"] is None and verdict.cause.name not in str(item)
    assert reply(sitting, "keep")["told"] == {
        "answer": "keep", "pipeline": verdict.pipeline, "reason": verdict.reason,
    }  # fmt: skip
    sitting.back()
    assert reply(sitting, "drop")["told"] is not None
    reply(sitting, "keep")
    assert [(row.answer, row.blind) for row in answers.read(data)] == [
        ("keep", True), ("withdrawn", False), ("drop", False), ("keep", True)
    ], "an answer that is given anew was given after the verdict was seen"  # fmt: skip
    seeing = Sitting(data, drawn, "bob")
    assert seeing.state()["item"]["reason"] == verdict.reason
    assert reply(seeing, "keep")["told"] is None
    assert [row.blind for row in answers.read(data) if row.who == "bob"] == [False]


def test_an_answer_is_not_blind_after_another_window_told_the_verdict(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    one, other = (Sitting(data, draw(data, "quality", 4), "ann", blind=True) for _ in range(2))
    reply(one, "keep")
    reply(other, "drop")
    assert [(row.answer, row.blind) for row in answers.read(data)] == [("keep", True), ("drop", False)]


def test_answers_of_before_there_was_blind_are_read(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    reply(Sitting(data, draw(data, "quality", 4), "ann", blind=True), "keep")
    (name,) = answers.files(data)
    assert [row.blind for row in answers.read(data)] == [True]
    table = pq.read_table(Path(data) / name)
    pq.write_table(table.drop_columns("blind"), Path(data) / name)
    assert [row.blind for row in answers.read(data)] == [False]


def test_a_skipped_document_is_asked_last_and_nothing_is_kept_of_it(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    drawn = draw(data, "quality", 3)
    ids = [each.doc_id for each in drawn.candidates]
    sitting = Sitting(data, drawn, "ann")
    asked = [sitting.skip(ids[0])["item"]["doc_id"]]
    asked += [reply(sitting, "keep")["item"]["doc_id"] for _ in ids[1:]]  # type: ignore[index]
    assert asked == [*ids[1:], ids[0]]
    assert sitting.skip(ids[0])["item"]["doc_id"] == ids[0], "the only one that is left is asked again"
    assert [row.doc_id for row in answers.read(data)] == ids[1:]
    with pytest.raises(Stale):
        sitting.skip(ids[1])


def test_what_is_no_answer_is_refused_and_not_kept(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    sitting = Sitting(data, draw(data, "quality", 2), "ann")
    item = sitting.state()["item"]
    for answer, seconds in (("yes", 1), ("withdrawn", 1), ("keep", -1), ("keep", 86_401)):
        with pytest.raises(WrongAnswer):
            sitting.answer(item["doc_id"], item["fingerprint"], answer, seconds)
    with pytest.raises(Stale):
        sitting.answer(item["doc_id"], "0" * 32, "keep", 1)
    assert sitting.back()["done"] == 0 and answers.read(data) == []
    sitting.close()
    assert answers.files(data) == []


def test_what_was_taken_down_is_not_asked_not_exported_and_purged(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    drawn = draw(data, "quality", 4)
    published = next(each for each in drawn.candidates if each.pipeline == "keep")
    dropped = next(each for each in drawn.candidates if each.pipeline == "drop")
    sitting = Sitting(data, drawn, "ann")
    for _ in drawn.candidates:
        reply(sitting, "keep")
    written = labelled.write(data, "quality")
    assert (written.by_label, written.gone, written.people) == ({"negative": 0, "positive": 4}, 0, 1)
    ids = f"{published.doc_id},{dropped.doc_id}"
    assert main(["takedown", "--data", data, "--doc-ids", ids, "--apply"]) == 0
    assert not (Path(data) / written.name).exists(), "it held their texts"
    assert {each.doc_id for each in draw(data, "quality", 50).candidates}.isdisjoint(ids.split(","))
    again = labelled.write(data, "quality")
    assert (again.by_label["positive"], again.gone) == (2, 2)
    assert Sitting(data, drawn, "bob").state()["total"] == 2

    config = str(Path(made._run()).parent / "config.yaml")
    assert main(["run", "--config", config, "--data", data, "--workers", "0"]) == 0
    assert main(["purge", "--data", data]) == 0
    assert {each.doc_id for each in answers.read(data)} == {each.doc_id for each in drawn.candidates} - set(
        ids.split(",")
    )
    assert not (Path(data) / again.name).exists()


def test_the_export_holds_the_label_of_most_and_no_text_that_changed(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    drawn = draw(data, "quality", 4)
    words = {"ann": ("keep", "keep", "drop", "unsure"), "bob": ("keep", "drop", "drop", "keep"), "cyd": ("drop",) * 4}
    for who, given in words.items():
        sitting = Sitting(data, drawn, who)
        for word in given:
            reply(sitting, word)
    written = labelled.write(data, "quality")
    rows = pq.read_table(Path(data) / written.name).to_pylist()
    found = {row["doc_id"]: (row["label"], row["people"], row["agreeing"]) for row in rows}
    ids = [each.doc_id for each in drawn.candidates]
    assert found == {ids[0]: ("positive", 3, 2), ids[1]: ("negative", 3, 2), ids[2]: ("negative", 3, 3)}
    assert written.undecided == 1, "one keep, one drop, one unsure is a tie"
    assert {row["doc_id"]: row["text"] for row in rows} == {
        each.doc_id: each.read(data)["text"] for each in drawn.candidates[:3]
    }
    read, summary = read_answers(Answers(input=str(Path(data) / written.name)), [], with_manner=False)
    keys = {document.key.hex() for one in read for document in one.documents}
    assert keys == {answers.fingerprint(row["text"]) for row in rows} and summary.documents == 3
    assert (summary.by_two_or_more, summary.unanimous) == (3, 1), "what is exported is what a classifier reads"
    with pytest.raises(ConfigError, match="no classifier learns it"):
        labelled.write(data, "licence")


def test_a_config_that_is_not_the_runs_and_a_run_without_the_subject_are_said(tmp_path: Path) -> None:
    data = str(made.run(tmp_path))
    config = (made._run().parent / "config.yaml").read_text()
    other = tmp_path / "other.yaml"
    other.write_text(config.replace("word_count < 50", "word_count < 40"))
    with pytest.raises(ConfigError, match="other steps"):
        draw(data, "quality", 5, str(other))
    with pytest.raises(ConfigError, match="--config"):
        draw(data, "quality", 5, str(tmp_path / "nowhere.yaml"))
    with pytest.raises(ConfigError, match="needs the stage `machine_written`"):
        draw(data, "machine_written", 5)
    for about, sample in (("taste", 5), ("quality", 0)):
        with pytest.raises(ConfigError):
            draw(data, about, sample)
    assert main(["review", "--data", data, "--agreement"]) == 2
    assert main(["review", "--data", data, "--export"]) == 2
    assert main(["review", "--data", data, "--as", "a b"]) == 2
    assert not (Path(data) / "review").exists()


def test_a_broken_file_of_answers_stops_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = made.run(tmp_path)
    (data / answers.FOLDER).mkdir(parents=True)
    (data / answers.FOLDER / "x.parquet").write_bytes(b"PAR1")
    for extra in (["--as", "ann"], ["--agreement"], ["--export"]):
        assert main(["review", "--data", str(data), *extra]) == 2
        assert "move that file away" in capsys.readouterr().err
    assert [path.name for path in (data / answers.FOLDER).iterdir()] == ["x.parquet"]


def test_turns_take_one_of_each() -> None:
    assert turns([[1, 2, 3], [], [4], [5, 6]]) == [1, 4, 5, 2, 6, 3]
    assert turns([]) == []


def test_the_published_room_is_read_by_its_version(tmp_path: Path) -> None:
    data = made.run(tmp_path)
    for name in funnel.versions(str(data))[PUBLISHED].files["rows"]:
        stale = data / name.replace(".parquet", "0.parquet")
        stale.write_bytes(b"a file that no manifest lists")
    assert draw(str(data), "quality", 50).candidates
