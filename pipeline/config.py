"""The grammar of a run's YAML: what may be written, checked before any work."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline import settings_file, storage
from pipeline.dedup.settings import Deduplication
from pipeline.rules import RuleSet, check_columns, load_rule_set
from pipeline.schema import DOCUMENT
from pipeline.settings_file import complaints
from pipeline.sources.arxiv import Arxiv
from pipeline.sources.code.source import Code
from pipeline.sources.commoncrawl import CommonCrawl
from pipeline.sources.pdf import Pdf
from pipeline.sources.reddit import Reddit
from pipeline.sources.stackexchange import StackExchange
from pipeline.sources.text import Text
from pipeline.sources.wikipedia import Wikipedia
from pipeline.stage import Stage
from pipeline.stages.contamination import Contamination, ContaminationCut
from pipeline.stages.language import Language
from pipeline.stages.licence import Licence
from pipeline.stages.lines import C4Lines, RefinedWebLines
from pipeline.stages.machine_written import MachineWritten
from pipeline.stages.normalise import Normalise
from pipeline.stages.privacy import Privacy, PrivacyMark
from pipeline.stages.quality import Quality
from pipeline.stages.robots import Robots
from pipeline.stages.statistics import TextStatistics
from pipeline.stages.topic import Topic
from pipeline.stages.url import Url
from pipeline.trouble import ConfigError

AnySource = Annotated[
    CommonCrawl | Text | Code | Pdf | Reddit | StackExchange | Wikipedia | Arxiv, Field(discriminator="kind")
]
AnyStage = (
    Url
    | Robots
    | Licence
    | Normalise
    | Language
    | TextStatistics
    | C4Lines
    | RefinedWebLines
    | Quality
    | Topic
    | MachineWritten
    | Privacy
    | PrivacyMark
    | ContaminationCut
    | Contamination
)
STAGES: tuple[type[Stage], ...] = get_args(AnyStage)
SOURCES = (CommonCrawl, Text, Code, Pdf, Reddit, StackExchange, Wikipedia, Arxiv)
"""Every source and stage that a config can name: a new one is a file of its own and a word here."""


class Rules(BaseModel):
    """A rule set at its place among the steps: rows that a rule hits leave here, later stages never see them.

    Either `file` alone (relative to the config's folder) or `name` with `rules`. With `sources`, only rows of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["rules"] = "rules"
    file: str | None = None
    name: str | None = None
    rules: tuple[dict[str, Any], ...] = ()
    sources: tuple[str, ...] = ()


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$", max_length=100)]
"""What becomes part of a file's name."""


class SourceConfig(BaseModel):
    """One source: who reads which files, what it declares, and where its documents are published."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reader: AnySource
    inputs: str  # a folder, a file, a pattern (`crawl/*.parquet`), or the same as an fsspec URL; see `patterns`
    licence: str | None = None  # SPDX id that the source declares where a record states none; unverified
    licence_basis: Annotated[str, Field(max_length=200)] | None = None  # why it holds: terms of use, a contract, a law
    domain: Name | None = None  # default: the source's name
    domain_by_label: dict[str, Name] = {}


class Audit(BaseModel):
    """The sample that passes all stages whatever its verdict: 1 in `one_in`, at least `floor` a shard and reason.

    As long as they fit 4 MiB a reason. In a run of very many shards the floor decides the size of `audit/`: lower it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    one_in: int = Field(default=1000, ge=1)
    floor: int = Field(default=100, ge=0)


class WipeOut(BaseModel):
    """A source that loses more than this share of its documents to deduplication stops the run before it publishes.

    Templated pages can be near duplicates of one another by the thousand: 76 % of a source have been seen to go so,
    and of the oldest crawls up to 90 %, of which the better part went (FineWeb, arXiv:2406.17557, 3.4). Copies within
    a crawl take a third to a half. Below `min_documents` a share says little: a source of a few files may well be
    mostly copies of another one. Decides whether a run goes on, never what it publishes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_share: float = Field(default=0.75, gt=0, le=1)
    min_documents: int = Field(default=1000, ge=1)
    max_share_of: dict[str, Annotated[float, Field(gt=0, le=1)]] = {}
    """By source, where it is another."""


class Publish(BaseModel):
    """How the corpus is cut: shards of about `shard_bytes` of text in each domain.

    A worker holds such a shard twice while it sorts it: the default keeps it under 1 GiB.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    shard_bytes: int = Field(default=128 * 2**20, ge=2**10)


class Config(BaseModel):
    """A run, as its YAML says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    run: Name
    sources: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], SourceConfig] = Field(min_length=1)
    filter: tuple[Annotated[AnyStage | Rules, Field(discriminator="kind")], ...]
    audit: Audit = Audit()
    dedup: Deduplication = Deduplication()
    wipe_out: WipeOut = WipeOut()
    publish: Publish = Publish()

    def domain_of(self, source: str, label: str | None) -> str:
        """The domain in which a document of that source and label is published."""
        entry = self.sources[source]
        return entry.domain_by_label.get(label or "", entry.domain or source)

    def domains(self) -> list[str]:
        """Every domain that documents can be published in, sorted."""
        entries = self.sources.items()
        return sorted({name for key, e in entries for name in (e.domain or key, *e.domain_by_label.values())})


Step = Stage | RuleSet


def load(path: str) -> tuple[Config, tuple[Step, ...]]:
    """The config in `path` and its filter steps with rule files read, all names and columns checked.

    Raises ConfigError that names the file, the key's path and what would be right.
    """
    config = settings_file.read(path, Config)
    dedup = config.dedup
    named_sources = {
        "source_priority": dedup.source_priority,
        "url_sources": dedup.url_sources,
        "lines.sources": dedup.lines.sources if dedup.lines else (),
        "passages.sources": dedup.passages.sources if dedup.passages else (),
    }
    for key, named in named_sources.items():
        if unknown := sorted(set(named) - set(config.sources)):
            raise ConfigError(f"{path}: dedup.{key}: no source is called {', '.join(unknown)}")
    if unknown := sorted(set(config.wipe_out.max_share_of) - set(config.sources)):
        raise ConfigError(f"{path}: wipe_out.max_share_of: no source is called {', '.join(unknown)}")
    steps = tuple(_step(item, index, path) for index, item in enumerate(config.filter))
    for index, step in enumerate(steps):
        mentioned = step.sources_named() if isinstance(step, Stage) else frozenset(step.sources)
        if unknown := sorted(mentioned - set(config.sources)):
            raise ConfigError(f"{path}: filter.{index}.sources: no source is called {', '.join(unknown)}")
        if isinstance(step, Stage):
            try:
                step.fingerprint()
            except (FileNotFoundError, ValueError) as error:
                raise ConfigError(f"{path}: filter.{index} ({step.kind}): {error}") from error
    for source in config.sources:
        check_steps(steps, path, source)
    held = {*DOCUMENT.names, *signals(steps).names}
    if missing := [name for name in config.dedup.columns if name not in held]:
        there = ", ".join(sorted(held))
        raise ConfigError(f"{path}: dedup: no stage measures {', '.join(missing)}; there are {there}")
    for source in config.sources:
        measured = {*DOCUMENT.names, *signals(tuple(step for step in steps if applies(step, source))).names}
        ranking = (config.dedup.licence_rank_column, config.dedup.opt_out_column)
        if missing := [name for name in ranking if name is not None and name not in measured]:
            raise ConfigError(f"{path}: dedup: {', '.join(missing)} is not measured for source {source}")
    return config, steps


def _step(item: Stage | Rules, index: int, path: str) -> Step:
    if isinstance(item, Stage):
        return item
    key = f"{path}: filter.{index}"
    if (item.file is None) == (item.name is None) or (item.file is not None and item.rules):
        raise ConfigError(f"{key}: give either `file: rules/x.yaml` or `name:` with `rules:`")
    if item.file is not None:
        rules = load_rule_set(storage.beside(path, item.file))
        if rules.sources:
            raise ConfigError(f"{key}: {item.file} names sources; write `sources:` here, beside `file:`")
        return rules.model_copy(update={"sources": item.sources})
    try:
        return RuleSet.model_validate({"name": item.name, "rules": item.rules, "sources": item.sources})
    except ValidationError as error:
        raise ConfigError(f"{key}:\n{complaints(error)}") from error


def applies(step: Step, source: str) -> bool:
    """Whether rows of `source` pass this step."""
    return not step.sources or source in step.sources


def check_steps(steps: tuple[Step, ...], path: str, source: str) -> None:
    """Check the order of steps before any work: columns exist, names are free, rewriting comes before measuring.

    Checked is what rows of one source pass.
    """
    schema, measured = DOCUMENT, ""
    for index, step in enumerate(steps):
        if not applies(step, source):
            continue
        key = f"{path}: filter.{index}" + (f" (of source {source})" if step.sources else "")
        if isinstance(step, RuleSet):
            try:
                check_columns(step, schema)
            except ConfigError as error:
                raise ConfigError(f"{key} (rules {step.name}): {error}") from error
            continue
        missing = sorted(step.reads - set(schema.names))
        if missing:
            raise ConfigError(f"{key} ({step.kind}): needs {missing}; put the stage that adds them before it")
        if step.rewrites_text and measured:
            raise ConfigError(f"{key} ({step.kind}): rewrites text after {measured} measured it; move it before")
        taken = sorted(set(step.adds.names) & set(schema.names))
        if taken:
            raise ConfigError(f"{key} ({step.kind}): adds {taken}, which exist already; is the stage there twice?")
        if not step.rewrites_text and "text" in step.reads:
            measured = step.kind
        schema = pa.schema([*schema, *step.adds])


def signals(steps: tuple[Step, ...]) -> pa.Schema:
    """The columns that the steps add, in order; null for the sources that a step is not for."""
    columns: dict[str, pa.Field] = {}
    for step in steps:
        if isinstance(step, Stage):
            for column in step.adds:
                columns.setdefault(column.name, column.with_nullable(column.nullable or bool(step.sources)))
    return pa.schema(columns.values())


def steps_recipe(steps: tuple[Step, ...], source: str) -> list[Any]:
    """What rows of `source` pass, as plain data: fields, versions, model digests; rules as parsed."""
    return [
        {"rules": step.canonical(), "name": step.name}
        if isinstance(step, RuleSet)
        else {
            "stage": step.model_dump(mode="json", exclude={"sources", *step.places}),
            "version": step.version,
            "model": step.fingerprint(),
        }
        for step in steps
        if applies(step, source)
    ]


def deciding_libraries(steps: tuple[Step, ...], source: str) -> set[str]:
    """Distributions whose version may change what the steps decide of rows of `source`."""
    return {
        "duckdb",
        "pyarrow",
        "numba",
        "numpy",
        *(name for s in steps if isinstance(s, Stage) and applies(s, source) for name in s.decides_with),
    }
