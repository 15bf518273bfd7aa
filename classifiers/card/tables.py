"""A card as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from classifiers.card.card import Card
from classifiers.card.results import QualityResult, TopicResult


def tables(card: Card) -> Iterator[Table]:
    """Sources, then the figures of the task."""
    yield _table(
        "Sources",
        ["source", "label", "documents", "sites", "MB"],
        [
            [one.name, one.label, f"{one.documents:,}", f"{one.sites:,}", f"{one.text_bytes / 1e6:.2f}"]
            for one in card.sources
        ],
    )
    if card.quality is not None:
        yield from _quality(card.quality, card.task)
    if card.topic is not None:
        yield from _topic(card.topic)


def _quality(found: QualityResult, task: str) -> Iterator[Table]:
    rows = [
        ["whole sources left out", str(found.left_out.auc), str(found.left_out.average_precision)],
        ["in source, sites left out", str(found.in_source.auc), str(found.in_source.average_precision)],
        ["gap", str(found.gap), ""],
        ["length and punctuation, left out", str(found.baseline_left_out), ""],
        ["length and punctuation, in source", str(found.baseline_in_source), ""],
        ["the model over these, left out", str(found.over_baseline), ""],
        *([f"{name.replace('_', ' ')}, left out", str(one.left_out), ""] for name, one in found.beside.items()),
        *([f"{name.replace('_', ' ')}, in source", str(one.in_source), ""] for name, one in found.beside.items()),
    ]
    yield _table("Mean over pairs of sources", ["split", "ROC-AUC (95 %)", "average precision (95 %)"], rows)
    inside = {(pair.positive, pair.negative): pair for pair in found.in_source.pairs}
    yield _table(
        "Each pair left out",
        ["positive", "negative", "trained on", "ROC-AUC left out", "in source"],
        [
            [
                f"{pair.positive} ({pair.positives:,})",
                f"{pair.negative} ({pair.negatives:,})",
                f"{pair.trained_on:,}",
                str(pair.auc),
                str(inside[pair.positive, pair.negative].auc),
            ]
            for pair in found.left_out.pairs
        ],
    )
    yield _table(
        "A threshold on sources that were left out; precision as if both classes were equally frequent",
        [f"{task}_score >=", "positives kept", "negatives kept", "precision"],
        [
            [str(t.score), f"{t.positives_kept:.3f}", f"{t.negatives_kept:.3f}", _share(t.precision)]
            for t in found.thresholds
        ],
    )


def _topic(found: TopicResult) -> Iterator[Table]:
    rows = [
        ["accuracy, sites left out", str(found.accuracy)],
        ["macro F1", str(found.macro_f1)],
        ["most frequent label", f"{found.majority:.3f}"],
        ["length and punctuation", str(found.baseline)],
        ["fastText over these", str(found.over_baseline)],
        *([f"accuracy, {name} left out", str(one)] for name, one in found.left_out.items()),
        *([["gap", str(found.gap)]] if found.gap else []),
    ]
    yield _table("Topics", ["", "value (95 %)"], rows)
    yield _table(
        "Each label",
        ["label", "documents", "precision", "recall"],
        [[one.label, f"{one.documents:,}", _share(one.precision), _share(one.recall)] for one in found.labels],
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _table(title: str, columns: list[str], rows: list[list[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number and rows and rows[0][number][:1].isdigit() else "left")
    for row in rows:
        table.add_row(*row)
    return table
