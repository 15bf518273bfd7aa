"""Progress on a terminal: done, rate, time left. On a pipe: one line when a step begins and one when it ends."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar

console = Console(stderr=True, highlight=False)


class Progress:
    """A step of the run being counted, in bytes ("B") or tasks; nothing is shown for a step without work."""

    def __init__(self, title: str, total: int, unit: str = "B") -> None:
        self.title, self.total, self.unit, self.done = title, total, unit, 0
        amount = [DownloadColumn(), TransferSpeedColumn()] if unit == "B" else [MofNCompleteColumn()]
        self._bar = Bar(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            TaskProgressColumn(),
            *amount,
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal or not total,
        )

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._bar.start()
        self._task = self._bar.add_task(self.title, total=self.total)
        return self

    def advance(self, amount: int) -> None:
        """Count what has been finished."""
        self.done += amount
        self._bar.advance(self._task, amount)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if not console.is_terminal and self.total:
            seconds = max(time.monotonic() - self._started, 1e-9)
            if self.unit == "B":
                amount = f"{self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB, {self.done / 1e6 / seconds:.1f} MB/s"
            else:
                amount = f"{self.done} of {self.total}"
            console.print(f"{self.title:<28} {amount}, {seconds:.1f} s")
