"""The likelihood that a machine wrote a text: what fastText says of its words and a regression of its manner, pooled.

The mean of both log-odds. Neither is a calibrated probability of the world's texts: the card says how far it may be
believed.
"""

from __future__ import annotations

import math
from typing import Final

from classifiers.card.card import Card
from classifiers.models import manner
from classifiers.models.fasttext_model import FastTextModel, fixed_point
from classifiers.models.preparation import prepare
from classifiers.settings import POSITIVE

FLOOR: Final = 1e-3
"""fastText's certainty is cut here: of words that stood in one source alone it is beyond all reason."""


def likelihood(words: float, manner_odds: float) -> float:
    """0 to 1, of fastText's probability and the log-odds of the manner."""
    cut = min(1 - FLOOR, max(FLOOR, words))
    odds = (math.log(cut / (1 - cut)) + manner_odds) / 2
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, odds))))


def score(model: FastTextModel, card: Card, utf8: bytes | memoryview) -> int:
    """The likelihood in units of 1e-4, 0 to 10000; 0 for a text without a word."""
    return score_line(model, card, prepare(utf8), manner.manner_of(utf8))


def score_line(model: FastTextModel, card: Card, line: str, manners: tuple[float, ...]) -> int:
    """The same of a prepared line and the manner of its text. ValueError for a card without weights of the manner."""
    if card.manner is None or card.manner.version != manner.VERSION:
        raise ValueError("the model's card has no weights of this version of the manner; train it again")
    if not line:
        return 0
    found = dict(model.predict(line, len(model.labels)))
    return fixed_point(likelihood(found.get(POSITIVE, 0.0), manner.log_odds(card.manner, manners)))
