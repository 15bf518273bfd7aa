"""The server against requests that are not the page's: each is refused, and nothing is kept of it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.review import answers
from pipeline.review.queue import draw
from pipeline.review.server import MAX_BODY, ReviewServer
from pipeline.review.sitting import Sitting
from tests.review import made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewServer]:
    data = str(made.run(tmp_path_factory.mktemp("server")))
    with ReviewServer(Sitting(data, draw(data, "quality", 50), "ann")) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def asked(
    server: ReviewServer, method: str, path: str, body: bytes | None = None, **headers: str | None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers, body; a header that is None is left out, `_` in its name is `-`."""
    host = f"127.0.0.1:{server.server_port}"
    given: dict[str, str | None] = {"Host": host, "Origin": f"http://{host}" if method == "POST" else None}
    given |= {"Content-Type": "application/json" if method == "POST" else None}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=300)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in given.items():
        if value is not None:
            connection.putheader(name, value)
    if body is not None and "Content-Length" not in given and "Transfer-Encoding" not in given:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    reply = connection.getresponse()
    found = reply.status, dict(reply.getheaders()), reply.read()
    connection.close()
    return found


def state(server: ReviewServer) -> dict[str, object]:
    status, _, body = asked(server, "GET", f"/{server.token}/state")
    assert status == 200
    return json.loads(body)  # type: ignore[no-any-return]


def test_it_listens_here_alone_and_its_address_cannot_be_guessed(server: ReviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.server_port}/{server.token}/"
    assert len(server.token) >= 32


def test_the_page_is_under_a_policy_that_runs_its_own_script_alone(server: ReviewServer) -> None:
    status, headers, body = asked(server, "GET", f"/{server.token}/")
    assert status == 200 and b"<script>" in body
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy and "*" not in policy
    for directive in ("connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer" and "Access-Control-Allow-Origin" not in headers
    assert b"http" not in body.replace(b"http-equiv", b""), "it asks for nothing elsewhere"


HOSTS = ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "", None, "localhost.evil.example", "[::1]:80"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_host_is_refused(server: ReviewServer, method: str, host: str | None) -> None:
    path = f"/{server.token}/{'state' if method == 'GET' else 'back'}"
    status, _, body = asked(server, method, path, b"{}" if method == "POST" else None, Host=host)
    assert status == 421 and b"w48x" not in body


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", None, ""])
def test_another_origin_changes_nothing(server: ReviewServer, origin: str | None) -> None:
    before = state(server)
    for path in ("answer", "back"):
        assert asked(server, "POST", f"/{server.token}/{path}", b"{}", Origin=origin)[0] == 403
    assert origin in (None, "") or asked(server, "GET", f"/{server.token}/state", Origin=origin)[0] == 403
    assert state(server) == before


@pytest.mark.parametrize(
    "path", ["/", "/state", "//state", "/x/state", "/{token}x/state", "/{half}/state", "/{token}", "/{token}/../state",
             "/{token}/page.js", "/{token}/..%2f..%2fetc/passwd", "/%00", "/{upper}/state"]
)  # fmt: skip
def test_a_wrong_token_or_path_finds_nothing(server: ReviewServer, path: str) -> None:
    token = server.token
    asked_for = path.format(token=token, half=token[: len(token) // 2], upper=token.swapcase())
    status, _, body = asked(server, "GET", asked_for)
    if asked_for == f"/{token}":
        assert status == 200  # the page without its slash
    else:
        assert status == 404 and token.encode() not in body


def test_requests_are_bounded_and_read_strictly(server: ReviewServer) -> None:
    item = state(server)["item"]
    assert isinstance(item, dict)
    good = {"doc_id": item["doc_id"], "fingerprint": item["fingerprint"], "answer": "keep", "seconds": 1}
    path = f"/{server.token}/answer"
    assert asked(server, "POST", path, b"x", Content_Length=str(MAX_BODY + 1))[0] == 413
    assert asked(server, "POST", path, b"x", Content_Length="9" * 400)[0] == 413
    for length in ("-1", "1e3", "", "0x10", "\u0661"):
        assert asked(server, "POST", path, b"{}", Content_Length=length.encode("utf-8").decode("latin-1"))[0] == 411
    assert asked(server, "POST", path, b"2\r\n{}\r\n0\r\n\r\n", Transfer_Encoding="chunked")[0] == 411
    assert asked(server, "POST", path, json.dumps(good).encode(), Content_Type="text/plain")[0] == 403
    wrong = [b"", b"[", b"[]", b"null", b"[" * 4000, b"\xff\xfe", json.dumps(good | {"more": 1}).encode()]
    values: list[object] = ["yes", ["keep"], None, "withdrawn"]
    changes = [{"answer": value} for value in values]
    changes += [{"seconds": value} for value in (-1, "1", True, 1.5, 10**30, None)] + [{"doc_id": None}]
    wrong += [json.dumps(good | change).encode() for change in changes]
    for body in wrong:
        assert asked(server, "POST", path, body)[0] == 400, body
    assert asked(server, "POST", path, json.dumps(good | {"doc_id": "0" * 32}).encode())[0] == 409
    for method in ("PUT", "DELETE", "OPTIONS", "HEAD", "TRACE"):
        assert asked(server, method, path)[0] == 501
    assert answers.read(server.sitting.data) == []


def test_an_answer_is_on_disk_when_it_is_answered(server: ReviewServer) -> None:
    before = state(server)
    item = before["item"]
    assert isinstance(item, dict)
    good = {"doc_id": item["doc_id"], "fingerprint": item["fingerprint"], "answer": "drop", "seconds": 7}
    named = f"localhost:{server.server_port}"
    path = f"/{server.token}/answer"
    status, _, body = asked(server, "POST", path, json.dumps(good).encode(), Host=named, Origin=f"http://{named}")
    assert status == 200 and json.loads(body)["done"] == 1
    [row] = answers.read(server.sitting.data)
    assert (row.doc_id, row.answer, row.who, row.seconds) == (item["doc_id"], "drop", "ann", 7)
    assert asked(server, "POST", f"/{server.token}/answer", json.dumps(good).encode())[0] == 409, "the same once more"
    assert json.loads(asked(server, "POST", f"/{server.token}/back", b"{}")[2])["done"] == 0


def test_a_connection_that_says_nothing_holds_up_nobody(server: ReviewServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port)) as silent:
        silent.sendall(b"GET /")
        assert state(server)["total"] == 13


def test_trouble_of_the_disk_is_told_and_the_document_stays(server: ReviewServer) -> None:
    broken = Path(server.sitting.data) / answers.FOLDER / Path(server.sitting._session.name).name
    whole = broken.read_bytes()
    item = state(server)["item"]
    assert isinstance(item, dict)
    broken.write_bytes(b"junk")
    good = {"doc_id": item["doc_id"], "fingerprint": item["fingerprint"], "answer": "keep", "seconds": 1}
    status, _, body = asked(server, "POST", f"/{server.token}/answer", json.dumps(good).encode())
    assert status == 503 and b"move that file away" in body
    broken.write_bytes(whole)
    assert state(server)["item"] == item


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_named(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "--data", "nowhere", "--port", port]) == 2
    assert capsys.readouterr().err.startswith("wrong: Invalid value for '--port': ")
