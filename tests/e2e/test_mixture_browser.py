"""The mixture report in a real browser: silent, alone, within its width, whatever the names."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixtures.proposal.proposal import Proposal, Settings
from mixtures.proposal.propose import propose
from mixtures.report.page.insights import helps as helps_of
from mixtures.report.report import Report, render
from mixtures.search.objective import Objective
from tests.mixtures import made
from tests.mixtures.worlds import HOSTILE, renamed, validated

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
pytestmark = pytest.mark.browser

SIZES = [(1200, "light"), (1200, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    return propose(made.runs(), made.constraints(), Objective(), Settings(replicas=10))


class Visit:
    """A page that was opened from a file, and everything it said or asked for."""

    def __init__(self, browser: playwright.Browser, folder: Path, report: Report, width: int, scheme: str) -> None:
        address = (folder / "mixture.html").as_uri()
        (folder / "mixture.html").write_text(render(report), encoding="utf-8")
        self.heard: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("console", lambda message: self.heard.append(message.text))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.heard.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.heard.append(request.url) if request.url != address else None)
        self.page.goto(address)
        self.page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_it_is_silent_alone_and_within_its_width(
    browser: playwright.Browser, tmp_path: Path, proposal: Proposal, width: int, scheme: str
) -> None:
    whole = Report(title="made", inputs={}, proposal=proposal, validation=validated(proposal))
    visit = Visit(browser, tmp_path, whole, width, scheme)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    assert len(visit.page.screenshot(full_page=True)) > 50_000
    assert visit.heard == []
    visit.page.close()


def test_the_verdict_is_said_once_and_validation_is_read_on_a_phone_without_scrolling(
    browser: playwright.Browser, tmp_path: Path, proposal: Proposal
) -> None:
    found = validated(proposal)
    whole = Report(title="made", inputs={}, proposal=proposal, validation=found)
    (tmp_path / "mixture.html").write_text(render(whole), encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((tmp_path / "mixture.html").as_uri())
    above = f"{page.inner_text('.masthead')} {page.inner_text('#mixture')}"
    assert sum(above.count(word) for word in ("Validated", "Refuted", "Not resolved")) == 1
    assert proposal.verdict not in above
    page.click("#mixture summary")
    assert proposal.verdict in page.inner_text("#mixture")
    wide = page.eval_on_selector_all(
        "#validation :is(.scroll, td, th, span)",
        "all => all.filter(e => e.checkVisibility() && "
        "(e.getBoundingClientRect().right > innerWidth || e.scrollWidth > e.clientWidth + 1 && e.clientWidth))"
        ".map(e => e.textContent)",
    )
    assert wide == []
    shown = page.inner_text("#validation .stacked tbody")
    for one in found.comparisons:
        assert one.reference.replace("_", " ") in shown and one.verdict in shown
        if one.difference is not None:
            assert f"{one.difference.value:+.4f}".replace("-", "\u2212") in shown
    page.close()


def test_marks_stand_where_the_numbers_say(browser: playwright.Browser, tmp_path: Path, proposal: Proposal) -> None:
    visit = Visit(browser, tmp_path, Report(title="made", inputs={}, proposal=proposal), 1200, "light")
    places = visit.page.eval_on_selector_all(
        "#mixture tbody tr",
        "rows => rows.map(r => [r.querySelector('circle.proposed').getBoundingClientRect().x, "
        "Number(r.querySelector('td.total data').value)])",
    )
    assert [weight for _, weight in places] == sorted((one.proposed.value for one in proposal.domains), reverse=True)
    scale = (places[0][0] - places[-1][0]) / (places[0][1] - places[-1][1])
    for place, weight in places:
        assert place == pytest.approx(places[0][0] + scale * (weight - places[0][1]), abs=1.0)
    assert scale > 0
    assert "No validation runs yet" in visit.page.inner_text("#validation")
    visit.page.close()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_run_nothing_and_stay_in_their_place(
    browser: playwright.Browser, tmp_path: Path, proposal: Proposal, text: str
) -> None:
    whole = Report(title=text, inputs={}, proposal=renamed(proposal, text), validation=validated(proposal))
    visit = Visit(browser, tmp_path, whole, 390, "light")
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
    assert visit.page.locator("script").count() == 0
    assert visit.heard == []
    visit.page.close()


def test_everything_lies_in_the_main_part_and_a_long_heat_table_keeps_its_heads(
    browser: playwright.Browser, tmp_path: Path, proposal: Proposal
) -> None:
    """Whoever skips to the report misses nothing; tasks and domains stay in sight wherever a table is scrolled to."""
    helps = tuple(
        one.model_copy(update={"task": f"{one.task} {at}", "domain": f"{one.domain} {part}"})
        for at in range(30)
        for part in range(9)
        for one in proposal.insight.helps
    )
    names = {one.domain for one in helps}
    domains = tuple(
        one.model_copy(update={"domain": name})
        for name in sorted(names)
        for one in proposal.domains
        if one.domain == name.rpartition(" ")[0]
    )
    insight = proposal.insight.model_copy(update={"helps": helps})
    page = helps_of(proposal.model_copy(update={"domains": domains, "insight": insight}))
    visit = Visit(browser, tmp_path, Report(title="made", inputs={}, proposal=proposal), 1200, "light")
    for part in ("#mixture", "nav", "#helps", "#made"):
        assert visit.page.locator(f"main {part}").count() == 1
    visit.page.eval_on_selector("#helps .scroll", "(box, html) => { box.outerHTML = html }", page)
    heads = visit.page.eval_on_selector(
        "#helps .scroll",
        "box => { box.scrollTo(400, 500); const at = e => e.getBoundingClientRect(); const inside = at(box);"
        "return [box.scrollTop, box.scrollLeft, at(box.querySelector('thead th:nth-child(9)')).top - inside.top,"
        "at(box.querySelector('tbody tr:nth-child(30) th')).left - inside.left] }",
    )
    assert heads == [500, 400, 0, 0]
    visit.page.close()
