"""Where compiled kernels are cached: in a folder for every state of their sources.

numba keeps a compiled function for as long as the file that holds it stays as it is, whatever happens to those that it
calls and to the constants of other modules, which are compiled in: an edit of `words.py` alone would leave
`statistics.py` with the old words. numba tells processors apart within a folder; this module names the folder after
all kernels and what they are made of. All checkouts in which that is the same share it (`kernel_places.py`). It is
imported before any of them, and imports no numba. A process shares its folder for as long as it lives; folders that
nobody uses any more are removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
VARIABLE = "NUMBA_CACHE_DIR"
LOCATORS = "NUMBA_CACHE_LOCATOR_CLASSES"
PLACES = (
    "pipeline.process.kernel_places.PlaceOfKernel, UserProvidedCacheLocator, InTreeCacheLocator, UserWideCacheLocator, "
    "IPythonCacheLocator, ZipCacheLocator"
)
"""Ours for this package, numba's own in their order for functions of others."""
DECORATOR = b"njit"
IN_USE = "in_use"
"""The file that who uses a folder has locked, with others; its time is that of the last beginning."""
STALE_S = 30 * 24 * 3600
"""Who works on two versions in turns compiles neither anew; a folder is some 50 MB."""
_CONSTANT, _WORD = re.compile(rb"\b[A-Z][A-Z0-9_]*\b"), re.compile(r"\w+")
_FOLDER = re.compile("kernels-[0-9a-f]{16}")
_ON_ITS_WAY_OUT = re.compile(r"\.kernels-[0-9a-f]{16}-\d+")


def digest_of_kernels(package: Path) -> str:
    """16 hex digits of the names and bytes of `sources_of_kernels`; takes about 8 ms."""
    digest = hashlib.sha256()
    for name, source in sources_of_kernels(package):
        for part in (name.encode(), source):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def sources_of_kernels(package: Path) -> list[tuple[str, bytes]]:
    """(path below the package, bytes) of all modules that decide what is compiled, in order.

    Those with a compiled function, those that they have constants of, and what these import. Constants are known by
    their capitals: a test finds a kernel that takes another thing from elsewhere.
    """
    sources = dict(_modules(str(package), ""))
    imports = re.compile(rb"from %s((?:\.\w+)*) import (\([^)]*\)|.*)" % re.escape(package.name.encode()))
    found = {name for name, source in sources.items() if DECORATOR in source}
    waiting = [*found]
    while waiting:
        source = sources[waiting.pop()]
        for module, what in imports.findall(source):
            if DECORATOR in source and not _CONSTANT.search(what):
                continue
            place = module.decode()[1:].replace(".", "/")
            places = [place, *(f"{place}/{name}".lstrip("/") for name in _WORD.findall(what.decode()))]
            names = {form for each in places for form in (f"{each}.py", f"{each}/__init__.py".lstrip("/"))}
            more = (names & sources.keys()) - found
            found |= more
            waiting += more
    return [(name, sources[name]) for name in sorted(found)]


def _modules(folder: str, prefix: str) -> Iterator[tuple[str, bytes]]:
    """(path below the package, bytes) of all modules of it: each process reads them, by the plainest means."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123 - twice as fast
                    yield prefix + entry.name, file.read()
            elif entry.is_dir():
                yield from _modules(entry.path, f"{prefix}{entry.name}/")


def key_cache(environment: MutableMapping[str, str], package: Path = PACKAGE) -> None:
    """Point numba, in this process and its children, to the folder of these kernels.

    It lies in NUMBA_CACHE_DIR where that is set, else in XDG_CACHE_HOME/riffle or ~/.cache/riffle. Where nothing can be
    written there, or there is no home, kernels lie beside their sources. A relative path is from where the process
    began; a child of it may work elsewhere, or be of another checkout, and gets a folder beside this one.
    """
    environment.setdefault(LOCATORS, PLACES)
    try:
        asked = (
            environment.get(VARIABLE) or Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "riffle"
        )
    except RuntimeError:  # no home
        return
    folder = Path(asked).absolute()
    caches = folder.parent if _FOLDER.fullmatch(folder.name) else folder
    environment[VARIABLE] = str(caches / f"kernels-{digest_of_kernels(package)}")


@contextmanager
def compiled_once() -> Iterator[None]:
    """Hold the cache alone among the processes of a machine: the first compiles, the others read what it wrote."""
    try:
        folder = Path(os.environ[VARIABLE])
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("wb")
    except (KeyError, OSError):  # no cache that is shared
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        yield


def is_cached() -> bool:
    """Whether something was compiled into the folder before."""
    return any(Path(os.environ.get(VARIABLE, "")).glob("*/*.nbi"))


def hold(folder: Path) -> int | None:
    """Share the folder, which is made, with whoever uses it until this process ends; None where that cannot be.

    Who prunes may have moved it away between the steps: then they are done again. The result is a file descriptor.
    """
    file = folder / IN_USE
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held = _beyond_streams(os.open(file, os.O_RDWR | os.O_CREAT, 0o666))
        except FileNotFoundError:  # moved away behind mkdir
            continue
        except OSError:
            return None
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            os.utime(held)
            if os.path.samestat(os.fstat(held), file.stat()):
                return held
        except FileNotFoundError:
            pass
        except OSError:  # no locks on this disk: nobody prunes there either
            os.close(held)
            return None
        os.close(held)


def _beyond_streams(opened: int) -> int:
    """The descriptor under a number from 3 on: where standard output is closed it got that of it, and stays open."""
    if opened > 2:
        return opened
    beyond = fcntl.fcntl(opened, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(opened)
    return beyond


def prune(environment: Mapping[str, str] = os.environ) -> None:
    """Remove the folders beside this one that no living process uses, and none has for STALE_S."""
    if VARIABLE not in environment:
        return
    mine = Path(environment[VARIABLE])
    try:
        folders = [*mine.parent.iterdir()]
    except OSError:
        return
    for folder in folders:
        if _ON_ITS_WAY_OUT.fullmatch(folder.name):  # of who was killed while it pruned
            shutil.rmtree(folder, ignore_errors=True)
        elif _FOLDER.fullmatch(folder.name) and folder.name != mine.name:
            _remove_unless_used(folder)


def _remove_unless_used(folder: Path) -> None:
    try:
        if time.time() - max(path.stat().st_mtime for path in (folder, *folder.iterdir())) < STALE_S:
            return
        with (folder / IN_USE).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            gone = folder.rename(folder.with_name(f".{folder.name}-{os.getpid()}"))
    except OSError:  # in use, or somebody else was first, or it is not ours to remove
        return
    shutil.rmtree(gone, ignore_errors=True)


key_cache(os.environ)
if VARIABLE in os.environ:
    hold(Path(os.environ[VARIABLE]))
