"""People's answers in training: they overrule, are repeated, are on the card, and stay on one side of a split."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifiers import settings, train
from classifiers.card.card import MODEL_NAME
from classifiers.evaluation import scorers
from classifiers.evaluation.quality_evaluation import evaluate
from classifiers.labelled.corpus import Corpus, Flags, Floats
from classifiers.models import trained
from classifiers.settings import PEOPLE_NEGATIVE, PEOPLE_POSITIVE, POSITIVE, Answers, Settings
from tests.classifiers import made

COUNTS = [("people", pa.int32()), ("agreeing", pa.int32())]
SCHEMA = pa.schema([("site", pa.string()), ("label", pa.string()), *COUNTS, ("text", pa.large_string())])


def export(path: Path, rows: list[tuple[str, str]], people: int = 1) -> Answers:
    """(text, label) as the review queue exports them."""
    written = [{"site": f"https://s{n}.test/", "label": label, "people": people, "agreeing": 1, "text": text}
               for n, (text, label) in enumerate(rows)]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(written, SCHEMA), path)
    return Answers(input=str(path), copies=3)


def texts_of(folder: Path, name: str) -> list[str]:
    return [json.loads(line)["text"] for line in (folder / f"{name}.jsonl").read_text().splitlines()]


@pytest.fixture
def asked(tmp_path: Path) -> tuple[Settings, list[str]]:
    """Settings whose answers call the first twelve texts of the positive source pa negative, one of nb positive."""
    given = made.settings(tmp_path, class_words=12, source_words=0, documents=40)
    wrong = texts_of(tmp_path, "pa")[:12]
    rows = [(text, "negative") for text in wrong] + [(texts_of(tmp_path, "nb")[0], "positive")]
    return given.model_copy(update={"answers": export(tmp_path / "a.parquet", rows)}), wrong


def test_an_answer_overrules_and_is_repeated(asked: tuple[Settings, list[str]]) -> None:
    given, wrong = asked
    corpus, summary = train.read(given, made.quiet)
    assert summary is not None and (summary.documents, summary.overruled, summary.copies) == (13, 13, 3)
    by_name = {one.name: one for one in corpus.sources}
    assert by_name["pa"].documents == 28 and by_name["pa"].not_taken == 12
    assert by_name[PEOPLE_NEGATIVE].documents == 12 and by_name[PEOPLE_POSITIVE].documents == 1
    assert len(corpus) == 160, "no text twice"
    people = np.isin(corpus.source, [4, 5])
    assert set(corpus.copies[people]) == {3} and set(corpus.copies[~people]) == {1}
    rows = corpus.repeated(np.ones(len(corpus), bool))
    assert np.bincount(rows).tolist() == corpus.copies.tolist()
    assert [corpus.labels[label] for label in corpus.label[people]].count("negative") == len(wrong)


def test_no_answer_or_near_copy_of_one_stands_on_both_sides_of_a_split(tmp_path: Path) -> None:
    given = made.settings(tmp_path, class_words=12, source_words=0, documents=40)
    rows = [(f"{text} more", "negative") for text in texts_of(tmp_path, "pa")[:20]]  # near copies, of other sites
    rows += [(f"{text} more", "positive") for text in texts_of(tmp_path, "na")[:20]]
    corpus, _ = train.read(given.model_copy(update={"answers": export(tmp_path / "a.parquet", rows)}), made.quiet)
    seen: list[tuple[set[int], set[int]]] = []

    def watched(corpus: Corpus) -> scorers.Scorer:
        def score(trained: Flags, held: Flags) -> Floats:
            seen.append((set(corpus.cluster[trained].tolist()), set(corpus.cluster[held].tolist())))
            rows = corpus.repeated(trained)
            assert set(rows.tolist()) == set(np.flatnonzero(trained).tolist())
            return np.full((int(held.sum()), 2), 0.5)

        return score

    scorer = watched(corpus)
    found = evaluate(corpus, {"fasttext": scorer, "baseline": scorer}, 20, 0, made.quiet)
    assert len(np.unique(corpus.cluster)) == len(corpus) - 40
    assert all(not trained & held for trained, held in seen)
    assert (PEOPLE_POSITIVE, PEOPLE_NEGATIVE) in [(pair.positive, pair.negative) for pair in found.left_out.pairs]


def test_what_people_say_is_learned_and_the_card_says_whence(tmp_path: Path) -> None:
    """Of two sources people say the opposite of what the label says, three times as loud as the other two."""
    given = made.settings(tmp_path, class_words=12, source_words=0, documents=40)
    rows = [(text, "negative") for text in texts_of(tmp_path, "pa")] + [
        (text, "positive") for text in texts_of(tmp_path, "na")
    ]
    taught = given.model_copy(update={"answers": export(tmp_path / "a.parquet", rows, people=2)})
    card = train.train(taught, tmp_path / "model", made.quiet)
    assert card.answers is not None
    assert (card.answers.by_two_or_more, card.answers.unanimous, card.answers.overruled) == (80, 0, 80)
    assert {PEOPLE_POSITIVE, PEOPLE_NEGATIVE} <= {one.name for one in card.sources}
    assert any(line.startswith("People labelled 80 documents") for line in card.verdicts)
    again = train.train(taught, tmp_path / "again", made.quiet)
    assert again == card and again.sha256 == card.sha256
    without = train.train(given, tmp_path / "without", made.quiet)
    asked = " ".join(made.words("pos", 40, random.Random("new")))
    scores = [
        trained.score_line(trained.open_model(tmp_path / name / MODEL_NAME, one.sha256, "quality"), asked, POSITIVE)
        for name, one in (("model", card), ("without", without))
    ]
    assert scores[0] < 5000 < scores[1]


@pytest.mark.parametrize("content", ["nothing", "junk", "columns", "labels", "empty"])
def test_what_is_no_export_is_named(tmp_path: Path, content: str) -> None:
    given = made.settings(tmp_path, class_words=12, source_words=0, documents=20)
    path = tmp_path / "a.parquet"
    if content == "junk":
        path.write_bytes(b"junk")
    elif content == "columns":
        pq.write_table(pa.table({"text": ["a"]}), path)
    elif content != "nothing":
        export(path, [("a b", "maybe")] if content == "labels" else [])
    with pytest.raises(ValueError, match=r"answers\.input"):
        train.read(given.model_copy(update={"answers": Answers(input=str(path))}), made.quiet)


def test_the_settings_know_where_answers_belong(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("task: topic\nsources: [{name: a, label_column: t, input: x}]\nanswers: {input: y}\n")
    with pytest.raises(ValueError, match="no topic"):
        settings.load(path)
