"""Where in the cache a kernel lies, as numba asks: by the name of its module, wherever the checkout is.

numba's own place is named after the path of the file, so that each checkout compiles all kernels, a minute and a half.
The folder that both lie in is named after all that is compiled (`kernels.py`), and within it numba keeps processors and
versions of Python apart, but not its own versions: two that take turns would each write over what the other reads.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numba
from numba.core import config
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator

from pipeline.process.kernels import PACKAGE, VARIABLE, digest_of_kernels


@functools.cache
def _name() -> str:
    return f"kernels-{digest_of_kernels(PACKAGE)}_{numba.__version__}"


class BesideSource(InTreeCacheLocator):
    """Below `__pycache__`, in a folder that is named as the cache is: not this file alone decides what is compiled."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)
        self._cache_path = str(Path(py_file).resolve().parent / "__pycache__" / _name())


class PlaceOfKernel(UserProvidedCacheLocator):
    """The place of a function of this package; none for others, which numba's own locators find one for."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)
        folder = Path(py_file).resolve().parent.relative_to(PACKAGE.parent)
        self._cache_path = str(Path(config.CACHE_DIR) / f"{'.'.join(folder.parts)}_{numba.__version__}")

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Raises OSError where neither the cache nor the source's folder can be written: numba would say only that."""
        if not Path(py_file).resolve().is_relative_to(PACKAGE):
            return None
        found = super().from_function(py_func, py_file) or BesideSource.from_function(py_func, py_file)
        if found is None:
            raise OSError(
                f"{config.CACHE_DIR or 'no home'}: compiled code can be kept neither there nor beside the source; set "
                f"{VARIABLE} to a folder that can be written"
            )
        return found
