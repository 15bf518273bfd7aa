"""Made worlds in which it is known what there is to learn; a training that repeats itself; the card."""

from __future__ import annotations

import itertools
import json
import random
from hashlib import blake2b
from pathlib import Path

import pytest

from classifiers import apply, train
from classifiers.card.card import CARD_NAME, MODEL_NAME, Card, read_beside
from classifiers.card.results import Estimate
from classifiers.card.tables import tables
from classifiers.labelled import corpus, inputs
from classifiers.models import fasttext_training, trained_on
from classifiers.models.fasttext_model import sha256_of
from classifiers.settings import LabelledSource, Settings
from tests.classifiers import made


@pytest.fixture(scope="module")
def of_the_class(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings, Card]:
    """Documents whose words say the class and not the source."""
    folder = tmp_path_factory.mktemp("class")
    settings = made.settings(folder, class_words=12, source_words=0)
    return folder / "model", settings, train.train(settings, folder / "model", made.quiet)


@pytest.fixture(scope="module")
def of_the_source(tmp_path_factory: pytest.TempPathFactory) -> Card:
    """Documents whose words say the source and nothing of the class."""
    folder = tmp_path_factory.mktemp("source")
    return train.train(made.settings(folder, class_words=0, source_words=12), folder / "model", made.quiet)


def value(estimate: Estimate) -> float:
    assert estimate.value is not None and estimate.low is not None and estimate.high is not None
    assert estimate.low <= estimate.high
    return estimate.value


def test_what_holds_on_unseen_sources_is_found(of_the_class: tuple[Path, Settings, Card]) -> None:
    found = of_the_class[2].quality
    assert found is not None
    assert value(found.left_out.auc) > 0.95
    assert value(found.over_baseline) > 0.2
    assert found.identity is not None and found.identity.highest < 0.75
    assert not any("LEARNED THE SOURCE" in line for line in of_the_class[2].verdicts)
    kept = [(one.positives_kept, one.negatives_kept) for one in found.thresholds]
    assert kept == sorted(kept, reverse=True)


def test_a_model_that_learned_the_source_is_called_so(of_the_source: Card) -> None:
    found = of_the_source.quality
    assert found is not None
    assert value(found.in_source.auc) > 0.95
    assert value(found.left_out.auc) < 0.7
    assert value(found.gap) == pytest.approx(value(found.in_source.auc) - value(found.left_out.auc), abs=2e-4)
    assert any(line.startswith("It LEARNED THE SOURCE") for line in of_the_source.verdicts)
    assert any("PLUMBING CHECK: 240 documents" in line for line in of_the_source.verdicts)


def test_every_pair_is_left_out_once(of_the_class: tuple[Path, Settings, Card]) -> None:
    found = of_the_class[2].quality
    assert found is not None
    pairs = [(one.positive, one.negative) for one in found.left_out.pairs]
    assert pairs == [("pa", "na"), ("pa", "nb"), ("pb", "na"), ("pb", "nb")]
    assert all(one.trained_on == 120 and one.kept_apart == 0 for one in found.left_out.pairs)
    assert [(one.positive, one.negative) for one in found.in_source.pairs] == pairs
    assert all(one.trained_on == 120 for one in found.in_source.pairs), "as many as were left when a pair was out"


def test_labels_that_contradict_one_another_are_told(tmp_path: Path) -> None:
    settings = made.settings(tmp_path, class_words=12, source_words=0)
    lines = (tmp_path / "pa.jsonl").read_text().splitlines(keepends=True)[:7]
    with (tmp_path / "na.jsonl").open("a") as stream:
        stream.writelines(lines[:4])  # the same texts
        stream.writelines(line.replace('": "', '": "one more word and another and ', 1) for line in lines[4:])
    card = train.train(settings, tmp_path / "model", made.quiet)
    assert card.contradicted == 14
    assert any(line.startswith("14 documents stand with a near-duplicate of another label") for line in card.verdicts)


def test_a_score_that_says_nothing_tells_no_sources_apart(
    of_the_class: tuple[Path, Settings, Card], tmp_path: Path
) -> None:
    found = train.train(made.settings(tmp_path, class_words=12, source_words=0, documents=58), tmp_path, made.quiet)
    assert found.quality is not None and found.quality.identity is None, "29 sites are too few to say it"
    assert of_the_class[2].quality is not None and of_the_class[2].quality.identity is not None
    assert (found.contradicted, of_the_class[2].contradicted) == (0, 0)


def test_training_twice_gives_the_same_bytes(of_the_class: tuple[Path, Settings, Card], tmp_path: Path) -> None:
    folder, settings, _ = of_the_class
    train.train(settings, tmp_path, made.quiet)
    for name in (MODEL_NAME, CARD_NAME, trained_on.NAME):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [CARD_NAME, MODEL_NAME, trained_on.NAME]


def test_a_model_says_which_texts_it_learnt_from(of_the_class: tuple[Path, Settings, Card]) -> None:
    folder, settings, card = of_the_class
    learnt = [document.key for source in settings.sources for document in inputs.read(source).documents]
    assert trained_on.among(folder, learnt) == len(learnt) == sum(one.documents for one in card.sources)
    assert trained_on.among(folder, [*learnt[:3], trained_on.key_of(b"of nobody")]) == 3
    with pytest.raises(FileNotFoundError, match="writes it beside the model"):
        trained_on.among(folder.parent, learnt)


def test_the_card_says_what_the_model_is(of_the_class: tuple[Path, Settings, Card]) -> None:
    folder, settings, card = of_the_class
    assert read_beside(folder / MODEL_NAME) == card
    assert card.sha256 == sha256_of(folder / MODEL_NAME)
    assert (card.fasttext, card.seed, card.labels) == (settings.fasttext, 0, ("negative", "positive"))
    assert [(one.name, one.documents, one.sites) for one in card.sources] == [(name, 60, 30) for name in made.LABELS]
    assert str(folder.parent) not in (folder / CARD_NAME).read_text()
    assert {"fasttext-wheel", "python"} < set(card.versions)


def test_a_model_answers_of_other_documents_and_names_its_own(of_the_class: tuple[Path, Settings, Card]) -> None:
    folder, settings, card = of_the_class
    found = apply.evaluate(folder, settings, made.quiet)
    assert found.sha256 == card.sha256
    assert found.trained_on == dict.fromkeys(made.LABELS, 60)
    assert [one.sources for one in found.answers] == [("pa", "na"), ("pa", "nb"), ("pb", "na"), ("pb", "nb")]
    assert all(one.auc is not None and one.auc.value is not None and one.auc.value > 0.95 for one in found.answers)
    with pytest.raises(ValueError, match="is a model of quality, and topic is asked of it"):
        apply.evaluate(folder, settings.model_copy(update={"task": "topic"}), made.quiet)


def test_one_source_of_each_label_is_asked_of_and_not_trained_on(
    of_the_class: tuple[Path, Settings, Card], tmp_path: Path
) -> None:
    folder, settings, _ = of_the_class
    two = Settings(task="quality", sources=(settings.sources[0], settings.sources[2]))
    assert [one.sources for one in apply.evaluate(folder, two, made.quiet).answers] == [("pa", "na")]
    with pytest.raises(ValueError, match=r"at least 2 positive and 2 negative ones are needed.*there are 1 and 1"):
        train.train(two, tmp_path / "model", made.quiet)


def test_documents_of_the_training_are_known_in_other_company(
    of_the_class: tuple[Path, Settings, Card], tmp_path: Path
) -> None:
    folder, settings, _ = of_the_class
    more, others = [], []
    for number, one in enumerate(settings.sources):
        lines = Path(one.input).read_text().splitlines(keepends=True)
        (tmp_path / f"more-{number}.jsonl").write_text("".join([*lines, '{"text": "one more", "url": "x"}\n']))
        (tmp_path / f"other-{number}.jsonl").write_text("".join(line.replace('": "', '": "new ', 1) for line in lines))
        more.append(one.model_copy(update={"input": str(tmp_path / f"more-{number}.jsonl")}))
        others.append(one.model_copy(update={"input": str(tmp_path / f"other-{number}.jsonl")}))
    without_site = [one.model_copy(update={"site": None}) for one in settings.sources]
    first = Path(settings.sources[0].input).read_text().splitlines(keepends=True)
    Path(others[1].input).write_text(Path(others[1].input).read_text() + first[-1])
    mixed, all_ = [more[0], *others[1:]], dict.fromkeys(made.LABELS, 60)
    for sources, known in ((more, all_), (without_site, all_), (others, {"pb": 1}), (mixed, {"pa": 60, "pb": 1})):
        asked = settings.model_copy(update={"sources": tuple(sources)})
        assert apply.evaluate(folder, asked, made.quiet).trained_on == known


def test_asking_a_model_looks_for_no_near_duplicates(
    of_the_class: tuple[Path, Settings, Card], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "clusters", None)
    folder, settings, _ = of_the_class
    assert apply.evaluate(folder, settings, made.quiet).answers


def test_topics_are_judged_by_site_and_by_source(tmp_path: Path) -> None:
    sources = made.write_sources(tmp_path, class_words=12, source_words=0)
    settings = Settings(task="topic", sources=tuple(sources), fasttext=made.SMALL, replicas=20)
    card = train.train(settings, tmp_path / "model", made.quiet)
    found = card.topic
    assert found is not None and found.gap is not None
    assert value(found.accuracy) > 0.9 and value(found.macro_f1) > 0.9 and found.majority == 0.5
    assert set(found.left_out) == {"pa", "pb", "na", "nb"}
    assert all(one.recall > 0.9 for one in found.labels)
    _, figures, _ = tables(card)
    shown = dict(zip(figures.columns[0].cells, figures.columns[1].cells, strict=True))
    assert shown["fastText over these"] == str(found.over_baseline) and value(found.over_baseline) > 0.2
    answers = apply.evaluate(tmp_path / "model", settings, made.quiet).answers
    assert all(one.accuracy is not None and value(one.accuracy) > 0.9 for one in answers)
    shouted = tuple(one.model_copy(update={"label": str(one.label).upper()}) for one in sources[:3])
    with pytest.raises(ValueError, match="knows no label NEGATIVE, POSITIVE; it has negative, positive"):
        apply.evaluate(tmp_path / "model", settings.model_copy(update={"sources": shouted}), made.quiet)


def test_a_label_too_rare_for_a_small_training_set_is_no_end(tmp_path: Path) -> None:
    sources = []
    for name, counts in (("big", (300, 300, 10)), ("small", (15, 15, 1))):
        random_, lines = random.Random(name), []
        for topic, count in zip(("aa", "bb", "cc"), counts, strict=True):
            texts = (" ".join(made.words(topic, 12, random_) + made.words("x", 30, random_)) for _ in itertools.count())
            if topic == "cc":  # among the last by hash, so never in what is cut to as few as `small` has
                texts = (text for text in texts if blake2b(text.encode(), digest_size=16).digest() > b"\x80")
            rows = ({"text": text, "topic": topic, "page": text} for text in itertools.islice(texts, count))
            lines.extend(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
        sources.append(
            LabelledSource(name=name, input=str(tmp_path / f"{name}.jsonl"), label_column="topic", site="page")
        )
    settings = Settings(task="topic", sources=tuple(sources), fasttext=made.SMALL, replicas=20)
    found = train.train(settings, tmp_path / "model", made.quiet).topic
    assert found is not None and found.gap is not None
    assert [one.documents for one in found.labels] == [315, 315, 11]
    assert set(found.left_out) == {"big", "small"}


def test_a_rare_topic_that_nothing_tells_is_no_merit_of_words(tmp_path: Path) -> None:
    sources = []
    for name in ("a", "b"):
        random_, lines = random.Random(name), []
        for number in range(400):
            row = {"text": " ".join(made.words("x", 30, random_)), "topic": "rare" if number % 10 == 0 else "common"}
            lines.append(json.dumps(row) + "\n")
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
        sources.append(LabelledSource(name=name, input=str(tmp_path / f"{name}.jsonl"), label_column="topic"))
    settings = Settings(task="topic", sources=tuple(sources), fasttext=made.SMALL, replicas=50)
    card = train.train(settings, tmp_path / "model", made.quiet)
    assert card.topic is not None and card.topic.majority == 0.9
    assert value(card.topic.baseline) == pytest.approx(0.9, abs=0.02)
    assert not any("words add to it" in line for line in card.verdicts)


def test_a_label_of_one_site_cannot_be_held_out(tmp_path: Path) -> None:
    sources = made.write_sources(tmp_path, class_words=12, source_words=0)
    (tmp_path / "only.jsonl").write_text('{"text": "a b", "url": "x"}\n{"text": "c d", "url": "x"}\n')
    only = LabelledSource(name="only", input=str(tmp_path / "only.jsonl"), label="rare", site="url", limit=1)
    settings = Settings(task="topic", sources=(*sources, only), fasttext=made.SMALL, replicas=20)
    with pytest.raises(ValueError, match="too few documents labelled rare to hold a part of them out"):
        train.train(settings, tmp_path / "model", made.quiet)


def test_a_text_of_which_a_topic_model_knows_nothing_is_wrong(tmp_path: Path) -> None:
    sources = made.write_sources(tmp_path, class_words=12, source_words=0)
    knows_little = made.SMALL.model_copy(update={"min_count": 241, "word_ngrams": 1})  # more than lines: no end of line
    settings = Settings(task="topic", sources=tuple(sources), fasttext=knows_little, replicas=20)
    train.train(settings, tmp_path / "model", made.quiet)
    (tmp_path / "pa.jsonl").write_text('{"text": "unknown words only", "url": "x"}\n')
    (tmp_path / "pb.jsonl").write_text('{"text": "...", "url": "x"}\n{"text": "www.", "url": "y"}\n')
    answers = apply.evaluate(tmp_path / "model", settings, made.quiet).answers
    assert [one.accuracy.value for one in answers[:2] if one.accuracy is not None] == [0.0, 0.0]


def test_topics_that_are_sources_are_called_so(tmp_path: Path) -> None:
    sources = [
        one.model_copy(update={"label": one.name})
        for one in made.write_sources(tmp_path, class_words=0, source_words=9)
    ]
    settings = Settings(task="topic", sources=tuple(sources), fasttext=made.SMALL, replicas=20)
    card = train.train(settings, tmp_path / "model", made.quiet)
    assert card.topic is not None and card.topic.gap is None and card.topic.left_out == {}
    assert any("Every label is a source of its own" in line for line in card.verdicts)


def test_sources_that_are_too_small_are_refused(tmp_path: Path) -> None:
    settings = made.settings(tmp_path, class_words=5, source_words=0, documents=16)
    with pytest.raises(ValueError, match=r"no positive one has 10 sites, so none can be left out \(pa 8, pb 8\)"):
        train.train(settings, tmp_path / "model", made.quiet)
    assert not (tmp_path / "model").exists()


def test_a_source_whose_text_is_all_elsewhere_leaves_nothing_to_train_on(tmp_path: Path) -> None:
    settings = made.settings(tmp_path, class_words=12, source_words=0)
    (tmp_path / "pb.jsonl").write_bytes((tmp_path / "pa.jsonl").read_bytes())
    with pytest.raises(ValueError, match="without pa, na and what shares sites or text with it"):
        train.train(settings, tmp_path / "model", made.quiet)


def test_a_training_that_diverges_says_what_to_lower(tmp_path: Path) -> None:
    fast = made.SMALL.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(ValueError, match=r"lower fasttext\.learning_rate"):
        fasttext_training.train([("a", "some words"), ("b", "other words")] * 50, fast, 0, tmp_path / "model.bin")


def test_a_limit_of_one_source_shows_in_its_digest(tmp_path: Path) -> None:
    sources = made.write_sources(tmp_path, class_words=3, source_words=3)
    fewer = [LabelledSource.model_validate({**sources[0].model_dump(), "limit": 40}), *sources[1:]]
    given = (Settings(task="quality", sources=tuple(one)) for one in (sources, fewer))
    whole, part = (train.read(one, made.quiet)[0].sources for one in given)
    assert [a == b for a, b in zip(whole, part, strict=True)] == [False, True, True, True]
