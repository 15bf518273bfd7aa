"""A real S3 server (moto) behind an HTTP proxy that misbehaves by schedule; support for tests, with no tests in it."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class Fault(Enum):
    """What the proxy does to one request."""

    NONE = "passes it on"
    UNAVAILABLE = "answers 503; the store never sees it"
    RESET_BEFORE = "resets the connection; the store never sees it"
    RESET_AFTER = "lets the store act, then resets the connection instead of answering"
    CUT_BODY = "announces the whole body, sends half of it, closes"
    SHORT_BODY = "announces and sends half of the body, as a broken cache would"


class FaultyS3:
    """The proxy: `schedule` holds the faults of the next requests, `then` what follows them; `seen` counts requests.

    Where `choose` is given, it names the fault of a request by the object or prefix that it is about. Of a request the
    store does not hear the headers in `unheard`; `says` makes of the headers of its answer those that are sent.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.schedule: deque[Fault] = deque()
        self.then = Fault.NONE
        self.choose: Callable[[str], Fault] | None = None
        self.seen: list[str] = []
        self.unheard: set[str] = set()
        self.says: Callable[[dict[str, str]], dict[str, str]] = dict

    def plan(self, *faults: Fault, then: Fault = Fault.NONE) -> None:
        """Misbehave so from the next request on, and forget what was seen."""
        self.schedule, self.then, self.seen = deque(faults), then, []

    def next_fault(self, target: str) -> Fault:
        """What happens to a request for `target`, its path and query."""
        if self.choose is not None:
            path, _, query = target.partition("?")
            prefix = parse_qs(query).get("prefix")
            return self.choose(f"{path.split('/')[1]}/{prefix[0].rstrip('/')}" if prefix else path.lstrip("/"))
        return self.schedule.popleft() if self.schedule else self.then

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def _handler(moto_address: tuple[str, int], proxy: list[FaultyS3], one_at_a_time: threading.Lock) -> type:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with one_at_a_time:  # so that a check and a write of the store are one step
                proxy[0].seen.append(f"{self.command} {self.path}")
                fault = proxy[0].next_fault(self.path)
                if fault is Fault.UNAVAILABLE:
                    self.answer(503, {}, b"<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>")
                    return
                if fault is Fault.RESET_BEFORE:
                    self.reset()
                    return
                status, headers, answer = self.forward(body)
            if fault is Fault.RESET_AFTER:
                self.reset()
            elif fault is Fault.SHORT_BODY:
                self.answer(status, headers, answer[: len(answer) // 2])
            else:
                self.answer(status, headers, answer, cut=fault is Fault.CUT_BODY)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = serve  # noqa: N815

        def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(*moto_address)
            try:
                heard = {name: value for name, value in self.headers.items() if name not in proxy[0].unheard}
                connection.request(self.command, self.path, body, heard)
                response = connection.getresponse()
                return response.status, proxy[0].says(dict(response.headers)), response.read()
            finally:
                connection.close()

        def answer(self, status: int, headers: dict[str, str], body: bytes, cut: bool = False) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                    self.send_header(name, value)
            length = headers.get("Content-Length") if self.command == "HEAD" else str(len(body))
            if length is not None:
                self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":  # an answer to HEAD has no body; one would spoil the next answer's first line
                self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = cut

        def reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

    return Handler


@contextmanager
def faulty_s3() -> Iterator[FaultyS3]:
    """Run the store and the proxy in threads of this process."""
    from moto.server import ThreadedMotoServer  # here: a second that only those who start one need spend

    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    holder: list[Any] = []
    handler = _handler(moto.get_host_and_port(), holder, threading.Lock())
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    holder.append(FaultyS3(server))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield holder[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        moto.stop()
