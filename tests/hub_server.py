"""A server that answers as the Hugging Face Hub does, and fails by schedule; support for tests, with no tests in it.

It has what huggingface_hub asks for: trees in pages, files of git by their sha1, files of LFS by a redirection to
another host that names their sha256. The Hub itself cannot be asked in a test.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

REPOSITORY = "riffle/pages"
SECRET, GATED = "riffle/secret", "riffle/gated"
TOKEN = "hf_test"
PAGE = 2  # entries of a tree that are told at once
_RESOLVE = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_TREE = re.compile(r"/api/datasets/([^/]+/[^/]+)/tree/([^/]+)/?(.*)")
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class Fault(Enum):
    """What happens to one request."""

    NONE = "is answered"
    UNAVAILABLE = "503"
    LIMITED = "429, and when the next one is heard"
    RESET = "the connection is reset"
    CUT = "half of the body, then the connection closes"


class Hub:
    """Files by revision, `files["main"]["data/a.jsonl"]`; those that end in `large` are in LFS.

    `schedule` has the faults of the next requests, or `choose` names that of each; `seen` has what was asked, `tokens`
    what was shown to either host.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, dict[str, bytes]] = {"main": {}}
        self.large = (".parquet", ".gz", ".zst")
        self.schedule: deque[Fault] = deque()
        self.choose: Callable[[str], Fault] | None = None
        self.seen: list[str] = []
        self.tokens: dict[str, set[str | None]] = {"hub": set(), "store": set()}

    def plan(self, *faults: Fault) -> None:
        """Misbehave so from the next request on, and forget what was seen."""
        self.schedule, self.seen = deque(faults), []
        self.tokens = {"hub": set(), "store": set()}

    def next_fault(self, target: str) -> Fault:
        """What happens to a request for `target`, its path and query."""
        if self.choose is not None:
            return self.choose(target)
        return self.schedule.popleft() if self.schedule else Fault.NONE

    def is_large(self, path: str) -> bool:
        return path.endswith(self.large)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_sha1(content: bytes) -> str:
    """As git names a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub
    store: str  # of the host that has the content of LFS; "" of that host itself

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.hub.seen.append(f"{self.command} {self.path}")
        self.hub.tokens["hub" if self.store else "store"].add(self.headers.get("Authorization"))
        self.fault = self.hub.next_fault(self.path)
        if self.fault is Fault.UNAVAILABLE:
            self.answer(503, {}, b"later")
        elif self.fault is Fault.LIMITED:
            self.answer(429, {"RateLimit": '"resolvers";r=0;t=7'}, b"too many")
        elif self.fault is Fault.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        else:
            self.serve(unquote(urlsplit(self.path).path))

    do_HEAD = do_GET  # noqa: N815

    def serve(self, path: str) -> None:
        if not self.store:
            self.content(self.hub_content(path.removeprefix("/")), {})
        elif found := _RESOLVE.fullmatch(path):
            if files := self.of_revision(*found.groups()[:2]):
                self.resolve(files, found.group(3))
        elif (found := _TREE.fullmatch(path)) and (files := self.of_revision(*found.groups()[:2])):
            self.tree(files, found.group(3))

    def hub_content(self, digest: str) -> bytes:
        every = (content for files in self.hub.files.values() for content in files.values())
        return next(content for content in every if sha256(content) == digest)

    def of_revision(self, repository: str, revision: str) -> dict[str, bytes]:
        if repository == GATED:
            self.error(403, "GatedRepo")
        elif repository == SECRET and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.error(401, "RepoNotFound")
        elif repository not in {REPOSITORY, SECRET}:
            self.error(404, "RepoNotFound")
        elif revision not in self.hub.files:
            self.error(404, "RevisionNotFound")
        else:
            return self.hub.files[revision]
        return {}

    def resolve(self, files: dict[str, bytes], path: str) -> None:
        if path not in files:
            self.error(404, "EntryNotFound")
        elif not self.hub.is_large(path):
            self.content(files[path], {"ETag": f'W/"{git_sha1(files[path])}"', "X-Repo-Commit": "0" * 40})
        else:
            digest = sha256(files[path])
            headers = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(files[path])), "ETag": '"of the way"'}
            self.answer(302, headers | {"Location": f"{self.store}/{digest}", "X-Repo-Commit": "0" * 40}, b"there")

    def content(self, content: bytes, headers: dict[str, str]) -> None:
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None:
            self.answer(200, headers, content)
            return
        start, stop = int(asked.group(1)), min(int(asked.group(2)) + 1, len(content))
        if start >= len(content):
            self.answer(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
        else:
            range_ = {"Content-Range": f"bytes {start}-{stop - 1}/{len(content)}"}
            self.answer(206, headers | range_, content[start:stop])

    def tree(self, files: dict[str, bytes], folder: str) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        below = f"{folder}/" if folder else ""
        inside = {path: files[path] for path in sorted(files) if path.startswith(below)}
        if not inside:
            self.error(404, "EntryNotFound")
            return
        if asked["recursive"] != ["true"]:
            inside = {path: content for path, content in inside.items() if "/" not in path.removeprefix(below)}
        folder_: dict[str, object] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": f"{below}folder"}
        entries = [folder_, *(self.entry(path, content) for path, content in inside.items())]
        begin = int(asked.get("cursor", ["0"])[0])
        headers = {"Content-Type": "application/json"}
        if begin + PAGE < len(entries):
            parts = urlsplit(self.path)
            kept = "&".join(part for part in parts.query.split("&") if not part.startswith("cursor="))
            headers["Link"] = f'<{self.hub.url}{parts.path}?{kept}&cursor={begin + PAGE}>; rel="next"'
        self.answer(200, headers, json.dumps(entries[begin : begin + PAGE]).encode())

    def entry(self, path: str, content: bytes) -> dict[str, object]:
        entry: dict[str, object] = {"type": "file", "oid": git_sha1(content), "size": len(content), "path": path}
        if self.hub.is_large(path):
            entry["lfs"] = {"oid": sha256(content), "size": len(content), "pointerSize": 134}
        return entry

    def error(self, status: int, code: str) -> None:
        self.answer(status, {"X-Error-Code": code, "X-Error-Message": code}, b"")

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        is_cut = self.fault is Fault.CUT and self.command != "HEAD"
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if is_cut else body)
        self.close_connection = self.close_connection or is_cut


@contextmanager
def served(patch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The Hub and the host that has its large files, in threads of this process, and huggingface_hub asking there."""
    from huggingface_hub import close_session, constants

    store = ThreadingHTTPServer(("127.0.0.1", 0), type("Store", (_Handler,), {"store": ""}))
    place = f"http://localhost:{store.server_address[1]}"
    front = ThreadingHTTPServer(("127.0.0.1", 0), type("Front", (_Handler,), {"store": place}))
    hub = Hub(f"http://127.0.0.1:{front.server_address[1]}")
    for server in (store, front):
        server.daemon_threads = True
        server.RequestHandlerClass.hub = hub  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
    patch.setattr(constants, "ENDPOINT", hub.url)
    patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}")
    patch.setenv("HF_ENDPOINT", hub.url)
    try:
        yield hub
    finally:
        close_session()
        for server in (store, front):
            server.shutdown()
            server.server_close()
