"""Installed distributions, packed as wheels in memory: what they gave, they give."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections import Counter
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest

from pipeline.sources.code.source import Code
from pipeline.sources.source import Expanded, InputFile, Outcome, Piece, Row

GOLDEN = Path(__file__).parent.parent / "golden" / "code.json"
WRITE = os.environ.get("GOLDEN_WRITE") == "1"
DISTRIBUTIONS = ("dask", "fsspec", "pybind11", "pydantic", "pygments", "rich", "typer", "typing_extensions")
# What an installer leaves in a dist-info folder; it differs between installers and machines.
LEFT_BY_INSTALLERS = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json")


def wheel(name: str) -> bytes:
    """The files of an installed distribution as a wheel, the same wherever this version of it is installed."""
    sink = io.BytesIO()
    paths = {
        path.as_posix(): path
        for path in distribution(name).files or []
        if ".." not in path.parts and "__pycache__" not in path.parts and path.name not in LEFT_BY_INSTALLERS
    }
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(paths):
            archive.writestr(zipfile.ZipInfo(path), paths[path].read_binary())
    return sink.getvalue()


def outcomes_of(name: str) -> list[Outcome]:
    content = wheel(name)
    digest = hashlib.sha256(content).hexdigest()
    return list(Code().read(Piece(InputFile(f"{name}.whl", len(content), digest)), io.BytesIO(content)))


def summary(outcomes: list[Outcome]) -> dict[str, object]:
    """Counts by outcome and language, and a digest of all fields of the rows but their places in the made archive."""
    rows = [outcome for outcome in outcomes if isinstance(outcome, Row)]
    digest = hashlib.sha256()
    for row in rows:
        fields = {k: v for k, v in asdict(row).items() if k != "raw_offset" and v is not None}  # new columns are null
        digest.update(json.dumps(fields, sort_keys=True).encode() + b"\n")
    counts = Counter("row" if isinstance(outcome, Row) else outcome.reason for outcome in outcomes)
    return {
        "outcomes": dict(sorted(counts.items())),
        "languages": dict(sorted(Counter(row.programming_language or "" for row in rows).items())),
        "licences": dict(sorted(Counter(row.licence_declared or "none" for row in rows).items())),
        "rows_sha256": digest.hexdigest(),
    }


def lock() -> dict[str, object]:
    return {name: version(name) for name in Code.decides_with} | {"Code": Code.version}


def golden() -> dict[str, dict[str, object]]:
    return json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {"lock": {}, "distributions": {}}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_an_installed_distribution_gives_what_it_gave(name: str) -> None:
    known = golden()
    try:
        key = f"{name}=={version(name)}"
        locked = lock()
    except PackageNotFoundError as error:
        pytest.skip(f"not installed: {error}")
    if not WRITE and (key not in known["distributions"] or known["lock"] != locked):
        pytest.skip(f"no golden for {key} read with {locked}")
    observed = summary(outcomes_of(name))
    if WRITE:
        if known["lock"] == locked and known["distributions"].get(key, observed) != observed:
            pytest.fail("the outcomes changed under the same versions: raise Code.version")
        kept = known["distributions"] if known["lock"] == locked else {}
        text = json.dumps({"lock": locked, "distributions": kept | {key: observed}}, indent=1, sort_keys=True)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
        known = golden()
    assert observed == known["distributions"][key]


@pytest.mark.parametrize("name", ["pydantic", "rich"])
def test_every_member_is_one_outcome_and_rows_are_complete(name: str) -> None:
    outcomes = outcomes_of(name)
    members = len(zipfile.ZipFile(io.BytesIO(wheel(name))).infolist())
    *inner, archive = outcomes
    assert isinstance(archive, Expanded)
    assert (archive.children, len(inner)) == (members, members)
    rows = [outcome for outcome in inner if isinstance(outcome, Row)]
    assert all(row.repository == f"pkg:pypi/{name}@{version(name)}" for row in rows)
    assert all(row.licence_declared == "MIT" for row in rows)
    assert len({row.natural_key for row in rows}) == len(rows)
