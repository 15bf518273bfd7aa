"""Documents that must follow the code."""

from __future__ import annotations

import re

from pipeline.__main__ import app
from pipeline.dictionary import dictionary
from tests.conftest import ROOT


def test_the_data_dictionary_is_what_the_schemas_say():
    assert (ROOT / "docs" / "data-dictionary.md").read_text() == dictionary(), "run `make docs`"


def test_every_command_is_documented():
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    text = "\n".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    assert {name for name in commands if not re.search(rf"pipeline {name}\b|make {name}\b", text)} == set()


def test_every_make_target_with_a_comment_is_in_the_readme():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    assert [target for target in targets if f"make {target}" not in readme] == []
