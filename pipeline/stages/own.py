"""A stage in a file of yours: read before any work, sent with every task, and held to the laws of a stage."""

from __future__ import annotations

import hashlib
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType, new_class
from typing import Any, Final, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.stage import Stage

MAX_FILE_BYTES: Final = 256 << 10
"""Of a stage's file: it travels with every task."""
TRIED_ROWS: Final = 32
Call = Callable[[Stage, pa.RecordBatch], pa.RecordBatch]


class Own(BaseModel):
    """A stage of yours, in a Python file: the one class in it that is a `pipeline.stage.Stage`.

    The file may import what is installed, not its neighbours: its bytes alone decide the recipe, and go with every
    task, so that it need not lie on other machines. What it adds, reads and rewrites is checked before any work; that
    it keeps its rows, whenever it is called; that it gives the same for the same rows however they are batched, on the
    first rows that each process sees. [How to write one](how-to/add-a-stage.md).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["own"] = "own"
    file: str
    """The Python file, relative to the folder of the config."""
    settings: dict[str, Any] = {}
    """Values for the fields of the class."""
    sources: tuple[str, ...] = ()
    """Names of the sources that the stage is for; none: all."""


def class_in(file: str, code: bytes) -> type[Stage]:
    """The stage that `code` defines, held to the laws of a stage; `file` is what messages and tracebacks call it.

    Raises ValueError that says what is wrong with it, by line where there is one.
    """
    if len(code) > MAX_FILE_BYTES:
        raise ValueError(f"a stage has at most {MAX_FILE_BYTES >> 10} KiB, this file {len(code) >> 10}: it travels")
    return _class_in(file, code)


@lru_cache(maxsize=64)
def _class_in(file: str, code: bytes) -> type[Stage]:
    module = ModuleType(f"riffle_own_{hashlib.sha256(code).hexdigest()[:16]}")
    module.__file__ = file
    sys.modules[module.__name__] = module  # where pydantic looks up what annotations name
    with _telling(file):
        exec(compile(code, file, "exec", dont_inherit=True), module.__dict__)
    own = [one for one in vars(module).values() if inspect.isclass(one) and one.__module__ == module.__name__]
    stages = [one for one in own if issubclass(one, Stage) and not inspect.isabstract(one)]
    if len(stages) != 1:
        names = ", ".join(one.__name__ for one in stages) or "no class"
        raise ValueError(f"{names} in it is a pipeline.stage.Stage with a `__call__`; one must be")
    (stage,) = stages
    if missing := [name for name in ("reads", "adds") if not hasattr(stage, name)]:
        raise ValueError(f"{stage.__name__} says nothing of `{missing[0]}`")
    if not isinstance(stage.reads, Set) or not all(isinstance(name, str) for name in stage.reads):
        raise ValueError(f"{stage.__name__}.reads is {stage.reads!r}; write a set of names: frozenset({{'text'}})")
    if not isinstance(stage.adds, pa.Schema):
        raise ValueError(f"{stage.__name__}.adds is a {type(stage.adds).__name__}; write pa.schema([field(...), ...])")
    if not isinstance(stage.model_fields["kind"].default, str):
        raise ValueError(f"{stage.__name__} has no kind; write `kind: Literal['x'] = 'x'`, x being its name")

    def fingerprint(self: Stage) -> str:
        with _telling(file, FileNotFoundError, ValueError):
            return f"{hashlib.sha256(code).hexdigest()} {stage.fingerprint(self)}".rstrip()

    body: dict[str, Any] = {
        "__module__": stage.__module__,
        "__doc__": stage.__doc__,
        "__call__": _lawful(file, stage.__call__),
        "__reduce__": lambda self: (_again, (file, code, self.model_dump(by_alias=True))),
        "fingerprint": fingerprint,
    }
    lawful: type[Stage] = new_class(stage.__name__, (stage,), {}, lambda namespace: namespace.update(body))
    return lawful


def _again(file: str, code: bytes, fields: dict[str, Any]) -> Stage:
    """A stage in another process: its file may not be there, so what tracebacks quote comes along."""
    linecache.cache[file] = (len(code), None, code.decode("utf-8", "replace").splitlines(keepends=True), file)
    return class_in(file, code)(**fields)


def made(stage: type[Stage], own: Own, file: str) -> Stage:
    """A stage of that class with the settings of `own`.

    Raises ValidationError for settings that are wrong, ValueError for what may not be a setting or a column.
    """
    if "sources" in own.settings:
        raise ValueError("`sources` is no setting; write it beside `file`")
    with _telling(file, ValidationError):
        one = stage(**{**own.settings, "sources": own.sources})
        columns = one.added()
        one.model_dump(mode="json")  # for the recipe
    for name, value in one.model_dump().items():
        if _holds_set(value):
            raise ValueError(f"its field {name} holds a set, which has another order in every process; make it a tuple")
    if (why := _refusal(columns)) is not None:
        raise ValueError(why)
    return one


def _holds_set(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_set, value.values()))
    return isinstance(value, Set) or (isinstance(value, list | tuple) and any(map(_holds_set, value)))


@contextmanager
def _telling(file: str, *passing: type[Exception]) -> Iterator[None]:
    """What code in `file` raises becomes a ValueError that names its line, but for what is `passing`.

    SystemExit, too: it would end the command without a word.
    """
    try:
        yield
    except passing:
        raise
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno or 1}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        raise ValueError(f"line {lines[-1] if lines else 1}: {type(error).__name__}: {error}") from error


def _refusal(columns: pa.Schema) -> str | None:
    """Why a stage's columns may not be added, if so."""
    if len(set(columns.names)) < len(columns):
        return f"of the columns {', '.join(columns.names)} two have one name"
    for column in columns:
        if pa.types.is_floating(column.type):
            return f"column {column.name} is {column.type}; give whole numbers, shares in 1e-4: rules compare them"
        if _holds_dictionary(column.type):
            return f"column {column.name} is {column.type}; give the values: a dictionary is another in other batches"
        if not (column.metadata or {}).get(b"meaning"):
            return f"column {column.name} has no meaning; make it by pipeline.schema.field(name, type, meaning)"
    return None


def _holds_dictionary(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return True
    return any(_holds_dictionary(kind.field(index).type) for index in range(kind.num_fields))


def _lawful(file: str, call: Call) -> Call:
    """`call`, with what it gives held to what a stage promises. A breach is a bug: it fails the shard."""
    tried = False

    def lawful(self: Stage, batch: pa.RecordBatch) -> pa.RecordBatch:
        nonlocal tried
        after = call(self, batch)
        if not isinstance(after, pa.RecordBatch):
            raise TypeError(f"{file}: {self.kind} gave {type(after).__name__} and no RecordBatch")
        if after.schema != (due := pa.schema([*batch.schema, *self.added()])):
            raise ValueError(f"{file}: {self.kind} must give the columns {due.names}, as declared; gave {after.schema}")
        for name in batch.schema.names:
            may_change = name == "text" and self.rewrites_text
            if not may_change and not after.column(name).equals(batch.column(name)):
                raise ValueError(f"{file}: {self.kind} changed {name}; a stage keeps its rows and their order")
        for column in self.added():
            if not column.nullable and after.column(column.name).null_count:
                raise ValueError(f"{file}: {self.kind} left {column.name} empty, which it declares never to be")
        if not tried and batch.num_rows > 1:
            first = batch.slice(0, TRIED_ROWS)
            half = first.num_rows // 2
            parts = pa.Table.from_batches([call(self, first.slice(0, half)), call(self, first.slice(half))])
            if not parts.equals(pa.Table.from_batches([after.slice(0, TRIED_ROWS)])):
                raise ValueError(
                    f"{file}: {self.kind} gives something else for the same rows in other batches; what it says of a "
                    "row may depend on that row alone, and on no chance"
                )
            tried = True
        return after

    return lawful
