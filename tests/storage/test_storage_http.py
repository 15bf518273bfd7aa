"""Inputs on a plain web server: what changes is seen, what fails is tried again, what is not there is an answer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from pipeline import storage
from pipeline.inputs import listing
from pipeline.sources.text.source import Text
from pipeline.storage import patience
from pipeline.trouble import ConfigError, EnvironmentTrouble


@dataclass
class Site:
    """One object, what is said of it, and the statuses that the next requests get instead."""

    url: str = ""
    content: bytes = b"the same length"
    headers: dict[str, str] = field(default_factory=dict)
    faults: deque[int] = field(default_factory=deque)
    then: int | None = None


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    about = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = about.faults.popleft() if about.faults else about.then
            if status is not None or self.path != "/a.jsonl":
                self.send_error(status or 404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(about.content)))
            for name, value in about.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(about.content)

        do_HEAD = do_GET  # noqa: N815 - so http.server calls it

        def log_message(self, *_: object) -> None:
            """Nothing: warnings are errors here, and so would noise be."""

    monkeypatch.setattr(patience, "pause", lambda seconds: None)
    fsspec.get_filesystem_class("http").clear_instance_cache()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        about.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield about
        server.shutdown()
    fsspec.get_filesystem_class("http").clear_instance_cache()


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_what_the_server_says_of_a_change_is_the_tag(site: Site, header: str) -> None:
    site.headers = {header: "Mon, 02 Nov 2026 10:00:00 GMT"}
    before = storage.size_and_tag(f"{site.url}/a.jsonl")
    assert before == (15, site.headers[header])
    site.headers = {header: "Mon, 02 Nov 2026 11:00:00 GMT"}
    with pytest.raises(EnvironmentTrouble, match="changed since the run began"):
        storage.check_unchanged(f"{site.url}/a.jsonl", *before)


def test_without_a_tag_no_digest_is_remembered(site: Site, tmp_path: Path) -> None:
    for said, is_known in (("", False), ("Mon", True)):
        site.headers = {"ETag": said} if said else {}
        size, tag = storage.size_and_tag(f"{site.url}/a.jsonl")
        assert (size, tag) == (15, said)
        split = listing.split(listing.Input("docs", site.url, "a.jsonl", size, said, Text())).with_digest("d")
        digests = listing.Digests(str(tmp_path / f"of{said}"))
        digests.learn(split)
        assert (digests.get(split.input) is not None) == is_known
        assert digests.with_digest(listing.split(split.input)).is_read == is_known


@pytest.mark.parametrize("status", [503, 500, 429])
def test_a_server_that_fails_is_asked_again(site: Site, status: int) -> None:
    site.faults = deque([status] * 4)  # HEAD and then GET, twice
    assert storage.read_bytes(f"{site.url}/a.jsonl") == site.content
    site.then = status
    with pytest.raises(EnvironmentTrouble, match="failed 5 times"):
        storage.open_input(f"{site.url}/a.jsonl")
    with pytest.raises(EnvironmentTrouble, match="failed 5 times"):
        storage.size_and_tag(f"{site.url}/a.jsonl")


def test_what_is_not_there_is_an_answer(site: Site) -> None:
    with pytest.raises(FileNotFoundError):
        storage.size_and_tag(f"{site.url}/b.jsonl")
    site.then = 410
    with pytest.raises(FileNotFoundError):
        storage.size_and_tag(f"{site.url}/a.jsonl")


def test_nobody_listening_is_no_absence(site: Site) -> None:
    with pytest.raises(EnvironmentTrouble, match="failed 5 times"):
        storage.size_and_tag("http://127.0.0.1:9/a.jsonl")


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cret@a.example/x",
        "s3://key:s3cret@bucket/x",
        "https://a.example/x?X-Amz-Signature=s3cret",
        "https://a.example/x?se=2026&sig=s3cret",
    ],
)
def test_no_url_holds_a_secret(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        storage.read_bytes(url)
    assert "s3cret" not in str(caught.value)
    assert not storage.is_remote("folder/a@b")
    assert storage.is_remote("s3://bucket/a@b?version=sig")


def test_a_server_that_gives_whole_files_only_is_the_environment(site: Site) -> None:
    with storage.open_input(f"{site.url}/a.jsonl") as stream:
        assert stream.read(3) == b"the", "the beginning of the whole"
        stream.raw.seek(4)  # past what is buffered
        with pytest.raises(EnvironmentTrouble, match="gives whole files only"):
            stream.raw.read(4)
