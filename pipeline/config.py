"""The grammar of a run's YAML: what may be written, checked before any work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline import storage
from pipeline.dedup.settings import Deduplication
from pipeline.kinds import ADDED_BY, KINDS, AnySource, AnyStage
from pipeline.rules import RuleSet, load_rule_set
from pipeline.schema import DOCUMENT
from pipeline.settings import settings_file
from pipeline.settings.complaints import complaints, shaped
from pipeline.settings.nearest import column_hint, hint, nearest
from pipeline.settings.run_settings import Audit, Publish, WipeOut
from pipeline.stage import Stage
from pipeline.stages.own import Own, class_in, made
from pipeline.steps import Step, applies, check_steps, signals
from pipeline.trouble import ConfigError


class Rules(BaseModel):
    """A rule set at its place among the steps: rows that a rule hits leave here, later stages never see them.

    Either `file` alone (relative to the config's folder) or `name` with `rules`. With `sources`, only rows of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["rules"] = "rules"
    file: str | None = None
    """A file with `name` and `rules`, relative to the folder of the config."""
    name: str | None = None
    """Of rules that stand here."""
    rules: tuple[dict[str, Any], ...] = ()
    """The rules, in the order in which they are asked; the first that holds names the reason."""
    sources: tuple[str, ...] = ()
    """Names of the sources that the rules judge; none: all."""


Name = Annotated[
    str,
    Field(max_length=100),
    shaped("[A-Za-z0-9_][A-Za-z0-9._-]*", "write it in letters, digits, _, . and -: it becomes part of a file's name"),
]
"""What becomes part of a file's name."""


SourceName = Annotated[str, shaped("[a-z0-9_]+", "write a source's name in a-z, 0-9 and _")]


class SourceConfig(BaseModel):
    """One source: who reads which files, what it declares, and where its documents are published."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reader: AnySource
    """What kind of files these are, and how they are read: `{kind: text, id_column: id}`."""
    inputs: str
    """A folder (read with all below it), a file, a pattern (`crawl/*.parquet`, `**` any folders), a list of names
    (`warc.paths.gz`), or the same as an `s3://`, `hf://` or `https://` URL (`s3://bucket/crawl`,
    `hf://datasets/organisation/name/data`); relative to the working directory."""
    licence: str | None = None
    """SPDX identifier that the source declares where a record states none; nothing verifies it."""
    licence_basis: Annotated[str, Field(max_length=200)] | None = None
    """Why that licence holds: terms of use, a contract, a law."""
    domain: Name | None = None
    """The domain in which the documents are published; none: the source's name."""
    domain_by_label: dict[str, Name] = {}
    """Other domains for the documents with these labels (a subreddit, a tag, `label_column`)."""


class Config(BaseModel):
    """A run, as its YAML says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    run: Name
    """Name of the run; without `--data` its folder is `data/<run>`."""
    sources: dict[SourceName, SourceConfig] = Field(min_length=1)
    """What is read, by a name of yours (a-z, 0-9, _) that every document carries."""
    filter: tuple[Annotated[AnyStage | Rules | Own, Field(discriminator="kind")], ...]
    """Stages and rule sets in the order in which documents pass them; `[]`: none."""
    audit: Audit = Audit()
    """The sample that is kept of what is dropped and of what is not."""
    dedup: Deduplication = Deduplication()
    """What is a duplicate, and which copy stays."""
    wipe_out: WipeOut = WipeOut()
    """When the run stops because deduplication would take too much of a source."""
    publish: Publish = Publish()
    """How the corpus is cut into shards."""

    def domain_of(self, source: str, label: str | None) -> str:
        """The domain in which a document of that source and label is published."""
        entry = self.sources[source]
        return entry.domain_by_label.get(label or "", entry.domain or source)

    def domains(self) -> list[str]:
        """Every domain that documents can be published in, sorted."""
        entries = self.sources.items()
        return sorted({name for key, e in entries for name in (e.domain or key, *e.domain_by_label.values())})


def load(path: str) -> tuple[Config, tuple[Step, ...]]:
    """The config in `path` and its filter steps with rule files read, all names and columns checked.

    Raises ConfigError that names the file, the key's path and what would be right.
    """
    config = settings_file.read(path, Config)
    dedup = config.dedup
    named_sources = {
        "dedup.source_priority": dedup.source_priority,
        "dedup.url_sources": dedup.url_sources,
        "dedup.lines.sources": dedup.lines.sources if dedup.lines else (),
        "dedup.passages.sources": dedup.passages.sources if dedup.passages else (),
        "wipe_out.max_share_of": config.wipe_out.max_share_of,
    }
    steps = tuple(_step(item, index, path) for index, item in enumerate(config.filter))
    for index, step in enumerate(steps):
        named_sources[f"filter.{index}.sources"] = step.sources_named() if isinstance(step, Stage) else step.sources
    for key, named in named_sources.items():
        if unknown := sorted(set(named) - set(config.sources)):
            said = "; ".join(f"no source is called {name}{hint(name, config.sources, 'sources')}" for name in unknown)
            raise ConfigError(f"{path}: {key}: {said}")
    for index, step in enumerate(steps):
        if isinstance(step, Stage):
            try:
                step.fingerprint()
            except (FileNotFoundError, ValueError) as error:
                raise ConfigError(f"{path}: filter.{index} ({step.kind}): {error}") from error
    for source, entry in config.sources.items():
        try:
            entry.reader.fingerprint()
        except (FileNotFoundError, ValueError) as error:
            raise ConfigError(f"{path}: sources.{source}.reader ({entry.reader.kind}): {error}") from error
        check_steps(steps, path, source)
    _check_ranking(config, steps, path)
    return config, steps


def _check_ranking(config: Config, steps: tuple[Step, ...], path: str) -> None:
    """What deduplication ranks by must be measured: licences and opt-outs for every source, the rest for some."""
    for key in ("licence_rank_column", "opt_out_column", "quality_column", "work_column"):
        if (name := getattr(config.dedup, key)) is None:
            continue
        there = [*DOCUMENT.names, *signals(steps).names]
        if name not in there:
            said = column_hint(name, there, ADDED_BY, "into `filter`")
            raise ConfigError(f"{path}: dedup.{key}: no stage measures {name!r}{said}")
        for source in config.sources if key in ("licence_rank_column", "opt_out_column") else ():
            if name not in [*DOCUMENT.names, *signals(tuple(one for one in steps if applies(one, source))).names]:
                raise ConfigError(f"{path}: dedup.{key}: {name!r} is not measured for source {source}")


def _step(item: Stage | Rules | Own, index: int, path: str) -> Step:
    if isinstance(item, Stage):
        return item
    key = f"{path}: filter.{index}"
    if isinstance(item, Own):
        return _own_stage(item, index, path)
    if (item.file is None) == (item.name is None) or (item.file is not None and item.rules):
        raise ConfigError(f"{key}: give either `file: rules/x.yaml` or `name:` with `rules:`")
    if item.file is not None:
        rules = load_rule_set(_beside(path, item.file, key))
        if rules.sources:
            raise ConfigError(f"{key}: {item.file} names sources; write `sources:` here, beside `file:`")
        return rules.model_copy(update={"sources": item.sources})
    try:
        return RuleSet.model_validate({"name": item.name, "rules": item.rules, "sources": item.sources})
    except ValidationError as error:
        raise ConfigError(complaints(error, RuleSet, path, ("filter", index))) from error


def _own_stage(own: Own, index: int, path: str) -> Stage:
    key = f"{path}: filter.{index}"
    file = _beside(path, own.file, key)
    try:
        stage = class_in(file, storage.read_bytes(file))
        if (kind := stage.model_fields["kind"].default) in KINDS:
            raise ValueError(f"there is a stage {kind} already; give yours another kind")
        return made(stage, own, file)
    except ValidationError as error:
        raise ConfigError(complaints(error, stage, path, ("filter", index, "settings"))) from error
    except ValueError as error:
        raise ConfigError(f"{key}.file: {file}: {error}") from error


def _beside(path: str, file: str, key: str) -> str:
    """Where the file lies that the config in `path` names by `file`. Raises ConfigError where there is none."""
    found = storage.beside(path, file)
    if storage.exists(found):
        return found
    folder, _, name = found.rpartition("/")
    meant = nearest(name, storage.list_names(folder or "."))
    said = f"; did you mean {file.removesuffix(name)}{meant}?" if meant else ""
    raise ConfigError(f"{key}.file: {found}: no such file{said} (a path goes by the config's folder)")
