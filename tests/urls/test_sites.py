"""The site of an address, twice: `classifiers` must not import `pipeline`, and both must mean the same."""

from __future__ import annotations

import pytest

from classifiers.labelled.sites import site_of as of_classifiers
from pipeline.urls.sites import site_of as of_pipeline


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://a.b.example.co.uk/x", "example.co.uk"),
        ("http://alice.github.io/", "alice.github.io"),
        ("https://www.b\u00fccher.de/", "xn--bcher-kva.de"),
        ("https://www.xn--bcher-kva.de/", "xn--bcher-kva.de"),
        ("HTTP://WWW.B\u00dcCHER.DE:80/", "xn--bcher-kva.de"),
        ("http://a\u3002example.com/", "example.com"),
        ("http://.example.com./", "example.com"),
        ("http://" + "a" * 64 + ".com/", "a" * 64 + ".com"),
        ("http://a..example.com/", "a..example.com"),
        ("http://192.0.2.7:80/", "192.0.2.7"),
        ("http://[2001:DB8:0::1]/", "2001:db8::1"),
        ("http://localhost/", "localhost"),
        ("http://co.uk/", "co.uk"),
    ],
)
def test_both_give_the_same_site(url: str, site: str) -> None:
    assert (of_classifiers(url), of_pipeline(url)) == (site, site)


@pytest.mark.parametrize("url", ["http:///x", "http://.../x", "http://[bad/", "file:///a/b"])
def test_an_address_without_a_host_has_no_site_or_is_its_own(url: str) -> None:
    assert (of_classifiers(url), of_pipeline(url)) == (url, None)
