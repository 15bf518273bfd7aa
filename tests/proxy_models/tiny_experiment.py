"""An experiment of seconds over a made corpus: fourteen proxies of a few thousand parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proxy_models.experiment import Experiment
from tests.proxy_models.made_corpus import documents, publish

SHAPE = {"layers": 1, "width": 16, "heads": 2, "sequence": 32}
FIELDS: dict[str, Any] = {
    "experiment": "tiny",
    "tokens": {"vocabulary": 300, "split": {"min_heldout_documents": 2, "min_heldout_bytes": 500}},
    "proxies": {"model": SHAPE, "steps": 12, "batch": 2, "mixtures": 10, "repeats": 2, "distant_repeats": 1},
    "scored": 4000,
    "search": {"replicas": 10},
    "validation": {"model": SHAPE | {"width": 32}, "steps": 16, "batch": 2, "seeds": 2},
}


def experiment(**changes: Any) -> Experiment:
    return Experiment.model_validate(FIELDS | changes)


def corpus(data: Path) -> Path:
    """Two domains to mix and one that is too small."""
    docs = [*documents("web", 40, sites=20), *documents("wiki", 24), *documents("tiny", 1)]
    return publish(data, docs)
