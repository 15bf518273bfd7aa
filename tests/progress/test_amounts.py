"""Numbers as the terminal says them: at, below and above each unit."""

from __future__ import annotations

import pytest

from pipeline.progress.amounts import counted, duration, size, tokens


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1.5e6, "1.5 MB"), (2e9, "2.0 GB"), (1e12, "1.0 TB")],
)
def test_sizes(count: float, said: str) -> None:
    assert size(count) == said


def test_one_is_not_said_as_many() -> None:
    assert [counted(number, "shard", "shards") for number in (0, 1, 1200)] == ["0 shards", "1 shard", "1,200 shards"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-90, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("text_bytes", "said"),
    [
        (0, "0"),
        (396, "99"),
        (4000, "1 k"),
        (522_700, "130 k"),
        (4_780_000, "1.2 M"),
        (10**12, "250 B"),
        (4 * 10**12, "1 T"),
    ],
)
def test_tokens_have_two_digits(text_bytes: int, said: str) -> None:
    assert tokens(text_bytes) == said
