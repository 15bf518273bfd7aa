"""The Hugging Face Hub, to be read: repositories as `hf://datasets/ORGANISATION/NAME[@REVISION]/PATH`.

Listed by its API, read in ranges. What its listings and each of its answers name is the content: the sha256 of a file
in LFS, git's sha1 of any other (huggingface_hub, `hf_hub_url`). So bytes of two revisions are never mixed, and what a
run needs to know of a large file need not be read for it. Credentials are the Hub's: `hf auth login`, or `HF_TOKEN`.
"""

from __future__ import annotations

import errno
import functools
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx2
from huggingface_hub import (
    HfUri,
    constants,
    get_hf_file_metadata,
    get_session,
    hf_hub_url,
    hf_raise_for_status,
    parse_hf_uri,
)
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HfUriError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, parse_ratelimit_headers  # type: ignore[attr-defined]

from pipeline.storage import patience
from pipeline.storage.object_store import check_writable, publish_file, put_if_absent, remove, replace
from pipeline.storage.patience import RANGE_NOT_SATISFIABLE, Changed, patiently
from pipeline.storage.ranged import BLOCK_BYTES, RangedFile, begun, ended
from pipeline.trouble import ConfigError, EnvironmentTrouble

__all__ = [
    "check_writable",
    "list_files",
    "list_names",
    "open_input",
    "open_table",
    "open_version",
    "publish_file",
    "put_if_absent",
    "remove",
    "replace",
    "size_and_tag",
    "stated_digest",
]  # what writes refuses the Hub by itself

NAME: Final = "riffle"  # as which we ask
CONNECT_S: Final = 10
TIMEOUT: Final = httpx2.Timeout(60, connect=CONNECT_S)
MOST_WAIT_S: Final = 600
"""The Hub counts requests over five minutes and says when it will hear the next one; no longer is waited at once."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class _HubFile:
    """A file of a repository, as `ranged` reads it; `tag` names its content."""

    def __init__(self, url: str, size: int | None = None, tag: str = "") -> None:
        self.size, self.tag = size, tag
        self._url, self._place = url, _place_of(url)

    def read(self, start: int, count: int) -> bytes:
        """Up to `count` bytes from `start` on, which before 0 is from the end."""
        if self.size is None and start < 0:
            self.size, self.tag = _asked(self._url, self._place)
        if self.size is not None:
            start = max(0, start + self.size) if start < 0 else start
            count = min(count, self.size - start)
            if count <= 0:
                return b""
        asked = _headers({"Range": f"bytes={start}-{start + count - 1}"})
        with _answers(self._url), get_session().stream("GET", self._place, headers=asked, timeout=TIMEOUT) as answer:
            if answer.status_code == RANGE_NOT_SATISFIABLE and self.size is None:
                self.size, self.tag = _asked(self._url, self._place)  # an empty file has no first byte
                return b""
            if answer.status_code == RANGE_NOT_SATISFIABLE:
                raise Changed(self._url)  # it is shorter by now
            if answer.is_error:
                answer.read()  # what is said is part of the error
            hf_raise_for_status(answer)
            size, tag = _size(answer, count), _tag(answer)
            if self.size is not None and (size, tag) != (self.size, self.tag):
                raise Changed(self._url)
            self.size, self.tag = size, tag
            return answer.read()

    def close(self) -> None:
        """Nothing is held."""


def open_input(url: str) -> io.BufferedReader:
    """See `storage.open_input`."""
    return begun(RangedFile(url, _HubFile(url)))


def open_table(url: str) -> io.BufferedReader:
    """See `storage.open_committed`."""
    return ended(RangedFile(url, _HubFile(url)))


def open_version(url: str, size: int, tag: str) -> io.BufferedReader:
    """A file as a listing has it; a read raises EnvironmentTrouble where it is another by then."""
    return io.BufferedReader(RangedFile(url, _HubFile(url, size, tag)), BLOCK_BYTES)


def list_files(
    url: str, wanted: Callable[[str], bool], follows: Callable[[str], bool]
) -> dict[str, tuple[int, str] | None]:
    """See `storage.list_stats`; `wanted` says of a relative name whether it is asked for. There are no links."""
    del follows
    place = _parsed(url)
    below = f"{place.path_in_repo}/" if place.path_in_repo else ""
    try:
        found = [entry for entry in _entries(url, recursive=True) if entry["type"] == "file"]
    except FileNotFoundError:
        if not below:
            raise
        one_file = {place.path_in_repo.rpartition("/")[2]: size_and_tag(url)}
        return {name: stat for name, stat in one_file.items() if wanted(name)}
    names = ((one["path"].removeprefix(below), one) for one in found)
    return {name: (one["size"], _content_of(one)) for name, one in names if wanted(name)}


def list_names(url: str) -> list[str]:
    """Names of the files and folders directly in a folder; none where there is no such folder."""
    try:
        return [str(entry["path"]).rpartition("/")[2] for entry in _entries(url, recursive=False)]
    except FileNotFoundError:
        return []


def size_and_tag(url: str) -> tuple[int, str]:
    """Size in bytes, and what names the content. Raises FileNotFoundError where no file is."""
    place = _place_of(url)
    return patiently(url, "looking up", lambda: _asked(url, place))


def stated_digest(url: str, tag: str) -> str | None:
    """The sha256 of a whole file that its tag is; None where it is git's sha1."""
    del url
    return tag if _SHA256.fullmatch(tag) else None


def _entries(url: str, *, recursive: bool) -> Iterator[dict[str, Any]]:
    """The files and folders of a tree as the Hub tells them, page by page: each is asked for until it is had.

    Not by `HfApi.list_repo_tree`, which waits for an answer without end, and as long as `Retry-After` says.
    """
    place = _parsed(url)
    parts = [place.revision or constants.DEFAULT_REVISION, *([place.path_in_repo] if place.path_in_repo else [])]
    tree = "/".join(["tree", *(quote(part, safe="") for part in parts)])
    page: str | None = (
        f"{constants.ENDPOINT}/api/{place.type}s/{place.id}/{tree}?recursive={str(recursive).lower()}&expand=false"
    )
    while page is not None:
        entries, page = patiently(url, "listing", functools.partial(_page, url, page))
        yield from entries


def _page(url: str, address: str) -> tuple[list[dict[str, Any]], str | None]:
    """The entries of one page, and the address of the next."""
    with _answers(url):
        answer = get_session().get(address, headers=_headers({}), timeout=TIMEOUT)
        hf_raise_for_status(answer)
    try:
        return json.loads(answer.content), answer.links.get("next", {}).get("url")
    except ValueError as error:
        raise OSError(f"a listing that is no JSON: {answer.content[:40]!r}") from error


def _content_of(file: dict[str, Any]) -> str:
    return str(file["lfs"]["oid"] if file.get("lfs") else file["oid"])


def _asked(url: str, place: str) -> tuple[int, str]:
    """Size and tag, by a request for them alone."""
    with _answers(url):
        said = get_hf_file_metadata(place, timeout=CONNECT_S, library_name=NAME)
    if said.size is None:
        raise EnvironmentTrouble(f"{url}: the Hub does not state a size; download the file, and give its path")
    return said.size, said.etag or ""


def _tag(answer: httpx2.Response) -> str:
    """Of the first answer on the way that names what it leads to, else the last one's own."""
    linked = (one.headers.get(constants.HUGGINGFACE_HEADER_X_LINKED_ETAG) for one in answer.history)
    said: str = next((one for one in linked if one), answer.headers.get("ETag", ""))
    return said.removeprefix("W/").strip('"')


def _size(answer: httpx2.Response, count: int) -> int:
    """Of the whole file, of which `answer` gives a range; before its bytes are read."""
    if said := answer.headers.get("Content-Range"):
        if not (size := said.rpartition("/")[2]).isdigit():
            raise OSError(f"the Hub says {said!r} of a range, not how large the file is")
        return int(size)
    length = int(answer.headers.get("Content-Length", count + 1))
    if length > count:
        raise OSError(f"asked for {count} bytes, the Hub began to give {length}")
    return length


def _headers(further: dict[str, str]) -> dict[str, str]:
    """With the token, where there is one; nothing packed, for a range is of the bytes as they are."""
    return {**build_hf_headers(library_name=NAME), "Accept-Encoding": "identity", **further}


@contextmanager
def _answers(url: str) -> Iterator[None]:
    """What the Hub says, in the words of `storage`: absence, trouble at once, or an OSError that may pass."""
    try:
        yield
    except (EntryNotFoundError, RevisionNotFoundError) as error:
        raise FileNotFoundError(errno.ENOENT, "no such file, folder or revision on the Hub", url) from error
    except GatedRepoError as error:
        raise EnvironmentTrouble(
            f"{url}: its owners grant access: ask on the repository's page, then `hf auth login`, or set HF_TOKEN"
        ) from error
    except RepositoryNotFoundError as error:
        raise EnvironmentTrouble(
            f"{url}: no such repository, or one that is private; data sets are hf://datasets/ORGANISATION/NAME, and a "
            "private one needs `hf auth login`, or HF_TOKEN"
        ) from error
    except DisabledRepoError as error:
        raise EnvironmentTrouble(f"{url}: the Hub has disabled this repository") from error
    except UnicodeEncodeError as error:
        raise EnvironmentTrouble(f"{url}: the token has letters that no header takes; look at HF_TOKEN") from error
    except OfflineModeIsEnabled as error:
        raise EnvironmentTrouble(f"{url}: HF_HUB_OFFLINE is set; unset it, or give the path of a download") from error
    except HfHubHTTPError as error:
        if error.response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise EnvironmentTrouble(f"{url}: the Hub refuses the token; `hf auth login`, or set HF_TOKEN") from error
        if error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            patience.pause(_wait_s(error.response))
        raise OSError(f"HTTP {error.response.status_code} from {error.response.url.host}") from error  # URLs are signed
    except httpx2.RequestError as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def _wait_s(answer: httpx2.Response) -> float:
    """Until when the Hub will not hear us, as it says."""
    told = parse_ratelimit_headers(answer.headers)
    is_spent = told is not None and told.remaining == 0  # else another limit is meant
    wait_s = told.reset_in_seconds + 1 if told and is_spent else _retry_after_s(answer.headers.get("Retry-After", ""))
    return min(MOST_WAIT_S, max(0, wait_s))


def _retry_after_s(said: str) -> float:
    """Seconds, which are said as a number or as a date (RFC 9110, 10.2.3); 0 where it is neither."""
    if re.fullmatch(r"[0-9]{1,9}", said):
        return int(said)
    try:
        return parsedate_to_datetime(said).timestamp() - time.time()
    except ValueError:
        return 0


def _parsed(url: str) -> HfUri:
    """The parts of a URL. Raises ConfigError for what has them not."""
    try:
        found = parse_hf_uri(url)
    except HfUriError as error:
        raise ConfigError(f"{url}: {error}; a data set is hf://datasets/ORGANISATION/NAME[@REVISION]/PATH") from error
    if found.is_bucket:
        raise ConfigError(f"{url}: buckets of the Hub are not read; download the files (`hf download`)")
    return found


def _place_of(url: str) -> str:
    """The address from which the bytes of a file are had. Raises FileNotFoundError for a repository."""
    place = _parsed(url)
    if not place.path_in_repo:
        raise FileNotFoundError(errno.ENOENT, "a repository, not a file", url)
    return hf_hub_url(place.id, place.path_in_repo, repo_type=place.type, revision=place.revision)
