"""The funnel report says what it was given, whatever text it is given, and says it the same way each time."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.report.page.branches import MAX_SOURCES
from pipeline.report.page.markup import cut, visible
from pipeline.report.page.numbers import rate, share, size
from pipeline.report.page.tables import MAX_COLUMNS
from pipeline.report.page.words import MAX_WORDS, compared
from pipeline.report.report import (
    Flow,
    FunnelReport,
    PublishedDomain,
    SourceInfo,
    StageTime,
    render,
)
from pipeline.reports import EXAMPLE_FILES, _of_each_source
from tests.report.funnel_fixture import EMPTY, HOSTILE, MEASURES, many_sources, realistic, told


class Page(HTMLParser):
    """What a browser would see: the tags with their attributes' names, the text, the tables' exact numbers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text: list[str] = []
        self.script: list[str] = []
        self.json = ""
        self.rows: list[tuple[str, list[dict[str, int]]]] = []
        self.titles: list[str] = []
        self.ids: list[str] = []
        self.hrefs: list[str] = []
        self._open: list[str] = []
        self._measure = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.ids += [have["id"] or ""] if "id" in have else []
        self.hrefs += [have["href"] or ""] if "href" in have else []
        kind = "json" if have.get("type") == "application/json" else tag
        if tag not in ("meta", "link", "input", "wbr"):
            self._open.append(kind)
        if tag == "tr":
            self.rows.append(("", []))
        if tag == "td" and self.rows:
            self.rows[-1][1].append({})
        if tag == "data" and self.rows and "td" in self._open:
            measure = str(have.get("class", "one")).rpartition(" m-")[2].removeprefix("m m-")
            self.rows[-1][1][-1][measure] = int(float(have["value"] or ""))

    def handle_endtag(self, tag: str) -> None:
        opened = self._open.pop()
        assert opened == tag or (opened, tag) == ("json", "script"), f"<{opened}> closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside == "json":
            self.json += data
        elif inside == "script":
            self.script.append(data)
        elif inside == "title":
            self.titles.append(data)
        elif inside != "style":
            self.text.append(data)
            if "th" in self._open and self.rows:
                name, cells = self.rows[-1]
                self.rows[-1] = (name + data, cells)


def row_of(page: Page, name: str) -> list[dict[str, int]]:
    """The number cells of the first table row whose head begins with `name`."""
    return next([cell for cell in cells if cell] for title, cells in page.rows if title.startswith(name))


@pytest.mark.parametrize("report", [realistic(), many_sources(1, 1), many_sources(9, 40), EMPTY], ids=lambda r: r.run)
def test_the_embedded_json_is_the_data(report: FunnelReport) -> None:
    data = json.loads(Page(render(report)).json)
    assert [Flow(**row) for row in data["flows"]] == list(report.flows)
    assert [SourceInfo(**row) for row in data["sources"]] == list(report.sources)
    assert [StageTime(**row) for row in data["times"]] == list(report.times)
    assert [PublishedDomain(**row) for row in data["published"]] == list(report.published)


@pytest.mark.parametrize(
    "report", [realistic(), many_sources(1, 3), many_sources(12, 40)], ids=lambda r: str(len(r.flows))
)
def test_every_number_of_the_tables_is_the_sum_of_its_flows(report: FunnelReport) -> None:
    page = Page(render(report))
    sources = list(dict.fromkeys([*(s.name for s in report.sources), *sorted({f.source for f in report.flows})]))
    for outcome, reason in {(flow.outcome, flow.reason) for flow in report.flows if flow.outcome != "kept"}:
        expected: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
        for flow in report.flows:
            if (flow.outcome, flow.reason) == (outcome, reason):
                for measure, column in MEASURES.items():
                    expected[flow.source][measure] += getattr(flow, column)
                    expected["all"][measure] += getattr(flow, column)
        order = ["all", *(sources if len(sources) > 1 else [])]
        assert row_of(page, reason) == [expected[name] for name in order]


def test_of_very_many_sources_the_smallest_share_a_column() -> None:
    report = many_sources(200, 40)
    page = Page(render(report))
    cells = row_of(page, "rules:reason_001")
    assert len(cells) == 1 + MAX_COLUMNS
    for measure in MEASURES:
        assert cells[0][measure] == sum(cell[measure] for cell in cells[1:])
    largest = [flow for flow in report.flows if flow.reason == "rules:reason_001"][-(MAX_COLUMNS - 1) :]
    assert [cell["documents"] for cell in cells[1:-1]] == [flow.docs_in for flow in largest]
    assert "185 other sources" in page.text


def test_examples_are_looked_for_in_files_of_every_source() -> None:
    names = [
        f"20_filtered/{source}-{number:05d}.0a1b.ledger.parquet" for source in ("big", "a_b") for number in range(90)
    ]
    chosen = _of_each_source([*names, "20_filtered/tiny-00000.0a1b.ledger.parquet"])
    assert [sum(f"/{source}-" in name for name in chosen) for source in ("big", "a_b", "tiny")] == [21, 21, 1]
    shards = [f"40_published/web-{number:05d}-of-00090.0a1b.parquet" for number in range(90)]
    assert _of_each_source(shards) == shards[:EXAMPLE_FILES] and _of_each_source([]) == []


def test_totals_and_the_sentence() -> None:
    text = "".join(Page(render(realistic())).text)
    assert "Of 77,176 records from 2 sources, 10,484 were published: 20.5\u202f% of the 51,097 that could" in text
    data = json.loads(Page(render(realistic())).json)
    assert data["totals"]["records_in"] == 77_176
    assert data["totals"]["published_documents"] == 10_484
    assert data["balances"] is True


def test_small_branches_are_drawn_together_with_their_exact_sum() -> None:
    report = many_sources(1, 40)
    page = Page(render(report))
    lost = sorted((flow.docs_in for flow in report.flows if flow.reason), reverse=True)
    assert f"34 other reasons (others): {sum(lost[6:]):,} documents" in "".join(page.titles)
    assert "34 other reasons" in page.text


def test_links_lead_somewhere_and_ids_are_unique() -> None:
    page = Page(render(realistic()))
    assert len(set(page.ids)) == len(page.ids)
    assert {href[1:] for href in page.hrefs if href.startswith("#")} <= set(page.ids)
    assert [href for href in page.hrefs if not href.startswith("#")] == ["data:,"]


def test_an_ordinary_page_is_small_and_loads_nothing() -> None:
    page = render(realistic())
    assert len(page.encode()) < 1_000_000
    assert "src=" not in page.replace("script-src", "")
    assert "url(" not in page
    assert "@import" not in page


def test_equal_reports_give_equal_pages_in_any_order_of_what_has_no_order() -> None:
    report = realistic()
    assert render(report) == render(realistic())
    shuffled = replace(report, examples=list(reversed(report.examples)), published=list(reversed(report.published)))
    seen, _, _ = render(shuffled).partition('id="funnel-data"')
    assert seen == render(report).partition('id="funnel-data"')[0]


def test_an_empty_run_says_so() -> None:
    page = Page(render(EMPTY))
    assert "No record entered this run." in page.text
    assert "svg" not in {tag for tag, _ in page.tags}
    assert json.loads(page.json)["totals"]["published_documents"] is None


def test_all_lost_and_nothing_measured() -> None:
    flows = [Flow("10_extracted", "a", "dropped", "text:empty", 7, 0, 0, 0)]
    text = "".join(Page(render(replace(EMPTY, flows=flows))).text)
    assert "Of 7 records from 1 source, 0 are left after extraction; nothing has been published yet." in text


@pytest.mark.parametrize(
    ("expanded", "entered", "balances"),
    [(0, 10, True), (0, 9, False), (0, 11, False), (1, 11, True), (1, 9, False)],
)
def test_a_funnel_that_does_not_balance_is_called_out(expanded: int, entered: int, balances: bool) -> None:
    flows = [
        Flow("10_extracted", "dump", "kept", "", 10, 10, 10, 10),
        Flow("10_extracted", "dump", "expanded", "archive:members", expanded, 0, 1, 0),
        Flow("20_filtered", "dump", "kept", "", entered, entered, 10, 10),
    ]
    page = Page(render(replace(EMPTY, flows=flows)))
    assert json.loads(page.json)["balances"] is balances
    assert ("The funnel does not balance:" in page.text) is not balances
    assert (f"dump: 10_extracted kept 10, 20_filtered was given {entered}" in page.text) is not balances


@pytest.mark.parametrize(
    ("outcome", "docs_in", "docs_out", "raw"),
    [("kept", 3, 2, 0), ("dropped", 3, 1, 0), ("dropped", -1, 0, 0), ("merged", 1, 0, -1), ("lost", 1, 0, 0)],
)
def test_a_fate_that_does_not_add_up_is_refused(outcome: str, docs_in: int, docs_out: int, raw: int) -> None:
    with pytest.raises(ValueError, match="10_extracted/web"):
        Flow("10_extracted", "web", outcome, "x:y", docs_in, docs_out, raw, 0)  # type: ignore[arg-type]


texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(), max_size=60), st.text("<>&\"'/!-\x00\u202e", max_size=30)
)


def marks_apart(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """The page's tags without the marks of compared words, the only ones that follow from a text."""
    return [(tag, names) for tag, names in page.tags if tag not in ("del", "ins")]


@settings(max_examples=60, deadline=None)
@given(text=texts)
def test_no_text_changes_the_page_around_it(text: str) -> None:
    page = Page(render(told(text)))
    plain = Page(render(told("x")))
    assert marks_apart(page) == marks_apart(plain)
    assert page.script == plain.script
    assert visible(cut("e" + text, 900)) in "".join(page.text).replace("\r", "\n")
    assert json.loads(page.json)["run"] == "r" + text[:40]


@settings(max_examples=60, deadline=None)
@given(text=texts)
def test_what_cannot_be_seen_is_not_on_the_page(text: str) -> None:
    page = render(told(text))
    page.encode("utf-8")
    assert not set(page) & set("\x00\x08\x1b\x7f\x85\u202e\u2066\u200b\ufeff\ufffe\r")
    assert "</script" not in Page(page).json
    assert len(page) < 400_000


@given(
    st.lists(st.sampled_from(["gold", "sand", "<b>", "water\n", " "]), max_size=40),
    st.lists(st.sampled_from(["gold", "sand", "&"])),
)
def test_compared_texts_are_whole_and_marks_are_the_difference(left: list[str], right: list[str]) -> None:
    first, second = " ".join(left), " ".join(right)
    shown = compared(first, second)
    assert "".join(Page(shown[0]).text) == first
    assert "".join(Page(shown[1]).text) == second
    same = first.split() == second.split()
    assert ("<del>" in shown[0] or "<ins>" in shown[1]) is not same or not (first.strip() or second.strip())


def test_a_long_pair_is_cut_and_says_so() -> None:
    shown, _ = compared("word " * (MAX_WORDS + 1), "word")
    assert shown.endswith(" …")


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.00 kB"), (9_994, "9.99 kB"), (9_995, "10.0 kB"), (99_949, "99.9 kB"),
     (99_950, "100 kB"), (999_499, "999 kB"), (1_000_000, "1.00 MB"), (123_456_789_012, "123 GB"), (10**16, "10.0 PB")],
)  # fmt: skip
def test_sizes_have_three_digits(value: int, written: str) -> None:
    assert size(value).replace("\u202f", " ") == written


@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [(0, 0, "–"), (0, 5, "0 %"), (1, 10**6, "<0.1 %"), (5, 10_000, "0.1 %"), (1, 3, "33.3 %"),
     (999_999, 10**6, ">99.9 %"), (9_994, 10_000, "99.9 %"), (5, 5, "100 %"), (11, 10, "110 %")],
)  # fmt: skip
def test_shares_never_round_something_to_nothing(part: int, whole: int, written: str) -> None:
    assert share(part, whole).replace("\u202f", " ") == written


@pytest.mark.parametrize(
    ("amount", "seconds", "written"), [(1, 0.0, "–"), (0, 1, "–"), (1, 3, "0.33"), (99.96, 1, "100"), (12, 1, "12.0")]
)
def test_rates_have_three_digits(amount: float, seconds: float, written: str) -> None:
    assert rate(amount, seconds) == written


SEEN_AS = {
    "by most": np.eye(3),
    "without red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "without green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "without blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}
"""How linear RGB is seen (Machado, Oliveira and Fernandes 2009, severity 1)."""
TO_CONES = np.array(
    [[0.41222147, 0.53633254, 0.05144599], [0.21190350, 0.68069955, 0.10739696], [0.08830246, 0.28171884, 0.62997870]]
)
TO_OKLAB = np.array(
    [
        [0.21045426, 0.79361779, -0.00407205],
        [1.97799850, -2.42859221, 0.45059371],
        [0.02590404, 0.78277177, -0.80867577],
    ]
)


def oklab(colour: str, seen_as: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lightness, green to red, blue to yellow (Ottosson 2020); 0.02 is about the least difference that is seen."""
    part = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    seen: NDArray[np.float64] = TO_OKLAB @ np.cbrt(TO_CONES @ np.clip(seen_as @ linear, 0, 1))
    return seen


@pytest.mark.parametrize("seen_as", SEEN_AS.values(), ids=SEEN_AS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_sources_are_told_apart_whoever_looks(scheme: str, seen_as: NDArray[np.float64]) -> None:
    css = files("pipeline.report.page").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)", 1)
    colours = re.findall(r"--(?:gold|source-\d): (#[0-9a-f]{6})", light if scheme == "light" else dark.split("* {")[0])
    assert len(colours) == MAX_SOURCES
    seen = [oklab(colour, seen_as) for colour in colours]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 0.04
