"""A YAML file of settings, read strictly: every complaint names the file, the key's path and what would be right."""

from __future__ import annotations

from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipeline import storage
from pipeline.trouble import ConfigError

Settings = TypeVar("Settings", bound=BaseModel)


def read(path: str, settings: type[Settings]) -> Settings:
    """The settings in the YAML file at `path`. Raises ConfigError."""
    try:
        raw = yaml.load(storage.read_bytes(path).decode(), Loader=_Loader)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; give an existing YAML file") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error}; give an existing YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    try:
        return settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{path}:\n{complaints(error)}") from error


def complaints(error: ValidationError) -> str:
    """A line for every key that is wrong."""
    return "\n".join(
        f"  {'.'.join(map(str, e['loc'])) or '(top level)'}: {e['msg']} (got {e['input']!r:.80})"
        for e in error.errors()
    )


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice, of which plain YAML silently keeps the last; `<<` merges as it does there.

    `classifiers.settings._Loader` is its twin.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)
