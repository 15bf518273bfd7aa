"""Which documents are asked of: those nearest to each boundary, kept and dropped, the sources in turns.

Kept ones are what is published, dropped ones the audit sample: the one place where their text is, privacy and takedowns
heeded. The choice and the order depend on the run and the arguments alone, so that two people meet the same documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeVar

from pipeline import funnel
from pipeline.config import load
from pipeline.review.answers import DROP, KEEP
from pipeline.review.causes import SUBJECTS, Cause, causes
from pipeline.rooms.manifest import read_manifests
from pipeline.rooms.names import FILTERED, PUBLISHED
from pipeline.rooms.recipe import hashed
from pipeline.rooms.tables import read_row, schema_of_file
from pipeline.rooms.tombstones import Tombstones
from pipeline.rooms.version import Current, RoomVersion
from pipeline.steps import Step, steps_recipe
from pipeline.storage.asking import spilling, table
from pipeline.trouble import ConfigError

T = TypeVar("T")


@dataclass(frozen=True)
class Candidate:
    """A document at a boundary, and where its row stands. pipeline: keep | drop; reason: kept, or the rule."""

    doc_id: str
    source: str
    file: str
    row: int
    cause: Cause
    distance: int
    pipeline: str
    reason: str

    def read(self, data: str) -> dict[str, Any]:
        """Its row: all columns, the text among them."""
        return read_row(data, self.file, self.row, schema_of_file(data, self.file).names)


@dataclass(frozen=True)
class Queue:
    """What is asked, in order, and of which run."""

    about: str
    run: str
    candidates: tuple[Candidate, ...]


def draw(data: str, about: str, sample: int, config: str | None = None) -> Queue:
    """The queue of a finished run. Raises ConfigError where there is no such run, subject or config."""
    if about not in SUBJECTS:
        raise ConfigError(f"--about {about}: {', '.join(SUBJECTS)}")
    if sample < 1:
        raise ConfigError(f"--sample {sample}: how many documents, at least 1")
    current = Current.read(data)
    if current is None or not current.finished:
        raise ConfigError(f"{data}: no finished run; give `run` first")
    rooms = funnel.versions(data)
    path = config or current.config
    steps = _steps_of_run(data, path, rooms[FILTERED])
    gone = Tombstones.read(data).doc_ids
    found = [
        candidate
        for candidate in _nearest(data, rooms, causes(about, steps, path), sample)
        if candidate.doc_id not in gone
    ]
    if not found:
        raise ConfigError(f"--about {about}: no document of {data} is near one of its boundaries")
    return Queue(about, current.run, tuple(_in_turns(found, sample)))


def _steps_of_run(data: str, path: str, version: RoomVersion) -> tuple[Step, ...]:
    """The steps of the config, which must be those of the run."""
    try:
        config, steps = load(path)
    except ConfigError as error:
        raise ConfigError(f"{error}\n(the run's config; where it has moved, say --config)") from error
    first: dict[str, str] = {}
    for name in version.manifests:
        first.setdefault(name.rpartition("/")[2].rsplit("-", 1)[0], name)
    for source, name in first.items():
        (manifest,) = read_manifests(data, [name])
        if source not in config.sources or manifest.parts["steps"] != hashed(steps_recipe(steps, source))[:16]:
            raise ConfigError(f"{path}: the run in {data} was made by other steps; give `run` again, or say --config")
    return steps


def _nearest(data: str, rooms: dict[str, RoomVersion], at: Sequence[Cause], sample: int) -> Iterator[Candidate]:
    """Of each source, side and cause the `sample` nearest, by (distance, doc_id); a row is with its nearest cause."""
    sides = (
        (rooms[PUBLISHED].files.get("rows", []), "'kept'", [cause.distance for cause in at]),
        (rooms[FILTERED].files.get("audit", []), "reason", [_of_dropped(cause) for cause in at]),
    )
    with spilling(data) as connection:
        for names, reason, distances in sides:
            if not names:
                continue
            columns = ", ".join(f"{each} as d{place}" for place, each in enumerate(distances))
            nearest = "least(" + ", ".join(f"d{place}" for place in range(len(at))) + ")"
            which = " ".join(f"when d{place} = {nearest} then {place}" for place in range(len(at)))
            side = " ".join(f"when {place} then {cause.side}" for place, cause in enumerate(at))
            measured = f"""
                select *, file_row_number as row, {reason} as fate, {columns}
                from {table(data, names, "*", ", file_row_number = true")}
            """
            query = f"""
                select doc_id, source, shard, row, cause, distance, case cause {side} end, fate
                from (select *, {nearest} as distance, case {which} end as cause from ({measured}))
                where distance is not null
                qualify row_number() over (partition by source, cause order by distance, doc_id) <= {sample}
                order by source, cause, distance, doc_id
            """
            for doc_id, source, shard, row, cause, distance, drops, fate in connection.execute(query).fetchall():
                verdict = DROP if drops or fate != "kept" else KEEP
                yield Candidate(doc_id, source, names[shard], row, at[cause], distance, verdict, fate)


def _of_dropped(cause: Cause) -> str:
    """The distance where the row fell by this cause."""
    if not cause.drops:
        return "cast(null as integer)"
    reasons = ", ".join(f"'{reason}'" for reason in cause.drops)
    return f"case when reason in ({reasons}) then {cause.distance} end"


def _in_turns(found: Iterable[Candidate], sample: int) -> list[Candidate]:
    """The first `sample` by turns: sources, within them sides and causes; in the order of ids, which are hashes."""
    strata: dict[str, dict[tuple[str, str], list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    for candidate in found:
        strata[candidate.source][candidate.pipeline, candidate.cause.name].append(candidate)
    by_source = [turns([held[key] for key in sorted(held)]) for _, held in sorted(strata.items())]
    return sorted(turns(by_source)[:sample], key=lambda candidate: candidate.doc_id)


def turns(lists: Sequence[Sequence[T]]) -> list[T]:
    """One of each list in turn, until all are empty."""
    nothing = object()
    return [each for row in zip_longest(*lists, fillvalue=nothing) for each in row if each is not nothing]  # type: ignore[misc]
