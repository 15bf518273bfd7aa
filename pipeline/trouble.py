"""The three kinds of trouble, as types; bad input is none of them: it is a row in the ledger."""

from __future__ import annotations


class ConfigError(ValueError):
    """The user's configuration is wrong. The message names the file, the key's path and what would be right."""


class EnvironmentTrouble(OSError):
    """Storage or network failed after bounded retries; the shard may succeed when it is tried again.

    Never raised for what a file contains, only for not being able to read or write it.
    """


class DeterminismError(RuntimeError):
    """Two runs of one recipe gave different bytes: a bug, or a library outside the recipe that decides."""


class Busy(EnvironmentTrouble):
    """Another run is at work in the folder: nothing failed, and nothing was begun."""


class Unbalanced(RuntimeError):
    """Records were lost or invented between two rooms: a bug."""
