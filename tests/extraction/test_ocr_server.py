"""A server that speaks chat completions, a small one of our own: answers, retries, refusals, and what they cost."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.demo import pdf as demo_pdf
from pipeline.extraction.ocr import server
from pipeline.extraction.ocr.engines import Server
from pipeline.extraction.ocr.page_image import ink_of, is_sideways, level, quarter_turned, skew_of
from pipeline.extraction.pdf import extract
from pipeline.trouble import ConfigError, EnvironmentTrouble
from tests.made_scan import drawn, scanned

Said = tuple[int, Any]  # status, body: an object as JSON, or bytes


def completion(text: str | None, finish: str = "stop", tokens: tuple[int, int] = (900, 50)) -> dict[str, Any]:
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    message = {"role": "assistant", "content": text}
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }


class Model:
    """The server: answers what it was told to, in order, the last for ever; keeps what it was asked."""

    def __init__(self) -> None:
        self.says: list[Said] = [(200, completion("A page."))]
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                model.asked.append(json.loads(raw) | {"path": self.path})
                model.keys.append(self.headers["Authorization"])
                status, body = model.says.pop(0) if len(model.says) > 1 else model.says[0]
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content) + (9 if status == 299 else 0)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # who asked may have gone
                    for piece in [content] if status != 298 else map(bytes, zip(content)):  # 298: it trickles
                        self.wfile.write(piece)
                        time.sleep(0.02 if status == 298 else 0)

            def log_message(self, *_: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def model() -> Iterator[Model]:
    found = Model()
    yield found
    found.close()


@pytest.fixture
def call(model: Model) -> Callable[..., server.Answer]:
    pauses: list[float] = []

    def ask(retries: int = 3) -> server.Answer:
        asked = server.Call(model.url, "olmocr", "Read.", 100, 300.0, retries, key="k", sleep=pauses.append)
        return server.read_page(asked, b"\x89PNG")

    ask.pauses = pauses  # type: ignore[attr-defined]
    return ask


def test_the_question_is_a_chat_completion_with_the_picture_as_a_data_url(
    model: Model, call: Callable[..., server.Answer]
) -> None:
    assert call() == server.Answer("A page.", "", (900, 50))
    [asked] = model.asked
    text, picture = asked["messages"][0]["content"]
    assert (asked["path"], asked["model"], asked["max_tokens"], asked["temperature"]) == (
        "/v1/chat/completions",
        "olmocr",
        100,
        0.0,
    )
    assert text == {"type": "text", "text": "Read."}
    head, _, encoded = picture["image_url"]["url"].partition(",")
    assert (picture["type"], head, base64.b64decode(encoded)) == ("image_url", "data:image/png;base64", b"\x89PNG")
    assert model.keys == ["Bearer k"]


@pytest.mark.parametrize(
    "trouble",
    [
        *[
            (503, b"busy"),
            (429, b""),
            (500, b"{}"),
            (200, b"no JSON"),
            (200, {"choices": []}),
            (200, b"[]"),
            (299, b"{}"),
        ],
        *[(200, b"[" * 100_000), (200, b'{"choices": [{"message": 1e999}]}')],
    ],
    ids=["busy", "too many", "error", "no JSON", "no choice", "a list", "breaks off", "nested", "infinite"],
)
def test_what_may_pass_is_tried_again_with_growing_pauses(
    model: Model, call: Callable[..., server.Answer], trouble: Said
) -> None:
    model.says = [trouble, trouble, (200, completion("At last."))]
    assert call().text == "At last."
    assert call.pauses == [1.0, 2.0]  # type: ignore[attr-defined]
    model.says = [trouble]
    with pytest.raises(EnvironmentTrouble, match="2 times"):
        call(retries=1)


OLMOCR = "---\nprimary_language: en\nis_rotation_valid: True\nrotation_correction: 0\nis_table: False\n---\n"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (f"{OLMOCR}The river.\n\nThe sea.", "The river.\n\nThe sea."),
        (OLMOCR, ""),  # a blank page
        (f"```markdown\n{OLMOCR}The river.\n```", "The river."),
        ("```markdown\nThe river.\n```\nThe sea.", "```markdown\nThe river.\n```\nThe sea."),
        ("```\nx = 1\n```", "```\nx = 1\n```"),  # a listing is all that is on the page
        ("---\nThe river: long\n---", "---\nThe river: long\n---"),  # rules of the page
        ("The\0 riv\ud800er.\r\n\x85The sea.\ufeff", "The river.\nThe sea."),
    ],
)
def test_of_an_answer_only_the_page_is_kept(
    model: Model, call: Callable[..., server.Answer], said: str, text: str
) -> None:
    model.says = [(200, completion(said))]
    assert call().text == text


def test_an_answer_that_trickles_in_is_waited_for_no_longer_than_was_said(model: Model) -> None:
    asked = server.Call(model.url, "olmocr", "Read.", 100, 0.1, 0)
    model.says = [(298, b"  " * 20)]
    with pytest.raises(EnvironmentTrouble, match=r"no whole answer within 0\.1 s"):
        server.read_page(asked, b"\x89PNG")


def test_what_will_not_pass_is_not_tried_again(model: Model, call: Callable[..., server.Answer]) -> None:
    model.says = [(404, b"no such model")]
    with pytest.raises(EnvironmentTrouble, match="HTTP 404"):
        call()
    assert len(model.asked) == 1
    for status in (401, 403):
        model.says = [(status, b"who are you")]
        with pytest.raises(EnvironmentTrouble, match=f"HTTP {status}"):
            call()
    for status in (400, 413, 422):
        model.says = [(status, b"not this one")]
        assert call() == server.Answer(reason="ocr_server_refused")
    model.says = [(200, completion("half a pa", "length"))]
    assert call() == server.Answer("", "ocr_server_cut", (900, 50))
    model.says = [(200, completion(None))]
    assert call().text == ""


def test_tokens_of_all_tries_are_counted_and_none_beyond_belief(
    model: Model, call: Callable[..., server.Answer]
) -> None:
    model.says = [(200, completion("", tokens=(900, 7)) | {"choices": []}), (200, completion("Text", tokens=(901, 50)))]
    assert call() == server.Answer("Text", "", (1_801, 57))
    model.says = [(200, completion("", tokens=(900, 7)) | {"choices": []}), (400, b"too long")]
    assert call() == server.Answer("", "ocr_server_refused", (900, 7))
    for usage, tokens in (
        (b'{"prompt_tokens": 1e999, "completion_tokens": 7}', (0, 7)),
        (b'{"prompt_tokens": 1%s, "completion_tokens": -5}' % (b"0" * 99), (server.MAX_TOKENS, 0)),
        (b'["prompt_tokens"]', (0, 0)),
        (b'{"prompt_tokens": "900"}', (0, 0)),
    ):
        model.says = [(200, b'{"choices": [{"message": {"content": "Text"}}], "usage": %s}' % usage)]
        assert call() == server.Answer("Text", "", tokens)


def test_a_server_gets_no_blank_page_and_others_upright_and_level(model: Model) -> None:
    gray = drawn(demo_pdf.document([[demo_pdf.Line(80, 700 - 16 * row, 12, PROSE) for row in range(9)]], {}), dpi=100)
    engine = Server(url=model.url, model="olmocr")
    blank = np.full_like(gray, 250)
    found = extract(scanned([blank, level(gray, 3.0), quarter_turned(gray, 1)]), engine=engine)
    assert [(page.route, page.reason, page.turn) for page in found.pages] == [
        ("none", "blank", 0),
        ("ocr", "", 0),
        ("ocr", "", 3),
    ]
    assert -330 <= found.pages[1].skew <= -270
    sent = [asked["messages"][0]["content"][1]["image_url"]["url"].partition(",")[2] for asked in model.asked]
    pictures = [cv2.imdecode(np.frombuffer(base64.b64decode(url), np.uint8), cv2.IMREAD_GRAYSCALE) for url in sent]
    assert len(pictures) == 2
    for picture in pictures:
        ink = ink_of(picture)
        assert not is_sideways(ink)
        assert abs(skew_of(ink)) <= 0.3


def test_a_servers_text_has_the_budgets_of_a_page_and_of_a_file(model: Model) -> None:
    model.says = [(200, completion("x" * 60))]
    engine = Server(url=model.url, model="olmocr")
    long = extract(scanned([SCAN, TEXT_PAGE]), engine=engine, max_page_characters=59)
    assert [(page.route, page.reason) for page in long.pages] == [("none", "resource:pdf_page_text"), ("text", "")]
    assert long.pages[0].tokens == (900, 50)
    assert extract(scanned([SCAN, SCAN]), engine=engine, max_characters=119).reason == "resource:pdf_text"
    assert extract(scanned([SCAN, SCAN]), engine=engine, max_characters=120).reason == ""


def test_a_server_that_is_away_is_trouble_of_the_environment() -> None:
    asked = server.Call("http://127.0.0.1:9/v1", "m", "p", 1, 1.0, 1, sleep=lambda _: None)
    with pytest.raises(EnvironmentTrouble, match="2 times"):
        server.read_page(asked, b"")


TEXT_PAGE = demo_pdf._drawn(demo_pdf.Line(60, 700, 11, "A page that has a text layer, and keeps it."))
PROSE = "The water of the river is led into a basin and made to"
SCAN = np.tile(np.array([[0, 255, 255, 255]], np.uint8), (80, 20))


def test_pages_of_a_document_are_asked_for_within_the_budget_and_counted(model: Model) -> None:
    model.says = [(200, completion("# Title\n\nThe first scan.")), (200, completion("never", "length"))]
    engine = Server(url=model.url, model="olmocr")
    found = extract(scanned([SCAN, TEXT_PAGE, SCAN, SCAN]), engine=engine, max_ocr_pages=2)
    assert [page.route for page in found.pages] == ["ocr", "text", "none", "none"]
    assert [page.reason for page in found.pages] == ["", "", "ocr_server_cut", "resource:ocr_pages"]
    assert [page.text for page in found.pages] == [
        "# Title\n\nThe first scan.",
        "A page that has a text layer, and keeps it.",
        "",
        "",
    ]
    assert [page.tokens for page in found.pages] == [(900, 50), (0, 0), (900, 50), (0, 0)]
    assert len(model.asked) == 2
    assert found.text.startswith("# Title\n\nThe first scan.\n\nA page that")


def test_a_key_that_is_not_set_is_a_wrong_config(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    engine = Server(url=model.url, model="olmocr", key_variable="NO_SUCH_KEY")
    with pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        extract(scanned([SCAN]), engine=engine)
    monkeypatch.setenv("NO_SUCH_KEY", "secret")
    assert extract(scanned([SCAN]), engine=engine).text == "A page."
    assert model.keys == ["Bearer secret"]
