"""Names in a terminal: in line whatever they are written in, and harmless."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mixtures.__main__ import main
from mixtures.fit_lines import lines as fit_lines
from mixtures.mixture import Constraints
from mixtures.names import aligned, visible
from mixtures.proposal.proposal import Proposal
from mixtures.report import terminal
from mixtures.report.report import Report
from mixtures.search.objective import Objective
from mixtures.search.searched import lines, searched
from mixtures.surface import fit
from mixtures.surface_file import Named
from tests.mixtures import made

STRANGE = ("中文网页", "cafe\u0301", "หนังสือ", "كتب")


@pytest.mark.parametrize(
    ("name", "cells"),
    [("web", 3), ("中文网页", 8), ("ｶﾅ", 2), ("한글", 4), ("cafe\u0301", 4), ("กี่", 1), ("", 0), ("\x1b[2J", 11)],
)
def test_a_name_is_as_wide_as_a_terminal_draws_it(name: str, cells: int) -> None:
    one, other = aligned([name, "x" * 12])
    assert one == visible(name) + " " * (12 - cells)
    assert other == "x" * 12


@given(st.lists(st.text(), min_size=1))
def test_a_column_is_straight_and_keeps_its_names(names: list[str]) -> None:
    made_of = aligned(names)
    assert len({cell_len(one) for one in made_of}) == 1
    assert all(one.startswith(visible(name)) for one, name in zip(made_of, names, strict=True))
    assert aligned(made_of) == made_of


def test_tables_of_strange_names_are_straight(proposal: Proposal) -> None:
    """Of all commands that print one: numbers begin in the same cell of each line, whatever the name before them."""
    domains = tuple(
        one.model_copy(update={"domain": name}) for one, name in zip(proposal.domains, STRANGE, strict=True)
    )
    told = list(terminal.lines(Report(title="x", inputs={}, proposal=proposal.model_copy(update={"domains": domains}))))
    assert_straight(told[: 1 + len(STRANGE)], "natural", 7)
    runs = made.runs()
    tasks = STRANGE[: len(runs.tasks)]
    named = Named(fit(runs.weights, runs.losses), runs.ids, STRANGE, tasks, runs.weights, runs.losses)
    assert_straight([one for one in fit_lines(named) if one.startswith(("task", *tasks))], "held-out Spearman", 17)
    feasible = made.constraints()
    renamed = dict(zip(STRANGE, feasible.domains.values(), strict=True))
    found = searched(named, replace(feasible, domains=renamed), Objective(tasks={"*": 1.0}), draws=10, seed=0)
    assert_straight(list(lines(found))[: 1 + len(STRANGE)], "natural", 7)


def assert_straight(table: list[str], head: str, wide: int) -> None:
    ends = {cell_len(table[0][: table[0].index(head)]) + wide}
    for line in table[1:]:
        cut = next(at for at in range(len(line)) if cell_len(line[:at]) >= min(ends))
        assert line[cut - 1] in "0123456789%" and line[cut : cut + 1] == " ", line
    assert len(table) > 2


def test_a_name_cannot_command_the_terminal(tmp_path: Path) -> None:
    table = pa.table({"run": ["a", "b"], "\x1b[2Jweb": [0.5, 1.0], "code\u202e": [0.5, 0.0], "\x1b]0;x": [0.0, 0.0]})
    pa_csv.write_csv(table, tmp_path / "w.csv")
    for path, code in ((tmp_path / "w.csv", 0), (tmp_path / "\x1b[2J.csv", 2)):
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as errors:
            assert main(["constraints", "--weights", str(path), "--output", str(tmp_path / "c.json")]) == code
        assert "\x1b" not in out.getvalue() + errors.getvalue()
        assert "⟨U+001B⟩" in out.getvalue() + errors.getvalue()
    begun = Constraints.read(tmp_path / "c.json")
    assert begun.domains["\x1b]0;x"].maximum == 0 and begun.domains["code\u202e"].maximum == 1
