"""The grammar of an experiment: what is wrong is said with its key, and what a file says is what is made."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipeline.trouble import ConfigError
from proxy_models.experiment import load
from tests.conftest import ROOT
from tests.proxy_models.tiny_experiment import FIELDS, SHAPE, experiment


def written(folder: Path, **changes: object) -> Path:
    path = folder / "e.yaml"
    path.write_text(yaml.safe_dump(FIELDS | changes))
    return path


@pytest.mark.parametrize("name", ["demo.yaml", "reference.yaml"])
def test_the_experiments_that_we_ship_load(name: str) -> None:
    of = load(ROOT / "configs" / "mixtures" / name)
    assert of.budget_tokens >= max(of.proxies.tokens, of.validation.tokens)
    assert of.settings.validation_seeds == len(of.validation.run_seeds) == of.validation.seeds
    assert not set(of.validation.run_seeds) & set(range(of.proxies.seed, of.proxies.seed + 1000))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"experiment": "../up"}, r"experiment: must match"),
        ({"proxies": FIELDS["proxies"] | {"mixtures": 2}}, r"proxies\.mixtures: must be at least 3"),
        ({"proxies": FIELDS["proxies"] | {"repeat": 1}}, r"proxies\.repeat: no such key; did you mean repeats"),
        ({"proxies": FIELDS["proxies"] | {"repeats": 0}}, r"proxies\.repeats: must be at least 1"),
        ({"validation": FIELDS["validation"] | {"seeds": 1}}, r"validation\.seeds: must be at least 2"),
        ({"validation": FIELDS["validation"] | {"references": ["random"]}}, r"validation\.references: .*natural must"),
        ({"gold": {"folder": "b", "benchmarks": ["gsm8k", "x"]}}, r"gold\.benchmarks: .*no benchmark x; .*piqa"),
        ({"gold": {"folder": "b", "benchmarks": ["piqa", "piqa"]}}, r"gold\.benchmarks: .*stands twice"),
        ({"feasible": {"max_epochs": 0}}, r"feasible\.max_epochs: must be more than 0"),
        ({"tokens": {"vocabulary": 3}}, r"tokens\.vocabulary"),
        ({"proxies": FIELDS["proxies"] | {"mixtures": 9}}, r"\(top level\): .*mixtures: 9 in 5 folds leave 7 to fit"),
        ({"scored": 0}, r"scored: must be at least 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s)e\.yaml: {complaint}"):
        load(written(tmp_path, **changes))


def test_files_that_are_no_experiment(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "e.yaml").write_text("experiment: a\nexperiment: b\n")
    with pytest.raises(ConfigError, match="experiment is given twice"):
        load(tmp_path / "e.yaml")


def test_benchmarks_lie_relative_to_the_file(tmp_path: Path) -> None:
    of = load(written(tmp_path, gold={"folder": "bench", "benchmarks": ["piqa"]}))
    assert of.gold is not None
    assert Path(of.gold.folder) == tmp_path / "bench"


def test_the_epoch_caps_are_for_the_longest_run_or_the_budget() -> None:
    longest = 16 * 2 * 32
    assert experiment().budget_tokens == longest
    assert experiment(feasible={"budget_tokens": longest}).budget_tokens == longest
    assert experiment(feasible={"budget_tokens": 10**9}).budget_tokens == 10**9
    with pytest.raises(ValueError, match=r"feasible\.budget_tokens: 1,023 is less than the longest run .*1,024"):
        _ = experiment(feasible={"budget_tokens": longest - 1}).budget_tokens


def test_bounds_are_for_domains_that_there_are() -> None:
    of = experiment(feasible={"domains": {"web": {"minimum": 0.25, "maximum": 0.5}}, "max_epochs": 2})
    feasible = of.constraints({"wiki": 900, "web": 9000}, {"wiki": 1000, "web": 9990})
    assert list(feasible.domains) == ["web", "wiki"]
    assert (feasible.domains["web"].minimum, feasible.domains["web"].maximum) == (0.25, 0.5)
    assert feasible.domains["wiki"].available_tokens == 900
    with pytest.raises(ValueError, match=r"feasible\.domains: web has no tokens to train on; there are code, wiki"):
        of.constraints({"code": 1, "wiki": 1}, {"code": 1, "wiki": 1})


def test_a_recipe_says_what_the_training_says() -> None:
    of = experiment(proxies=FIELDS["proxies"] | {"learning_rate": 0.5}).proxies
    recipe = of.recipe(vocabulary=300, tokens="t", weights={"web": 1.0}, seed=3)
    assert (recipe.model.vocabulary, recipe.model.sequence, recipe.learning_rate) == (300, SHAPE["sequence"], 0.5)
    assert recipe.trained_tokens == of.tokens == 12 * 2 * 32
