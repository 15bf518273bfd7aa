"""The command line: from a YAML to a model and its card; what is wrong is said in a line, with exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from classifiers.settings import Settings, load
from tests.classifiers import made

ROOT = Path(__file__).parents[2]


def classifiers(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "classifiers", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)


def write(folder: Path, settings: Settings) -> Path:
    path = folder / "x.yaml"
    path.write_text(yaml.safe_dump(settings.model_dump(mode="json", exclude_none=True)))
    return path


def test_from_sources_to_a_model_that_is_asked_and_shown(tmp_path: Path) -> None:
    config = write(tmp_path, made.settings(tmp_path, class_words=12, source_words=0))
    done = classifiers("train", "--config", config, "--output", tmp_path / "model")
    assert (done.returncode, done.stderr) == (0, "")
    card = json.loads((tmp_path / "model" / "card.json").read_bytes())
    assert f"{{kind: quality, model: {tmp_path}/model/model.bin, sha256: {card['sha256']}}}" in done.stdout
    assert "PLUMBING CHECK: 240 documents" in done.stdout and "whole sources left out" in done.stdout
    shown = classifiers("show", tmp_path / "model")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(line in shown.stdout for line in card["verdicts"])
    asked = classifiers(
        "evaluate", "--model", tmp_path / "model", "--config", config, "--output", tmp_path / "deep" / "x.json"
    )
    assert (asked.returncode, asked.stderr) == (0, "")
    assert (
        "NOT A TEST: the model had documents of these in training, 60 of pa, 60 of pb, 60 of na, 60 of nb"
        in asked.stdout
    )
    assert json.loads((tmp_path / "deep" / "x.json").read_bytes())["sha256"] == card["sha256"]


def test_what_is_wrong_is_said_in_a_line(tmp_path: Path) -> None:
    settings = made.settings(tmp_path, class_words=3, source_words=3)
    config = write(tmp_path, settings)
    (tmp_path / "pa.jsonl").unlink()
    done = classifiers("train", "--config", config, "--output", tmp_path / "model")
    assert done.returncode == 2
    assert "sources.pa.input: no file is called" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()
    missing = classifiers("show", tmp_path)
    assert missing.returncode == 2 and "no model card" in missing.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("task: mood\nsources: []", r"x\.yaml:\n  task: Input should be 'quality', 'topic' or 'machine_written'"),
        ("task: quality\nsources: [{name: a, input: b}]", r"sources\.0: .*give either `label:` or `label_column:`"),
        ("task: quality\nsources: [{name: a, input: b, label: good}]", "each needs `label: positive` or"),
        ("task: topic\nsources: [{name: a, input: b, label: x}, {name: a, input: b, label: y}]", "a is there twice"),
        ("task: topic\nsources: [{name: a, input: b, label: two words}]", r"sources\.0\.label"),
        ('task: topic\nsources: [{name: a, input: b, label: "a\\0b"}]', r"sources\.0\.label"),
        ("task: topic\nfolds: 3\nsources: [{name: a, input: b, label: x}]", "folds: no such key; keys: task, sources,"),
        (
            "task: topic\nsources: [{name: a, inputs: b, input: b, label: x}]",
            r"x\.yaml:\n  sources\.0\.inputs: no such key; keys: name, input, [a-z_, ]*$",
        ),
        ("task: topic\nsources: [{name: a, input: b, label: x, where: {c: true}}]", r"where\.c: .*\(got True\)$"),
        ("task: topic\nsources: []", r"sources: .*at least 1 item"),
        ("task: topic\nsources: [{name: a, input: b, label: x}]\nfasttext: {learning_rate: .inf}", "finite number"),
        ("[" * 5000, "not YAML: maximum recursion"),
        ("{", "not YAML"),
        ("task: topic\ntask: quality\nsources: []", r"x\.yaml: not YAML: task is given twice"),
        ("task: topic\nsources: [{name: a, input: b, input: c, label: x}]", "input is given twice"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=complaint):
        load(path)


def test_a_number_is_a_label_and_a_value(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("task: topic\nsources: [{name: a, input: b, label: 4, where: {score: 4}}]\n")
    assert (load(path).sources[0].label, load(path).sources[0].where) == ("4", {"score": "4"})
    with pytest.raises(ValueError, match=r"none\.yaml: no such file"):
        load(tmp_path / "none.yaml")


def test_a_key_that_is_merged_in_is_not_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "task: topic\nsources:\n  - &a {name: a, input: b, label: x, site: url}\n  - {<<: *a, name: c, label: y}\n"
    )
    assert [(one.name, one.label, one.site) for one in load(path).sources] == [("a", "x", "url"), ("c", "y", "url")]


@pytest.mark.parametrize("path", sorted((ROOT / "configs" / "classifiers").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_config_loads(path: Path) -> None:
    assert load(path).task == path.stem
