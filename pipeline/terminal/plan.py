"""Before a run: what would be done, how long that may take, and what of the recipe asks for it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline.planning import changes, estimate, plan
from pipeline.planning.survey import Prepared, is_done
from pipeline.progress.amounts import duration, size


def plan_table(prepared: Prepared) -> RenderableType:
    """Shards, bytes, estimated time and disk by source, before anything starts."""
    table = Table(title=f"Plan of {prepared.config.run} in {prepared.order.data}")
    for name in ("source", "files", "shards", "of them done", "bytes to read", "CPU time", "disk"):
        table.add_column(name, justify="left" if name == "source" else "right")
    expected = estimate.of(prepared)
    for name, one in expected.sources.items():
        files = sum(known.input.source == name for known in prepared.inputs)
        counts = (str(files), str(one.shards), str(one.done))
        table.add_row(name, *counts, size(one.bytes), duration(one.cpu_s), size(one.disk))
    if is_done(prepared):
        return Group(table, "nothing to do: the published version has this recipe")
    return Group(table, f"{_time(expected)}; {size(expected.disk)} of disk; nothing has been started")


def _time(expected: estimate.Estimate) -> str:
    """The estimate, with all that it is made of and what is not in it."""
    own_s = sum(one.cpu_s for one in expected.sources.values())
    basis = "as earlier runs here" if expected.is_told else "as runs elsewhere"
    later_s = expected.later_cpu_s
    return (
        f"about {duration(expected.wall_s)} with {expected.workers} workers, a processor each, {basis}: "
        f"{duration(own_s)} of CPU for the rooms 10-30 and {duration(later_s)} to deduplicate and publish, shared by "
        f"the workers; {duration(expected.around_s)} to start and to write reports. Not in it: reading new files for "
        "their digests before (a second a GB), and compiling where kernels are new (a minute)"
    )


def explanation(prepared: Prepared) -> RenderableType:
    """What would be done and which part of the recipe asks for it, alike shards in one line."""
    old, new = changes.before(prepared.order.data), changes.settings_of(prepared.config, prepared.steps)
    groups: dict[tuple[str, str, str], list[plan.Standing]] = {}
    for standing in prepared.standings:
        groups.setdefault((standing.shard.source, standing.next_room or "", standing.why), []).append(standing)
    table = Table(title="What would be done, and why")
    for name in ("source", "shards", "from room", "why"):
        table.add_column(name, justify="right" if name == "shards" else "left")
    for (source, room, why), found in sorted(groups.items()):
        parts = why.removeprefix(plan.CHANGED).split(", ") if why.startswith(plan.CHANGED) else []
        told = [line for part in parts for line in (changes.told(part, source, old, new) if old else [part])]
        table.add_row(source, str(len(found)), room or "nothing", escape("\n".join(told) or why))
    if is_done(prepared):
        return Group(table, "rooms 31 and 40: nothing to do; the published version has this recipe")
    expected = estimate.of(prepared)
    if any(standing.next_room for standing in prepared.standings):
        then = "rooms 31 and 40 follow, where what they read turns out to have changed"
    else:
        then = "rooms 31 and 40 follow: nothing finished here has these dedup, audit, publish settings and code"
    also = changes.of_everything(old, new) if old else []
    return Group(table, then, *(f"  {escape(line)}" for line in also), f"at most {_time(expected)}")
