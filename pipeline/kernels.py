"""Where compiled kernels are cached: in a folder for every state of their sources.

numba keeps a compiled function for as long as the file that holds it stays as it is, whatever happens to those that it
calls: an edit of `words.py` alone would leave `statistics.py` with the old words compiled in. numba tells processors
apart within a folder; this module names the folder after all kernels. It is imported before any of them, and imports
no numba.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
VARIABLE = "NUMBA_CACHE_DIR"
DECORATOR = b"njit"


def digest_of_kernels(package: Path) -> str:
    """16 hex digits of the names and bytes of all modules with a compiled function; takes about 5 ms."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        if DECORATOR in (source := path.read_bytes()):
            for part in (path.relative_to(package).as_posix().encode(), source):
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def key_cache(environment: MutableMapping[str, str], package: Path = PACKAGE) -> None:
    """Point numba, in this process and its children, to the folder of these kernels.

    It lies in NUMBA_CACHE_DIR where that is set, else in XDG_CACHE_HOME/riffle or ~/.cache/riffle. Where nothing can be
    written there, or there is no home, numba's own places are used.
    """
    name = f"kernels-{digest_of_kernels(package)}"
    try:
        caches = Path(environment.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "riffle"
    except RuntimeError:  # no home
        return
    chosen = Path(environment.get(VARIABLE) or caches)
    environment[VARIABLE] = str(chosen if chosen.name == name else chosen / name)


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


key_cache(os.environ)
