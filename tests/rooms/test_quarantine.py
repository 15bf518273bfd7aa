"""The list of records that are left out: written, read, and told where it is damaged."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from pipeline.rooms.quarantine import FILE, Quarantine, Quarantined
from pipeline.trouble import ConfigError

ONE = Quarantined("docs", "a.jsonl", "5d:0", "row", "8", "20_filtered", "SIGSEGV", "21ed")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert Quarantine.read(str(tmp_path)) == Quarantine()
    Quarantine((ONE,)).write(str(tmp_path))
    assert Quarantine.read(str(tmp_path)).entries == (ONE,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Invalid JSON"),
        ("null", "should be a valid array"),
        ("[1]", "0: "),
        ('[{"source": "docs"}]', "0.raw_path: Field required"),
        (json.dumps([asdict(ONE), asdict(ONE) | {"key": 8}]), "1.key: Input should be a valid string"),
        (json.dumps([asdict(ONE) | {"kind": "page"}]), "0.kind: "),
        (json.dumps([asdict(ONE) | {"since": "1"}]), "0.since: Unexpected"),
    ],
)
def test_a_file_that_is_no_such_list_is_told_in_a_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(ConfigError, match="or remove it, and they are found again") as refusal:
        Quarantine.read(str(tmp_path))
    assert f"{tmp_path}/{FILE}: " in str(refusal.value) and said in str(refusal.value)
