"""Compiled kernels: what is cached is what is written, and after a warm-up nothing is left to compile."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from pipeline.execution import runner
from pipeline.process import kernels
from pipeline.process.kernels import IN_USE, STALE_S, VARIABLE, digest_of_kernels, hold, key_cache, prune

ROOT = Path(__file__).parent.parent.parent
CALLEE = "from numba import njit\n\n@njit(cache=True)\ndef callee():\n    return {}\n"
MADE = {
    "caller.py": (
        "from numba import njit\nfrom package.callee import callee\nfrom package.constants import (\n    ADDED,\n)\n\n"
        "@njit(cache=True)\ndef caller():\n    return callee() + ADDED\n"
    ),
    "callee.py": CALLEE.format(1),
    "constants.py": "from package import more\nADDED = more.table()[0]\n",
    "more.py": "def table():\n    return [10]\n",
}
SAY = """
import os, sys
from pathlib import Path
from pipeline.process.kernels import key_cache
key_cache(os.environ, Path(sys.argv[1]))
sys.path.insert(0, str(Path(sys.argv[1]).parent))
from package.caller import caller
print(caller(), sum(caller.stats.cache_hits.values()))
"""
SHARED = """
from pipeline.text.hashing import mix64
print(mix64(1), sum(mix64.stats.cache_hits.values()))
"""


def printed(program: str, caches: Path, *arguments: str, at: Path = ROOT) -> str:
    """By a process in a folder of its own; without bytecode, which of two edits in a second keeps the first."""
    environment = {VARIABLE: str(caches), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(at)}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=at, env=environment).stdout.strip()


def test_an_edit_of_what_a_kernel_calls_or_holds_is_compiled(tmp_path: Path) -> None:
    package, caches = tmp_path / "package", tmp_path / "caches"
    package.mkdir()
    for name, source in MADE.items():
        (package / name).write_text(source)
    assert [printed(SAY, caches, str(package)) for _ in range(2)] == ["11 0", "11 1"]
    (package / "callee.py").write_text(CALLEE.format(2))
    assert printed(SAY, caches, str(package)) == "12 0"
    (package / "more.py").write_text(MADE["more.py"].replace("10", "20"))
    assert printed(SAY, caches, str(package)) == "22 0"


def checkout(folder: Path) -> None:
    """As much of the package there as one kernel needs."""
    for name in ("__init__.py", "process/__init__.py", "process/kernels.py", "process/kernel_places.py",
                 "text/__init__.py", "text/hashing.py"):  # fmt: skip
        (folder / "pipeline" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(kernels.PACKAGE / name, folder / "pipeline" / name)


def test_two_checkouts_share_what_is_compiled(tmp_path: Path) -> None:
    for each in ("one", "other"):
        checkout(tmp_path / each)
    first, second = (printed(SHARED, tmp_path / "caches", at=tmp_path / each) for each in ("one", "other"))
    assert (first.split()[1], second) == ("0", f"{first.split()[0]} 1")
    with (tmp_path / "other" / "pipeline" / "text" / "hashing.py").open("a") as source:
        source.write("# another state\n")
    assert printed(SHARED, tmp_path / "caches", at=tmp_path / "other") == first


def test_where_no_compiled_code_can_be_kept_it_is_said_what_to_set(tmp_path: Path) -> None:
    """As for a user without a home, of an installation that is another's; of one's own it is kept beside the source."""
    checkout(tmp_path / "one")
    (tmp_path / "file").touch()
    kept = tmp_path / "one" / "pipeline" / "text" / "__pycache__"
    environment = {name: str(tmp_path / "file" / "below") for name in (VARIABLE, "HOME", "XDG_CACHE_HOME")}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tmp_path / "one")}
    command = [sys.executable, "-c", SHARED]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment)
    assert list(kept.glob("kernels-*/*.nbi"))
    shutil.rmtree(kept)
    kept.touch()  # nothing can be written into it
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert f"OSError: {tmp_path}/file/below/kernels-" in done.stderr, done.stderr
    assert f"set {VARIABLE} to a folder that can be written" in done.stderr


class Module:
    """What one of the package's modules defines, and imports from the package."""

    def __init__(self, path: Path) -> None:
        self.path = path
        tree = ast.parse(path.read_bytes())
        self.imported = {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pipeline"
            for alias in node.names
        }
        self.defined: dict[str, list[ast.stmt]] = {}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self.defined.setdefault(node.name, []).append(node)
            else:
                for name in names_in(node, ast.Store):
                    self.defined.setdefault(name, []).append(node)
        self.compiled = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and any("njit" in ast.unparse(each) for each in node.decorator_list)
        ]


def names_in(node: ast.AST, context: type = ast.Load) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, context)}


def taken_by_kernels() -> set[Path]:
    """The modules of all that kernels name, of what makes that, and so on."""
    modules = {}
    for path in kernels.PACKAGE.rglob("*.py"):
        named = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        modules[named] = Module(path)
    waiting = [
        (named, name) for named, module in modules.items() for each in module.compiled for name in names_in(each)
    ]
    seen, taken = set(waiting), set()
    while waiting:
        named, name = waiting.pop()
        taken.add(modules[named].path)
        origin, what = modules[named].imported.get(name, ("", ""))
        more = {(origin, what), (f"{origin}.{what}", "")} if origin else set()
        more |= {(named, each) for node in modules[named].defined.get(name, ()) for each in names_in(node)}
        new = {each for each in more if each[0] in modules} - seen
        seen |= new
        waiting += new
    return taken


def test_what_kernels_take_from_other_modules_decides_the_folder() -> None:
    """A constant of a module that decides nothing, or is made by one, would stay in the cache as it was."""
    deciding = {kernels.PACKAGE / name for name, _ in kernels.sources_of_kernels(kernels.PACKAGE)}
    taken = taken_by_kernels()
    assert len([path for path in taken if b"njit" not in path.read_bytes()]) > 5
    assert not taken - deciding
    assert not [path for path in deciding if path.is_relative_to(kernels.PACKAGE / "storage")]  # a minute and a half


def test_functions_of_others_have_all_places_that_numba_has() -> None:
    from numba.core.caching import CacheImpl

    assert kernels.PLACES.split(", ")[1:] == [each.__name__ for each in CacheImpl._locator_classes]


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


def test_a_folder_that_is_named_needs_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what who has no home is told to set; without the kernels' name it would keep what was compiled before."""
    monkeypatch.setattr(Path, "expanduser", lambda path: (_ for _ in ()).throw(RuntimeError("no home")))
    given = {VARIABLE: "/a"}
    key_cache(given, tmp_path)
    assert given[VARIABLE] == f"/a/kernels-{digest_of_kernels(tmp_path)}"


def test_a_child_of_another_checkout_or_folder_gets_a_folder_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {VARIABLE: "a"}
    key_cache(given, tmp_path)
    assert given[VARIABLE] == str(tmp_path / "a" / f"kernels-{digest_of_kernels(tmp_path)}")
    (tmp_path / "kernel.py").write_text(CALLEE.format(1))
    key_cache(given, tmp_path)
    assert given[VARIABLE] == str(tmp_path / "a" / f"kernels-{digest_of_kernels(tmp_path)}")


def aged(folder: Path, seconds: float) -> Path:
    """That folder of a cache, in which nothing has been written for so long."""
    (folder / "stages_1").mkdir(parents=True, exist_ok=True)
    (folder / "stages_1" / "words.nbi").touch()
    for path in (*folder.iterdir(), folder):
        os.utime(path, (time.time() - seconds,) * 2)
    return folder


def test_what_nobody_has_used_for_long_goes_and_all_else_stays(tmp_path: Path) -> None:
    mine, recent = aged(tmp_path / f"kernels-{'0' * 16}", 2 * STALE_S), aged(tmp_path / f"kernels-{'1' * 16}", 60)
    others = aged(tmp_path / "kernels-mine", 2 * STALE_S), aged(tmp_path / "models", 2 * STALE_S)
    aged(tmp_path / f"kernels-{'2' * 16}", 2 * STALE_S)
    aged(tmp_path / f".kernels-{'3' * 16}-7", 60)  # of who was killed in the midst of it
    prune({VARIABLE: str(mine)})
    assert sorted(tmp_path.iterdir()) == sorted((mine, recent, *others))
    prune({VARIABLE: str(tmp_path / "absent" / f"kernels-{'0' * 16}")})
    prune({})


HOLD = """
import sys
from pathlib import Path
from pipeline.process.kernels import hold
hold(Path(sys.argv[1]))
print("held")
input()
"""


def test_what_a_living_process_uses_stays_until_it_ends(tmp_path: Path) -> None:
    mine, used = tmp_path / f"kernels-{'0' * 16}", tmp_path / f"kernels-{'1' * 16}"
    command = [sys.executable, "-uc", HOLD, str(used)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        aged(used, 2 * STALE_S)
        prune({VARIABLE: str(mine)})
        assert (used / "stages_1" / "words.nbi").exists()
        process.communicate("\n")
    aged(used, 2 * STALE_S)
    prune({VARIABLE: str(mine)})
    assert not used.exists()


@pytest.mark.parametrize("moved_by", ["open", "flock"])
def test_a_folder_that_is_moved_away_under_who_begins_is_made_again(tmp_path: Path, monkeypatch, moved_by: str) -> None:
    folder = tmp_path / f"kernels-{'1' * 16}"
    where = {"open": kernels.os, "flock": kernels.fcntl}[moved_by]
    real = getattr(where, moved_by)
    moved = []

    def moving(*arguments: object) -> object:
        if not moved:
            moved.append(folder.rename(tmp_path / "moved"))
        return real(*arguments)

    monkeypatch.setattr(where, moved_by, moving)
    held = hold(folder)
    assert moved and held is not None
    assert os.path.samestat(os.fstat(held), (folder / IN_USE).stat())
    os.close(held)


def test_where_nothing_can_be_written_nothing_is_held(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert hold(tmp_path / "file" / "kernels") is None


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
