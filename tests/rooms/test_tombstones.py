"""Tombstones: which of them a raw file has."""

from __future__ import annotations

from pathlib import Path

from pipeline.rooms.tombstones import FILE, Tombstone, Tombstones
from pipeline.trouble import EnvironmentTrouble


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


def test_whatever_byte_is_damaged_the_file_is_named(tmp_path: Path) -> None:
    """Of half of the damages Arrow says only that a buffer cannot be read."""
    Tombstones((Tombstone("ab" * 16, "web", "a.gz", "x", "document"),)).write(str(tmp_path))
    path = tmp_path / FILE
    whole, named = path.read_bytes(), 0
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            Tombstones.read(str(tmp_path))
        except EnvironmentTrouble as error:
            assert str(path) in str(error)
            named += 1
    assert named > len(whole) / 4
