"""What pydantic finds wrong with settings, said to who wrote them: a line a mistake, keys as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.settings.nearest import hint, nearest

_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_UNITS_2: Final = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?", re.IGNORECASE)
_WHOLE, _NUMBER, _SWITCH, _MAP = (
    f"must be {kind} (got {{got}})" for kind in ("a whole number", "a number", "true or false", "a map of keys")
)
_SAYS: Final[dict[str, str]] = {
    "missing": "is missing",
    "string_type": "must be a text (got {got}); quotes make one of what looks like something else",
    "string_too_long": "must have at most {max_length} characters (got {got})",
    "string_pattern_mismatch": "must match {pattern} (got {got})",
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "tuple_type": "must be a list (got {got}); one alone is [x]",
    "dict_type": _MAP,
    "model_type": _MAP,
    "model_attributes_type": _MAP,
    "greater_than": "must be more than {gt} (got {got})",
    "greater_than_equal": "must be at least {ge} (got {got})",
    "less_than": "must be less than {lt} (got {got})",
    "less_than_equal": "must be at most {le} (got {got})",
    "multiple_of": "must be a multiple of {multiple_of} (got {got})",
    "too_short": "must not be empty",
    "value_error": "{error}",
}
"""By pydantic's type of error; of others its own words stand."""

Key = str | int


class _Place(NamedTuple):
    """keys: the path as the user wrote it; expected: what is annotated there."""

    keys: tuple[Key, ...]
    expected: Any


def shaped(pattern: str, words: str) -> AfterValidator:
    """For a text that is `pattern` as a whole: a complaint says `words` and not the pattern."""
    form = re.compile(pattern)

    def check(text: str) -> str:
        if form.fullmatch(text) is None:
            raise ValueError(f"{words} (got {text!r:.80})")
        return text

    return AfterValidator(check)


def complaints(error: ValidationError, settings: Any, path: str, before: Sequence[Key] = ()) -> str:
    """A line for every mistake against `settings` in what stands in the file `path` below the key `before`.

    A list that is empty only because all that stood in it is wrong, and a key that is missing only because it is
    misspelt, are no mistakes of their own.
    """
    found = error.errors()
    follow = {one["loc"][:depth] for one in found for depth in range(len(one["loc"]))}
    for one in found:
        if one["type"] == "extra_forbidden":
            *above, name = one["loc"]
            follow.add((*above, nearest(name, keys_of(_place(settings, above).expected)) or name))
    told = (one for one in found if one["type"] not in ("too_short", "missing") or one["loc"] not in follow)
    return "\n".join(f"{path}: {_told(one, settings, before)}" for one in told)


def _told(one: ErrorDetails, settings: Any, before: Sequence[Key]) -> str:
    kind, got = one["type"], one["input"]
    context = {**one.get("ctx", {}), "got": f"{got!r:.80}"}
    outer = _place(settings, one["loc"][:-1])
    place = _place(settings, one["loc"])
    key = ".".join(map(str, (*before, *place.keys)))
    if kind == "extra_forbidden":
        return f"{key}: no such key{hint(one['loc'][-1], keys_of(outer.expected), 'keys')}"
    if kind.startswith("union_tag"):
        said = "is missing" if kind == "union_tag_not_found" else f"there is no {got['kind']!r:.80}"
        return f"{key + '.' if key else ''}kind: {said}{hint(got.get('kind', ''), kinds_of(place.expected), 'kinds')}"
    if kind == "literal_error":
        known = [str(value) for member in _members(place.expected) for value in get_args(member)]
        return f"{key}: there is no {got!r:.80}{hint(got, known, 'values')}"
    said = _SAYS[kind].format(**context) if kind in _SAYS else f"{one['msg']} (got {got!r:.80})"
    return f"{key or '(top level)'}: {said}{_in_bytes(key, got) if kind == 'int_parsing' else ''}"


def _in_bytes(key: str, got: object) -> str:
    """Of a size with a unit, the number of bytes that is meant."""
    if not key.endswith("_bytes"):
        return ""
    if (size := _SIZE.fullmatch(str(got).strip())) is None:
        return "; bytes, e.g. 2000000000"
    number, letter, binary = size[1], (size[2] or "").lower(), size[3]
    return f"; bytes: write {int(float(number) * (_UNITS_2 if binary else _UNITS)[letter])}"


def _place(expected: Any, where: Iterable[Key]) -> _Place:
    """Follow pydantic's path of an error, which names the member of a union where the user did not."""
    keys: list[Key] = []
    for step in where:
        members = _members(expected)
        if len(members) > 1:
            expected = next((member for member in members if _kind(member) == step), Any)
        elif step != "[key]":
            keys.append(step)
            expected = _below(members[0], step)
    return _Place(tuple(keys), expected)


def _members(expected: Any) -> list[Any]:
    """What may stand there: the members of a union but None, or the one type."""
    if get_origin(expected) is Annotated:
        expected = get_args(expected)[0]
    if get_origin(expected) in (Union, UnionType):
        return [inner for one in get_args(expected) if one is not NoneType for inner in _members(one)]
    return [expected]


def _below(expected: Any, step: Key) -> Any:
    if isinstance(expected, type) and issubclass(expected, BaseModel):
        field = expected.model_fields.get(str(step))
        return field.annotation if field else Any
    arguments = get_args(expected)
    return (arguments[-1] if issubclass(get_origin(expected), Mapping) else arguments[0]) if arguments else Any


def keys_of(expected: Any) -> list[str]:
    """The keys of a map of settings."""
    (model,) = _members(expected)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def kinds_of(expected: Any) -> list[str]:
    """The values of `kind` of a union of settings."""
    return [kind for member in _members(expected) if (kind := _kind(member))]


def _kind(model: Any) -> str:
    """The value of `kind` by which a union knows `model`."""
    field = getattr(model, "model_fields", {}).get("kind")
    return str(get_args(field.annotation)[0]) if field and get_origin(field.annotation) is Literal else ""
