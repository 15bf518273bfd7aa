"""Made worlds of labelled sources in which it is known what there is to learn, and tiny models of them."""

from __future__ import annotations

import functools
import json
import random
import tempfile
from pathlib import Path

from classifiers import train
from classifiers.card.card import MODEL_NAME, Card
from classifiers.settings import FastTextSettings, LabelledSource, Settings

SMALL = FastTextSettings(dim=4, epochs=20, buckets=1024, min_count=2)
LABELS = {"pa": "positive", "pb": "positive", "na": "negative", "nb": "negative"}
_HELD = tempfile.TemporaryDirectory(prefix="riffle-tests-")  # the tiny models, while the tests run


def words(prefix: str, count: int, random_: random.Random) -> list[str]:
    return [f"{prefix}{chr(97 + random_.randrange(20))}" for _ in range(count)]


def write_sources(folder: Path, *, class_words: int, source_words: int, documents: int = 60) -> list[LabelledSource]:
    """Four jsonl files: each document has words of its class, of its source, and of nothing; two documents a site."""
    sources = []
    for name, label in LABELS.items():
        random_, lines = random.Random(name), []
        for number in range(documents):
            text = words(label[:3], class_words, random_) + words(name, source_words, random_) + words("x", 30, random_)
            random_.shuffle(text)
            row = {"text": " ".join(text), "url": f"https://www.{name}-{number // 2}.test/{number}"}
            lines.append(json.dumps(row) + "\n")
        (folder / f"{name}.jsonl").write_text("".join(lines))
        sources.append(LabelledSource(name=name, label=label, input=str(folder / f"{name}.jsonl"), site="url"))
    return sources


def settings(folder: Path, *, class_words: int, source_words: int, documents: int = 60) -> Settings:
    sources = write_sources(folder, class_words=class_words, source_words=source_words, documents=documents)
    return Settings(task="quality", sources=tuple(sources), fasttext=SMALL, replicas=50)


def quiet(line: str) -> None:
    assert line


@functools.cache
def tiny_model(task: str) -> tuple[Path, Card]:
    """A model file of that task with its card beside it, trained once a process."""
    folder = Path(_HELD.name) / task
    folder.mkdir()
    made = settings(folder, class_words=20, source_words=0, documents=30)
    if task == "topic":
        renamed = [one.model_copy(update={"label": f"topic-{one.label}"}) for one in made.sources]
        made = Settings(task="topic", sources=tuple(renamed), fasttext=SMALL, replicas=20)
    if task == "machine_written":
        made = made.model_copy(update={"task": task})
    return folder / MODEL_NAME, train.train(made, folder, quiet)
