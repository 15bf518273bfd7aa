"""Files of a run that are no longer what was written: a disk that failed, a copy that was cut short, an edit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.trouble import EnvironmentTrouble


@contextmanager
def naming_damage(path: str, mend: str) -> Iterator[None]:
    """Turn what parsing the file raises into EnvironmentTrouble that names it and says what mends it."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EnvironmentTrouble(f"{path}: damaged, it cannot be read ({error}); {mend}") from error
