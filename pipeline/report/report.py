"""The funnel report: one HTML page that needs nothing else, from sources to the published corpus, every loss by reason.

`render` is pure: equal reports give equal pages. The page asks nothing of the network, and its policy
(Content-Security-Policy) runs no script but its own, whatever text it shows.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from string import Template

from pipeline.report.page import front
from pipeline.report.page.model import (
    ClusterExample,
    DamagedFile,
    Example,
    Flow,
    FunnelReport,
    Outcome,
    PairMember,
    PublishedDomain,
    SourceInfo,
    StageTime,
)
from pipeline.report.page.tally import tally

__all__ = [
    "ClusterExample",
    "DamagedFile",
    "Example",
    "Flow",
    "FunnelReport",
    "Outcome",
    "PairMember",
    "PublishedDomain",
    "SourceInfo",
    "StageTime",
    "render",
]


def render(report: FunnelReport) -> str:
    """The page as HTML, ready to be written as UTF-8."""
    parts = files("pipeline.report.page")
    template = Template(parts.joinpath("page.html").read_text(encoding="utf-8"))
    style = parts.joinpath("page.css").read_text(encoding="utf-8")
    script = parts.joinpath("page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return template.substitute(
        front.slots(report, tally(report)), style=style, script=script, script_hash=f"'sha256-{digest}'"
    )
