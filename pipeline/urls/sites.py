"""The site of an address: what one editor answers for, so that its pages resemble one another."""

from __future__ import annotations

import functools
import ipaddress
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the list in the package: nothing is fetched


@functools.lru_cache(maxsize=1 << 16)
def registrable(host: str) -> str:
    """What someone registered of a host, lower-case ASCII: `a.b.example.co.uk` gives `example.co.uk`.

    By the Public Suffix List with its private part, so that `alice.github.io` and `bob.github.io` are two sites. An IP
    address, a suffix itself and a name without a dot stand for themselves.
    """
    name = host.strip(".[]").lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        name = name.encode("idna").decode()
    except UnicodeError:
        pass  # labels that DNS does not allow are compared as they are written
    return _suffixes().privatesuffix(name) or name


def site_of(url: str | None) -> str | None:
    """The registrable domain of a URL's host; None without one. `classifiers.labelled.sites.site_of` is its twin."""
    if not url:
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:  # brackets that hold no IPv6 address
        return None
    return (registrable(host) or None) if host else None  # a host may be nothing but dots
