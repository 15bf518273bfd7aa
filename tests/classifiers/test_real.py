"""A floor on real news: what the settings that we ship make of 4,568 articles in four topics."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from classifiers import train
from classifiers.evaluation import scorers
from classifiers.settings import FastTextSettings, LabelledSource, Settings
from tests.classifiers.made import quiet

NEWS_SHA256 = "1449ac587de0b1e397c73e8a58f7cd99734bf53fa0a0b4f3677962d0e0ed40b2"
MIN_ACCURACY = 0.78  # measured: 0.791 of 913 articles


@pytest.mark.data
def test_topics_of_real_news(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("labelled/ag_news_test.csv.gz")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == NEWS_SHA256
    source = LabelledSource(
        name="news", input=str(path), columns=("topic", "title", "text"), label_column="topic", text="text"
    )
    corpus, _ = train.read(Settings(task="topic", sources=(source,)), quiet)
    held = corpus.folds(5, 0) == 0
    found = scorers.fasttext(corpus, FastTextSettings(), 0)(~held & corpus.apart(held), held)
    accuracy = float(np.mean(found.argmax(axis=1) == corpus.label[held]))
    assert accuracy >= MIN_ACCURACY
