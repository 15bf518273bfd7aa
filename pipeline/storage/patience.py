"""How long a store is asked: the client of a URL, and an action tried again until it is answered or given up.

Endpoint and credentials come from the usual AWS variables (`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, ...);
`FSSPEC_S3_ANON=true` reads public buckets. fsspec keeps one client per process and thread and drops those inherited
over a fork.
"""

from __future__ import annotations

import errno
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

import aiohttp
import fsspec
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # type: ignore[import-untyped]

from pipeline.process import interrupts
from pipeline.trouble import EnvironmentTrouble

T = TypeVar("T")

RETRY_DELAYS_S = (0.2, 1.0, 4.0, 15.0)  # five tries in about 20 s: longer than a restart of a gateway
GONE = (404, 410)
PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE = 412, 416
OPTIONS: dict[str, dict[str, Any]] = {
    # Our retries decide, so botocore's are off (s3fs' own: see `filesystem`); a listing is never remembered.
    "s3": {
        "use_listings_cache": False,
        "config_kwargs": {
            "retries": {"mode": "standard", "total_max_attempts": 1},
            "connect_timeout": 10,
            "read_timeout": 60,
        },
    }
}
pause: Callable[[float], None] = interrupts.sleep  # tests put a clock of their own here


class Changed(Exception):
    """An object is another than the one that was begun."""


def filesystem(url: str) -> tuple[Any, str]:
    """The fsspec filesystem of `url` and the path within it."""
    protocol = url.partition("://")[0]
    fs, path = fsspec.url_to_fs(url, **OPTIONS.get(protocol, {}))
    if protocol == "s3":
        fs.retries = 1
    return fs, path


def patiently(url: str, doing: str, action: Callable[[], T]) -> T:
    """`action()`, tried again after each of `RETRY_DELAYS_S`; then EnvironmentTrouble.

    FileNotFoundError and FileExistsError are answers and pass at once; refused rights and a changed object are
    EnvironmentTrouble at once. Delays are spread over a fifth by a checksum of the URL, not by chance.
    """
    spread = 1 + zlib.crc32(url.encode()) % 1000 / 5000
    for delay_s in (*RETRY_DELAYS_S, None):
        try:
            return action()
        except FileNotFoundError as error:
            if error.filename == url:  # in words of ours
                raise
            if _is_an_answer(url, error):
                raise FileNotFoundError(errno.ENOENT, "no such object or bucket", url) from error
            if delay_s is None:
                raise _given_up(url, doing, error.__cause__ or error) from error
            pause(delay_s * spread)
        except (FileExistsError, EnvironmentTrouble):
            raise
        except (PermissionError, NoCredentialsError) as error:
            raise EnvironmentTrouble(
                f"{url}: {doing} was refused ({error}); check the AWS credentials and the rights of the bucket"
            ) from error
        except Changed as error:
            raise EnvironmentTrouble(
                f"{url}: the object changed while it was read; run again when nobody writes to it"
            ) from error
        except (OSError, BotoCoreError, ClientError, aiohttp.ClientError) as error:
            if delay_s is None:
                raise _given_up(url, doing, error) from error
            pause(delay_s * spread)
    raise AssertionError("unreachable: the last try returns or raises")


def _is_an_answer(url: str, error: FileNotFoundError) -> bool:
    """Whether nothing is there: fsspec's HTTP says so of every failure, and a 503 or a lost connection is its cause."""
    cause = error.__cause__
    if not url.startswith(("http://", "https://")) or cause is None:
        return True
    return isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) in GONE


def _given_up(url: str, doing: str, error: BaseException) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"{url}: {doing} failed {len(RETRY_DELAYS_S) + 1} times, last with {type(error).__name__}: {error}; check the "
        "network and the store, then run again"
    )


def answer_of(error: OSError) -> dict[str, Any]:
    """What the store answered, where s3fs made `error` out of an answer."""
    return getattr(error.__cause__, "response", None) or {}


def status_of(error: OSError) -> int | None:
    return answer_of(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
