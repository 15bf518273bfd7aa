"""A stage in a file of somebody's own: what is refused before any work, what is a bug, and how it travels."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load
from pipeline.stage import Stage
from pipeline.stages.own import MAX_FILE_BYTES, class_in
from pipeline.steps import steps_recipe
from pipeline.trouble import ConfigError

ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "configs" / "stages" / "exclamations.py"
CONFIG = """run: x
sources:
  a: {{reader: {{kind: text}}, inputs: in}}
  b: {{reader: {{kind: text}}, inputs: in}}
filter:
  - {{kind: own, file: mine.py{more}}}
  - {{kind: rules, name: mine, sources: [a], rules: [{{drop: "mine:loud", when: "mark_count > 3"}}]}}
"""
HEAD = """from typing import Literal
import itertools
import pyarrow as pa
from pipeline.schema import field
from pipeline.stage import Stage, with_columns
"""
MINE = f"""{HEAD}
class Mine(Stage):
    kind: Literal["mine"] = "mine"
    reads = frozenset({{"text"}})
    adds = pa.schema([field("mark_count", pa.int32(), "marks", nullable=False)])
    def __call__(self, batch):
        return with_columns(batch, self.adds, [pa.array([1] * batch.num_rows, pa.int32())])
"""


def documents(texts: list[str]) -> pa.RecordBatch:
    ids = [f"{row:032x}" for row in range(len(texts))]
    columns = [pa.array(ids, pa.string()), pa.array(texts, pa.large_string()), pa.array(ids, pa.large_string())]
    return pa.RecordBatch.from_arrays(columns, names=["doc_id", "text", "url"])


def stage_of(code: str) -> Stage:
    return class_in("mine.py", code.encode())()


def loaded(folder: Path, code: str | bytes, more: str = "") -> Stage:
    """The stage of a config whose file holds `code`."""
    (folder / "mine.py").write_bytes(code if isinstance(code, bytes) else code.encode())
    (folder / "x.yaml").write_text(CONFIG.format(more=more))
    stage = load(str(folder / "x.yaml"))[1][0]
    assert isinstance(stage, Stage)
    return stage


@given(st.lists(st.text(st.sampled_from("!?aé\n"), max_size=8), max_size=70), st.data())
def test_the_stage_that_is_shipped_keeps_the_laws(texts: list[str], data: st.DataObject) -> None:
    stage = class_in(str(SHIPPED), SHIPPED.read_bytes())(mark="?")
    whole = documents(texts)
    after = stage(whole)
    assert after["mark_count"].to_pylist() == [text.count("?") for text in texts]
    cut = data.draw(st.integers(0, len(texts)))
    parts = [stage(whole.slice(0, cut)), stage(whole.slice(cut))]
    assert pa.Table.from_batches(parts).combine_chunks().equals(pa.Table.from_batches([after]).combine_chunks())


def test_its_settings_and_sources_are_the_configs(tmp_path: Path) -> None:
    stage = loaded(tmp_path, SHIPPED.read_bytes(), ', settings: {mark: "?"}, sources: [a]')
    assert (stage.kind, stage.sources) == ("exclamations", ("a",))
    assert stage(documents(["a?!?"]))["mark_count"].to_pylist() == [2]


def test_the_recipe_follows_the_file_and_the_settings(tmp_path: Path) -> None:
    code = SHIPPED.read_text()
    stages = [
        loaded(tmp_path, code),
        loaded(tmp_path, code + "# and a word\n"),
        loaded(tmp_path, code, ', settings: {mark: "?"}'),
        loaded(tmp_path, code.replace("version = 1", "version = 2")),
    ]
    recipes = [repr(steps_recipe((stage,), "a")) for stage in stages]
    assert len(set(recipes)) == 4
    assert repr(steps_recipe((loaded(tmp_path, code),), "a")) == recipes[0]


def test_it_travels_without_its_file(tmp_path: Path) -> None:
    """To a machine where the file never was; an error of it is told with its line all the same."""
    code = MINE.replace("[1] *", "[1 // ('bad' not in str(batch['text']))] *")
    stage = loaded(tmp_path, code)
    (tmp_path / "stage").write_bytes(pickle.dumps(stage))
    (tmp_path / "batch").write_bytes(pickle.dumps([documents(["a", "b"]), documents(["bad"])]))
    (tmp_path / "mine.py").unlink()
    program = (
        "import pickle, traceback\n"
        "stage, (fine, bad) = (pickle.load(open(name, 'rb')) for name in ('stage', 'batch'))\n"
        "print(stage(fine)['mark_count'].to_pylist(), stage.fingerprint())\n"
        "pickle.dumps(stage)\n"
        "try: stage(bad)\nexcept ZeroDivisionError: traceback.print_exc()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["[1,", "1]", stage.fingerprint()]
    assert "[1 // ('bad' not in str(batch['text']))]" in done.stderr and "ZeroDivisionError" in done.stderr


REFUSED = [
    ("x = (", "line 1: '(' was never closed"),
    ("import re\nimport there_is_none", "line 2: ModuleNotFoundError: No module named 'there_is_none'"),
    ("x = 1", "no class in it is a pipeline.stage.Stage with a `__call__`; one must be"),
    (MINE + MINE.removeprefix(HEAD).replace("Mine", "More"), "Mine, More in it is a pipeline.stage.Stage"),
    (MINE.replace("    reads", "    needs: int = 1\n    # "), "Mine says nothing of `reads`"),
    (MINE.replace('    kind: Literal["mine"] = "mine"\n', ""), "Mine has no kind; write `kind: Literal['x'] = 'x'`"),
    (MINE.replace('"mine"', '"language"'), "there is a stage language already; give yours another kind"),
    (MINE.replace("int32", "float32"), "column mark_count is float; give whole numbers"),
    (MINE.replace('field("mark_count", pa.int32(), "marks", nullable=False)', '("mark_count", pa.int32())'), "meaning"),
    (MINE.replace('frozenset({"text"})', '"text"'), "Mine.reads is 'text'; write a set of names"),
    (MINE.replace("pa.schema([field", "list([field"), "Mine.adds is a list; write pa.schema"),
    (MINE.replace("pa.schema([", "pa.schema(2 * ["), "two have one name"),
    (MINE.replace('pa.int32(), "marks', 'pa.list_(pa.dictionary(pa.int8(), pa.string())), "marks'), "give the values"),
    (MINE + "raise SystemExit(0)\n", "line 13: SystemExit: 0"),
    (MINE + "\0", "line 1: source code"),
    (MINE + "    def added(self): return {}['none']\n", "line 13: KeyError: 'none'"),
    (MINE + "    def model_post_init(self, _): 1 / 0\n", "line 13: ZeroDivisionError"),
    (MINE.replace("    reads", "    words: frozenset[str] = frozenset()\n    reads"), "field words holds a set"),
    (MINE.replace("    reads", "    words: dict[str, set[int]] = {'a': {1}}\n    reads"), "field words holds a set"),
    ("#" * (MAX_FILE_BYTES + 1), "a stage has at most 256 KiB"),
]


@pytest.mark.parametrize(("code", "said"), REFUSED)
def test_what_is_wrong_with_a_file_is_told_before_any_work(tmp_path: Path, code: str, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        loaded(tmp_path, code)
    assert f"x.yaml: filter.0.file: {tmp_path}/mine.py: " in str(refusal.value) and said in str(refusal.value)


def test_mistakes_around_the_file(tmp_path: Path) -> None:
    for more, said in (
        (", settings: {marks: x}", "filter.0.settings.marks: no such key; did you mean mark?"),
        (", settings: {mark: 1}", "filter.0.settings.mark: must be a text (got 1)"),
        (", settings: {sources: [a]}", "`sources` is no setting; write it beside `file`"),
        (", sources: [c]", "filter.0.sources: no source is called c; sources: a, b"),
        (", sources: [b]", "no column 'mark_count' here"),
    ):
        with pytest.raises(ConfigError) as refusal:
            loaded(tmp_path, SHIPPED.read_bytes(), more)
        assert said in str(refusal.value)
    (tmp_path / "x.yaml").write_text(CONFIG.format(more="").replace("mine.py", "mime.py"))
    with pytest.raises(ConfigError) as refusal:
        load(str(tmp_path / "x.yaml"))
    assert "mime.py: no such file; did you mean mine.py?" in str(refusal.value)


NONE = "with_columns(batch, self.adds, [pa.array([1] * batch.num_rows, pa.int32())])"
BREACHES = [
    ("None", TypeError, "mine gave NoneType and no RecordBatch"),
    ("batch", ValueError, "must give the columns"),
    (NONE + ".slice(1)", ValueError, "mine changed doc_id; a stage keeps its rows and their order"),
    (NONE.replace("batch,", "batch.set_column(1, batch.schema.field(1), pa.array(['x'] * batch.num_rows, "
                  "pa.large_string())),"), ValueError, "mine changed text"),
    ("with_columns(batch.set_column(2, batch.schema.field(2), batch['text']), self.adds, "
     "[pa.array([1] * batch.num_rows, pa.int32())])", ValueError, "mine changed url"),
    (NONE.replace("[1] *", "[None] *"), ValueError, "left mark_count empty"),
    (NONE.replace("[1] *", "[batch.num_rows] *"), ValueError, "something else for the same rows in other batches"),
    (NONE.replace("[1] * batch.num_rows", "[next(SEEN) for _ in range(batch.num_rows)]"), ValueError, "something else"),
]  # fmt: skip


@pytest.mark.parametrize(("gives", "error", "said"), BREACHES)
def test_a_breach_of_the_law_is_a_bug_that_names_the_file(gives: str, error: type[Exception], said: str) -> None:
    stage = stage_of(MINE.replace(NONE, gives) + "\nSEEN = itertools.count()\n")
    with pytest.raises(error, match=said) as told:
        stage(documents(["one", "two", "three"]))
    assert str(told.value).startswith("mine.py: ")


def test_an_error_while_a_model_is_looked_for_is_told_by_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"filter\.0 \(mine\): line 13: KeyError: 'none'"):
        loaded(tmp_path, MINE + "    def fingerprint(self): return {}['none']\n")


def test_a_setting_by_another_name_travels(tmp_path: Path) -> None:
    code = MINE.replace("import itertools", "from pydantic import Field").replace(
        "    reads", "    at_least: int = Field(1, alias='min')\n    reads"
    )
    stage = loaded(tmp_path, code, ", settings: {min: 3}")
    assert pickle.loads(pickle.dumps(stage)) == stage


def test_a_stage_may_be_called_with_no_rows_and_with_one(tmp_path: Path) -> None:
    stage = loaded(tmp_path, MINE)
    assert [stage(documents(["a"] * rows)).num_rows for rows in (0, 1, 2, 100)] == [0, 1, 2, 100]
