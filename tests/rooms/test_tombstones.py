"""Tombstones: which of them a raw file has."""

from __future__ import annotations

from pipeline.rooms.tombstones import Tombstone, Tombstones


def test_tombstones_are_grouped_once() -> None:
    looks: list[int] = []

    class Rows(tuple):  # type: ignore[type-arg]
        def __iter__(self):  # type: ignore[no-untyped-def]
            looks.append(1)
            return super().__iter__()

    gone = Tombstones(Rows(Tombstone(f"{n:032x}", "web", f"{n % 3}", "x", "document") for n in range(9)))
    assert gone.of("web", ["0", "2"]) == tuple(f"{n:032x}" for n in (0, 2, 3, 5, 6, 8))
    assert gone.of("other", ["0"]) == ()
    assert len(looks) == 1
