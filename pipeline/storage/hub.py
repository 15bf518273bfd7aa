"""The Hugging Face Hub, to be read: repositories as `hf://datasets/ORGANISATION/NAME[@REVISION]/PATH`.

Listed by its API, read in ranges. What its listings and each of its answers name is the content: the sha256 of a file
in LFS, git's sha1 of any other (huggingface_hub, `hf_hub_url`). So bytes of two revisions are never mixed, and what a
run needs to know of a large file need not be read for it. Credentials are the Hub's: `hf auth login`, or `HF_TOKEN`.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import httpx2
from huggingface_hub import (
    HfApi,
    HfUri,
    RepoFile,
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
from pipeline.storage.patience import RANGE_NOT_SATISFIABLE, Changed, patiently
from pipeline.trouble import ConfigError, EnvironmentTrouble

NAME: Final = "riffle"  # as which we ask
CONNECT_S: Final = 10
TIMEOUT: Final = httpx2.Timeout(60, connect=CONNECT_S)
MOST_WAIT_S: Final = 600
"""The Hub counts requests over five minutes and says when it will hear the next one; no longer is waited at once."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class HubFile:
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


def list_files(url: str) -> dict[str, tuple[int, str]]:
    """Files at any depth below a folder, relative to it, with size and tag; of a file its own name.

    Raises FileNotFoundError where there is neither.
    """
    place = _parsed(url)
    below = f"{place.path_in_repo}/" if place.path_in_repo else ""
    try:
        found = patiently(url, "listing", lambda: _listed(url, recursive=True))
    except FileNotFoundError:
        if not below:
            raise
        return {place.path_in_repo.rpartition("/")[2]: size_and_tag(url)}
    return {one.path.removeprefix(below): (one.size, _content_of(one)) for one in found}


def list_names(url: str) -> list[str]:
    """Names of the files directly in a folder; none where there is no such folder."""
    try:
        return [one.path.rpartition("/")[2] for one in patiently(url, "listing", lambda: _listed(url, recursive=False))]
    except FileNotFoundError:
        return []


def size_and_tag(url: str) -> tuple[int, str]:
    """Size in bytes, and what names the content. Raises FileNotFoundError where no file is."""
    if not _parsed(url).path_in_repo:
        raise FileNotFoundError(errno.ENOENT, "a repository, not a file", url)
    place = _place_of(url)
    return patiently(url, "looking up", lambda: _asked(url, place))


def sha256_of(tag: str) -> str | None:
    """The sha256 of a whole file that its tag is; None where it is git's sha1."""
    return tag if _SHA256.fullmatch(tag) else None


def _listed(url: str, *, recursive: bool) -> list[RepoFile]:
    place = _parsed(url)
    with _answers(url):
        entries: Iterable[object] = HfApi().list_repo_tree(
            place.id,
            place.path_in_repo or None,
            recursive=recursive,
            revision=place.revision,
            repo_type=place.type,
        )
        return [one for one in entries if isinstance(one, RepoFile)]


def _content_of(file: RepoFile) -> str:
    return str(file.lfs.sha256 if file.lfs else file.blob_id)


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
    except OfflineModeIsEnabled as error:
        raise EnvironmentTrouble(f"{url}: HF_HUB_OFFLINE is set; unset it, or give the path of a download") from error
    except HfHubHTTPError as error:
        if error.response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise EnvironmentTrouble(f"{url}: the Hub refuses the token; `hf auth login`, or set HF_TOKEN") from error
        if error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            patience.pause(_wait_s(error.response))
        raise
    except httpx2.TransportError as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def _wait_s(answer: httpx2.Response) -> float:
    """Until when the Hub will not hear us, as it says."""
    told, after = parse_ratelimit_headers(answer.headers), answer.headers.get("Retry-After", "")
    return min(MOST_WAIT_S, told.reset_in_seconds + 1 if told else int(after) if after.isdigit() else 0)


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
    """The address from which the bytes of a file are had."""
    place = _parsed(url)
    return hf_hub_url(place.id, place.path_in_repo, repo_type=place.type, revision=place.revision)
