"""Progress: on a terminal a bar with rate and time left; on a pipe a line now and then; one line when a step ends."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Any, Self, cast

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

from pipeline.progress.amounts import duration


class _Outlet:
    """A stream that says of a terminal that closed (EIO) what it says of a pipe without a reader."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As TextIO has it."""
        with self._gone_as_pipe():
            return self._stream.write(text)

    def flush(self) -> None:
        """As TextIO has it."""
        with self._gone_as_pipe():
            self._stream.flush()

    @contextmanager
    def _gone_as_pipe(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.EIO:
                raise BrokenPipeError(errno.EPIPE, "the terminal closed") from error
            raise


class Screen(Console):
    """A console whose reader may go away (`| head`, a terminal that closes): nothing more is shown, work goes on.

    Names and texts are shown as they are: `:books:` is no picture.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(emoji=False, **settings)

    @property
    def file(self) -> IO[str]:
        """As Console has it."""
        return cast(IO[str], _Outlet(super().file))

    @file.setter
    def file(self, new: IO[str]) -> None:
        self._file = new

    def on_broken_pipe(self) -> None:
        """Rich would end the process with 1, which says that a stage has a bug."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


console = Screen(stderr=True, highlight=False)

SHORT_S = 2.0
"""Steps below are told together, those of a room in one line."""
FIRST_LINE_S = 10.0
"""On a pipe: after this time a line how far it is, after twice the time the next: few lines in a long run."""
ROOMS = {"31": "31 deduplication"}
"""What the steps of a room are together, where that is not the name of the first one."""


class Progress:
    """A step being counted, in bytes ("B") or tasks; nothing is shown for a step without work.

    `is_told`: whether its end is told here; else see `Steps`.
    """

    def __init__(
        self,
        title: str,
        total: int,
        unit: str = "B",
        *,
        is_told: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title, self.total, self.unit, self.done = title, total, unit, 0
        self.seconds = 0.0
        self._is_told, self._clock = is_told, clock
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
            transient=True,
        )

    def __enter__(self) -> Self:
        self._started = self._clock()
        self._next_line_s = FIRST_LINE_S
        self._bar.start()
        self._task = self._bar.add_task(self.title, total=self.total)
        return self

    def advance(self, amount: int) -> None:
        """Count what has been finished."""
        self.done += amount
        self._bar.advance(self._task, amount)
        self.seconds = self._clock() - self._started
        if not console.is_terminal and self.seconds >= self._next_line_s and 0 < self.done < self.total:
            left = duration(self.seconds / self.done * (self.total - self.done))
            console.print(f"{self._amount()}, about {left} left", soft_wrap=True)
            while self._next_line_s <= self.seconds:
                self._next_line_s *= 2

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        self.seconds = self._clock() - self._started
        if self._is_told:
            self.tell()

    def tell(self) -> None:
        """The line of the end."""
        if self.total:
            console.print(f"{self._amount()}, {self.seconds:.1f} s", soft_wrap=True)

    def _amount(self) -> str:
        if self.unit != "B":
            return f"{self.title:<28} {self.done} of {self.total}"
        rate = self.done / 1e6 / max(self.seconds, 1e-9)
        return f"{self.title:<28} {self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB, {rate:.1f} MB/s"


class Steps:
    """The steps of a run one after the other, each told by a line; the short ones of a room by one line together."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._room = ""
        self._short: list[Progress] = []

    @contextmanager
    def step(self, title: str, total: int, unit: str) -> Iterator[Progress]:
        """Count a step; its title begins with the number of its room."""
        if title[:2] != self._room:
            self.tell_short()
        self._room = title[:2]
        progress = Progress(title, total, unit, is_told=False, clock=self._clock)
        try:
            with progress:
                yield progress
        finally:
            if progress.seconds >= SHORT_S or progress.done < progress.total:
                progress.tell()
            elif total:
                self._short.append(progress)

    def tell_short(self) -> None:
        """The line of the short steps since the last one."""
        if len(self._short) == 1:
            self._short[0].tell()
        elif self._short:
            seconds = sum(progress.seconds for progress in self._short)
            title = ROOMS.get(self._room, self._short[0].title)
            console.print(f"{title:<28} {len(self._short)} short steps, {seconds:.1f} s", soft_wrap=True)
        self._short = []
