"""What belongs together: the site of a document, so that no site stands on both sides of a split."""

from __future__ import annotations

import functools
import ipaddress
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

LARGEST_SITE_SHARE = 0.2
"""Of a source's documents. A larger site (Wikipedia is one site) would not fit a fold of five: it is broken up."""


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the list in the package: nothing is fetched


@functools.lru_cache(maxsize=1 << 16)
def site_of(value: str) -> str:
    """The registrable domain of a URL (`https://a.b.co.uk/x` gives `b.co.uk`); any other value is itself.

    Of a URL the same as the twin `pipeline.urls.sites.site_of`, which this package must not import.
    """
    if "://" not in value:
        return value
    try:
        host = urlsplit(value).hostname
    except ValueError:  # brackets that hold no IPv6 address
        return value
    name = (host or "").strip(".[]").lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        name = name.encode("idna").decode()
    except UnicodeError:
        pass  # labels that DNS does not allow are compared as they are written
    return _suffixes().privatesuffix(name) or name or value


def broken_up(sites: Sequence[str | None]) -> set[str]:
    """The sites of a source that are too large to be one cluster."""
    counts = Counter(site for site in sites if site is not None)
    return {site for site, count in counts.items() if count > 1 and count > LARGEST_SITE_SHARE * len(sites)}
