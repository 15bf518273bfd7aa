"""A config that is right, and what `load` says of it with something else in a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import load
from pipeline.trouble import ConfigError

GOOD = """run: x
sources:
  a:
    reader: {kind: text}
    inputs: in
filter:
  - {kind: statistics}
  - kind: rules
    name: mine
    rules:
      - drop: mine:short
        when: word_count < 5
"""


def told(folder: Path, good: str, bad: str) -> list[str]:
    """Every line that is said of `bad` in the place of `good`; `rules/gopher.yaml` is there, no other file."""
    (folder / "rules").mkdir()
    (folder / "rules" / "gopher.yaml").write_text("name: gopher\n")
    (folder / "x.yaml").write_text(GOOD.replace(good, bad, 1))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ConfigError) as refusal:
        patch.chdir(folder)
        load("x.yaml")
    return str(refusal.value).splitlines()
