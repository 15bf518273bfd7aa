"""The report: harmless whatever the names, whole as JSON, equal when drawn again, and written at once."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.proposal.insight import Learned, Range
from mixtures.proposal.proposal import Proposal
from mixtures.report import report, terminal
from mixtures.report.page.drawing import Axis
from mixtures.report.page.fit import predicted
from mixtures.report.page.front import headline, moves
from mixtures.report.page.heat import STRONGEST
from mixtures.report.page.insights import learned
from mixtures.report.page.markup import escaped, listed
from mixtures.report.page.numbers import change, epochs, loss
from mixtures.report.page.weights import held, holds, mixture
from mixtures.report.report import Made, Report, Spent, render
from mixtures.uncertainty.cross_validation import Score
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
    priced = f"<bdi>{first.domain}</bdi> (maximum, +0.0123)"
    beyond = f"Bounds that hold, and the predicted gain of a weight one point beyond each: {priced}."
    without = f"Without any weight: {', '.join(f'<bdi>{one.domain}</bdi>' for one in others)}."
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


def test_many_rows_are_folded_and_none_is_lost(proposal: Proposal) -> None:
    """Domains with next to nothing in every mixture of a table; tasks that are predicted better than others."""
    tiny = Estimate(value=0.001, low=0.0, high=0.002)
    own = [one.domain for one in proposal.domains]
    for count, folded in ((11, False), (12, True)):
        names = [f"small{at:02}" for at in range(count)]
        changed = {"natural": 0.0, "proposed": tiny, "binding": None}
        more = [proposal.domains[0].model_copy(update=changed | {"domain": one}) for one in names]
        ranges = {**proposal.insight.near.ranges, **dict.fromkeys(names, Range(low=0.0, high=0.5))}
        near = proposal.insight.near.model_copy(update={"ranges": ranges})
        observed = {**proposal.best_observed.mixtures[0], **dict.fromkeys(names, 0.0)}
        whole = proposal.model_copy(
            update={
                "domains": (*proposal.domains, *more),
                "best_observed": proposal.best_observed.model_copy(update={"mixtures": (observed,)}),
                "insight": proposal.insight.model_copy(update={"near": near}),
            }
        )
        found = mixture(whole)
        assert all(f">{one}<" in found for one in (*names, *own))
        below = found.partition(f"<summary>{count} domains with less than 0.5\u202f% in each of these</summary>")[2]
        assert [f">{one}<" in below for one in names] == [folded] * count
        assert not any(f'dir="auto">{one}<' in below for one in own)


def test_of_many_tasks_those_that_are_predicted_worst_are_shown(proposal: Proposal) -> None:
    def score(rank: float) -> Score:
        return Score(rmse=0.1, r2=0.5, spearman=rank, spearman_low=None, spearman_high=None)

    tasks = tuple(
        proposal.tasks[0].model_copy(update={"task": f"task{at:02}", "scores": {"surface": score(at / 30)}})
        for at in range(25)
    )
    each = {"task_measured": (1.0,) * 25, "task_predicted": (1.0,) * 25}
    runs = tuple(one.model_copy(update=each) for one in proposal.held_out)
    page = predicted(proposal.model_copy(update={"tasks": tasks, "held_out": runs}))
    below = page[page.index("The other 1 tasks") :]
    assert page.count("<figcaption>") == 25
    assert "task24" in below and "task23" not in below


def test_epochs_tell_nothing_read_from_no_end_and_bounds_nobody_set_from_those_that_hold(proposal: Proposal) -> None:
    assert [epochs(one) for one in (None, 0.0, 0.001, 0.25, 4.0)] == ["–", "0.00", "<0.01", "0.25", "4.00"]
    at = {"binding": "minimum", "minimum": 0.0}
    assert holds(proposal.domains[0].model_copy(update=at)) == "at zero"
    assert holds(proposal.domains[0].model_copy(update=at | {"minimum": 0.1})) == "minimum"
    assert holds(proposal.domains[0].model_copy(update={"binding": None})) == ""


def test_what_comes_next_has_its_cost_and_what_is_predicted_its_interval(proposal: Proposal) -> None:
    """Minutes a run are those of all proxies over all that were trained; the head has unit and interval of the gain."""
    made = Made(versions={"numpy": "1"}, seeds={}, run_tokens={"proxy": 1_000_000})
    whole = Report(title="x", inputs={}, proposal=proposal, made=made)
    page = render(whole, Spent(device="cuda", minutes={"proxies": 14.0}))
    count = len(proposal.insight.next_runs)
    assert page.count('<data value="0.5">0.5</data>') == count
    assert f"They cost {count * 1_000_000:,} tokens." in page
    assert "Minutes, as those before" not in render(whole)
    gain = proposal.gain
    sure = f"90 % of draws: {change(gain.low)} to {change(gain.high)}"
    assert f"predicted gain, bits per byte<small>{sure}</small>" in page
    for one in proposal.insight.optima.values():
        assert one.drawn is not None and one.proposal_gain is not None
        assert f"{change(one.drawn.low)} to {change(one.drawn.high)}" in page
    raw = proposal.insight.optima["raw"].proposal_gain
    assert raw is not None
    assert (raw.value, raw.low, raw.high) == pytest.approx((gain.value, gain.low, gain.high))
    assert all(
        one.multiplier_drawn is not None and one.multiplier_drawn.low <= one.multiplier_drawn.high
        for one in proposal.domains
        if one.multiplier is not None
    )


@pytest.mark.parametrize(
    ("errors", "floor", "said"),
    [
        ((0.05, 0.012), 0.01, "tell little"),
        ((0.05, 0.03), 0.01, "more runs would tell more"),
        ((0.05, 0.045), 0.01, "many more runs"),
        ((0.05, 0.01), 0.0, ""),
    ],
)
def test_a_learning_curve_says_what_it_shows(
    proposal: Proposal, errors: tuple[float, float], floor: float, said: str
) -> None:
    points = tuple(
        Learned(mixtures=count, rmse=Estimate(value=one, low=one, high=one))
        for count, one in zip((10, 40), errors, strict=True)
    )
    insight = proposal.insight.model_copy(update={"learned": points})
    noise = dataclasses.replace(proposal.run_noise, sd=floor)
    told = learned(proposal.model_copy(update={"insight": insight, "run_noise": noise}))
    assert said in told
    assert ("times the noise" in told) is (floor > 0)


def test_few_pairs_are_said_to_say_little(proposal: Proposal) -> None:
    for pairs, few in ((16, True), (31, True), (32, False)):
        slopes = {"x": Estimate(value=0.5, low=0.4, high=0.6)}
        told = proposal.insight.model_copy(update={"gain_slopes": slopes, "pairs": pairs})
        page = render(Report(title="x", inputs={}, proposal=proposal.model_copy(update={"insight": told})))
        assert f"From {pairs} mixtures at both sizes." in page
        assert ("too narrow rather than too wide" in page) is few


def test_names_in_sentences_read_in_their_own_direction(proposal: Proposal) -> None:
    assert "<bdi>עברית</bdi>" in moves(renamed(proposal, "עברית"))
    assert listed(["א", "b", "c"], 2) == "<bdi>א</bdi>, <bdi>b</bdi> and 1 more"


def test_text_and_marks_stand_out_from_what_is_behind_them() -> None:
    """WCAG 2.2: 4.5 to 1 for text (1.4.3), also in the strongest cell; 3 to 1 for marks (1.4.11); light and dark."""
    style = files("mixtures.report.page").joinpath("page.css").read_text(encoding="utf-8")
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", part)) for part in style.split("prefers-color-scheme")
    ]
    assert len(schemes) == 2
    for colours in schemes:
        paper, ink = rgb(colours["paper"]), rgb(colours["ink"])
        for name in ("ink", "muted", "gold-ink", "alarm", "good"):
            assert contrast(rgb(colours[name]), paper) >= 4.5, name
        for name in ("gold", "gravel", "water", "focus", "ink"):
            assert contrast(rgb(colours[name]), paper) >= 3, name
        for name in ("alarm", "water"):
            share = STRONGEST / 100
            cell = tuple(
                share * over + (1 - share) * under for over, under in zip(rgb(colours[name]), paper, strict=True)
            )
            assert contrast(ink, cell) >= 4.5, name


def rgb(colour: str) -> tuple[float, ...]:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    return tuple(int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Of two colours in sRGB, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright = [
        0.05
        + sum(
            part * (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
            for part, value in zip((0.2126, 0.7152, 0.0722), colour, strict=True)
        )
        for colour in (one, other)
    ]
    return max(bright) / min(bright)
