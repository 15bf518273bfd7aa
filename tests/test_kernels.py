"""Compiled kernels: what is cached is what is written, and after a warm-up nothing is left to compile."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from pipeline import runner
from pipeline.kernels import VARIABLE, digest_of_kernels, key_cache

ROOT = Path(__file__).parent.parent
CALLEE = "from numba import njit\n\n@njit(cache=True)\ndef callee():\n    return {}\n"
CALLER = "from numba import njit\nfrom callee import callee\n\n@njit(cache=True)\ndef caller():\n    return callee()\n"
SAY = """
import os, sys
from pathlib import Path
from pipeline.kernels import key_cache
key_cache(os.environ, Path(sys.argv[1]))
sys.path.insert(0, sys.argv[1])
from caller import caller
print(caller(), sum(caller.stats.cache_hits.values()))
"""


def say(package: Path, caches: Path) -> str:
    command = [sys.executable, "-c", SAY, str(package)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env={VARIABLE: str(caches)})
    return done.stdout.strip()


def test_an_edit_of_what_a_kernel_calls_is_compiled(tmp_path: Path) -> None:
    package, caches = tmp_path / "package", tmp_path / "caches"
    package.mkdir()
    (package / "caller.py").write_text(CALLER)
    (package / "callee.py").write_text(CALLEE.format(1))
    assert [say(package, caches), say(package, caches)] == ["1 0", "1 1"]
    (package / "callee.py").write_text(CALLEE.format(2))
    assert say(package, caches) == "2 0"


def test_only_kernels_and_their_names_decide_the_folder(tmp_path: Path) -> None:
    kernel = tmp_path / "kernel.py"
    kernel.write_text(CALLEE.format(1))
    before = digest_of_kernels(tmp_path)
    (tmp_path / "other.py").write_text("ONE = 1\n")
    assert digest_of_kernels(tmp_path) == before
    kernel.rename(tmp_path / "renamed.py")
    assert digest_of_kernels(tmp_path) != before


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ({VARIABLE: "/a"}, "/a"),
        ({VARIABLE: "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/riffle"),
    ],
)
def test_the_folder_lies_where_the_user_says(tmp_path: Path, given: dict[str, str], folder: str) -> None:
    expected = f"{folder}/kernels-{digest_of_kernels(tmp_path)}"
    for _ in range(2):  # a child process is given what its parent set
        key_cache(given, tmp_path)
        assert given[VARIABLE] == expected


def touch(folder: str) -> None:
    Path(folder, str(os.getpid())).touch()


@pytest.mark.cluster
def test_every_worker_is_warmed_up_before_its_first_task(tmp_path: Path) -> None:
    with runner.cluster(2, None, partial(touch, str(tmp_path))) as client:
        assert len(list(tmp_path.iterdir())) == 2
        assert [result for _, result in runner.each(len, ["a"], client, name=str)] == [1]


@pytest.mark.cluster
def test_what_a_warm_up_raises_is_raised_to_the_client() -> None:
    with pytest.raises(ZeroDivisionError), runner.cluster(1, None, partial(divmod, 1, 0)):
        raise AssertionError("nothing is to run")
