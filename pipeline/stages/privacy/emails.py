"""Addresses of email: plain, and as people write them who hide them from programs."""

from __future__ import annotations

import functools
import re
from typing import Final

from publicsuffixlist import PublicSuffixList

_AT: Final = r"(?:@|\x{FF20}|&#0{0,4}64;|&#[xX]0{0,4}40;|&commat;|%40|\\u0040)"
"""The sign, its wide form, and what HTML, addresses and JSON write for it."""
_UNSEEN: Final = r"[\x{AD}\x{200B}\x{200C}\x{200D}\x{2060}]{0,2}"
_LOCAL: Final = (
    r"(?:[\p{Latin}0-9._%+-]+|[\p{Cyrillic}0-9._+-]+|\{[\p{Latin}0-9._+-]+(?:, ?[\p{Latin}0-9._+-]+){1,20}\})"
)
"""The name before the sign; {ann,bob}@ are several."""
_TOP: Final = r"(?:[A-Za-z]{2,}\b|\p{Cyrillic}{2,}|\p{Han}{2,})"
EMAIL: Final = rf"{_LOCAL}{_UNSEEN}{_AT}{_UNSEEN}(?:[\p{{L}}0-9-]+\.)+{_TOP}"
_HIDDEN_DOT: Final = r"(?:\.| ?[\[({<] ?(?i:dot|punkt|point|punto|\.) ?[\])}>] ?)"
HIDDEN: Final = (
    r"[\p{Latin}0-9._+-]+(?: ?[\[({<] ?(?i:at|ät) ?[\])}>] ?|[\[({<](?i:a|arobase|arroba)[\])}>])"
    rf"(?:[\p{{Latin}}0-9][\p{{Latin}}0-9-]*{_HIDDEN_DOT}){{1,4}}[A-Za-z]{{2,}}\b"
)
""""ann (at) site.org", "ann[at]site[dot]org"; what says "at" and "dot" without brackets is a sentence."""

_SIGN = re.compile(
    r"[\u00ad\u200b-\u200d\u2060]*(?:[@＠]|&#0*64;|&#[xX]0*40;|&commat;|%40|\\u0040)[\u00ad\u200b-\u200d\u2060]*"
)
_BRACKETED = re.compile(r"(?i) ?[\[({<] ?(?:at|ät|a|arobase|arroba) ?[\])}>] ?")
_DOT = re.compile(r"(?i) ?[\[({<] ?(?:dot|punkt|point|punto|\.) ?[\])}>] ?")
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)$")  # RFC 2606


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def _is_domain(domain: str) -> bool:
    """Whether it lies under a public suffix and is not reserved for examples."""
    domain = domain.lower()
    return not _RESERVED.search(domain) and _suffixes().publicsuffix(domain) is not None


def is_email(found: str, before: str) -> bool:
    """Whether the domain lies under a public suffix; `git@host:path`, `icon@2x.png` and reserved domains are none."""
    local, _, domain = _SIGN.sub("@", found).rpartition("@")
    if local == "git" or before.endswith("//"):
        return False
    return _is_domain(domain)


def is_hidden_email(found: str, before: str) -> bool:
    """The same of what HIDDEN matched."""
    return _is_domain(_DOT.sub(".", _BRACKETED.split(found)[-1]))
