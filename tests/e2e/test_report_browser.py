"""The funnel report in a real browser: silent, alone, and showing the numbers it was given."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from pipeline.report.report import FunnelReport, render
from tests.report.funnel_fixture import CRAWL, EMPTY, HOSTILE, MEASURES, many_sources, realistic, told

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
pytestmark = pytest.mark.browser

SIZES = [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]


class Visit:
    """A page that was opened from a file, and everything it said or asked for."""

    def __init__(
        self, browser: playwright.Browser, folder: Path, report: FunnelReport, width: int, scheme: str
    ) -> None:
        address = (folder / "funnel.html").as_uri()
        (folder / "funnel.html").write_text(render(report), encoding="utf-8")
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url) if request.url != address else None)
        self.page.goto(address)

    def switch(self, measure: str) -> None:
        self.page.click(f"label[for=measure-{measure}]")

    def shown(self, selector: str) -> list[str]:
        """The exact values of the numbers that can be seen."""
        return self.page.eval_on_selector_all(selector, "all => all.filter(e => e.checkVisibility()).map(e => e.value)")

    def column(self, room: int, cell: int) -> list[int]:
        """The exact numbers that can be seen in one column of a room's reasons."""
        return [int(value) for value in self.shown(f"#room-{room} tbody td:nth-of-type({cell}) data")]


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_every_measure_is_silent_alone_and_within_its_width(
    browser: playwright.Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    visit = Visit(browser, tmp_path, realistic(), width, scheme)
    for measure in MEASURES:
        visit.switch(measure)
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        drawings = visit.page.eval_on_selector_all("svg", "all => all.filter(e => e.checkVisibility()).length")
        assert drawings == 1
        picture = visit.page.screenshot(path=tmp_path / f"{width}-{scheme}-{measure}.png", full_page=True)
        assert len(picture) > 50_000
    assert visit.said == []
    assert visit.asked == []
    visit.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "drawing"), [(1280, "wide"), (390, "narrow")])
def test_sources_have_a_colour_each_and_names_beside_their_ribbons(
    browser: playwright.Browser, tmp_path: Path, width: int, drawing: str, scheme: str
) -> None:
    report = many_sources(8, 3)
    visit = Visit(browser, tmp_path, report, width, scheme)
    names = {flow.source for flow in report.flows}
    legend = visit.page.eval_on_selector_all(
        ".legend li:has(b)",
        "all => all.filter(e => e.checkVisibility()).map(e => [e.textContent, "
        "getComputedStyle(e.querySelector('i')).backgroundColor])",
    )
    assert {name for name, _ in legend} == names and len({colour for _, colour in legend}) == len(names)
    drawn = visit.page.eval_on_selector_all(
        f"svg.{drawing} .ribbon.kept",
        "all => all.filter(e => e.checkVisibility()).map(e => getComputedStyle(e).fill)",
    )
    assert set(drawn) <= {colour for _, colour in legend} and len(set(drawn)) == len(names)
    on_ribbons = visit.page.evaluate(
        """kind => {
          const svg = [...document.querySelectorAll(`svg.${kind}`)].find(e => e.checkVisibility());
          const from = svg.getScreenCTM().inverse();
          const inside = (ribbon, x, y) => ribbon.isPointInFill(new DOMPoint(x, y).matrixTransform(from));
          const kept = [...svg.querySelectorAll('.ribbon.kept')];
          return [...svg.querySelectorAll('.front text')].filter(label => {
            const box = label.getBoundingClientRect();
            const points = [0, .5, 1].map(part => [box.x + part * box.width, box.y + box.height / 2]);
            return points.some(([x, y]) => kept.some(one => inside(one, x, y)));
          }).map(label => label.textContent);
        }""",
        drawing,
    )
    assert on_ribbons == []
    visit.page.close()


def test_the_numbers_that_are_seen_are_the_numbers_that_were_given(browser: playwright.Browser, tmp_path: Path) -> None:
    report = realistic()
    visit = Visit(browser, tmp_path, report, 1280, "light")
    for measure, column in MEASURES.items():
        visit.switch(measure)
        for position, room in enumerate(sorted({flow.room for flow in report.flows})):
            total: dict[str, int] = defaultdict(int)
            crawl: dict[str, int] = defaultdict(int)
            for flow in report.flows:
                if flow.room == room and flow.outcome != "kept":
                    total[flow.reason] += getattr(flow, column)
                    crawl[flow.reason] += getattr(flow, column) if flow.source == CRAWL else 0
            assert visit.column(position, 1) == sorted(total.values(), reverse=True)
            assert sorted(visit.column(position, 3)) == sorted(crawl.values())
    kept = [flow for flow in report.flows if flow.room == "40_published" and flow.outcome == "kept"]
    assert visit.shown("#published-docs data") == [str(sum(flow.docs_out for flow in kept))]
    assert visit.shown("#published-text data") == [str(sum(flow.text_bytes for flow in kept))]
    data = visit.page.evaluate("JSON.parse(document.getElementById('funnel-data').textContent)")
    assert data["totals"]["records_in"] == sum(flow.docs_in for flow in report.flows if flow.room == "10_extracted")
    visit.page.close()


def test_columns_sort_by_keyboard_and_say_how(browser: playwright.Browser, tmp_path: Path) -> None:
    visit = Visit(browser, tmp_path, realistic(), 1280, "light")
    head = visit.page.locator("#room-1 thead th").nth(1)
    head.locator("button").focus()
    visit.page.keyboard.press("Enter")
    playwright.expect(head).to_have_attribute("aria-sort", "ascending")
    numbers = visit.column(1, 1)
    assert numbers == sorted(numbers)
    visit.page.keyboard.press("Enter")
    playwright.expect(head).to_have_attribute("aria-sort", "descending")
    assert visit.column(1, 1) == sorted(numbers, reverse=True)
    name = visit.page.locator("#room-1 thead button").first
    name.click()
    playwright.expect(visit.page.locator("#room-1 thead th").first).to_have_attribute("aria-sort", "ascending")
    names = visit.page.locator("#room-1 tbody th .reason").all_text_contents()
    assert names == sorted(names)
    assert visit.page.locator("#room-1 th[aria-sort=ascending], #room-1 th[aria-sort=descending]").count() == 1
    visit.page.close()


def test_a_branch_leads_to_its_row_and_the_row_to_its_examples(browser: playwright.Browser, tmp_path: Path) -> None:
    visit = Visit(browser, tmp_path, realistic(), 1280, "light")
    visit.page.locator("svg.wide:visible a").filter(has_text="gopher:word_count").first.focus()
    visit.page.keyboard.press("Enter")
    row = visit.page.locator("tr:target")
    assert "gopher:word_count" in row.inner_text()
    row.get_by_text("examples").click()
    # The browser tells of a new hash by an event that comes after the click: what it opens is waited for.
    fold = visit.page.locator("details:target[open]")
    assert "gopher:word_count" in fold.locator("summary").inner_text()
    visit.page.close()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_runs_nothing_asks_nothing_and_stays_in_its_place(
    browser: playwright.Browser, tmp_path: Path, text: str
) -> None:
    visit = Visit(browser, tmp_path, told(text), 400, "light")
    alerts: list[str] = []
    visit.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    visit.page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 400
    assert visit.page.locator("script").count() == 2
    assert visit.said + visit.asked + alerts == []
    visit.page.close()


def test_an_empty_run_is_a_page_too(browser: playwright.Browser, tmp_path: Path) -> None:
    visit = Visit(browser, tmp_path, EMPTY, 400, "dark")
    assert "No record entered this run." in visit.page.inner_text("body")
    assert visit.said + visit.asked == []
    visit.page.close()
