"""Bans on training and mining in nine European languages: sentences by hand in the places of a page; any words."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.html import extract
from pipeline.licences.page import page_licence, page_reservation
from pipeline.licences.statements import european
from pipeline.licences.statements.east_asian import MINING, TRAINING
from pipeline.licences.taxonomy import OPEN, class_of
from tests.licences.pages import page, sentences

GOLD = Path(__file__).parent / "gold/european.tsv"
"""72 sentences written before the rules, half of them meant to mislead; set: half of each language, by a seed. third:
32 written after the rules had been mended on the seen half. fourth: 58 of a review's 60, on which they were mended."""
BODY = "The river rose in the night, and nobody in the town had seen it so high. The bridge was under water by noon. "


@pytest.mark.parametrize("row", sentences(GOLD), ids=lambda row: f"{row['language']}-{row['expected']}")
def test_what_a_sentence_says_of_its_page(row: dict[str, str]) -> None:
    statements = extract(page(BODY, row["place"], row["sentence"])).licences
    found, reserved = page_licence(statements), page_reservation(statements)
    assert (found is not None) == (row["expected"] != "none")
    assert (reserved is not None) == (row["expected"] != "none")
    if reserved is not None:
        assert (reserved.training, reserved.mining) == (row["expected"] == TRAINING, row["expected"] == MINING)
        assert reserved.quote.rstrip(".") in row["sentence"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Das Betreten der Baustelle ist verboten. Das Training beginnt um acht.",
        "Hunde sind beim Training der Mannschaft verboten.",
        "Die KI darf beim Training nicht gestört werden.",
        "L'entraînement est interdit aux spectateurs.",
        "È vietato fumare durante l'addestramento.",
        "Het is verboden te roken tijdens het trainen.",
        "Wir trainieren unsere KI nicht mit Texten unserer Kunden.",
        "Unsere Texte dürfen gern zum Training von KI verwendet werden.",
        "Data Mining ist ein Verfahren, das in dieser Arbeit nicht behandelt wird.",
    ],
)
@pytest.mark.parametrize("place", ["text", "footer"])
def test_what_forbids_nothing(place: str, sentence: str) -> None:
    assert page_reservation(extract(page(BODY, place, sentence)).licences) is None


def test_a_licence_beside_a_ban_on_training_is_not_open() -> None:
    said = "Dieser Text steht unter CC BY 4.0. Die Nutzung unserer Inhalte zum Training von KI ist untersagt."
    found = page_licence(extract(page(BODY, "footer", said)).licences)
    assert found is not None
    assert class_of(found.spdx) not in OPEN


SOME: Final = ("verboten", "Training", "KI", "nicht", "©", "darf", "ist", "Texte", ".", ",", "mining", "Data")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SOME), max_size=60))
def test_any_words(words: list[str]) -> None:
    said = " ".join(words)
    assert european.forbidden(said, said) <= {TRAINING, MINING}
