"""Which runs are trained as one program: decided once and written beside them, so that a resumed sweep stacks alike.

A stack's size decides its members' last bits and the name of its checkpoint, and how much memory is free differs from
call to call.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from pipeline import storage
from proxy_models.training.checkpoint import forget
from proxy_models.training.memory import free_what_is_dead

R = TypeVar("R")
NAME_DIGITS = 16


@dataclass(frozen=True)
class Plan:
    """The stacks of some runs, lists of their names in a JSON file; the first that is written stays.

    ended: whether a run has its result. checkpoint: where a stack's lies. say: takes a line for people.
    """

    file: Path
    ended: Callable[[str], bool]
    checkpoint: Callable[[Sequence[str]], Path]
    say: Callable[[str], None]

    def each(self, runs: Sequence[str], fits: Callable[[], int], do: Callable[[Sequence[str]], R]) -> Iterator[R]:
        """`do` of each stack in which a run has not ended, in order.

        Runs that are in no stack yet are cut into ones of even sizes, at most `fits()`, asked where it matters. A stack
        that runs out of memory is halved with all after it, and written so. Raises torch.OutOfMemoryError where one
        run alone is too much.
        """
        stacks = self._planned(runs, fits)
        at = 0
        while at < len(stacks):
            if all(map(self.ended, stacks[at])):
                at += 1
                continue
            too_many = False
            try:
                result = do(stacks[at])
            except torch.OutOfMemoryError:
                if len(stacks[at]) == 1:
                    raise
                too_many = True  # the exception holds all that the failed stack does, until this block is left
            if too_many:
                free_what_is_dead()
                self._halve(stacks, at)
                continue
            yield result
            at += 1

    def _planned(self, runs: Sequence[str], fits: Callable[[], int]) -> list[list[str]]:
        stacks: list[list[str]] = json.loads(self.file.read_bytes()) if self.file.exists() else []
        known = {run for stack in stacks for run in stack}
        new = [run for run in runs if run not in known and not self.ended(run)]
        if not new:
            return stacks
        if len(runs) == 1:
            return [new]  # nothing to decide
        stacks += even(new, fits())
        if known:
            storage.replace(str(self.file), _written(stacks))
        elif not storage.put_if_absent(str(self.file), _written(stacks)):
            return self._planned(runs, fits)  # another process was faster
        return stacks

    def _halve(self, stacks: list[list[str]], at: int) -> None:
        failed = stacks[at]
        most = len(failed) // 2
        self.say(f"{len(failed)} models at once are too much for this GPU's memory: {most} from here on")
        left = [run for stack in stacks[at:] for run in stack if not self.ended(run)]
        stacks[at:] = even(left, most)
        storage.replace(str(self.file), _written(stacks))
        forget(self.checkpoint(failed))  # nobody will ask for it again


def forget_ended(folder: Path, ended: Callable[[str], bool], checkpoint: Callable[[Sequence[str]], Path]) -> None:
    """Remove the checkpoints of plans in `folder` whose runs have all ended, in these stacks or in others.

    Not that of a run alone, which is its own.
    """
    for file in sorted(folder.glob("stacks.*.json")):
        stacks = json.loads(file.read_bytes())
        if all(ended(run) for stack in stacks for run in stack):
            for stack in stacks:
                if len(stack) > 1:
                    forget(checkpoint(stack))


def even(runs: Sequence[str], most: int) -> list[list[str]]:
    """In order, in as few stacks of at most `most` as there can be, none more than one larger than another."""
    found, left = [], list(runs)
    for stacks in range(-(-len(left) // most), 0, -1):
        size = -(-len(left) // stacks)
        found.append(left[:size])
        left = left[size:]
    return found


def name_of(runs: Sequence[str]) -> str:
    """Of some runs in their order, for a file."""
    return hashlib.sha256(json.dumps(list(runs)).encode()).hexdigest()[:NAME_DIGITS]


def _written(stacks: list[list[str]]) -> bytes:
    return json.dumps(stacks, indent=1).encode() + b"\n"
