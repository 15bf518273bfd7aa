"""Tesseract as it is installed: its version, and the data files of the languages that a config names.

Where it looks for data it only says when it finds none, in all versions alike: so it is asked for a language that
nobody has.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from pipeline.trouble import ConfigError

NOBODYS = "no_such_language"
SOURCE = "https://github.com/tesseract-ocr/tessdata_fast"
VERTICAL = "_vert"  # Chinese, Japanese and Korean load it beside their own where it is there
ANSWER_S = 60  # of wall time: it only starts and ends
_LOOKED_FOR = re.compile(rf"^Error opening data file (.*){NOBODYS}\.traineddata$", re.MULTILINE)


def environment(tessdata: str | None) -> dict[str, str]:
    """For the command: one thread, and the folder of its data files where one is given."""
    return {**os.environ, "OMP_THREAD_LIMIT": "1"} | ({"TESSDATA_PREFIX": tessdata} if tessdata else {})


def fingerprint(command: str, languages: str, tessdata: str | None) -> str:
    """What decides of a Tesseract: its version, Leptonica's, and the sha256 of the data file of each language.

    Raises ConfigError with what to install where there is no such command, or no data for a language.
    """
    program = shutil.which(command)
    if program is None:
        raise ConfigError(
            f"there is no command {command!r}; install Tesseract (Debian, Ubuntu: apt-get install tesseract-ocr), "
            f"or use engine: {{kind: rapidocr}}"
        )
    version, folder = _installed(program, Path(program).stat().st_mtime_ns, tessdata, os.environ.get("TESSDATA_PREFIX"))
    names = languages.split("+")
    names += [beside for name in names if (Path(folder) / f"{(beside := name + VERTICAL)}.traineddata").exists()]
    return " ".join([version, *(f"{name}:{_digest_of(command, folder, name)}" for name in names)])


def _digest_of(command: str, folder: str, language: str) -> str:
    path = Path(folder) / f"{language}.traineddata"
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        package = "" if "/" in language else f"apt-get install tesseract-ocr-{language.replace('_', '-').lower()}, or "
        raise ConfigError(
            f"{command} has no data for the language {language!r}: {path} is not there. Debian, Ubuntu: {package}"
            f"put {language}.traineddata of {SOURCE} there (tessdata and TESSDATA_PREFIX name another folder)"
        ) from error
    return _digest(str(path), stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _digest(path: str, size: int, changed_ns: int) -> str:
    del size, changed_ns  # another file is another entry
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@functools.lru_cache(maxsize=8)
def _installed(program: str, changed_ns: int, tessdata: str | None, prefix: str | None) -> tuple[str, str]:
    """The versions of Tesseract and Leptonica, and the folder where it looks for data.

    Raises ConfigError where the program says neither.
    """
    del changed_ns, prefix  # another program, or another folder in the environment, is another entry
    versions = [line.strip() for line in _said(program, ["--version"], tessdata).splitlines()[:2]]
    looked_for = _LOOKED_FOR.search(_said(program, ["stdin", "stdout", "-l", NOBODYS], tessdata))
    if not versions or looked_for is None:
        raise ConfigError(f"{program} does not answer as Tesseract does; command: names another")
    return " ".join(versions), looked_for[1]


def _said(program: str, arguments: list[str], tessdata: str | None) -> str:
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(tessdata),
            check=False,
            timeout=ANSWER_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{program} cannot be run: {error}") from error
    return done.stdout.decode("utf-8", "replace")
