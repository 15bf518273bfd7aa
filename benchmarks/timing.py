"""What a task takes in this process, round by round."""

from __future__ import annotations

import time
from collections.abc import Callable

ROUNDS = 5


def cpu_seconds(task: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """CPU seconds of each round; what has to be compiled or loaded first is the caller's to call before."""
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        task()
        spent.append(time.process_time() - begun)
    return spent
