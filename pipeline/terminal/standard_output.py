"""Standard output as commands find it: its reader may go away, its encoding be another than UTF-8, or it is closed."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast


@contextmanager
def as_far_as_it_is_read() -> Iterator[None]:
    """Within, a reader that has enough (`| head`) ends what is written, and is no failure."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, sys.stdout.fileno())  # what waits to be written goes there, not into an error at the end
        os.close(nobody)


def write_json_lines(values: Iterable[dict[str, Any]]) -> None:
    """One JSON line each, as it comes; what the encoding of standard output does not have is written as escapes."""
    is_ascii = sys.stdout.encoding.lower().replace("-", "") != "utf8"
    with as_far_as_it_is_read():
        for value in values:
            sys.stdout.write(json.dumps(value, ensure_ascii=is_ascii) + "\n")


def open_what_is_closed() -> None:
    """Give standard input, output and error to nobody where a caller has closed them (`>&-`).

    The next file that is opened would get such a number, and whatever a library prints would be written into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def escape_what_it_lacks() -> None:
    """Have standard output write as escapes what its encoding does not have: it would end a command with an error.

    That is a frame of a table in ASCII, and in UTF-8 the name of a file that is no text.
    """
    cast(io.TextIOWrapper, sys.stdout).reconfigure(errors="backslashreplace")
