"""A stream that gives little at a time, or fails: what every source must read as it reads a sound file."""

from __future__ import annotations

import io

from pipeline.trouble import EnvironmentTrouble


class MadeStream(io.BytesIO):
    """`content`, at most `most` bytes a read; read number `fails_at` (the first is 1) raises EnvironmentTrouble."""

    def __init__(self, content: bytes, *, most: int | None = None, fails_at: int = 0) -> None:
        super().__init__(content)
        self.most, self.fails_at, self.reads = most, fails_at, 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        if self.reads == self.fails_at:
            raise EnvironmentTrouble("the store is away")
        wanted = -1 if size is None else size
        if self.most is not None:
            wanted = self.most if wanted < 0 else min(wanted, self.most)
        return super().read(wanted)
