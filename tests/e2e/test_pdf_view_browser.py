"""A PDF's page beside its text in a real browser: within its width, in dark, and with words for what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.demo.pdf import Line, document
from pipeline.inspection import pdf_view
from tests.made_scan import drawn, scanned

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
pytestmark = pytest.mark.browser

PAPER = {"light": "rgb(251, 250, 247)", "dark": "rgb(20, 22, 25)"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a text layer, and the page of a scan that nobody has read."""
    folder = tmp_path_factory.mktemp("seen")
    printed = document([[Line(60, 700, 12, "A page of text, and no more.")]], {})
    (folder / "scan.pdf").write_bytes(scanned([drawn(printed)]))
    said = pdf_view.write(str(folder / "scan.pdf"), str(folder / "scan.html"), "never", None)
    assert (said["outcome"], said["reason"]) == ("dropped", "pdf:no_text_layer")
    return folder / "scan.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_silent_within_its_width_and_follows_the_scheme(
    browser: playwright.Browser, seen: Path, width: int, scheme: str
) -> None:
    said: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else said.append(request.url))
    page.goto(seen.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[scheme]
    assert page.evaluate("document.querySelector('img').naturalWidth") > 100
    assert "OCR was off: --ocr auto would read the pictures of 1 page" in page.inner_text(".said")
    assert "pictures of its own cover 100%" in page.inner_text(".facts")
    assert not page.locator("dl").is_visible()
    page.click("summary")
    for word in ("layer short", "confidence"):
        assert word in page.inner_text("dl")
    assert said == []
    page.close()
