"""The review page in a real browser: keys, resuming, hostile texts, a phone; by the command as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.review import answers
from pipeline.review.queue import draw
from pipeline.review.server import ReviewServer
from pipeline.review.sitting import Sitting
from tests.conftest import ROOT
from tests.review import made

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
pytestmark = pytest.mark.browser

SIZES = [(1280, 800, "light"), (1280, 800, "dark"), (400, 800, "light"), (400, 800, "dark")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.run(tmp_path_factory.mktemp("review"))


STARTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background inherit that it is ignored
from pipeline.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@contextmanager
def command(data: Path, *extra: str) -> Iterator[str]:
    """The address that the command prints."""
    line_of = [sys.executable, "-c", STARTED, "review", "--data", str(data), *extra]
    with subprocess.Popen(line_of, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := re.search(r"http://127\.0\.0\.1:\d+/\S+/", line):
                    yield found[0]
                    break
            else:
                raise AssertionError("no address")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=600)
    assert process.returncode == 0


@contextmanager
def serving(data: Path, who: str, sample: int, about: str = "quality") -> Iterator[str]:
    """The same server in this process."""
    with ReviewServer(Sitting(str(data), draw(str(data), about, sample), who)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.address
        finally:
            server.shutdown()
            thread.join()
            server.token = "gone"  # a connection that the browser opened before is heard by a thread that lives on


class Visit:
    """A page and everything it said or asked of others."""

    def __init__(
        self, browser: playwright.Browser, address: str, width: int = 1280, height: int = 800, scheme: str = "light"
    ) -> None:
        self.said: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda asked: None if asked.url.startswith(address) else self.said.append(asked.url))
        self.page.goto(address)
        self.until("")

    def until(self, before: str) -> str:
        """The document's id once it is another one than `before`."""
        other = "id => document.title !== 'Review' && document.getElementById('doc').textContent !== id"
        self.page.wait_for_function(other, arg=before)
        return str(self.page.locator("#doc").inner_text())

    def press(self, key: str) -> str:
        before = self.page.locator("#doc").inner_text()
        self.page.keyboard.press(key)
        return self.until(before)

    @property
    def done(self) -> str:
        return str(self.page.locator("#progress").inner_text())


def kept(data: Path, who: str) -> list[str]:
    return [row.answer for row in answers.read(str(data)) if row.who == who]


def test_keys_answer_go_back_and_resume(browser: playwright.Browser, data: Path) -> None:
    with command(data, "--as", "keys", "--sample", "5") as address:
        visit = Visit(browser, address)
        first = visit.page.locator("#doc").inner_text()
        second = visit.press("k")
        third = visit.press("d")
        assert len({first, second, third}) == 3
        assert visit.press("b") == second
        visit.page.keyboard.press("Control+k")
        visit.page.keyboard.press("x")
        assert visit.press("u") == third
        assert visit.done == "2 of 5 answered by keys"
        assert kept(data, "keys") == ["keep", "drop", "withdrawn", "unsure"]
        assert visit.said == []
        visit.page.close()
    with command(data, "--as", "keys", "--sample", "5") as address:
        visit = Visit(browser, address)
        assert visit.page.locator("#doc").inner_text() == third
        for _ in range(2):
            visit.press("k")
        visit.page.keyboard.press("k")
        visit.page.wait_for_selector("#end:not([hidden])")
        assert "keys and the pipeline" in visit.page.locator("#agreement").inner_text()
        assert visit.page.locator("#keep").is_disabled() and not visit.page.locator("#back").is_disabled()
        assert visit.said == []
        visit.page.close()


@pytest.mark.parametrize(("width", "height", "scheme"), SIZES)
def test_every_size_is_silent_alone_and_within_its_width(
    browser: playwright.Browser, data: Path, tmp_path: Path, width: int, height: int, scheme: str
) -> None:
    who = f"size{width}{scheme}"
    with serving(data, who, 20) as address:
        visit = Visit(browser, address, width, height, scheme)
        hostile = False
        for number in range(13):
            assert visit.page.evaluate("document.documentElement.scrollWidth") == width
            assert visit.page.evaluate("document.documentElement.scrollHeight") <= height
            text = visit.page.locator("#text").inner_text()
            if "<script>" in text:
                hostile = True
                assert "<img src=x onerror=" in text and "⟨U+202E⟩" in text and "&amp;" in text
                assert visit.page.locator("#text script, #text img").count() == 0
            if number < 12:
                before = visit.page.locator("#doc").inner_text()
                visit.page.click("#unsure")  # as a thumb does
                visit.until(before)
        assert hostile
        assert visit.page.title() == "12 of 13 · Review"
        assert len(visit.page.screenshot(path=tmp_path / f"{width}-{scheme}.png")) > 10_000
        assert visit.said == []
        assert kept(data, who) == ["unsure"] * 12
        visit.page.close()


def test_what_decides_is_in_sight_the_rest_is_folded_and_skip_asks_later(
    browser: playwright.Browser, data: Path
) -> None:
    with serving(data, "skips", 3) as address:
        visit = Visit(browser, address, 390, 844)
        first = visit.page.locator("#doc").inner_text()
        assert visit.page.locator("#signals dt").all_inner_texts() == ["word_count"]
        assert not visit.page.locator("#others").is_visible() and visit.page.locator("#more summary").is_visible()
        visit.page.click("#more summary")
        assert visit.page.locator("#others div").count() > 5
        assert visit.press("s") != first
        visit.press("k")
        assert visit.press("k") == first, "what was skipped is asked last"
        assert kept(data, "skips") == ["keep", "keep"] and visit.done == "2 of 3 answered by skips"
        assert visit.said == []
        visit.page.close()


def test_a_blind_page_tells_the_verdict_after_the_answer(browser: playwright.Browser, data: Path) -> None:
    with command(data, "--as", "blind", "--sample", "3", "--blind") as address:
        visit = Visit(browser, address)
        shown = visit.page.inner_text("main")
        assert "told after your answer" in shown and "length:short" not in shown and "word_count" not in shown
        assert not visit.page.locator("#told").is_visible()
        visit.press("d")
        assert re.match("Your drop; the pipeline: (kept|dropped: length:short)", visit.page.inner_text("#told"))
        assert [row.blind for row in answers.read(str(data)) if row.who == "blind"] == [True]
        assert visit.said == []
        visit.page.close()


def test_code_between_fences_is_written_as_code(browser: playwright.Browser, data: Path) -> None:
    with serving(data, "code", 1) as address:
        visit = Visit(browser, address)
        pieces = [["a\n```py\nx = ", 0], ["1", 1], ["\n~~~\n```\nb `c`\n", 0], ["9 bytes left out", 2], ["d", 0]]
        made_ = visit.page.evaluate(
            "pieces => written(pieces).map(e => [e.tagName, e.className, e.textContent])", pieces
        )
        assert made_ == [
            ["SPAN", "", "a\n"], ["SPAN", "code", "```py\nx = "], ["MARK", "code", "1"],
            ["SPAN", "code", "\n~~~\n```\n"], ["SPAN", "", "b `c`\n"], ["P", "gap", "9 bytes left out"],
            ["SPAN", "", "d"],
        ]  # fmt: skip
        mono = visit.page.evaluate(
            """() => { part("text").replaceChildren(...written([["a\\n```\\nx\\n```", 0]]));
            return [...part("text").children].map(e => getComputedStyle(e).fontFamily.includes("monospace")); }"""
        )
        assert mono == [False, True]
        visit.page.close()


def test_evidence_is_marked_in_a_text_and_in_sight(browser: playwright.Browser, data: Path) -> None:
    with serving(data, "ann", 20, "contamination") as address:
        visit = Visit(browser, address, 400, 800)
        mark = visit.page.locator("#text mark")
        assert mark.first.inner_text().startswith("Natalia sold clips")
        assert mark.first.is_visible() and "exam" in visit.page.locator("#evidence").inner_text()
        assert visit.page.locator("#signals .near dt").first.inner_text() == "contamination_kind"
        assert visit.said == []
        visit.page.close()


def test_a_server_that_is_gone_is_told_and_the_document_stays(browser: playwright.Browser, data: Path) -> None:
    with serving(data, "gone", 3) as address:
        visit = Visit(browser, address)
        shown = visit.page.locator("#doc").inner_text()
    deadline = time.monotonic() + 300
    while visit.page.locator("#trouble").is_hidden() and time.monotonic() < deadline:
        visit.page.keyboard.press("k")
        visit.page.wait_for_timeout(100)
    assert "Is the command still running?" in visit.page.locator("#trouble").inner_text()
    assert visit.page.locator("#doc").inner_text() == shown
    visit.page.close()


def test_two_windows_of_one_sitting_do_not_answer_twice(browser: playwright.Browser, data: Path) -> None:
    with serving(data, "twice", 4) as address:
        one, other = Visit(browser, address), Visit(browser, address)
        first = one.page.locator("#doc").inner_text()
        second = one.press("k")
        assert other.page.locator("#doc").inner_text() == first
        assert other.press("d") == second, "the answer to a document that is answered already is not taken"
        assert kept(data, "twice") == ["keep"]
        one.page.close()
        other.page.close()
