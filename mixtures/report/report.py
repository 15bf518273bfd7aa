"""The mixture report: `mixture.json` with everything, and `mixture.html`, one page that needs nothing else.

`render` is pure: equal reports give equal pages. The page asks nothing of the network and has no script; its policy
(Content-Security-Policy) would run none, whatever text it shows.
"""

from __future__ import annotations

import os
import platform
import tempfile
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Self

from pydantic import ValidationError

from mixtures.frozen import Frozen
from mixtures.proposal.proposal import Proposal
from mixtures.report.page import front
from mixtures.validation.judged import Validation

JSON_NAME = "mixture.json"
PAGE_NAME = "mixture.html"
SPENT_NAME = "spent.json"
PROXIES = "proxies"  # the kind of the runs that a proposal is made of, in `Spent`
COMPLAINTS = 3  # of a file that has many
DECIDE = ("numpy", "scipy", "scikit-learn")


class Made(Frozen):
    """How the runs were made: `versions` of what decides, `seeds` and `tokens` of a run by kind."""

    versions: dict[str, str]
    seeds: dict[str, str]
    run_tokens: dict[str, int]


def versions(proposal: int) -> dict[str, str]:
    """Of what decides a proposal: Python, the libraries, and `proposal`, which `propose.VERSION` is."""
    found = {name: metadata.version(name) for name in DECIDE}
    return {"python": platform.python_version(), **found, "proposal": str(proposal)}


class Spent(Frozen):
    """What the runs cost in time: `minutes` by kind, summed over processes, on `device`. Decides and proves nothing."""

    device: str
    minutes: dict[str, float]

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What lies in the folder of a report, if it does."""
        path = folder / SPENT_NAME
        return cls.model_validate_json(path.read_bytes()) if path.exists() else None


class Report(Frozen):
    """All that the report says.

    `inputs` maps names of what it was made from to sha256 digests. `notes`: what a reader must know of the runs before
    anything else, such as that they are too small to say much. `registered`: sha256 of what was written down before the
    validation runs, `preregistered.json`.
    """

    title: str
    inputs: dict[str, str]
    proposal: Proposal
    made: Made | None = None
    registered: str | None = None
    validation: Validation | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """From the JSON of `write`; ValueError names the file and what is wrong in it."""
        path = folder / JSON_NAME
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise ValueError(f"{path}: {complaints(error)}; python -m mixtures propose makes it anew") from error


def complaints(error: ValidationError) -> str:
    """What is wrong with the first keys that are, in one line."""
    told = [
        f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']} (got {one['input']!r:.40})"
        for one in error.errors()
    ]
    return "; ".join(told[:COMPLAINTS]) + f"; and {len(told) - COMPLAINTS} more" * (len(told) > COMPLAINTS)


def render(report: Report, spent: Spent | None = None) -> str:
    """The page as HTML, ready to be written as UTF-8."""
    parts = files("mixtures.report.page")
    template = Template(parts.joinpath("page.html").read_text(encoding="utf-8"))
    style = parts.joinpath("page.css").read_text(encoding="utf-8")
    minutes = {} if spent is None else {f"{kind} ({spent.device})": value for kind, value in spent.minutes.items()}
    made = report.made or Made(versions={}, seeds={}, run_tokens={})
    trained = report.proposal.runs + len(report.proposal.left_out)
    each = spent.minutes[PROXIES] / trained if spent is not None and PROXIES in spent.minutes else None
    how = front.How(report.inputs, report.registered, made.versions, made.seeds, made.run_tokens, minutes, each)
    slots = front.slots(report.title, report.notes, report.proposal, report.validation, how)
    return template.substitute(slots, style=style)


def write(folder: Path, report: Report) -> None:
    """Both files; each is whole or not there at any time, and the page tells no more than the JSON and `spent.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / JSON_NAME, report.model_dump_json(indent=1).encode() + b"\n")
    replace(folder / PAGE_NAME, render(report, Spent.read(folder)).encode())


def replace(path: Path, content: bytes) -> None:
    """Write `content` at `path` at once: a reader, or a kill, finds the old file or the new one."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(draft).chmod(0o644)  # mkstemp keeps it to its owner; a report is for readers
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
