"""What a page says about its use: headers and meta elements by hand; nothing said is None; any bytes are taken."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.commoncrawl.page_directives import MAX_HEAD_BYTES, MAX_QUOTE, Directives, page_directives
from pipeline.sources.source import Row
from tests.made_archives import ARC, OK, PAGE, read, record


def said(directives: Directives) -> dict[str, Any]:
    return {name: value for name, value in directives._asdict().items() if value is not None and name != "quote"}


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("X-Robots-Tag: noindex, nofollow", {"noindex": True}),
        ("x-robots-tag:NoAI,noimageai", {"noai": True, "noimageai": True}),
        ("X-Robots-Tag: all", {"noindex": False}),
        ("X-Robots-Tag: none", {"noindex": True}),
        ("X-Robots-Tag: nofollow", {}),
        ("X-Robots-Tag: unavailable_after: 25 Jun 2030 15:00:00 PST, noindex", {"noindex": True}),
        ("X-Robots-Tag: CCBot: noai, GPTBot: noindex", {"noai": True, "noindex": True}),
        ("X-Robots-Tag: unknownbot: noindex, noai", {}),
        ("X-Robots-Tag: unknownbot: noindex, *: noai", {"noai": True}),
        ("X-Robots-Tag: max-snippet:-1, noimageai", {"noimageai": True}),
        ("X-Robots-Tag: index\r\nX-Robots-Tag: noindex\r\nX-Robots-Tag: index", {"noindex": True}),
        (
            "TDM-Reservation: 1\r\nTDM-Policy: https://a.example/p",
            {"tdm_reservation": True, "tdm_policy": "https://a.example/p"},
        ),
        ("tdm-reservation: 0", {"tdm_reservation": False}),
        ("tdm-reservation: perhaps", {}),
        ("Content-Usage: search=y, train-ai=n", {"noai": True}),
        ("Content-Usage: train-ai=y", {"noai": False}),
        ("Content-Signal: ai-train=no, search=yes", {"noai": True}),
        ("Content-Signal: search=no", {}),
        ("X-Other: X-Robots-Tag: noindex", {}),
    ],
)
def test_headers(header: str, says: dict[str, Any]) -> None:
    found = page_directives(f"HTTP/1.1 200 OK\r\n{header}\r\n\r\n".encode(), b"<html><body>noindex")
    assert said(found) == says
    assert (found.quote is not None) == bool(says)


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ('<meta name="robots" content="noindex">', {"noindex": True}),
        ("<META CONTENT='NOINDEX,NOAI' NAME=Robots />", {"noindex": True, "noai": True}),
        ("<meta name=robots content=none>", {"noindex": True}),
        ('<meta name="robots" content="index, follow">', {"noindex": False}),
        ('<meta name="robots" content="noarchive">', {}),
        ('<meta name="CCBot" content="noai">', {"noai": True}),
        ('<meta name="googlebot" content="noindex">', {"noindex": True}),
        ('<meta name="unknownbot" content="noindex">', {}),
        ('<meta property="robots" content="noindex">', {}),
        ('<meta name="robots">', {}),
        ('<meta name="description" content="a > b"><meta name="robots" content="noai">', {"noai": True}),
        ('<meta name="description" content="<meta name=robots content=noai>">', {}),
        ('<meta name="tdm-reservation" content="1"/>', {"tdm_reservation": True}),
        (
            '<meta name="tdm-policy" content="https://a.example/p?a=1&amp;b=2">',
            {"tdm_policy": "https://a.example/p?a=1&b=2"},
        ),
        ('<!-- <meta name="robots" content="noindex"> -->', {}),
        ('<!--><meta name="robots" content="noindex">', {"noindex": True}),
        ('<script>document.write(\'<meta name="robots" content="noai">\')</script>', {}),
        ('<SCRIPT>x</Script><meta name="robots" content="noai">', {"noai": True}),
        ('<title><meta name="robots" content="noai"></title>', {}),
        ('<script>never closed <meta name="robots" content="noai">', {}),
        ('</head><body><meta name="robots" content="noai">', {}),
        ('<metadata name="robots" content="noai">', {}),
        ('<meta name="robots" content="noai', {}),
        ("x" * MAX_HEAD_BYTES + '<meta name="robots" content="noai">', {}),
    ],
)
def test_meta_elements(html: str, says: dict[str, Any]) -> None:
    found = page_directives(b"HTTP/1.1 200 OK\r\n\r\n", f"<html><head>{html}".encode())
    assert said(found) == says
    assert (found.quote is not None) == bool(says)


def test_a_page_in_utf_16() -> None:
    page = '<html><meta name="robots" content="noai"><body>'
    assert page_directives(b"", page.encode("utf-16")).noai is True
    assert page_directives(b"", page.encode("utf-16-be")).noai is True


def test_what_says_no_is_quoted_first_and_quotes_are_cut() -> None:
    yes, no = '<meta name="robots" content="index">', "<meta  name='ccbot'\n content='noindex'>"
    found = page_directives(b"X-Robots-Tag: all\r\n", f"{yes}{no}{yes}".encode())
    assert found.quote == f"<meta name='ccbot' content='noindex'> | x-robots-tag: all | {yes}"
    assert len(str(page_directives(b"X-Robots-Tag: noai," + b"x" * 999, b"").quote)) == MAX_QUOTE


MARKUP = [b"<meta ", b"name=robots ", b"content=", b"'", b'"', b">", b"<!--", b"-->", b"noai", b"\0", b"<script>", b"="]


@given(st.binary(max_size=200), st.lists(st.sampled_from(MARKUP), max_size=30).map(b"".join))
def test_any_bytes_are_taken(head: bytes, page: bytes) -> None:
    found = page_directives(head, page)
    assert found.noai in (None, True, False)


@pytest.mark.parametrize(
    "unit", [b"<meta ", b'<meta "', b"<!--", b"<SCRIPT>", b"<meta name=robots content=noai>", b"<meta a=' >"]
)
def test_hostile_pages_cost_little(unit: bytes) -> None:
    page = unit * (2 * MAX_HEAD_BYTES // len(unit))
    start = time.process_time()
    page_directives(b"X-Robots-Tag: " + b"a:," * 20_000, page)
    assert time.process_time() - start < 1


def test_rows_carry_them_with_the_time_of_the_capture() -> None:
    tagged = OK.replace(b"\r\n\r\n", b"\r\nX-Robots-Tag: noai\r\n\r\n")
    (row,) = read(record("response", tagged + PAGE % 1))
    assert isinstance(row, Row)
    assert (row.opt_out_noindex, row.opt_out_noai, row.opt_out_noimageai, row.opt_out_tdm) == (None, True, None, None)
    assert (row.directives_quote, row.directives_as_of) == ("x-robots-tag: noai", "2020-02-02T02:02:02Z")
    (silent,) = read(record("response", OK + PAGE % 1))
    assert isinstance(silent, Row)
    assert (silent.opt_out_noai, silent.directives_quote) == (None, None)
    assert silent.directives_as_of == "2020-02-02T02:02:02Z"
    assert {row.directives_as_of for row in read(ARC) if isinstance(row, Row)} == {"2020-01-01"}
    (conversion,) = read(record("conversion", b"text", Content_Type="text/plain"))
    assert isinstance(conversion, Row)
    assert conversion.directives_as_of is None


def test_sentences_ask_as_headers_do() -> None:
    said = "<footer><p>未经授权，禁止将本网站内容用于AI训练。</p></footer>".encode()
    body = b"<html><article>" + "<p>夜里河水上涨，镇上没有人见过这样的景象。</p>".encode() * 5 + b"</article>" + said
    (row,) = read(record("response", OK.replace(b"\r\n\r\n", b"\r\nContent-Usage: train-ai=y\r\n\r\n") + body))
    assert isinstance(row, Row)
    assert (row.opt_out_noai, row.opt_out_tdm) == (True, None)
    assert row.directives_quote == "未经授权，禁止将本网站内容用于AI训练。 | content-usage: train-ai=y"
    assert row.licence_declared == "LicenseRef-all-rights-reserved"
