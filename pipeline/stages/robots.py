"""What a site's robots.txt and ai.txt said about a page on the day it was captured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.schema import field
from pipeline.stage import Stage, with_columns
from pipeline.stages.robots_rules import Group, asks_not_to_train, disallows, group_for, groups_of, path_of
from pipeline.urls.addresses import address_of

RECORDS: Final = pa.schema(
    [
        field("host", pa.string(), "host, as DNS names it", nullable=False),
        field("file", pa.string(), "robots.txt or ai.txt", nullable=False),
        field("date", pa.string(), "ISO 8601 time of the capture", nullable=False),
        field("status", pa.int32(), "HTTP status of the answer", nullable=False),
        field("text", pa.large_string(), "the file's text; empty unless the status is 200", nullable=False),
    ]
)
"""The table that `python -m pipeline robots` makes of web archives, sorted by host, file and date."""
AGENTS: Final = (
    *("ccbot", "gptbot", "claudebot", "anthropic-ai", "google-extended", "applebot-extended", "bytespider"),
    *("meta-externalagent", "facebookbot", "amazonbot", "cohere-ai", "ai2bot", "diffbot", "omgilibot", "timpibot"),
)
"""Crawlers that feed models, as their operators document them."""
MAX_QUOTE: Final = 200
_Record = tuple[str, int, str]


class Robots(Stage):
    """Say whether robots.txt and ai.txt closed a page to crawlers that feed models, by the file then in force.

    In force is the latest file that was captured before the page, else the first after it. A file that is not there
    (status 4xx) closes nothing, a server that fails (5xx) closes all (RFC 9309, 2.3.1). Null: no file of that host is
    among the records, or the document has no address.
    """

    version: ClassVar[int] = 2  # 2: a token ends where its version begins
    kind: Literal["robots"] = "robots"
    reads: ClassVar[frozenset[str]] = frozenset({"url", "directives_as_of"})
    places: ClassVar[frozenset[str]] = frozenset({"records"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("opt_out_robots", pa.bool_(), "whether robots.txt disallows the page to one of the agents"),
            field(
                "opt_out_robots_training", pa.bool_(), "whether it asks not to train (Content-Signal, Content-Usage)"
            ),
            field("opt_out_ai_txt", pa.bool_(), "whether ai.txt disallows the page"),
            field("robots_agents", pa.string(), "agents that are disallowed, with blanks between"),
            field("robots_quote", pa.string(), "the line that says so, cut at 200 characters"),
            field("robots_as_of", pa.string(), "ISO 8601 time at which that robots.txt was captured"),
        ]
    )
    records: str
    """Parquet of robots.txt and ai.txt records, of `python -m pipeline robots`."""
    agents: tuple[str, ...] = AGENTS
    """Names of crawlers, in small letters, whose rules count."""

    def fingerprint(self) -> str:
        """sha256 of the records."""
        stat = Path(self.records).stat()  # a worker that outlives a run sees records that were made anew
        return _digest(self.records, stat.st_size, stat.st_mtime_ns)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the columns of `adds`."""
        known = _load(self.records, self.fingerprint())
        rows = [
            self._row(known, url, day)
            for url, day in zip(
                batch.column("url").to_pylist(), batch.column("directives_as_of").to_pylist(), strict=True
            )
        ]
        return with_columns(
            batch, self.adds, [pa.array([row[at] for row in rows], f.type) for at, f in enumerate(self.adds)]
        )

    def _row(self, known: dict[tuple[str, str], list[_Record]], url: str | None, day: str | None) -> tuple[object, ...]:
        address = address_of(url) if url is not None else None
        if url is None or address is None:
            return (None,) * len(self.adds)
        path = path_of(url)
        robots = _in_force(known.get((address.host, "robots.txt"), ()), day)
        ai = _in_force(known.get((address.host, "ai.txt"), ()), day)
        closed, training, agents, quote = self._robots(robots, path)
        return closed, training, self._ai(ai, path), agents, quote, None if robots is None else robots[0]

    def _robots(self, record: _Record | None, path: str) -> tuple[bool | None, bool | None, str | None, str | None]:
        if record is None:
            return None, None, None, None
        if record[1] >= 500:
            return True, None, " ".join(self.agents), f"status {record[1]}"
        groups = groups_of(record[2])
        judged: dict[Group, str | None] = {}
        lines: dict[str, str] = {}
        training: bool | None = None
        said = None
        for agent in self.agents:
            group = group_for(groups, agent)
            if group is None:
                continue
            if group not in judged:  # most agents have the group for everybody
                judged[group] = disallows(group, path)
            if (line := judged[group]) is not None:
                lines[agent] = line
            asks_not, asking = asks_not_to_train(group)
            if asks_not is not None and (training is None or asks_not > training):
                training, said = asks_not, asking
        quote = next(iter(lines.values()), said if training else None)
        return bool(lines), training, " ".join(lines) or None, quote[:MAX_QUOTE] if quote else None

    def _ai(self, record: _Record | None, path: str) -> bool | None:
        if record is None or record[1] != 200:
            return None
        groups = groups_of(record[2])
        found = {group_for(groups, agent) for agent in ("*", *self.agents)}
        return any(group is not None and disallows(group, path) is not None for group in found)


def _in_force(records: Sequence[_Record], day: str | None) -> _Record | None:
    """The latest record up to `day`, else the first; redirects and the like say nothing."""
    said = [record for record in records if record[1] == 200 or record[1] >= 400]
    before = [record for record in said if day is None or record[0] <= day]
    return before[-1] if before else said[0] if said else None


@lru_cache(maxsize=4)
def _digest(path: str, size: int, changed_ns: int) -> str:
    del size, changed_ns
    with open(path, "rb") as stream:  # noqa: PTH123 - as the others' model files
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=2)
def _load(path: str, digest: str) -> dict[tuple[str, str], list[_Record]]:
    """Records by host and file, in the order of their dates; about their text in memory."""
    del digest  # another file is another entry
    table = pq.read_table(path, columns=RECORDS.names).sort_by([("host", "ascending"), ("date", "ascending")])
    found: dict[tuple[str, str], list[_Record]] = {}
    for batch in table.to_batches():
        for host, file, date, status, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            found.setdefault((host, file), []).append((date, status, text))
    return found
