"""Files of a run's folder that were cut short: each is told by name, with what mends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.__main__ import BUG, ENVIRONMENT, main
from tests.e2e.test_folders import published, run, written


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("damage")
    config = written(folder)
    assert run(config, folder / "data") == 0
    gone = sorted(published(folder / "data").values())[0]
    assert main(["takedown", "--data", str(folder / "data"), "--doc-ids", gone, "--apply"]) == 0
    assert run(config, folder / "data") == 0
    return config, folder / "data"


@pytest.mark.parametrize(
    ("pattern", "mend"),
    [
        ("current.json", "remove it"),
        ("inputs.json", "remove it"),
        ("versions/10_extracted.*.json", "remove it"),
        ("10_extracted/*.*.json", "remove it"),
        ("40_published/*.*.json", "remove it"),
        ("journal/*/*.jsonl", "remove it"),
        ("tombstones.parquet", "bring it back from a copy"),
    ],
)
def test_a_damaged_file_is_named_with_its_mend(
    finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], pattern: str, mend: str
) -> None:
    config, whole = finished
    data = tmp_path / "data"
    shutil.copytree(whole, data)
    damaged = sorted(data.glob(pattern))
    assert damaged
    for path in damaged:
        path.write_bytes(path.read_bytes()[:20])
    capsys.readouterr()
    assert run(config, data, "--retry-failed") in (BUG, ENVIRONMENT)
    said = " ".join(capsys.readouterr().err.split())
    assert any(str(path) in said for path in damaged) and mend in said, said
    if mend == "remove it":
        for path in damaged:
            path.unlink()
        assert run(config, data) == 0
        assert published(data) == published(whole)
