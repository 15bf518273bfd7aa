"""How files are named: local paths and URLs, both as `str`."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.trouble import ConfigError

PROTOCOLS = ("s3", "hf", "http", "https", "memory")
"""Of the URLs that can be read."""
_SIGNED = re.compile(r"(?:^|&)(?:x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig)=", re.IGNORECASE)


def is_remote(path: str) -> bool:
    """Whether `path` is a URL.

    Raises ConfigError for file:// URLs, since there is one way to write a local path, for what cannot be read, and
    for a URL with a secret in it: URLs stand in journals, manifests and messages.
    """
    if path.startswith("file:"):
        raise ConfigError(f"{path}: write a local path without file://")
    scheme, is_url, rest = path.partition("://")
    if not is_url:
        return False
    if scheme not in PROTOCOLS:
        raise ConfigError(
            f"{path}: {scheme}:// is not read; copy the files to a disk, an S3 store or a web server, and give the "
            "path, or an s3:// or https:// URL"
        )
    user, has_user, host = rest.partition("/")[0].rpartition("@")
    if has_user and user:
        raise ConfigError(f"{scheme}://...@{host}: no credentials in URLs; put them into the store's usual variables")
    plain, _, query = path.partition("?")
    if query and _SIGNED.search(query):
        raise ConfigError(
            f"{plain}?...: no signed URLs, they hold a secret and end; give the plain URL, and credentials"
        )
    return True


def join(base: str, *parts: str) -> str:
    """`base` and `parts` with one slash between; unlike os.path.join, no part can replace what stands before it."""
    for part in parts:
        base = base.rstrip("/") + "/" + part.strip("/") if base else part
    return base


def beside(path: str, name: str) -> str:
    """The file that stands in `path` as `name`: relative to the folder of `path`, or from the root, or a URL."""
    return name if is_remote(name) or Path(name).is_absolute() else join(path.rpartition("/")[0], name)


def absolute(path: str) -> str:
    """`path` as every process of a run can use it: local paths from the root, URLs as they are."""
    return path if is_remote(path) else str(Path(path).absolute())


def is_same_folder(one: str, other: str) -> bool:
    """Whether two paths or URLs lead to one folder, however they are spelt; links are followed."""
    if is_remote(one) or is_remote(other):
        return one.rstrip("/") == other.rstrip("/")
    if Path(one).exists() and Path(other).exists():
        return Path(one).samefile(other)
    return Path(one).resolve() == Path(other).resolve()
