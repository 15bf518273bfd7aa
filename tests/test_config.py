"""The configs that we ship load; what is wrong in one is named before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import check_steps, load
from pipeline.stages.language import Language
from pipeline.stages.normalise import Normalise
from pipeline.stages.statistics import TextStatistics
from pipeline.trouble import ConfigError
from tests.conftest import ROOT


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem)
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
        check_steps(steps, "x.yaml")


def test_a_rule_that_reads_what_no_stage_measures_is_refused(tmp_path):
    (tmp_path / "c.yaml").write_text(
        "run: x\nsources: {a: {reader: {kind: text}, inputs: in}}\n"
        "filter:\n  - {kind: rules, name: r, rules: [{drop: 'r:x', when: 'word_count < 5'}]}\n"
    )
    with pytest.raises(ConfigError, match="no column 'word_count'"):
        load(str(tmp_path / "c.yaml"))
