"""The manner of a text, the pooled likelihood, the source-only baseline, and the stage that marks by them."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import apply, train
from classifiers.card.card import CARD_NAME, MODEL_NAME
from classifiers.evaluation import scorers
from classifiers.models import machine_written, manner, manner_fitting, trained
from classifiers.models.machine_written import likelihood
from classifiers.models.manner import NAMES, manner_of
from classifiers.settings import Settings
from pipeline.review.causes import causes
from pipeline.rules import Rule, RuleSet
from pipeline.stages.machine_written import MachineWritten
from pipeline.trouble import ConfigError
from tests.classifiers import made

PIECES = st.sampled_from(
    ["Furthermore, ", "it plays a vital role. ", "- a list\n", "1. one\n", "** # ", "?!…", "你好。", "\n\n"]
)
TEXTS = st.lists(PIECES | st.text(max_size=20), max_size=30).map("".join)


def of(text: str) -> dict[str, float]:
    return dict(zip(NAMES, manner_of(text.encode()), strict=True))


@given(TEXTS)
def test_a_manner_is_finite_bounded_and_repeats_itself(text: str) -> None:
    found = manner_of(text.encode())
    assert len(found) == len(NAMES) and found == manner_of(memoryview(text.encode()))
    assert all(0 <= figure <= 50 for figure in found)
    assert (found == (0.0,) * len(NAMES)) == (not text.split())


@given(st.text(st.sampled_from(".!?…。a \n\"')]"), max_size=30))
def test_a_sentence_ends_at_marks_before_a_space_a_quote_or_the_end(text: str) -> None:
    parts = re.split(r"(?:[.!?…。！？]+)(?=[\s\"'”’)\]]|$)", text)
    assert manner._SENTENCE.split(text) == parts


@settings(max_examples=30)
@given(
    st.lists(
        st.sampled_from(["one two three.", "Is it?", "A long one, with commas, and more."]), min_size=1, max_size=8
    )
)
def test_rates_do_not_grow_with_repetition(sentences: list[str]) -> None:
    once, thrice = of(" ".join(sentences)), of(" ".join(sentences * 3))
    for name in set(NAMES) - {"distinct", "line"}:
        assert thrice[name] == pytest.approx(once[name], abs=1e-9)
    assert thrice["distinct"] <= once["distinct"]


@pytest.mark.parametrize(
    ("text", "name", "figure"),
    [
        ("One two. Three four five six.", "sentence_words", 3),
        ("One two. Three four five six.", "sentence_spread", 1 / 3),
        ("Pi is 3.14 and e.g. this", "sentence_words", 3),
        ("- a\n* b\n3. c\nd", "list_line", 3 / 4),
        ("the the the cat", "distinct", 1 / 2),
        ("ab, cd, ef", "mark_comma", 2 / 3),
        ("It is crucial, essential even", "phrase_importance", 2 / 5),
        ("Furthermore, by fostering it", "phrase_linking", 2 / 4),
        ("uncrucial delves", "phrase_importance", 0),
        ("Delving into a tapestry", "phrase_ornament", 2 / 4),
        ("In conclusion it is", "phrase_summary", 1 / 4),
        ("你好。再见。", "sentence_words", 1),
    ],
)
def test_figures_by_hand(text: str, name: str, figure: float) -> None:
    assert of(text)[name] == pytest.approx(figure)


def test_only_the_windows_are_read() -> None:
    text = ("word " * 2000).encode()
    changed = text[:1500] + b"! " * 100 + text[1700:]
    assert manner_of(text) == manner_of(changed), "between the first and the middle window"


def test_the_weights_are_the_regression() -> None:
    from sklearn.linear_model import LogisticRegression  # here: a second that no other module need spend
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.Generator(np.random.PCG64(3))
    manners = random.random((60, len(NAMES)))
    manners[:, 4] = 0  # a figure that no text has
    positive = manners[:, 0] + random.random(60) > 1
    weights = manner_fitting.fit(manners, positive)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced"))
    model.fit(manners, positive)
    odds = [manner.log_odds(weights, tuple(row)) for row in manners.tolist()]
    assert np.allclose(odds, model.decision_function(manners))
    assert manner_fitting.fit(manners, positive) == weights


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_likelihood_is_a_share_that_grows_with_both(a: float, b: float, x: float, y: float) -> None:
    low, high = likelihood(min(a, b), min(x, y)), likelihood(max(a, b), max(x, y))
    assert 0 <= low <= high <= 1
    assert likelihood(a, x) == pytest.approx(1 - likelihood(1 - a, -x), abs=1e-9)
    assert likelihood(0.5, 0) == 0.5


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings]:
    folder = tmp_path_factory.mktemp("machine")
    given_ = made.settings(folder, class_words=12, source_words=6, documents=40)
    return folder, given_.model_copy(update={"task": "machine_written"})


def test_the_card_has_the_parts_and_the_source_only_baseline_beside_the_model(world: tuple[Path, Settings]) -> None:
    folder, given_ = world
    card = train.train(given_, folder / "model", made.quiet)
    assert card.quality is not None and card.manner is not None and card.manner.names == NAMES
    beside = card.quality.beside
    assert set(beside) == {"words", "manner", "source_only"}
    assert beside["source_only"].in_source.value == 1.0 and beside["source_only"].left_out.value == 0.5
    assert beside["words"].left_out.value is not None and beside["words"].left_out.value > 0.9
    assert any("nothing else reaches 1.000" in line for line in card.verdicts)
    answers = apply.evaluate(folder / "model", given_, made.quiet)
    assert all(one.auc is not None and one.auc.value == 1 for one in answers.answers)


def test_the_source_only_baseline_knows_shares_of_labels_and_nothing_of_the_new(world: tuple[Path, Settings]) -> None:
    corpus, _ = train.read(world[1], made.quiet)
    asked = np.ones(len(corpus), bool)
    found = scorers.source_only(corpus)(corpus.source > 0, asked)
    assert (found[corpus.source == 0] == 0.5).all()
    for number in (1, 2, 3):
        label = corpus.label[corpus.source == number][0]
        assert (found[corpus.source == number, label] == 1).all()


def stage_in(folder: Path) -> MachineWritten:
    path, card = made.tiny_model("machine_written")
    shutil.copytree(path.parent, folder / "model")
    return MachineWritten(model=str(folder / "model" / MODEL_NAME), sha256=card.sha256)


def test_the_stage_marks_and_drops_nothing(tmp_path: Path) -> None:
    stage = stage_in(tmp_path)
    texts = ["posa posb posc posd pose xa xb xc", "nega negb negc negd nege xa xb xc", "", " \n", "https://a.example/"]
    batch = pa.record_batch({"text": pa.array(texts, pa.large_string())})
    after = stage(batch)
    assert after.num_rows == 5 and after.schema.names == ["text", "machine_written_score"]
    scores = after["machine_written_score"].to_pylist()
    assert scores[0] > scores[1] and scores[2:] == [0, 0, 0]
    card = trained.open_card(Path(stage.model), stage.sha256, "machine_written")
    assert card.manner is not None
    model = trained.open_model(Path(stage.model), stage.sha256, "machine_written")
    words = dict(model.predict(machine_written.prepare(texts[0].encode()), 2))["positive"]
    expected = likelihood(words, manner.log_odds(card.manner, manner_of(texts[0].encode())))
    assert scores[0] == math.floor(expected * 10_000 + 0.5)


def test_weights_decide_and_are_in_the_recipe(tmp_path: Path) -> None:
    stage = stage_in(tmp_path)
    before = stage.fingerprint()
    path = tmp_path / "model" / CARD_NAME
    card = json.loads(path.read_text())
    card["manner"]["bias"] += 1
    path.write_text(json.dumps(card))
    assert stage.fingerprint() != before
    card["manner"]["version"] += 1
    path.write_text(json.dumps(card))
    with pytest.raises(ValueError, match="train it again"):
        stage.fingerprint()
    card["manner"] = None
    path.write_text(json.dumps(card))
    with pytest.raises(ValueError, match="train it again"):
        stage.fingerprint()


def test_without_a_rule_the_middle_is_reviewed_and_with_one_its_threshold(tmp_path: Path) -> None:
    stage = stage_in(tmp_path)
    [middle] = causes("machine_written", (stage,), "c.yaml")
    assert middle.side == "machine_written_score >= 5000" and middle.drops == ()
    rule = Rule(drop="machine:likely", when="machine_written_score > 9000")
    [ruled] = causes("machine_written", (stage, RuleSet(name="machine", rules=(rule,))), "c.yaml")
    assert ruled.drops == ("machine:likely",) and ruled.near == ("machine_written_score",)
    with pytest.raises(ConfigError, match="measures nothing of it"):
        causes("quality", (stage,), "c.yaml")
