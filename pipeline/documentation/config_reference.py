"""docs/config.md, the reference of a run's YAML, from the models that read it; a test holds it against the code."""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.config import Config, Rules, SourceConfig
from pipeline.contamination.items import FieldMap, Fields
from pipeline.dedup.cut_settings import Lines, Passages
from pipeline.dedup.settings import Deduplication
from pipeline.documentation.config_examples import EXAMPLES
from pipeline.extraction.ocr.engines import AnyEngine
from pipeline.kinds import SOURCES, STAGES
from pipeline.rules import Rule, RuleSet
from pipeline.settings.run_settings import Audit, Publish, WipeOut
from pipeline.sources.source import Source
from pipeline.stage import Stage
from pipeline.stages.own import Own

HEAD = """# A run's YAML

Generated from the models that read it (`make docs`); do not edit. `python -m pipeline run --config x.yaml --plan`
checks a config without running it: a wrong key, kind or column is told with what was meant. Paths of `inputs`, models,
lists and benchmarks go by the working directory, `file` of rules by the folder of the config. The default `none` is a
key that is left out, or `null`.
How a corpus is made with it: [run it on your own shards](how-to/run.md); what a column means:
[data dictionary](data-dictionary.md).
"""
FILTER = """Steps in the order in which documents pass them: stages measure or rewrite, [`rules`](#rules) drop. A stage
stands before the rules that read its columns; stages that rewrite the text stand before those that measure it. Every
step takes `sources: [a, b]`, the names of the sources that it is for; without, it is for all."""
DEDUP = """`python -m pipeline dedup --config x.yaml` reads these keys from a file of their own, without `dedup:`
([how-to](how-to/dedup.md))."""
ENGINES = """What `engine` of the source [`pdf`](#pdf) may be ([how-to](how-to/pdf.md))."""
RULE_FILES = "A file of rules (`configs/rules/` has those of C4, Gopher, FineWeb, RefinedWeb and others):\n"
SECTIONS = {
    SourceConfig: "sources",
    Rule: "rules",
    Audit: "audit",
    Deduplication: "dedup",
    Lines: "lines",
    Passages: "passages",
    WipeOut: "wipe_out",
    Publish: "publish",
    Fields: "fields-of-benchmarks",
}
"""Where the keys of a map stand."""
UNITS = {
    "bytes": "bytes",
    "s": "seconds",
    "pixels": "pixels",
    "characters": "characters",
    "words": "words",
    "pages": "pages",
    "documents": "documents",
    "dpi": "dots per inch",
    "share": "0 to 1",
    "tokens": "tokens",
}
"""By the last word of a key that is a number."""
REQUIRED = "**required**"


def reference() -> str:
    """The whole page as Markdown."""
    engines = get_args(get_args(AnyEngine)[0])
    parts = [HEAD, _contents(engines), "## A run\n", _part("run", Config)]
    parts += ["## `sources`\n", _part("sources", SourceConfig)]
    for source in SOURCES:
        parts += [f"### {_title(source)}\n", _part(_kind(source), source, _files(source))]
    parts.append(f"### OCR engines\n\n{ENGINES}\n")
    for engine in engines:
        parts += [f"#### {_title(engine)}\n", _part(_kind(engine), engine)]
    parts.append(f"## `filter`\n\n{FILTER}\n")
    for stage in STAGES:
        parts += [f"### {_title(stage)}\n", _part(_kind(stage), stage, _columns(stage))]
    parts += ["### `own`\n", _part("own", Own)]
    parts += ["### `rules`\n", _part("rules", Rules), "A rule:\n", _table(Rule)]
    parts += [RULE_FILES, _table(RuleSet)]
    parts += ["### Fields of benchmarks\n", _part("fields", FieldMap), _doc(Fields), _table(Fields)]
    parts += ["## `audit`\n", _part("audit", Audit), "## `dedup`\n", _part("dedup", Deduplication, DEDUP)]
    parts += ["### `lines`\n", _part("lines", Lines), "### `passages`\n", _part("passages", Passages)]
    parts += ["## `wipe_out`\n", _part("wipe_out", WipeOut), "## `publish`\n", _part("publish", Publish)]
    return "\n".join(parts)


def _contents(engines: tuple[type[BaseModel], ...]) -> str:
    def links(models: Sequence[type[BaseModel]]) -> str:
        return " ".join(f"[`{_kind(model)}`](#{_kind(model)})" for model in models)

    return (
        "- [A run](#a-run), [`audit`](#audit), [`wipe_out`](#wipe_out), [`publish`](#publish)\n"
        f"- [`sources`](#sources): {links(SOURCES)}; [OCR engines](#ocr-engines): {links(engines)}\n"
        f"- [`filter`](#filter): {links((*STAGES, Own, Rules))}; [fields of benchmarks](#fields-of-benchmarks)\n"
        "- [`dedup`](#dedup): [`lines`](#lines) [`passages`](#passages)\n"
    )


def _part(name: str, model: type[BaseModel], more: str = "") -> str:
    """What the model is, its keys, what else there is to say, and an example."""
    example = f"```yaml\n{EXAMPLES[name]}```\n"
    return "\n".join(text for text in (_doc(model), more and f"{more}\n", _table(model), example) if text)


def _doc(model: type[BaseModel]) -> str:
    return f"{inspect.cleandoc(model.__doc__ or '')}\n"


def _title(model: type[BaseModel]) -> str:
    return f"`{_kind(model)}`"


def _kind(model: type[BaseModel]) -> str:
    return str(model.model_fields["kind"].default)


def _files(source: type[Source]) -> str:
    suffixes = ", ".join(f"`{suffix}`" for suffix in source.suffixes if suffix)
    return (
        f"Of a folder it reads {f'files that end in {suffixes}, in any case of letters' if suffixes else 'every file'}."
    )


def _columns(stage: type[Stage]) -> str:
    reads, adds = (", ".join(f"`{name}`" for name in names) for names in (sorted(stage.reads), stage.adds.names))
    rewrites = " Rewrites `text`." if stage.rewrites_text else ""
    told = f" Adds [columns](data-dictionary.md#{_kind(stage)}): {adds}." if adds else ""
    if not adds:
        told = " Adds no column." if stage.added is Stage.added else " Adds the columns of what its fields name."
    return f"Reads {reads}.{rewrites}{told}"


def _table(model: type[BaseModel]) -> str:
    said = sentences(model)
    hidden = {"kind", "sources"} if issubclass(model, Stage) else {"kind"}
    lines = ["| key | type | default | unit | meaning |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if name not in hidden:
            cells = (f"`{name}`", _type(field), _default(field), _unit(name, field), said[name])
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else "No keys of its own.\n"


def sentences(model: type[BaseModel]) -> dict[str, str]:
    """What the docstring below each key says, as one line, of a model and those it is made of. KeyError: none does."""
    said: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            said |= dict(_below(one))
    return {name: said[name] for name in model.model_fields if name != "kind"}


def _below(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    for key, text in zip(tree.body, tree.body[1:], strict=False):
        match key, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                yield name, " ".join(said.split())


def _type(field: FieldInfo) -> str:
    return _words(field.annotation, field)


def _words(annotation: Any, field: FieldInfo | None = None) -> str:
    """A type in words, with its bounds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0], next((one for one in arguments if isinstance(one, FieldInfo)), None))
    if origin in (Union, UnionType):
        members = [one for one in arguments if one is not NoneType]
        if len(members) == 1:
            return _words(members[0], field)
        if issubclass(members[0], Stage):
            return "[steps](#filter)"
        return "one of " + ", ".join(f"[`{_kind(member)}`](#{_kind(member)})" for member in members)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {_words(arguments[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"map of {_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[keys](#{SECTIONS[annotation]})"
    return _PLAIN.get(annotation, "anything") + _bounds(field)


_PLAIN = {str: "text", int: "whole number", float: "number", bool: "`true`, `false`"}
_BOUNDS = {
    "gt": "more than {}",
    "ge": "at least {}",
    "lt": "less than {}",
    "le": "at most {}",
    "multiple_of": "in steps of {}",
    "max_length": "at most {} characters",
}


def _bounds(field: FieldInfo | None) -> str:
    told = [
        words.format(getattr(one, name))
        for one in (field.metadata if field else ())
        for name, words in _BOUNDS.items()
        if getattr(one, name, None) is not None
    ]
    return "".join(f", {one}" for one in told)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return REQUIRED
    default = field.get_default(call_default_factory=True)
    if default is None:
        return "none"
    if isinstance(default, BaseModel):
        return f"`{{kind: {_kind(default.__class__)}}}`" if "kind" in default.__class__.model_fields else "the defaults"
    if isinstance(default, str):
        return f"`{textwrap.shorten(default, 60, placeholder=' ...')}`"
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{json.dumps(default)}`"


def _unit(name: str, field: FieldInfo) -> str:
    words = name.split("_")
    is_number = re.match(r"whole number|number", _type(field)) is not None
    return next((UNITS[word] for word in reversed(words) if is_number and word in UNITS), "")


if __name__ == "__main__":
    sys.stdout.write(reference())
