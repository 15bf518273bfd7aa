"""What `--explain` says of a config that was changed: the step, the parameter, old and new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config import load
from pipeline.planning import changes

CONFIG: dict[str, Any] = {
    "run": "test",
    "sources": {
        "a": {"reader": {"kind": "text"}, "inputs": "x"},
        "b": {"reader": {"kind": "pdf"}, "inputs": "x", "licence": "MIT"},
    },
    "filter": [
        {"kind": "normalise"},
        {"kind": "statistics", "sources": ["a"]},
        {
            "kind": "rules",
            "name": "mine",
            "sources": ["a"],
            "rules": [
                {"drop": "mine:few", "when": "word_count < 6"},
                {"drop": "mine:many", "when": "word_count > 600"},
            ],
        },
    ],
}


def settings(folder: Path, change: Any = None) -> dict[str, Any]:
    """The settings of CONFIG after `change(config)`."""
    config = yaml.safe_load(yaml.safe_dump(CONFIG))
    if change is not None:
        change(config)
    (folder / "c.yaml").write_text(yaml.safe_dump(config))
    return changes.settings_of(*load(str(folder / "c.yaml")))


def rule(config: Any, **fields: Any) -> None:
    config["filter"][2]["rules"][0].update(fields)


CASES = [
    (
        lambda c: rule(c, when="word_count < 7"),
        "steps",
        "a",
        ["filter.2 rules mine: mine:few.when: word_count < 6 → word_count < 7"],
    ),
    (lambda c: c["filter"][2]["rules"].pop(0), "steps", "a", ["filter.2 rules mine: mine:few: gone"]),
    (lambda c: c["filter"].insert(1, {"kind": "language"}), "steps", "b", ["filter.1 language: new"]),
    (lambda c: c["filter"].pop(2), "steps", "a", ["filter.2 rules mine: gone (its number was that of before)"]),
    (lambda c: c["sources"]["b"]["reader"].update(ocr="auto"), "source", "b", ["sources.b.reader.ocr: never → auto"]),
    (lambda c: c["sources"]["b"].update(licence="0BSD"), "source", "b", ["sources.b.licence: MIT → 0BSD"]),
    (lambda c: c.update(audit={"one_in": 5}), "audit", "a", ["audit.one_in: 1000 → 5"]),
    (lambda c: rule(c, when=" word_count  < 6"), "steps", "a", ["steps"]),
]


@pytest.mark.parametrize(("change", "part", "source", "said"), CASES)
def test_a_change_is_told_by_its_step_and_parameter(
    tmp_path: Path, change: Any, part: str, source: str, said: list[str]
) -> None:
    assert changes.told(part, source, settings(tmp_path), settings(tmp_path, change)) == said


def test_what_all_documents_pass_is_told_apart(tmp_path: Path) -> None:
    def change(config: Any) -> None:
        config["dedup"] = {"min_jaccard": 0.7}
        config["publish"] = {"shard_bytes": 4096}
        config["sources"]["a"]["domain"] = "books"

    assert changes.of_everything(settings(tmp_path), settings(tmp_path)) == []
    assert changes.of_everything(settings(tmp_path), settings(tmp_path, change)) == [
        "dedup.min_jaccard: 0.8 → 0.7",
        "publish.shard_bytes: 134217728 → 4096",
        "sources.a.domain: null → books",
    ]


@pytest.mark.parametrize("part", ["input", "version", "schema", "shard", "tombstones", "sample"])
def test_a_part_that_no_setting_tells_has_its_name_and_meaning(tmp_path: Path, part: str) -> None:
    (line,) = changes.told(part, "a", settings(tmp_path), settings(tmp_path))
    assert line.startswith(f"{part}: ")
