"""From settings to a folder with a model and its card: read, judge, train on everything."""

from __future__ import annotations

import importlib.metadata
import platform
import tempfile
from pathlib import Path

import numpy as np

from classifiers.card.card import CARD_NAME, MODEL_NAME, Card
from classifiers.card.results import AnswersSummary, MannerWeights, QualityResult, TopicResult
from classifiers.evaluation import machine_written_evaluation, quality_evaluation, scorers, topic_evaluation, verdicts
from classifiers.evaluation.quality_evaluation import Say
from classifiers.labelled import answers, inputs
from classifiers.labelled.corpus import Corpus, Ints, gather
from classifiers.models import manner_fitting, trained_on
from classifiers.models.fasttext_model import sha256_of
from classifiers.models.fasttext_training import train as train_fasttext
from classifiers.models.preparation import VERSION
from classifiers.settings import POSITIVE, Settings

DECIDE = ("fasttext-wheel", "numpy", "scikit-learn", "publicsuffixlist")


def read(settings: Settings, say: Say) -> tuple[Corpus, AnswersSummary | None]:
    """All documents of the sources and of people's answers, and what the card says of these."""
    with_manner = settings.task == "machine_written"
    found = [inputs.read(source, with_manner) for source in settings.sources]
    summary = None
    if settings.answers is not None:
        found, summary = answers.read(settings.answers, found, with_manner)
    for one in found:
        say(f"{one.source.name}: {len(one.documents):,} documents")
    return gather(found), summary


def train(settings: Settings, output: Path, say: Say) -> Card:
    """Write `model.bin`, `card.json` and `trained_on.parquet` into `output`.

    The card's figures are of models that saw less than this one.

    Equal inputs and settings give equal bytes. Raises ValueError that names the key, OSError.
    """
    settings.check_training()
    corpus, answered = read(settings, say)
    quality, topic, said = _judged(corpus, settings, say)
    contradicted = corpus.contradicted()
    say("fasttext: the model itself, on all documents")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=output) as draft:
        model = Path(draft) / MODEL_NAME
        rows = corpus.repeated(np.ones(len(corpus), bool))
        lines = ((corpus.labels[corpus.label[row]], corpus.lines[row]) for row in rows)
        train_fasttext(lines, settings.fasttext, settings.seed, model)
        card = Card(
            task=settings.task,
            labels=corpus.labels,
            sha256=sha256_of(model),
            model_bytes=model.stat().st_size,
            preparation=VERSION,
            fasttext=settings.fasttext,
            seed=settings.seed,
            replicas=settings.replicas,
            versions={name: importlib.metadata.version(name) for name in DECIDE} | {"python": _python()},
            sources=corpus.sources,
            near_duplicates=int((corpus.cluster != np.arange(len(corpus))).sum()),
            contradicted=contradicted,
            answers=answered,
            manner=_manner(corpus, rows) if settings.task == "machine_written" else None,
            quality=quality,
            topic=topic,
            verdicts=(*said, *verdicts.of_contradicted(contradicted), *verdicts.of_answers(answered)),
        )
        card.write(Path(draft))
        trained_on.write(Path(draft), corpus.keys, (corpus.sources[at].name for at in corpus.source))
        for name in (trained_on.NAME, MODEL_NAME, CARD_NAME):  # an old card beside a new model: it is refused
            (Path(draft) / name).replace(output / name)
    return card


def _judged(
    corpus: Corpus, settings: Settings, say: Say
) -> tuple[QualityResult | None, TopicResult | None, tuple[str, ...]]:
    """The result of the task, and what it says."""
    words = scorers.fasttext(corpus, settings.fasttext, settings.seed)
    judged = {"fasttext": words, "baseline": scorers.baseline(corpus)}
    if settings.task == "machine_written":
        words, by_manner = map(scorers.remembered, (words, machine_written_evaluation.by_manner(corpus)))
        pooled = machine_written_evaluation.pooled(corpus, words, by_manner)
        judged = {"pooled": pooled, "baseline": scorers.baseline(corpus), "words": words, "manner": by_manner}
    if settings.task != "topic":
        judged["source_only"] = scorers.source_only(corpus)
        quality = quality_evaluation.evaluate(corpus, judged, settings.replicas, settings.seed, say)
        return quality, None, verdicts.of_quality(corpus.sources, quality)
    topic = topic_evaluation.evaluate(corpus, judged, settings.replicas, settings.seed, say)
    return None, topic, verdicts.of_topic(corpus.sources, topic)


def _manner(corpus: Corpus, rows: Ints) -> MannerWeights:
    return manner_fitting.fit(corpus.manners[rows], corpus.label[rows] == corpus.labels.index(POSITIVE))


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])
