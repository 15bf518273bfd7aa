"""Quality and topic: scores of a model that is what it says, or nothing; the recipe knows what, not where."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from classifiers.card.card import CARD_NAME, MODEL_NAME
from classifiers.models import fasttext_training, preparation, trained
from pipeline.config import load
from pipeline.stages.language import UNDETERMINED
from pipeline.stages.quality import Quality
from pipeline.stages.topic import Topic
from pipeline.steps import steps_recipe
from pipeline.trouble import ConfigError
from tests.classifiers import made
from tests.classifiers.made import tiny_model
from tests.conftest import ROOT

POSITIVE, NEGATIVE = "posa posb posc posd pose xa xb xc", "nega negb negc negd nege xa xb xc"
TEXTS = [POSITIVE, NEGATIVE, "", " \n", "https://example.com/ someone@example.com", "unknown words only"]


def quality() -> Quality:
    path, card = tiny_model("quality")
    return Quality(model=str(path), sha256=card.sha256)


def topic() -> Topic:
    path, card = tiny_model("topic")
    return Topic(model=str(path), sha256=card.sha256)


def batch_of(texts: list[str]) -> pa.RecordBatch:
    return pa.record_batch({"text": pa.array(texts, pa.large_string())})


@pytest.mark.parametrize(
    ("text", "low", "high", "named"),
    [
        (POSITIVE, 9000, 10_000, "topic-positive"),
        (NEGATIVE, 0, 1000, "topic-negative"),
        ("", 0, 0, UNDETERMINED),
        (" \n\0\t", 0, 0, UNDETERMINED),
        ("https://example.com/ someone@example.com", 0, 0, UNDETERMINED),
    ],
)
def test_by_hand(text: str, low: int, high: int, named: str) -> None:
    [score] = quality()(batch_of([text]))["quality_score"].to_pylist()
    assert low <= score <= high
    found = topic()(batch_of([text]))
    assert found["topic"].to_pylist() == [named]
    assert found["topic_score"].to_pylist()[0] in (range(9000, 10_001) if named != UNDETERMINED else (0,))


@pytest.mark.parametrize(
    ("probability", "score"), [(0.0, 0), (0.00004, 0), (0.00005, 1), (0.65, 6500), (0.99995, 10_000), (1.0, 10_000)]
)
def test_a_score_is_the_nearest_ten_thousandth(probability: float, score: int) -> None:
    assert trained.fixed_point(probability) == score


def test_the_recipe_knows_the_model_and_not_where_it_lies(tmp_path: Path) -> None:
    here = quality()
    shutil.copytree(Path(here.model).parent, tmp_path / "elsewhere")
    there = Quality(model=str(tmp_path / "elsewhere" / MODEL_NAME), sha256=here.sha256)
    assert steps_recipe((here,), "a") == steps_recipe((there,), "a")
    assert here.model not in json.dumps(steps_recipe((here,), "a"))
    assert here.sha256 in here.fingerprint()
    assert str(preparation.VERSION) in here.fingerprint().split()
    assert there(batch_of(TEXTS)) == here(batch_of(TEXTS))


def copy_of(folder: Path) -> Quality:
    """The tiny model in a folder where it may be spoilt."""
    made = quality()
    shutil.copytree(Path(made.model).parent, folder / "model")
    return Quality(model=str(folder / "model" / MODEL_NAME), sha256=made.sha256)


def test_another_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    stage = copy_of(tmp_path)
    Path(stage.model).write_bytes(b"another model")
    found = trained.fasttext_model.sha256_of(Path(stage.model))
    with pytest.raises(ValueError, match=f"{MODEL_NAME}: sha256 should be {stage.sha256}, but is {found}"):
        stage.fingerprint()
    with pytest.raises(ValueError, match=f"should be {stage.sha256}, but is {found}"):
        stage(batch_of(TEXTS))


def test_a_model_without_its_card_or_with_another_is_refused(tmp_path: Path) -> None:
    stage = copy_of(tmp_path)
    card = Path(stage.model).parent / CARD_NAME
    kept = json.loads(card.read_bytes())
    for change, complaint in (
        ({"sha256": "0" * 64}, "the card beside it is of another model, 0000"),
        ({"task": "topic"}, "is a model of topic, and quality is asked of it"),
        ({"preparation": 99}, "trained on text of preparation 99, this version prepares by 1; train it again"),
        ({"format": 1}, r"card\.json: not a model card of this version: format"),
    ):
        card.write_text(json.dumps(kept | change))
        with pytest.raises(ValueError, match=complaint):
            stage.fingerprint()
    card.unlink()
    with pytest.raises(FileNotFoundError, match=r"card\.json: no model card"):
        stage.fingerprint()
    Path(stage.model).unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.bin: no such model file"):
        stage.fingerprint()


def test_a_digest_is_64_hex_digits() -> None:
    with pytest.raises(ValidationError, match="write 64 hexadecimal digits"):
        Quality(model="x", sha256="123")


def test_a_rule_can_read_the_score(tmp_path: Path) -> None:
    stage = quality()
    (tmp_path / "x.yaml").write_text(
        "run: x\nsources: {a: {reader: {kind: text}, inputs: in}}\nfilter:\n"
        f"  - {{kind: quality, model: {stage.model}, sha256: {stage.sha256}}}\n"
        "  - {kind: rules, name: r, rules: [{drop: 'r:low', when: 'quality_score < 2000'}]}\n"
    )
    _, steps = load(str(tmp_path / "x.yaml"))
    assert steps[0] == stage
    text = (tmp_path / "x.yaml").read_text()
    (tmp_path / "x.yaml").write_text(text.replace(stage.sha256, "f" * 64))
    with pytest.raises(ConfigError, match=r"x\.yaml: filter\.0 \(quality\): .*sha256 should be ffff"):
        load(str(tmp_path / "x.yaml"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Quality:
    """A model that fastText's own command might have made: two labels of somebody's, texts as they stand, no card."""
    path = tmp_path_factory.mktemp("foreign") / "theirs.bin"
    labels = {"hq": "Why", "cc": "Buy"}
    lines = [(label, f"{word} {word}s x{n % 7} The") for n in range(200) for label, word in labels.items()]
    fasttext_training.train(lines, made.SMALL, 0, path)
    return Quality(model=str(path), sha256=trained.fasttext_model.sha256_of(path), label="hq")


PIECES = ["Why", "Whys", "Buy", "buy", "x1", "The", "é", "__label__cc", "www.", " ", "\n", "\r\n", "\u2028"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_a_model_from_elsewhere_says_what_it_says_there(foreign: Quality, text: str) -> None:
    """Its own reader (DCLM's) joins the lines of the stripped text by spaces."""
    line = " ".join(text.strip().splitlines())
    there = dict(trained.fasttext_model.load(Path(foreign.model)).predict(line, 2)) if line else {}
    assert foreign(batch_of([text]))["quality_score"].to_pylist() == [trained.fixed_point(there.get("hq", 0.0))]


def test_a_model_from_elsewhere_reads_all_of_a_text(foreign: Quality) -> None:
    good, bad = "Why Whys The " * 5, "Buy Buys The " * 5
    texts = [good, bad, good + "\0</s>\n" + bad * 100, bad * 100 + good * 10_000, "", " \n\u2028"]
    scores = foreign(batch_of(texts))["quality_score"].to_pylist()
    assert [score > 9000 for score in scores] == [True, False, False, True, False, False]
    assert [score < 1000 for score in scores] == [False, True, True, False, True, True] and scores[4:] == [0, 0]


def test_a_model_from_elsewhere_is_its_digest_and_its_label(foreign: Quality, tmp_path: Path) -> None:
    assert steps_recipe((foreign,), "a") != steps_recipe((foreign.model_copy(update={"label": "cc"}),), "a")
    with pytest.raises(ValueError, match=r"theirs\.bin: has no label good; it has (hq, cc|cc, hq)$"):
        foreign.model_copy(update={"label": "good"}).fingerprint()
    with pytest.raises(ValueError, match="sha256 should be 0000"):
        foreign.model_copy(update={"sha256": "0" * 64}).fingerprint()
    with pytest.raises(FileNotFoundError, match=r"card\.json: no model card"):
        foreign.model_copy(update={"label": None}).fingerprint()
    (tmp_path / "no.bin").write_bytes(b"not a model")
    sha256 = trained.fasttext_model.sha256_of(tmp_path / "no.bin")
    with pytest.raises(ValueError, match=r"no\.bin"):
        Quality(model=str(tmp_path / "no.bin"), sha256=sha256, label="hq").fingerprint()


SCORE = """
import json, sys
import pyarrow as pa
from pipeline.stages.quality import Quality
model, sha256, texts = json.load(sys.stdin)
batch = pa.record_batch({"text": pa.array(texts, pa.large_string())})
print(json.dumps(Quality(model=model, sha256=sha256)(batch)["quality_score"].to_pylist()))
"""


def test_a_processor_without_fused_multiplication_gives_the_same_scores() -> None:
    stage = quality()
    texts = [" ".join(f"{'pos' if n % k else 'neg'}{chr(97 + n % 20)}" for n in range(k * 7)) for k in range(1, 60)]
    env = os.environ | {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F,-FMA4"}
    done = subprocess.run(
        [sys.executable, "-c", SCORE], input=json.dumps([stage.model, stage.sha256, texts]), env=env, cwd=ROOT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == stage(batch_of(texts))["quality_score"].to_pylist()
