"""Training fastText so that two trainings give the same bytes: one thread, a fixed seed, lines in a fixed order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from fasttext import FastText

from classifiers.models.fasttext_model import LABEL_PREFIX
from classifiers.settings import FastTextSettings


def train(lines: Iterable[tuple[str, str]], settings: FastTextSettings, seed: int, output: Path) -> None:
    """Train on (label, prepared line) and write the model to `output` (.bin).

    Labels hold no white space. The lines stand in a temporary file while fastText reads them. Raises ValueError where
    training diverges. The bytes depend on the processor's mathematical library: the same
    machine repeats them, another kind of machine may differ in last bits and so have another sha256.
    """
    with tempfile.TemporaryDirectory(prefix="riffle-classifier-") as folder:
        path = Path(folder) / "lines.txt"
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(f"{LABEL_PREFIX}{label} {line}\n" for label, line in lines)
        try:
            model = FastText.train_supervised(
                input=str(path),
                dim=settings.dim,
                epoch=settings.epochs,
                lr=settings.learning_rate,
                wordNgrams=settings.word_ngrams,
                bucket=settings.buckets,
                minCount=settings.min_count,
                loss="softmax",
                thread=1,
                seed=seed,
                verbose=0,
            )
        except RuntimeError as error:  # what the binding makes of C++'s "Encountered NaN"
            raise ValueError(f"fastText: {error}; lower fasttext.learning_rate") from error
        model.save_model(str(output))
