"""A YAML file of settings, read strictly: every complaint names the file, the key's path and what would be right."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipeline import storage
from pipeline.settings.complaints import complaints
from pipeline.trouble import ConfigError

Settings = TypeVar("Settings", bound=BaseModel)


def read(path: str, settings: type[Settings]) -> Settings:
    """The settings in the YAML file at `path`. Raises ConfigError."""
    try:
        raw = parsed(storage.read_bytes(path).decode(), path)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; give an existing YAML file") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error}; give an existing YAML file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    try:
        return settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(complaints(error, settings, path)) from error


def parsed(text: str, path: str) -> Any:
    """What the YAML `text` of the file `path` says. Raises ConfigError that names the line."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = "" if isinstance(error, yaml.constructor.ConstructorError) else "not YAML: "
        raise ConfigError(f"{path}{place}: {what}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice, of which plain YAML silently keeps the last; `<<` merges as it does there.

    `classifiers.settings._Loader` is its twin.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[Any, int] = {}
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name, line = self.construct_object(key, deep=True), key.start_mark.line + 1
            if not isinstance(name, Hashable):
                continue  # refused below
            if name in lines:
                said = f"{name} is given twice, first in line {lines[name]}"
                raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
            lines[name] = line
        return super().construct_mapping(node, deep)
