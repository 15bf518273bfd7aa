"""What went wrong, as one line and an exit code: a mistake of the user's, the environment, or an interrupt."""

from __future__ import annotations

import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from mixtures.names import visible
from mixtures.report.report import complaints

WRONG, ENVIRONMENT, INTERRUPTED = 2, 3, 130
EXPECTED = (ValueError, OSError, TyperException, typer.Abort, KeyboardInterrupt)
PATHS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)  # a path that was given is wrong


def said(error: BaseException) -> tuple[str, int]:
    """Of one of EXPECTED: "kind: FILE: key: what; the mend", and the exit code."""
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return line("interrupted", "give the same command again"), INTERRUPTED
    if isinstance(error, TyperException):  # a missing option, an unknown command, a number out of its range
        return line("wrong", f"{error.format_message().rstrip('.')}; python -m mixtures --help"), WRONG
    if isinstance(error, OSError):
        told = str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
        wrong = isinstance(error, PATHS)
        return line("wrong" if wrong else "environment", told), WRONG if wrong else ENVIRONMENT
    return line("wrong", complaints(error) if isinstance(error, ValidationError) else str(error)), WRONG


def line(kind: str, message: str) -> str:
    """In one line, whatever the message's own."""
    return visible(f"{kind}: {' '.join(message.split())}")
