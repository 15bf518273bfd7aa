"""A small folder of benchmarks of our own, and pages to hide their items in."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path

from pipeline.contamination.benchmarks import detector_of
from pipeline.contamination.detector import Detector

_HELD = tempfile.TemporaryDirectory(prefix="riffle-tests-")

SUMS = [
    {
        "id": "s1",
        "question": "A ferryman carries 14 goats and 9 sheep across the river Arno every morning, and brings back 3 "
        "barrels of olive oil in the evening. How many animals does the ferryman carry in 5 days?",
        "answer": "Every morning he carries 14 + 9 = 23 animals, so in five days the ferryman carries 23 * 5 = 115 "
        "animals across the river, whatever barrels he brings back.",
    },
    {
        "id": "s2",
        "question": "Miriam bakes 24 poppy seed rolls, burns a quarter of them and sells the others for 2 florins "
        "each at the harbour market. How many florins does Miriam earn?",
        "answer": "#### 36",
    },
]
CHOSEN = [
    {
        "id": "c1",
        "question": "Which instrument measures the pressure of the atmosphere above a glacier lake?",
        "choices": ["a barometer", "a seismograph", "a sextant", "an hourglass"],
        "answer": "a barometer",
    },
    {
        "id": "c2",
        "question": "Moss grows where",
        "choices": [
            "granite boulders stay wet all summer",
            "camels rest at noon",
            "furnaces melt copper ore",
            "tides never reach the dunes",
        ],
        "answer": "granite boulders stay wet all summer",
    },
    {"id": "c3", "question": "Why?", "choices": ["because", "never"], "answer": "never"},
]
CODE = [
    {
        "task_id": "k1",
        "prompt": "def longest_plateau(heights):\n"
        '    """Return the length of the longest stretch of equal neighbouring heights in a mountain profile."""\n',
        "canonical_solution": "    best = 0\n    run = 0\n    last = None\n    for height in heights:\n"
        "        if height == last:\n            run += 1\n        else:\n            run = 1\n        last = height\n"
        "        if run > best:\n            best = run\n    return best\n",
    }
]
PAGE = (
    "The museum of the valley opens on the first Sunday of May and stays open until the grapes are in. Children pay "
    "half, and the cellar can be seen with a guide only.\n\nWhoever comes by train walks along the canal for a "
    "quarter of an hour; there is a bus on market days. Dogs wait outside.\n"
)


@functools.cache
def folder() -> str:
    """The folder, written once a process."""
    where = Path(_HELD.name)
    for name, rows in (("sums", SUMS), ("chosen", CHOSEN), ("code", CODE)):
        (where / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(where)


def detector() -> Detector:
    return detector_of(folder(), None)
