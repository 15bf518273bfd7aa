"""The report: harmless whatever the names, whole as JSON, equal when drawn again, and written at once."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.proposal.proposal import Proposal
from mixtures.report import report, terminal
from mixtures.report.page.drawing import Axis
from mixtures.report.page.front import headline
from mixtures.report.page.markup import escaped
from mixtures.report.page.numbers import change, loss
from mixtures.report.page.weights import held
from mixtures.report.report import Report, render
from mixtures.uncertainty.estimate import Estimate
from tests.mixtures.worlds import HOSTILE, renamed, validated


class Tags(HTMLParser):
    """Counts elements and collects the attributes that could run or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.active: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        loads = ("src", "href", "srcset", "action")
        self.active += [(key, value or "") for key, value in attrs if key.startswith("on") or key in loads]


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_adds_no_element_and_no_attribute(proposal: Proposal, text: str) -> None:
    plain = parsed(
        render(Report(title="x", inputs={}, proposal=renamed(proposal, "x"), validation=validated(proposal)))
    )
    hostile = parsed(
        render(Report(title=text, inputs={}, proposal=renamed(proposal, text), validation=validated(proposal)))
    )
    assert hostile.names == plain.names
    assert hostile.active == plain.active
    assert "script" not in hostile.names
    assert all(value.startswith(("#", "data:,")) for _, value in hostile.active)


@given(st.text())
def test_text_stays_text(text: str) -> None:
    made = escaped(text)
    assert not re.search(r"[<>\"']", made)
    assert escaped(made) == made


def test_the_page_tells_the_numbers_of_the_json(proposal: Proposal, tmp_path: Path) -> None:
    whole = Report(title="made", inputs={"weights": "00"}, proposal=proposal, validation=validated(proposal))
    report.write(tmp_path, whole)
    told = json.loads((tmp_path / report.JSON_NAME).read_bytes())
    page = (tmp_path / report.PAGE_NAME).read_text(encoding="utf-8")
    for one in told["proposal"]["domains"]:
        assert f'<data value="{one["proposed"]["value"]!r}">' in page
        assert f'<data value="{one["natural"]!r}">' in page
    assert told["proposal"]["verdict"] in page
    assert len(told["proposal"]["held_out"]) == 28
    assert {"constraints", "tasks", "scores", "noise", "left_out", "random"} <= told["proposal"].keys()
    arms = ["natural", "proposed", "uniform", "best_observed", "random"]
    assert [one["arm"] for one in told["validation"]["judged"]] == arms
    assert told["validation"]["sha256"] in page
    assert Report.read(tmp_path) == whole
    assert render(Report.read(tmp_path)) == page
    assert sorted(one.name for one in tmp_path.iterdir()) == [report.PAGE_NAME, report.JSON_NAME]


def test_runs_that_were_left_out_are_all_told_and_many_are_folded_up(proposal: Proposal) -> None:
    for count, folded in ((12, False), (13, True)):
        left_out = {f"gone{at:03}": "stands in losses only" for at in range(count)}
        page = render(Report(title="made", inputs={}, proposal=proposal.model_copy(update={"left_out": left_out})))
        assert page.count("stands in losses only") == count
        assert (f"All {count} runs and why" in page) is folded


def test_a_domain_without_weight_is_named_and_no_weight_below_nothing_has_a_price(proposal: Proposal) -> None:
    first, *others = proposal.domains
    capped = first.model_copy(update={"binding": "maximum", "multiplier": 0.0123})
    empty = [one.model_copy(update={"binding": "minimum", "multiplier": None}) for one in others]
    free = [one.model_copy(update={"binding": None, "multiplier": None}) for one in others]
    priced = f"{first.domain} (maximum, +0.0123)"
    beyond = f"Bounds that hold, and the predicted gain of a weight one point beyond each: {priced}."
    without = f"Without any weight: {', '.join(one.domain for one in others)}."
    assert held([capped, *free]) == f'<p class="aside">{beyond}</p>'
    assert held([capped, *empty]) == f'<p class="aside">{beyond} {without}</p>'
    assert held(empty) == f'<p class="aside">{without}</p>'
    assert "inside the feasible set" in held(free)


def test_the_page_tells_of_arms_only_where_they_ran_and_puts_no_minus_before_nothing(proposal: Proposal) -> None:
    slopes = {"x": Estimate(value=0.5, low=0.4, high=0.6)}
    told = proposal.model_copy(update={"insight": proposal.insight.model_copy(update={"gain_slopes": slopes})})
    alone, both = (
        render(Report(title="x", inputs={}, proposal=told, validation=one)) for one in (None, validated(proposal))
    )
    assert "left in larger models" in alone and "predicted of each arm" not in alone
    assert "predicted of each arm" in both
    assert (change(-1e-6), loss(-1e-6), change(-1e-4)) == ("+0.0000", "0.0000", "\u22120.0001")


def test_the_page_says_what_counts_beside_slopes(proposal: Proposal) -> None:
    def page(kept: float) -> str:
        told = proposal.insight.model_copy(
            update={"gain_slopes": {"x": Estimate(value=0.5, low=0.4, high=0.6)}, "discrepancy_kept": kept}
        )
        return render(Report(title="x", inputs={}, proposal=proposal.model_copy(update={"insight": told})))

    assert "42.0\u202f% of it counts, which is what pairs that were left out bear out." in page(0.42)
    assert "of it counts" not in page(0.0)


def test_without_validation_the_page_says_so(proposal: Proposal) -> None:
    page = render(Report(title="made", inputs={}, proposal=proposal))
    assert "No validation runs yet" in page
    assert "Validated:" not in page


def test_the_headline_says_one_verdict_after_the_other(proposal: Proposal) -> None:
    assert headline(proposal, validated(proposal)).startswith(
        "Validated: the proposed mixture is better than natural and uniform; not told apart from "
    )


def test_a_file_that_is_no_report_is_named(tmp_path: Path) -> None:
    (tmp_path / report.JSON_NAME).write_text('{"title": 1}')
    with pytest.raises(ValueError, match=r"mixture\.json"):
        Report.read(tmp_path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    report.replace(path, b"old")
    with pytest.raises(TypeError):
        report.replace(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.integers(1, 9))
def test_ticks_are_few_and_inside(values: list[float], most: int) -> None:
    axis = Axis.over(values)
    ticks = axis.ticks(most)
    slack = 1e-6 * (axis.high - axis.low)
    assert len(ticks) <= most
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in ticks)
    assert all(0 <= axis.share(value) <= 1 for value in values)


def test_the_terminal_gives_one_verdict_and_what_was_registered_beside_what_was_measured(proposal: Proposal) -> None:
    """As the page does: what the proxies alone could not resolve is no verdict on what was validated."""
    plain = proposal.model_copy(update={"resolved": False, "verdict": "Not resolved, a plumbing check: made."})
    alone = list(terminal.lines(Report(title="made", inputs={}, proposal=plain)))
    assert f"predicted  {plain.verdict}" in alone
    found = validated(plain)
    judged = [
        one.model_copy(update={"as_predicted": one.arm == "uniform"}) if one.gain else one for one in found.judged
    ]
    found = found.model_copy(update={"judged": tuple(judged)})
    told = list(terminal.lines(Report(title="made", inputs={}, proposal=plain, validation=found)))
    assert not [one for one in told if "ot resolved" in one and not one.startswith("validated")]
    assert [one.split(": ")[1].split(", ")[0].split(" (")[0] for one in told if one.startswith("validated")] == [
        one.verdict for one in found.comparisons
    ]
    measured = [one for one in told if one.startswith("measured")]
    wheres = {True: ", within the registered ", False: ", outside the registered ", None: "(3 runs) bits per byte"}
    assert [wheres[one.as_predicted] in line for one, line in zip(judged, measured, strict=True)] == [True] * 5
    assert {one.as_predicted for one in judged} == {True, False, None}
