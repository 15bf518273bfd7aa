# SPDX-License-Identifier: Apache-2.0
"""Look at the last hour of readings, and say whether the path will be under water.

A reading is a line `minute level`, both whole numbers: minutes since midnight, and centimetres above the float's rest.
Lines that are none are left out, for the box under the bridge loses power now and then in the middle of writing one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import NamedTuple

PIER_MARK = 140  # centimetres; where the village has painted a red line
FAST_RISE = 5  # centimetres in ten minutes; below that the stream has always stopped before the path
WINDOW = 10  # minutes


class Reading(NamedTuple):
    """What the float showed at one minute of the day."""

    minute: int
    level: int


def parsed(lines: Iterable[str]) -> Iterator[Reading]:
    """The readings among `lines`, in their order."""
    for line in lines:
        parts = line.split()
        if len(parts) == 2 and all(part.isdecimal() for part in parts):
            yield Reading(int(parts[0]), int(parts[1]))


def rise(readings: list[Reading]) -> int:
    """By how many centimetres the water rose within the window before the last reading; 0 without one to compare."""
    if not readings:
        return 0
    last = readings[-1]
    before = [each for each in readings if WINDOW <= last.minute - each.minute < 2 * WINDOW]
    return last.level - before[-1].level if before else 0


def warning(readings: list[Reading]) -> str | None:
    """The message to send after the last reading, or None where everybody may stay at home."""
    if not readings:
        return None
    last = readings[-1]
    if last.level >= PIER_MARK:
        return f"The water stands at {last.level} cm, above the red line: the path is closed."
    if rise(readings) > FAST_RISE:
        return f"The water rose by {rise(readings)} cm in {WINDOW} minutes and stands at {last.level} cm."
    return None


def example() -> list[Reading]:
    """An evening of rain: a slow rise, then a fast one after the storm has passed the hills."""
    slow = [Reading(minute, 60 + minute // 20) for minute in range(0, 60, 5)]
    fast = [Reading(60 + minute, 63 + 2 * minute) for minute in range(0, 45, 5)]
    return [*slow, *fast]


def main() -> None:
    """Print the warnings for a file of readings, or for the example."""
    parser = argparse.ArgumentParser(description="Warn before the path is under water.")
    parser.add_argument("file", nargs="?", help="readings, one a line")
    parser.add_argument("--example", action="store_true", help="an evening of rain instead of a file")
    arguments = parser.parse_args()
    if arguments.example or arguments.file is None:
        readings = example()
    else:
        with open(arguments.file, encoding="utf-8") as lines:  # noqa: PTH123
            readings = list(parsed(lines))
    for end in range(1, len(readings) + 1):
        message = warning(readings[:end])
        if message is not None:
            print(f"{readings[end - 1].minute:4d}  {message}")  # noqa: T201


if __name__ == "__main__":
    main()
