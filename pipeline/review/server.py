"""The page of the review queue, served to this machine alone.

It listens on 127.0.0.1; the address holds a random token; a request must name this host (`Host`: no other site's name
may be pointed here) and, where it changes anything, come from this page (`Origin`). The page's policy runs one script
and one style, by their hashes, and asks nobody but this server; texts reach it as JSON and the script writes them as
text. A request body has at most MAX_BODY bytes, and a connection that says nothing is closed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from string import Template
from typing import Any, Final

from pipeline.review.sitting import Sitting, Stale, WrongAnswer
from pipeline.trouble import ConfigError, EnvironmentTrouble

MAX_BODY: Final = 4096
IDLE_S: Final = 30.0
TOKEN_BYTES: Final = 24
ADDRESS: Final = "127.0.0.1"


class Refused(Exception):
    """A request that is answered with a status and a line."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class ReviewServer(ThreadingHTTPServer):
    """Serves one sitting at `address`; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, sitting: Sitting, port: int = 0) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.sitting = sitting
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}
        self.page, self.policy = _page()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away in the middle is no error; anything else is a bug, told with its traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"


def _page() -> tuple[bytes, str]:
    """The page and its policy."""
    parts = files("pipeline.review")
    style, script = (parts.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    page = Template(parts.joinpath("page.html").read_text(encoding="utf-8")).substitute(style=style, script=script)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    return page.encode(), policy


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    timeout = IDLE_S
    server_version, sys_version = "Riffle", ""

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def _answered(self, work: Any) -> None:
        try:
            kind, body = work()
            self._send(HTTPStatus.OK, kind, body)
        except Refused as refused:
            self._send(refused.status, "text/plain", f"{refused}\n".encode())
        except (ConfigError, EnvironmentTrouble) as trouble:  # a full disk, a file that was broken or purged meanwhile
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", f"{trouble}\n".encode())

    def _path(self) -> str:
        """What is asked below the token. Raises Refused for another host, origin or token."""
        host = self.headers.get_all("Host") or [""]
        if len(host) != 1 or host[0].lower() not in self.server.hosts:
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "this is not the host of the review page")
        origin = self.headers.get("Origin")
        if origin is not None and origin != f"http://{host[0].lower()}":
            raise Refused(HTTPStatus.FORBIDDEN, "this page takes requests from itself alone")
        _, token, *rest = [*self.path.split("/", 2), ""]
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            raise Refused(HTTPStatus.NOT_FOUND, "nothing here; the address with its token is in the terminal")
        return rest[0]

    def _get(self) -> tuple[str, bytes]:
        match self._path():
            case "":
                return "text/html", self.server.page
            case "state":
                return "application/json", _json(self.server.sitting.state())
        raise Refused(HTTPStatus.NOT_FOUND, "nothing here")

    def _post(self) -> tuple[str, bytes]:
        path = self._path()
        if self.headers.get("Origin") is None or self.headers.get_content_type() != "application/json":
            raise Refused(HTTPStatus.FORBIDDEN, "answers come from the page")
        given = self._body()
        match path:
            case "answer":
                return "application/json", _json(self._answer(given))
            case "skip":
                return "application/json", _json(self._skip(given))
            case "back":
                return "application/json", _json(self.server.sitting.back())
        raise Refused(HTTPStatus.NOT_FOUND, "nothing here")

    def _body(self) -> Any:
        length = self.headers.get("Content-Length") or ""
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "say how long the request is")
        if len(length) > 9 or int(length) > MAX_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {MAX_BODY} bytes")
        try:
            return json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "not JSON") from error

    def _answer(self, given: Any) -> dict[str, Any]:
        kinds = {"doc_id": str, "fingerprint": str, "answer": str, "seconds": int}
        if not isinstance(given, dict) or {name: type(value) for name, value in given.items()} != kinds:
            raise Refused(HTTPStatus.BAD_REQUEST, f"an answer has {', '.join(kinds)}")
        try:
            return self.server.sitting.answer(**given)
        except Stale as error:
            raise Refused(HTTPStatus.CONFLICT, "another document is being asked") from error
        except WrongAnswer as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "an answer is keep, drop or unsure, within a day") from error

    def _skip(self, given: Any) -> dict[str, Any]:
        if not isinstance(given, dict) or {name: type(value) for name, value in given.items()} != {"doc_id": str}:
            raise Refused(HTTPStatus.BAD_REQUEST, "say which document, doc_id")
        try:
            return self.server.sitting.skip(given["doc_id"])
        except Stale as error:
            raise Refused(HTTPStatus.CONFLICT, "another document is being asked") from error

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": self.server.policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address holds the token."""


def serve(sitting: Sitting, port: int, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; `say` gets the address. OSError where the port is taken."""
    try:
        with ReviewServer(sitting, port) as server:
            say(server.address)
            server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        sitting.close()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode()
