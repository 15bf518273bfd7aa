"""WARC 1.1 files for the demo (ISO 28500): a gzip member a record, every id and date a function of the content."""

from __future__ import annotations

import base64
import hashlib
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_FIRST_CAPTURE = datetime(2026, 1, 5, 6, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Capture:
    """What was fetched from a URL: the answer's status line, media type and body."""

    url: str
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    is_revisit: bool = False  # nothing but a pointer to an earlier capture with the same body
    is_cut: bool = False  # the response's gzip member ends half way


@dataclass(slots=True)
class Archive:
    """A WARC file being put together: by URL, where the request and the answer start, and the answer's id."""

    name: str
    requests: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    record_ids: dict[str, str] = field(default_factory=dict)
    _members: list[bytes] = field(default_factory=list)
    _bytes: int = 0

    def content(self) -> bytes:
        return b"".join(self._members)

    def add_all(self, captures: Sequence[Capture]) -> None:
        """The file's own record, then a request and a response for each capture, a minute apart."""
        about = b"software: riffle demo\r\nformat: WARC File Format 1.1\r\nrobots: obey\r\n"
        named = {"WARC-Filename": self.name, "Content-Type": "application/warc-fields"}
        self._add(_record("warcinfo", self.name, _FIRST_CAPTURE, named, about))
        for minute, capture in enumerate(captures):
            self._add_capture(capture, _FIRST_CAPTURE + timedelta(minutes=minute))

    def _add_capture(self, capture: Capture, date: datetime) -> None:
        kind = "revisit" if capture.is_revisit else "response"
        where = {"WARC-Target-URI": capture.url}
        host, _, path = capture.url.removeprefix("https://").partition("/")
        request = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: riffle-demo\r\nAccept: */*\r\n\r\n".encode()
        request_type = {"Content-Type": "application/http; msgtype=request"}
        self.requests[capture.url] = self._bytes
        self._add(_record("request", capture.url, date, where | request_type, request))
        self.answers[capture.url] = self._bytes
        self.record_ids[capture.url] = _record_id(kind, capture.url)
        headers = where | {
            "WARC-Concurrent-To": f"<{_record_id('request', capture.url)}>",
            "WARC-Payload-Digest": _digest(capture.body),
            "Content-Type": "application/http; msgtype=response",
        }
        if capture.is_revisit:
            profile = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
            headers |= {"WARC-Profile": profile, "WARC-Refers-To-Target-URI": capture.url.partition("?")[0]}
        body = b"" if capture.is_revisit else capture.body
        member = _record(kind, capture.url, date, headers, _answer(capture) + body)
        self._add(member[: len(member) // 2] if capture.is_cut else member)

    def _add(self, member: bytes) -> None:
        self._members.append(member)
        self._bytes += len(member)


def _answer(capture: Capture) -> bytes:
    lines = (
        f"HTTP/1.1 {capture.status}",
        f"Content-Type: {capture.content_type}",
        f"Content-Length: {len(capture.body)}",
        "Server: demo",
    )
    return "\r\n".join([*lines, "", ""]).encode()


def _record(kind: str, about: str, date: datetime, headers: dict[str, str], block: bytes) -> bytes:
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<{_record_id(kind, about)}>",
        "WARC-Date": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **headers,
        "WARC-Block-Digest": _digest(block),
        "Content-Length": str(len(block)),
    }
    head = "WARC/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    packer = zlib.compressobj(6, wbits=31)  # gzip, without a time in its header
    return packer.compress(head.encode() + block + b"\r\n\r\n") + packer.flush()


def _record_id(kind: str, about: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{kind} {about}").urn


def _digest(content: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
