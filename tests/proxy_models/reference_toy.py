"""The reference experiment's plan at toy size; imports nothing that a lent GPU lacks."""

from __future__ import annotations

from dataclasses import replace

from proxy_models.reference.plan import Plan, Training

SMALL = Training(layers=1, width=64, sequence=16, batch=2, steps=6, stack=4)
TINY = Plan(
    proxy=SMALL,
    larger=replace(SMALL, layers=2),
    validator=replace(SMALL, steps=8),
    mixtures=10,
    pairs=8,
    repeats=2,
    distant=1,
    scored=600,
    seeds=2,
    draws=10,
)
