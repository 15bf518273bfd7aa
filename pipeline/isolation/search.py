"""Which record ends the processes that read or measure it, shown twice by that record alone; the shard without it.

Nothing here is decided by a death that may have come from outside: a record that a healthy machine can read is never
left out because a worker was killed, however often. So results do not hang on who was killed when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import pyarrow as pa

from pipeline.dedup.signing import signatures
from pipeline.execution.warm_up import warm_up
from pipeline.isolation import child
from pipeline.isolation.child import Ended
from pipeline.process import marker
from pipeline.process.timing import Stopwatch
from pipeline.rooms.names import EXTRACTED, SIGNATURES
from pipeline.rooms.quarantine import Quarantine, Quarantined
from pipeline.rooms.recipe import hashed, libraries
from pipeline.rooms.tables import read_batches
from pipeline.shard.advance import advance
from pipeline.shard.extract import extract, extraction_parts
from pipeline.shard.filter import Passage, filter_
from pipeline.shard.shard import Receipt, Shard
from pipeline.sources.source import LeftOut
from pipeline.stage import Stage
from pipeline.steps import deciding_libraries, steps_recipe
from pipeline.trouble import EnvironmentTrouble

MOST = 16
"""Records that may be left out of a shard: of more than that it is not the records that are to blame."""
TIMES_ALONE = 2  # that a record ends a process which does nothing else
TRIES = 3  # of what is ended from outside, or of deaths that no record alone repeats
NOT_INTENT = frozenset({"input", "sample", "tombstones", "quarantine"})


class TooManyDeadly(RuntimeError):
    """A shard has more records that end processes than may be left out."""


@dataclass(frozen=True)
class _Suspect:
    """A record that a process died at; `alone` is work that does nothing but that record, and dies `at` it.

    path: of a row, the raw file that it is of.
    """

    kind: Literal["record", "row", "rest"]
    place: str
    key: str
    room: str
    alone: Callable[[], None]
    at: marker.Place
    path: str = ""


def with_quarantined(shards: Sequence[Shard], quarantine: Quarantine) -> list[Shard]:
    """The shards with what is known to end every process that reads it as they would."""
    return [replace(shard, quarantined=_of(shard, quarantine)) for shard in shards]


def _of(shard: Shard, quarantine: Quarantine) -> tuple[Quarantined, ...]:
    places = dict.fromkeys(place for place, _ in shard.places())  # two equal files have one
    found = [one for place in places for one in quarantine.at(shard.source, place)]
    return tuple(one for one in found if one.intent == _intent(shard, one.kind))


def _intent(shard: Shard, kind: str) -> str:
    """What decides how a record is read; of a row, which is read, also how it is measured. Rules do not: they change
    often, and a row that ends the process that judges it does so under others, too."""
    read = {name: part for name, part in extraction_parts(shard).items() if name not in NOT_INTENT}
    if kind != "row":
        return hashed(read)[:16]
    stages = tuple(step for step in shard.steps if isinstance(step, Stage))
    measured = [steps_recipe(stages, shard.source), libraries(deciding_libraries(stages, shard.source))]
    return hashed([read, measured])[:16]


def advance_alone(shard: Shard) -> Receipt:
    """`advance`, in a process of its own, without the records that end it: found one by one, each shown twice alone.

    Raises TooManyDeadly beyond MOST, EnvironmentTrouble where processes die and no record of the shard does it alone.
    """
    found: list[Quarantined] = []
    unproven = 0
    while True:
        now = replace(shard, quarantined=(*shard.quarantined, *found))
        ended = _of_itself(shard, partial(_advance, now))
        if not ended.died:
            receipt: Receipt = ended.result
            return replace(receipt, quarantined=tuple(found))
        deadly = _proven(now, ended)
        if deadly is None:
            unproven += 1
            if unproven == TRIES:
                raise EnvironmentTrouble(
                    f"{shard.name}: the process that does it died {TRIES} times ({ended.died}), the last at "
                    f"{_said(ended.at)}; no record alone ends one, so none is left out"
                )
            continue
        if len(now.quarantined) == MOST:
            raise TooManyDeadly(
                f"{shard.name}: more than {MOST} records end the process that reads them, the last {deadly.told()}; "
                "look at what reads them, or take the input out of `inputs`"
            )
        found.append(deadly)


def _of_itself(shard: Shard, work: Callable[[], Any]) -> Ended:
    """What the work comes to by itself: it is done again where something from outside ended it."""
    for _ in range(TRIES):
        ended = child.run(work)
        if not ended.is_from_outside:
            if ended.died and not ended.at:
                raise EnvironmentTrouble(f"{shard.name}: a process dies before it reads anything ({ended.died})")
            return ended
    raise EnvironmentTrouble(
        f"{shard.name}: the process that does it alone was ended from outside {TRIES} times ({ended.died}), the last "
        f"at {_said(ended.at)}; is there enough memory, also by `ulimit -v`? "
        f"It may use {child.MEMORY_BYTES >> 30} GiB before it ends itself"
    )


def _said(at: marker.Place) -> str:
    return " ".join(map(str, at)) or "its start"


def _proven(shard: Shard, ended: Ended) -> Quarantined | None:
    """The record that did it, where one alone ends TIMES_ALONE processes at the same mark."""
    suspect = _suspect(shard, ended)
    if suspect is None:
        return None
    died = []
    for _ in range(TIMES_ALONE):
        again = _of_itself(shard, suspect.alone)
        if not again.died or again.at != suspect.at:
            return None
        died.append(again.died)
    path = suspect.path if suspect.kind == "row" else dict(shard.places())[suspect.place]
    intent = _intent(shard, suspect.kind)
    return Quarantined(shard.source, path, suspect.place, suspect.kind, suspect.key, suspect.room, died[0], intent)


def _suspect(shard: Shard, ended: Ended) -> _Suspect | None:
    match ended.at:
        case ("record", str(place), str(key)):
            alone = partial(_read, shard, place, LeftOut(place, only=key))
            return _Suspect("record", place, key, EXTRACTED, alone, ended.at)
        case ("next", str(place), int(number)):
            alone = partial(_read, shard, place, LeftOut(place, only=""))
            return _Suspect("rest", place, str(number), EXTRACTED, alone, ended.at)
        case ("batch", str(room), int(number)):
            return _row(shard, room, partial(_measure, shard, room, number))
        case ("audit", str(room)):
            return _row(shard, room, partial(_measure, shard, room, None))
    return None


def _row(shard: Shard, room: str, measure: Callable[..., None]) -> _Suspect | None:
    """The row at which a process dies that measures them one by one."""
    ended = _of_itself(shard, measure)
    match ended.at:
        case ("row", str(path), str(key)) if ended.died:
            place = next(place for place, of_file in shard.places() if of_file in (path, ""))
            return _Suspect("row", place, key, room, partial(measure, only=key), ended.at, path)
    return None


# --- the child's side -------------------------------------------------------------------------------------------------


def _advance(shard: Shard) -> Receipt:
    _begin(shard)
    return advance(shard)


def _begin(shard: Shard) -> None:
    """Show that a process that does this shard's work lives, before anything of the shard is looked at."""
    warm_up(shard.config, shard.steps)
    marker.at("begin")


def _read(shard: Shard, place: str, left_out: LeftOut) -> None:
    """Read a piece or share, and parse of it one record at most."""
    _begin(shard)
    records = shard.records()
    pieces = tuple(piece for piece in records.pieces if piece.place == place)
    for _ in replace(records, pieces=pieces, left_out={place: left_out}).outcomes():
        pass


def _measure(shard: Shard, room: str, number: int | None, only: str | None = None) -> None:
    """Take the rows of a batch through that room one by one; with `only` that one alone.

    Without a number all rows, through all stages, whatever a rule says of them: as the audit sample goes.
    """
    _begin(shard)
    watch = Stopwatch()
    into = extract(shard, watch)
    if room == SIGNATURES:
        into = filter_(shard, into, watch)
    passage = Passage(shard, watch, None)
    marker.at("begin")
    for position, batch in enumerate(read_batches(shard.data, into.file("rows").name)):
        if number not in (None, position):
            continue
        names = zip(batch.column("raw_path").to_pylist(), batch.column("natural_key").to_pylist(), strict=True)
        for row, (path, key) in enumerate(names):
            if only is not None and key != only:
                continue
            marker.at("row", path, key)
            one = batch.take(pa.array([row]))
            if room == SIGNATURES:
                list(signatures.sign([one.select(shard.config.dedup.columns)], shard.config.dedup))
            elif number is None:
                passage.measured(one)
            else:
                passage.living(one)
            marker.at("measured")
