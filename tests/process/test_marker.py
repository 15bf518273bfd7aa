"""What a process is at, as another finds it whenever the first one was killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.process import marker

PLACES = st.lists(st.text(max_size=20) | st.integers(), max_size=4).map(tuple)


class Watched(bytearray):
    """The map, with what it held after each write."""

    def __init__(self) -> None:
        super().__init__(1 << 12)
        self.states: list[bytes] = []

    def __setitem__(self, where: object, value: object) -> None:
        super().__setitem__(where, value)  # type: ignore[call-overload]
        self.states.append(bytes(self))


@given(first=PLACES, second=PLACES)
def test_a_kill_between_two_writes_leaves_a_place_or_none(
    tmp_path_factory: pytest.TempPathFactory, first: marker.Place, second: marker.Place
) -> None:
    file = tmp_path_factory.getbasetemp() / "at"
    kept = Watched()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marker, "_kept", kept)
        marker.at(*first)
        marker.at(*second)
    found = []
    for state in kept.states:
        file.write_bytes(state)
        found.append(marker.read(file))
    assert set(found) <= {(), first, second}
    assert found[-1] == second


def test_nothing_is_read_where_nothing_was_written(tmp_path: Path) -> None:
    assert marker.read(tmp_path / "there is none") == ()
