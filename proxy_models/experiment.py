"""The grammar of an experiment's YAML: how a corpus becomes tokens, which proxies are trained, what a good mixture is.

The same file runs small on a CPU and at size on CUDA: where it runs is said on the command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mixtures.mixture import Constraints, Domain
from mixtures.proposal.proposal import Settings
from mixtures.search.objective import Objective
from mixtures.surface import MIN_RUNS
from mixtures.uncertainty.paired import MAX_SEEDS, MIN_SEEDS
from mixtures.validation.registration import REFERENCES, Reference
from pipeline.settings import settings_file
from proxy_models.evaluation.gold_answers import BENCHMARKS, ITEMS
from proxy_models.model.decoder import ModelConfig
from proxy_models.tokens.tokenise import TokenSettings
from proxy_models.tokens.tokens import Side
from proxy_models.training.runs import Evaluation, RunRecipe

FIRST_VALIDATION_SEED = 1_000_000  # far from the trials': a validation run shares its draw of the data with none


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shape(_Frozen):
    """A decoder but for its vocabulary, which is the tokens' (see `ModelConfig`)."""

    layers: int = Field(ge=1)
    width: int = Field(ge=2)
    heads: int = Field(ge=1)
    sequence: int = Field(ge=2)

    def model(self, vocabulary: int) -> ModelConfig:
        return ModelConfig(**self.model_dump(), vocabulary=vocabulary)


class Training(_Frozen):
    """How a kind of run is trained: `steps` updates of `batch` sequences. learning_rate: default by width."""

    model: Shape
    steps: int = Field(ge=1)
    batch: int = Field(ge=1)
    learning_rate: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @property
    def tokens(self) -> int:
        """Trained on, a run."""
        return self.steps * self.batch * self.model.sequence

    def recipe(self, **others: Any) -> RunRecipe:
        """The recipe of one run; `others` are its fields that are not said here, and `vocabulary`."""
        rate = {} if self.learning_rate is None else {"learning_rate": self.learning_rate}
        model = self.model.model(others.pop("vocabulary"))
        return RunRecipe(model=model, steps=self.steps, batch=self.batch, **rate, **others)


class Proxies(Training):
    """The sweep: a run for each of `mixtures`, and more that measure the noise.

    These are `repeats` of the natural mixture and `distant_repeats` of each of two that lie far from it and each other.
    """

    mixtures: int = Field(ge=3)
    repeats: int = Field(default=8, ge=1)
    distant_repeats: int = Field(default=4, ge=0)
    seed: int = Field(default=0, ge=0, lt=FIRST_VALIDATION_SEED)


class ValidationRuns(Training):
    """The larger runs that test the proposal, `seeds` of it and of every one of `references`, natural among them.

    Three seeds find a difference of 3.3 standard deviations of a paired difference, six one of 1.4.
    """

    seeds: int = Field(default=6, ge=MIN_SEEDS, le=MAX_SEEDS)
    references: tuple[Reference, ...] = REFERENCES

    @field_validator("references")
    @classmethod
    def _natural_is_among(cls, names: tuple[Reference, ...]) -> tuple[Reference, ...]:
        if "natural" not in names or len(set(names)) < len(names):
            raise ValueError("natural must be among the references, and each must stand once")
        return names

    @property
    def run_seeds(self) -> tuple[int, ...]:
        return tuple(range(FIRST_VALIDATION_SEED, FIRST_VALIDATION_SEED + self.seeds))


class Bounds(_Frozen):
    """What the weight of one domain may be, 0..1, both inclusive."""

    minimum: float = Field(default=0.0, ge=0, le=1)
    maximum: float = Field(default=1.0, ge=0, le=1)


class Feasible(_Frozen):
    """What may be proposed. budget_tokens: of the run that is planned; default, and at least, the longest run here.

    A domain may be read `max_epochs` times within the budget. Shorter runs read as much less of it (`sampling`), so
    that a weight means as many epochs in a proxy as in the run that is planned.
    """

    budget_tokens: int | None = Field(default=None, gt=0)
    max_epochs: float = Field(default=4.0, gt=0, allow_inf_nan=False)  # arXiv:2305.16264
    domains: dict[str, Bounds] = {}


class GoldAnswers(_Frozen):
    """Benchmarks scored beside the held-out text: files in `folder` (relative to the YAML), `most` answers of each
    and side."""

    folder: str
    benchmarks: tuple[str, ...] = Field(min_length=1)
    most: int = Field(default=ITEMS, ge=1)

    @field_validator("benchmarks")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(names) - set(BENCHMARKS)):
            raise ValueError(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        if len(set(names)) < len(names):
            raise ValueError("a benchmark stands twice")
        return names


class Search(_Frozen):
    """How hard is searched (`mixtures.proposal.proposal.Settings`; validation seeds are said with those runs)."""

    folds: int = Field(default=5, ge=2)
    replicas: int = Field(default=100, ge=10)
    seed: int = Field(default=0, ge=0)


class Experiment(_Frozen):
    """From a published corpus to a validated mixture, as its YAML says it. `experiment` names the report's folder."""

    experiment: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$", max_length=100)]
    tokens: TokenSettings = TokenSettings()
    proxies: Proxies
    scored: Annotated[int, Field(ge=1)] = 200_000
    """Bytes of held-out text by domain, and side, that a run is scored on."""
    gold: GoldAnswers | None = None
    feasible: Feasible = Feasible()
    objective: Objective = Objective()
    search: Search = Search()
    validation: ValidationRuns

    @model_validator(mode="after")
    def _can_be_fitted(self) -> Experiment:
        """Before a GPU week is spent: what is left of the mixtures without the largest fold must carry a surface."""
        mixtures, folds = self.proxies.mixtures, self.search.folds
        if (left := mixtures - -(-mixtures // folds)) < MIN_RUNS:
            raise ValueError(
                f"proxies.mixtures: {mixtures} in {folds} folds leave {left} to fit a surface to, which needs "
                f"{MIN_RUNS}; take more, some to spare for runs that diverge"
            )
        return self

    @property
    def settings(self) -> Settings:
        return Settings(**self.search.model_dump(), validation_seeds=self.validation.seeds)

    @property
    def budget_tokens(self) -> int:
        """What the epoch caps are for. Raises ValueError for a budget below the longest run: it would break them."""
        longest = max(self.proxies.tokens, self.validation.tokens)
        if self.feasible.budget_tokens is None:
            return longest
        if self.feasible.budget_tokens < longest:
            raise ValueError(
                f"feasible.budget_tokens: {self.feasible.budget_tokens:,} is less than the longest run here trains on "
                f"({longest:,}); raise it, or train for fewer steps"
            )
        return self.feasible.budget_tokens

    def evaluation(self, gold: str | None, side: Side) -> Evaluation:
        """How a run is scored; `gold` is the digest of the gold answers."""
        return Evaluation(side=side, domain_bytes=self.scored, gold=gold)

    def constraints(self, trainable: dict[str, int], natural: dict[str, int]) -> Constraints:
        """The feasible set over the domains of `natural`, their tokens; `trainable` of these fill whole windows.

        Raises ValueError for bounds of a domain that is not there, and where nothing is feasible.
        """
        if unknown := sorted(set(self.feasible.domains) - set(natural)):
            there = ", ".join(sorted(natural))
            raise ValueError(f"feasible.domains: {', '.join(unknown)} has no tokens to train on; there are {there}")
        bounds = {name: self.feasible.domains.get(name, Bounds()).model_dump() for name in sorted(natural)}
        domains = {
            name: Domain(natural=natural[name], available_tokens=trainable[name], **bounds[name]) for name in bounds
        }
        budget = self.budget_tokens
        return Constraints(domains=domains, budget_tokens=budget, max_epochs=self.feasible.max_epochs)


def load(path: Path) -> Experiment:
    """The experiment in a YAML file. Raises ConfigError that names the file, the key's path and what would be right."""
    experiment = settings_file.read(str(path), Experiment)
    if experiment.gold is None:
        return experiment
    gold = experiment.gold.model_copy(update={"folder": str(path.parent / experiment.gold.folder)})
    return experiment.model_copy(update={"gold": gold})
