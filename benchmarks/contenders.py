"""Who runs in `make bench`: our web path up to three rooms, and datatrove with three extractors."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.rooms.manifest import Count, Manifest
from pipeline.rooms.names import COUNTED, FILTERED, PUBLISHED
from pipeline.stages.language import lid176_path

HERE = Path(__file__).resolve().parent
CONFIG = HERE / "web.yaml"
REQUIREMENTS = HERE / "requirements-datatrove.txt"
PEER = HERE / ".peers" / "datatrove"
OUT = "out"  # in the contender's working directory

DECIDING = ("pyarrow", "duckdb", "numba", "numpy", "resiliparse", "fastwarc", "fasttext-wheel", "datasketch")


class PeerMissing(RuntimeError):
    """datatrove could not be installed; says how to go on without it."""


@dataclass(frozen=True)
class Outcome:
    """What became of the pages: read as documents, with text, kept; and lost to a time-out or an error."""

    read: int
    with_text: int
    kept: int
    lost: int


@dataclass(frozen=True)
class Contender:
    """One program that takes `raw/*.warc.gz` in its working directory to filtered documents in `out/`."""

    name: str
    what: str
    command: tuple[str, ...]
    frame: str

    @property
    def env(self) -> dict[str, str]:
        """datatrove: a cache of its own, and no attempts at a network."""
        if self.frame == "riffle":
            return {}
        return {"HF_HOME": str(PEER / "cache"), "HF_HUB_OFFLINE": "1"}

    def outcome(self, folder: Path) -> Outcome:
        """The counts of a finished run in that working directory."""
        return _ours(folder / OUT) if self.frame == "riffle" else _theirs(folder / OUT / "stats.json")


def ours() -> list[Contender]:
    """Our path to the filtered room, the same with signatures, and the run that a user gets."""
    script = (sys.executable, str(HERE / "riffle_path.py"), "--config", str(CONFIG), "--data", OUT, "--until")
    whole = (sys.executable, "-m", "pipeline", "run", "--config", str(CONFIG), "--data", OUT, "--workers")
    return [
        Contender("riffle, filtered", "WARC to filtered Parquet, ledger and sample", (*script, "filtered"), "riffle"),
        Contender("riffle, signatures", "the same and MinHash signatures", (*script, "signatures"), "riffle"),
        Contender("riffle, whole run", "the same, dedup, published corpus, reports", (*whole, "0"), "riffle"),
        Contender("riffle, two workers", "the same in two worker processes", (*whole, "2"), "riffle"),
    ]


def peers(timeout_s: float) -> list[Contender]:
    """datatrove's documented example, the same with trafilatura's fast mode, and with resiliparse's extractor."""
    python, script = str(PEER / "bin" / "python"), str(HERE / "datatrove_path.py")
    given = ("--timeout-s", str(timeout_s), "--lid", str(lid176_path()))
    extractors = {
        "trafilatura": ("datatrove, default", "examples/fineweb.py: WARC to filtered jsonl.gz"),
        "trafilatura_fast": ("datatrove, trafilatura fast", "the same, trafilatura without fallback extractors"),
        "resiliparse": ("datatrove, resiliparse", "the same, resiliparse's extractor in datatrove's frame"),
    }
    return [
        Contender(name, what, (python, script, "raw", OUT, "--extractor", extractor, *given), "datatrove")
        for extractor, (name, what) in extractors.items()
    ]


def install_peer() -> None:
    """Make datatrove's environment, once for each version of its requirements. Raises PeerMissing."""
    stamp = PEER / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    pip = [str(PEER / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", str(PEER)], [*pip, "-r", str(REQUIREMENTS)]):
        if subprocess.run(command, check=False).returncode:
            raise PeerMissing(f"{' '.join(command)} failed; mend that, or leave datatrove out with --no-peer")
    stamp.write_text(wanted, encoding="utf-8")


def versions(with_peer: bool) -> list[str]:
    """What was measured: our libraries that decide, and the peer's requirements, as they are pinned."""
    lines = [f"riffle {version('riffle')}{_commit()}: " + ", ".join(f"{name} {version(name)}" for name in DECIDING)]
    if with_peer:
        pinned = [line.partition("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines()]
        lines.append("datatrove's environment: " + ", ".join(filter(None, pinned)))
    return lines


def _commit() -> str:
    command = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f" ({done.stdout.strip()})" if done.returncode == 0 else ""


def _ours(data: Path) -> Outcome:
    rooms = {room: _counts(data, room) for room in COUNTED}
    extracted, filtered = rooms["10_extracted"], rooms[FILTERED]
    documents = sum(c.docs for c in extracted if c.outcome != "not_a_document")
    last = rooms[PUBLISHED] or filtered
    lost = sum(c.docs for c in extracted if c.outcome == "dropped" and c.reason != "commoncrawl:no_text")
    return Outcome(documents, _kept(extracted), _kept(last), lost)


def _counts(data: Path, room: str) -> list[Count]:
    return [count for manifest in manifests(data, room) for count in manifest.counts]


def manifests(data: Path, room: str) -> list[Manifest]:
    """All of a room, of whatever recipe."""
    return [Manifest.from_bytes(path.read_bytes()) for path in sorted((data / room).glob("*.*.json"))]


def _kept(counts: list[Count]) -> int:
    return sum(c.docs for c in counts if c.outcome == "kept")


def _theirs(stats: Path) -> Outcome:
    """datatrove's stats.json: one entry a step, in order; the reader first, the writer of what is kept last."""
    steps = [entry["stats"] for entry in json.loads(stats.read_text(encoding="utf-8"))]
    extractor = steps[1] if len(steps) > 1 else {}
    return Outcome(
        read=_total(steps[0], "documents"),
        with_text=_total(extractor, "forwarded"),
        kept=_total(steps[-1], "total"),
        lost=sum(_total(extractor, reason) for reason in ("timeout", "broken_process", "clean_error")),
    )


def _total(stats: dict[str, Any], name: str) -> int:
    """A counter of datatrove's: a number, or an object with a `total`; absent where nothing was counted."""
    value = stats.get(name, 0)
    return int(value["total"] if isinstance(value, dict) else value)


def disk_bytes(data: Path) -> Iterator[tuple[str, int]]:
    """Each folder of a run and the bytes in it; files beside the folders together as `other`."""
    other = 0
    for entry in sorted(data.iterdir()):
        if entry.is_dir():
            yield entry.name, sum(file.stat().st_size for file in entry.rglob("*") if file.is_file())
        else:
            other += entry.stat().st_size
    yield "other", other
