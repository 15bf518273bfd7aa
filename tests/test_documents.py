"""Documents that must follow the code."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from rich.text import Text
from typer.main import get_command

from pipeline.__main__ import app
from pipeline.config import load
from pipeline.contamination.items import FieldMap
from pipeline.documentation.config_examples import EXAMPLES
from pipeline.documentation.config_reference import reference
from pipeline.documentation.dictionary import dictionary
from pipeline.kinds import SOURCES, STAGES
from pipeline.settings import settings_file
from pipeline.sources.pdf.source import Pdf
from pipeline.stages.attributes import Attributes
from tests.conftest import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")])


def test_the_data_dictionary_is_what_the_schemas_say():
    assert (ROOT / "docs" / "data-dictionary.md").read_text() == dictionary(), "run `make docs`"


def test_the_reference_of_a_config_is_what_its_models_say():
    assert (ROOT / "docs" / "config.md").read_text() == reference(), "run `make docs`"


def prose(path: Path) -> str:
    """A document without its code."""
    return re.sub(r"(?ms)^( *)```.*?^\1```$|`[^`\n]+`(?!\])", "", path.read_text(encoding="utf-8"))


@cache
def anchors(path: Path) -> list[str]:
    """Of its headings, as GitHub makes them: lower case, punctuation gone, a hyphen for a space."""
    headings = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?ms)^```.*?^```$", "", path.read_text(encoding="utf-8")))
    return [re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path):
    gone = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            gone.append(target)
    assert gone == []


def test_every_heading_of_the_reference_is_one_place():
    found = anchors(ROOT / "docs" / "config.md")
    assert len(set(found)) == len(found)
    assert {f"```yaml\n{example}```" in reference() for example in EXAMPLES.values()} == {True}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_of_the_reference_is_right(tmp_path, monkeypatch, name):
    path = tmp_path / "x.yaml"
    path.write_text(EXAMPLES[name])
    if name == "fields":
        assert settings_file.read(str(path), FieldMap).files
        return
    for kind in (*STAGES, *SOURCES):
        if kind.places:  # its models, lists, benchmarks and programs are not there
            monkeypatch.setattr(kind, "fingerprint", lambda self: "")
    monkeypatch.setattr(Attributes, "added", lambda self: pa.schema([("edu_score", pa.int64())]))
    for folder in ("rules", "stages"):
        (tmp_path / folder).symlink_to(ROOT / "configs" / folder)
    web = {"reader": {"kind": "commoncrawl"}, "inputs": "data/web"}
    some = {"run": "x", "sources": dict.fromkeys(("arxiv", "books", "papers", "web", "wikipedia"), web), "filter": []}
    path.write_text(json.dumps(some | yaml.safe_load(EXAMPLES[name])))
    config, steps = load(str(path))
    kinds = {source.reader.kind for source in config.sources.values()} | {step.kind for step in config.filter}
    kinds |= {source.reader.engine.kind for source in config.sources.values() if isinstance(source.reader, Pdf)}
    assert name in kinds or name in yaml.safe_load(EXAMPLES[name]) or getattr(config.dedup, name) is not None
    assert len(steps) == len(config.filter)


def test_every_command_is_documented():
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    text = "\n".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    assert {name for name in commands if not re.search(rf"pipeline {name}\b|make {name}\b", text)} == set()


def test_every_make_target_with_a_comment_is_in_the_readme():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    assert [target for target in targets if f"make {target}" not in readme] == []


@pytest.mark.parametrize("package", ["pipeline", "proxy_models", "mixtures", "classifiers"])
def test_every_file_has_its_place_in_the_table_of_files(package):
    """docs/architecture.md, "Which file does what": none is missing, none is named that is gone; folders may be."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.partition(f"| in `{package}/` | |")[2].partition("\n\n")[0]
    cells = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    patterns = re.findall(r"`([^`]+\.py)`", cells)
    files = {path.name for path in (ROOT / package).glob("*.py")} - {"__init__.py"}
    assert [name for name in files if not any(fnmatch(name, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in files)] == []


@pytest.mark.parametrize("package", ["classifiers", "mixtures", "pipeline", "proxy_models"])
def test_help_says_all_that_is_written(package):
    """A word in square brackets is taken for markup, and is gone."""
    commands = get_command(import_module(f"{package}.__main__").app).commands
    texts = [one.help for one in commands.values()]
    texts += [getattr(option, "help", None) for one in commands.values() for option in one.params]
    written = [text for text in texts if text]
    assert len(written) > len(commands)
    assert [Text.from_markup(text).plain for text in written] == written


IMPORTED = r"(?m)^ *from ((?:classifiers|mixtures|pipeline|proxy_models)[\w.]*) import (.+)$"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_imported_in_a_document_is_there(path):
    for module, names in re.findall(IMPORTED, path.read_text(encoding="utf-8")):
        for name in names.split(", "):
            assert hasattr(import_module(module), name) or find_spec(f"{module}.{name}"), f"{module}.{name}"
