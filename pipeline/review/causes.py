"""Why a document is shown: the boundaries of each subject, as DuckDB expressions over what the stages measured.

    quality            the rules that judge `quality_score`; without such a score, those on text statistics and lines
    machine_written    the rules that judge `machine_written_score`
    contamination      every hit, the one with the least of the item first
    licence            conflicts: an open licence beside closed terms, unknown terms, a reading that is not sure, a page
                       that may be used by its licence and asks not to be

Where a score was measured and no rule judges it, its middle is the boundary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from pipeline.predicates import parse
from pipeline.review.margin import Unmeasured, margin
from pipeline.rules import Rule, RuleSet
from pipeline.schema import DOCUMENT
from pipeline.stages.lines import C4Lines, RefinedWebLines
from pipeline.stages.quality import Quality
from pipeline.stages.statistics import TextStatistics
from pipeline.steps import Step, signals
from pipeline.trouble import ConfigError

QUALITY, LICENCE, CONTAMINATION, MACHINE_WRITTEN = "quality", "licence", "contamination", "machine_written"
SUBJECTS: Final = (QUALITY, LICENCE, CONTAMINATION, MACHINE_WRITTEN)
QUESTIONS: Final = {
    QUALITY: "Is this text good enough to train a model on?",
    LICENCE: "May this text be used, by what its page or file says?",
    CONTAMINATION: "Is it clean? Drop what would give away the benchmark's item.",
    MACHINE_WRITTEN: "Did a person write this? Drop what a machine wrote.",
}
SCORES: Final = {QUALITY: "quality_score", MACHINE_WRITTEN: "machine_written_score"}
MIDDLE: Final = 5000
NEAR: Final = 2500
"""1e-4: what is farther from a threshold than a quarter of the value is not near it."""
SURE: Final = 9500
"""1e-4: below it the reading of a licence may be doubted; what a record states itself has this."""


@dataclass(frozen=True)
class Cause:
    """A boundary. `distance`: 1e-4, NULL where a row is not at it; `drops`: the reasons of those that fell by it.

    near: the columns that say why. side: whether a kept row is on the side of drop, for a boundary without a rule.
    """

    name: str
    distance: str
    drops: tuple[str, ...]
    near: tuple[str, ...]
    side: str = "false"


def causes(about: str, steps: tuple[Step, ...], config: str) -> list[Cause]:
    """The causes of a subject in this config; ConfigError where it measures nothing of it."""
    columns = signals(steps)
    found = {
        QUALITY: lambda: _of_score(QUALITY, steps) or _of_statistics(steps),
        MACHINE_WRITTEN: lambda: _of_score(MACHINE_WRITTEN, steps),
        CONTAMINATION: lambda: _of_contamination(steps) if "contamination" in columns.names else [],
        LICENCE: lambda: _of_licence(steps) if "licence_category" in columns.names else [],
    }[about]()
    if not found:
        mend = {
            QUALITY: "the stage `quality` with a model, or `statistics` and rules on it",
            MACHINE_WRITTEN: "the stage `machine_written` with a model",
            CONTAMINATION: "the stage `contamination`",
            LICENCE: "the stage `licence`",
        }[about]
        raise ConfigError(f"--about {about}: {config} measures nothing of it; it needs {mend}")
    return found


def _judging(steps: tuple[Step, ...], columns: frozenset[str]) -> list[tuple[RuleSet, Rule]]:
    """The rules that read one of these columns."""
    return [
        (step, rule)
        for step in steps
        if isinstance(step, RuleSet)
        for rule in step.rules
        if parse(rule.when).columns & columns
    ]


def _of_rules(steps: tuple[Step, ...], columns: frozenset[str]) -> list[Cause]:
    schema = pa.schema([*DOCUMENT, *signals(steps)])
    found = []
    for rule_set, rule in _judging(steps, columns):
        try:
            distance = _within(f"cast(round(10000 * abs({margin(rule, schema)})) as integer)")
        except Unmeasured:
            continue
        if rule_set.sources:
            named = ", ".join(f"'{source}'" for source in rule_set.sources)
            distance = f"case when source in ({named}) then {distance} end"
        near = tuple(sorted(parse(rule.when).columns))
        found.append(Cause(f"{rule.drop}: {rule.when}", distance, (rule.drop,), near))
    return found


def _of_score(about: str, steps: tuple[Step, ...]) -> list[Cause]:
    score = SCORES[about]
    if score not in signals(steps).names:
        return []
    if found := _of_rules(steps, frozenset({score})):
        return found
    side = f"{score} < {MIDDLE}" if about == QUALITY else f"{score} >= {MIDDLE}"
    distance = _within(f"cast(abs({score} - {MIDDLE}) as integer)")
    return [Cause(f"{side}: the middle, no rule judges it", distance, (), (score,), side)]


def _within(distance: str) -> str:
    return f"case when {distance} <= {NEAR} then {distance} end"


def _of_statistics(steps: tuple[Step, ...]) -> list[Cause]:
    measured = {name for stage in (TextStatistics, C4Lines, RefinedWebLines, Quality) for name in stage.adds.names}
    return _of_rules(steps, frozenset(measured))


def _of_contamination(steps: tuple[Step, ...]) -> list[Cause]:
    columns = frozenset(
        {"contamination_item_count", "contamination_kind", "contamination_benchmark", "contamination_bytes"}
    )
    drops = tuple(rule.drop for _, rule in _judging(steps, columns))
    best = "list_max([hit.score for hit in contamination])"
    distance = f"case when contamination_item_count > 0 then cast({best} as integer) end"
    near = ("contamination_kind", "contamination_benchmark", "contamination_item_count", "contamination_bytes")
    return [Cause("an item of a benchmark; the distance is how much of it is there", distance, drops, near)]


def _of_licence(steps: tuple[Step, ...]) -> list[Cause]:
    columns = frozenset({"licence_category", "licence_allowed", "licence_rank", "licence_spdx", "licence_sure"})
    asked = ("opt_out_noai", "opt_out_tdm", "opt_out_noindex")
    drops = tuple(rule.drop for _, rule in _judging(steps, columns))
    opted = tuple(rule.drop for _, rule in _judging(steps, frozenset(asked)))
    read = ("licence_spdx", "licence_category", "licence_by", "licence_sure")
    opt_out = " or ".join(f"coalesce({name}, false)" for name in asked)
    conflict = "licence_category = 'conflicting'"
    nameless = "licence_category = 'unknown' and (licence_declared is not null or licence_quote is not null)"
    doubted = f"licence_sure < {SURE} and licence_category not in ('conflicting', 'unknown')"
    return [
        Cause("an open licence beside closed terms", f"case when {conflict} then 0 end", drops, read),
        Cause("terms that nobody knows", f"case when {nameless} then 0 end", drops, read),
        Cause(
            "its licence allows it, the page asks not to be used",
            f"case when licence_allowed and ({opt_out}) then 0 end",
            opted,
            (*read, *asked),
        ),
        Cause(
            "a reading that is not sure; the distance is how sure",
            f"case when {doubted} then licence_sure end",
            drops,
            read,
        ),
    ]
