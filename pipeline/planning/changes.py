"""What changed in a config since the current version was made, step by step and parameter by parameter.

Recipes hold hashes: they say that a part differs and not how. So each run leaves its settings beside `current.json`,
for people; nothing is decided by them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from pipeline import storage
from pipeline.config import Config
from pipeline.rooms.recipe import canonical, libraries
from pipeline.rooms.version import Current
from pipeline.rules import RuleSet
from pipeline.steps import Step, deciding_libraries

NAME = "settings.json"
SHOWN_CHARACTERS = 60  # of a value


def settings_of(config: Config, steps: Sequence[Step]) -> dict[str, Any]:
    """The settings as people write them, rule files read, with the versions of the libraries that decide."""
    named = {"pyarrow", "numpy", "numba", "datasketch"}
    for source, entry in config.sources.items():
        named |= {*deciding_libraries(tuple(steps), source), *entry.reader.decides_with}
    return {
        **config.model_dump(mode="json", include={"sources", "audit", "dedup", "publish"}),
        "steps": [_step(step) for step in steps],
        "libraries": libraries(named),
    }


def _step(step: Step) -> dict[str, Any]:
    if isinstance(step, RuleSet):
        rules = {rule.drop: {"when": " ".join(rule.when.split()), "when_null": rule.when_null} for rule in step.rules}
        return {"is": f"rules {step.name}", "sources": list(step.sources), "fields": rules}
    fields = step.model_dump(mode="json", exclude={"kind", "sources", *step.places})
    fields |= {"code": step.version, "model": step.fingerprint()}
    return {"is": step.kind, "sources": list(step.sources), "fields": fields}


def remember(data: str, run: str, config: Config, steps: Sequence[Step]) -> None:
    """Keep the settings of the version that `current.json` points to now."""
    storage.replace(storage.join(data, NAME), canonical({"run": run, "settings": settings_of(config, steps)}))


def before(data: str) -> dict[str, Any] | None:
    """The settings of the current version; None where they were not kept."""
    current = Current.read(data)
    try:
        kept = json.loads(storage.read_bytes(storage.join(data, NAME)))
    except FileNotFoundError:
        return None
    return kept["settings"] if current is not None and kept["run"] == current.run else None


def told(part: str, source: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What of a part of a recipe is another for `source`, one line each; the part's name where settings do not tell."""
    found: list[str]
    if part == "steps":
        found = list(_steps(old["steps"], new["steps"], source))
    elif part == "source":
        names = ("reader", "licence", "licence_basis")
        pairs = [[{n: side["sources"].get(source, {}).get(n) for n in names}] for side in (old, new)]
        found = list(_differences(pairs[0][0], pairs[1][0], f"sources.{source}"))
    elif part in ("libraries", "audit"):
        found = list(_differences(old[part], new[part], part))
    elif part == "minhash":
        found = list(_differences(old["dedup"], new["dedup"], "dedup"))
    else:
        found = []
    return found or [NAMES.get(part, part)]


NAMES = {
    "input": "input: the files' content",
    "version": "version: the code of this room",
    "schema": "schema: the columns that the steps add",
    "tombstones": "tombstones: what was taken down",
    "sample": "sample: the share that is taken",
    "shard": "shard: which files lie together",
}


def of_everything(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What is another in deduplication, in where documents are published, and in how."""
    found = [line for part in ("dedup", "publish") for line in _differences(old[part], new[part], part)]
    for source in new["sources"]:
        domains = [
            {name: side["sources"].get(source, {}).get(name) for name in ("domain", "domain_by_label")}
            for side in (old, new)
        ]
        found += _differences(domains[0], domains[1], f"sources.{source}")
    return found


def _steps(old: Sequence[Any], new: Sequence[Any], source: str) -> Iterator[str]:
    """The steps of a source that came, went or have other fields; numbered as in the config of now."""
    mine = [[(i, s) for i, s in enumerate(side) if not s["sources"] or source in s["sources"]] for side in (old, new)]
    was, is_now = ([str(step["is"]) for _, step in side] for side in mine)
    for kind, a, a_end, b, b_end in SequenceMatcher(None, was, is_now, autojunk=False).get_opcodes():
        if kind == "equal":
            for (_, one), (index, other) in zip(mine[0][a:a_end], mine[1][b:b_end], strict=True):
                yield from _differences(one["fields"], other["fields"], f"filter.{index} {other['is']}", ": ")
        else:
            yield from (
                f"filter.{index} {step['is']}: gone (its number was that of before)" for index, step in mine[0][a:a_end]
            )
            yield from (f"filter.{index} {step['is']}: new" for index, step in mine[1][b:b_end])


def _differences(old: Any, new: Any, path: str, between: str = ".") -> Iterator[str]:
    """`path: old → new` of each leaf that differs."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            if name not in old:
                yield f"{path}{between}{name}: new, {_shown(new[name])}"
            elif name not in new:
                yield f"{path}{between}{name}: gone"
            else:
                yield from _differences(old[name], new[name], f"{path}{between}{name}")
        return
    yield f"{path}: {_shown(old)} → {_shown(new)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
