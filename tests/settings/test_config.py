"""The configs that we ship load; what is wrong in one is named before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import RootModel

from pipeline import storage
from pipeline.config import load
from pipeline.kinds import SOURCES
from pipeline.settings import settings_file
from pipeline.stages.language import Language
from pipeline.stages.normalise import Normalise
from pipeline.stages.statistics import TextStatistics
from pipeline.steps import check_steps, deciding_libraries, signals, steps_recipe
from pipeline.trouble import ConfigError
from tests.conftest import ROOT

RUNS = [path for path in sorted((ROOT / "configs").glob("*.yaml")) if path.stem != "mixture"]  # an experiment's


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_every_config_loads(path: Path):
    config, steps = load(str(path))
    assert config.run == path.stem
    assert steps


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ((Language(), Normalise()), "move it before"),
        ((Language(), Language()), "is the stage there twice"),
        ((TextStatistics(), Normalise()), "move it before"),
    ],
)
def test_the_order_of_stages_is_checked(steps, complaint):
    with pytest.raises(ConfigError, match=complaint):
        check_steps(steps, "x.yaml", "a")


CONFIG = """run: x
sources:
  a: {reader: {kind: text}, inputs: in}
  b: {reader: {kind: text}, inputs: in}
filter:
  - {kind: statistics, sources: [%s]}
  - {kind: rules, name: r, sources: [%s], rules: [{drop: 'r:x', when: 'word_count < 5'}]}
"""


@pytest.mark.parametrize(
    ("stage", "rules", "complaint"),
    [
        ("", "", None),
        ("a", "a", None),
        ("a, b", "b", None),
        ("a", "", r"filter\.1.*no column 'word_count'"),
        ("a", "b", r"filter\.1 \(of source b\).*no column 'word_count'"),
        ("a", "c", r"filter\.1\.sources: no source is called c"),
    ],
)
def test_a_rule_for_some_sources_reads_what_is_measured_for_them(tmp_path, stage, rules, complaint):
    path = tmp_path / "x.yaml"
    path.write_text(CONFIG % (stage, rules))
    if complaint is None:
        load(str(path))
    else:
        with pytest.raises(ConfigError, match=complaint):
            load(str(path))


def test_a_file_of_rules_is_for_whom_the_config_says(tmp_path):
    (tmp_path / "r.yaml").write_text("name: r\nsources: [b]\nrules: [{drop: 'r:x', when: 'score < 5'}]\n")
    (tmp_path / "x.yaml").write_text(
        "run: x\nsources: {a: {reader: {kind: text}, inputs: in}}\nfilter: [{kind: rules, file: r.yaml}]\n"
    )
    with pytest.raises(ConfigError, match=r"filter\.0: r\.yaml names sources"):
        load(str(tmp_path / "x.yaml"))


STEP = "run: x\nsources: {a: {reader: {kind: text}, inputs: in}}\nfilter:\n  - {kind: rules, %s}\n"


@pytest.mark.parametrize(
    "step",
    [
        "file: r.yaml, rules: [{drop: 'x:all', when: 'true'}]",
        "file: r.yaml, name: x",
        "file: r.yaml, name: x, rules: [{drop: 'x:all', when: 'true'}]",
        "rules: [{drop: 'x:all', when: 'true'}]",
    ],
)
def test_rules_are_in_a_file_or_in_place_and_never_silently_left_out(tmp_path, step):
    (tmp_path / "r.yaml").write_text("name: r\nrules: [{drop: 'r:x', when: 'score < 5'}]\n")
    (tmp_path / "x.yaml").write_text(STEP % step)
    with pytest.raises(ConfigError, match=r"filter\.0: give either `file:"):
        load(str(tmp_path / "x.yaml"))


def test_a_config_in_an_object_store_finds_its_rules_beside_it(tmp_path, monkeypatch):
    rules = b"name: r\nrules: [{drop: 'r:x', when: 'score < 5'}]\n"
    storage.replace("memory://bucket/c.yaml", (STEP % "file: rules/r.yaml").encode())
    storage.replace("memory://bucket/rules/r.yaml", rules)
    _, (step,) = load("memory://bucket/c.yaml")
    assert step.name == "r"
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "r.yaml").write_bytes(rules)
    monkeypatch.chdir(tmp_path)
    for file in ("rules/r.yaml", f"{tmp_path}/rules/r.yaml", "memory://bucket/rules/r.yaml"):
        Path("c.yaml").write_text(STEP % f"file: '{file}'")
        assert load("c.yaml")[1] == load(f"{tmp_path}/c.yaml")[1] == (step,)


def test_the_sources_of_a_step_decide_only_for_whom_it_is():
    everybody, some = (TextStatistics(), Language()), (TextStatistics(sources=("a",)), Language())
    assert steps_recipe(everybody, "a") == steps_recipe(some, "a")
    assert steps_recipe(some, "b") == steps_recipe((Language(),), "b")
    only_a = (Normalise(), Language(sources=("a",)))
    assert deciding_libraries(only_a, "b") == deciding_libraries((Normalise(),), "b") < deciding_libraries(only_a, "a")
    assert signals(everybody).names == signals(some).names
    assert signals(some).field("word_count").nullable and not signals(some).field("language").nullable


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.model_fields["kind"].default)
def test_every_source_can_be_made_without_settings_and_has_an_estimate(source):
    reader = source()
    assert reader.cpu_s_per_mb > 0 and reader.disk_per_byte > 0


def test_a_rule_that_reads_what_no_stage_measures_is_refused(tmp_path):
    (tmp_path / "c.yaml").write_text(
        "run: x\nsources: {a: {reader: {kind: text}, inputs: in}}\n"
        "filter:\n  - {kind: rules, name: r, rules: [{drop: 'r:x', when: 'word_count < 5'}]}\n"
    )
    with pytest.raises(ConfigError, match="no column 'word_count'"):
        load(str(tmp_path / "c.yaml"))


def test_a_key_that_is_merged_in_is_not_given_twice(tmp_path):
    (tmp_path / "x.yaml").write_text("one: &a {path: a, kind: b}\ntwo: {<<: *a, kind: c}\n")
    assert settings_file.read(str(tmp_path / "x.yaml"), RootModel[dict]).root == {
        "one": {"path": "a", "kind": "b"},
        "two": {"path": "a", "kind": "c"},
    }
    (tmp_path / "x.yaml").write_text("one: &a {path: a}\ntwo: {<<: *a, kind: c, kind: d}\n")
    with pytest.raises(ConfigError, match="kind is given twice"):
        settings_file.read(str(tmp_path / "x.yaml"), RootModel[dict])


@pytest.mark.parametrize("key", ["source_priority", "url_sources"])
def test_dedup_names_sources_that_there_are(tmp_path, key):
    (tmp_path / "c.yaml").write_text(
        f"run: x\nsources: {{a: {{reader: {{kind: text}}, inputs: in}}}}\nfilter: []\ndedup: {{{key}: [a, b]}}\n"
    )
    with pytest.raises(ConfigError, match=rf"dedup\.{key}: no source is called b"):
        load(str(tmp_path / "c.yaml"))
