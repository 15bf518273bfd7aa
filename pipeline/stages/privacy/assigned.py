"""Secrets of no known format: what is assigned to a name that says it is one, and passwords in addresses and headers.

All patterns are RE2's, so linear in the text. What no such name stands before is none: hashes, ids and UUIDs.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from typing import Final

_BARE_NAME: Final = (
    r"(?:api[_-]?key|secret(?:[_-]?key)?|access[_-]?(?:key|token)|auth[_-]?token|client[_-]?secret|passw(?:or)?d|pwd|"
    r"(?:private|account)[_-]?key|bearer|token)(?:[_-](?:base|prod(?:uction)?|live|staging|dev|\d{1,2}))?"
)
_QUOTE: Final = r"\\?[\"']"  # within JSON a quote has a backslash before it
_NAME: Final = rf"{_BARE_NAME}(?:{_QUOTE}\]?)?"
_QUOTED: Final = rf"{_QUOTE}([A-Za-z0-9+/=_.~!@#$%^&*()-]{{16,}}){_QUOTE}"
_BARE: Final = r"([A-Za-z0-9+/=_~-]{16,})(?:[\s&|,;)\]}\"'<>`\\]|$)"
ASSIGNED: Final = (
    rf"(?i){_NAME}(?:\s{{0,3}}(?:=>|:=|[:=])\s{{0,3}}{_QUOTED}|[ \t]{{0,3}}(?:=>|:=|[:=])[ \t]{{0,3}}{_BARE})"
    rf"|{_BARE_NAME}{_QUOTE}(?:,\s{{0,3}}|\s{{1,3}}value\s{{0,3}}=\s{{0,3}}){_QUOTED}"
    rf"|<[a-z0-9_.:-]{{0,32}}{_BARE_NAME}>{_BARE}"
    rf"|(?:\bENV[ \t]+[a-z0-9_]{{0,32}}|[ \t]--?[a-z0-9-]{{0,32}}|\blogin[ \t]+\S{{1,64}}[ \t]+){_BARE_NAME}"
    rf"[ \t]+{_BARE}"
    rf"|\bBearer[ \t]+{_BARE}"
    rf"|\bauthorization{_QUOTE}?\s{{0,3}}[:=]\s{{0,3}}(?:{_QUOTE})?basic[ \t]+([A-Za-z0-9+/]{{8,}}={{0,2}})"
    rf"|\bauth{_QUOTE}\s{{0,3}}:\s{{0,3}}{_QUOTE}([A-Za-z0-9+/]{{8,}}={{0,2}})"
)
"""A value that is assigned to a name that says it is secret: in quotes, or bare (.env, YAML, a query, a header).

Also define('NAME', '..'), attributes and elements of XML, ENV of a Dockerfile, options of a command, .netrc; user and
password in base64, of a header (RFC 7617) and of Docker's config.json.
"""
IN_ADDRESS: Final = r"\b[a-z][a-z0-9+.-]{1,15}://[^\s:/@\"'<>]{0,64}:([^\s:/@\"'<>]{3,64})@[A-Za-z0-9.-]"
"""A password in an address (RFC 3986, 3.2.1), with a user or without."""
MIN_BITS: Final = 3.2
"""Entropy of a character of an assigned value: words and repetitions have less, random base64 of 20 about 4."""
MIN_CHANGES: Final = 6
"""A bare value goes from letters to digits or back, or from small to capital without a word behind, once in so many
characters: at random 20 letters and digits do so 8 times, names of classes and variables hardly."""
_CHANGE = re.compile(r"(?<=[A-Za-z])\d|(?<=\d)[A-Za-z]|(?<=[a-z])[A-Z](?![a-z]{2})")
_LISTED = re.compile(r",\s{0,3}\\?[\"']$")
_BASIC = re.compile(r"(?i)\b(?:basic[ \t]+|auth\\?[\"']\s{0,3}:\s{0,3}\\?[\"'])$")
_PLACEHOLDER = re.compile(
    r"(?i)example|change.?me|your|placeholder|dummy|sample|redacted|insert|replace|x{4}|\*{3}|\.{3}|^\$|^%|^<|^\{|"
    r"test|foo|abc|1234|secret|passw|token|[_-]key"
)
_IN_ADDRESS_PLACEHOLDER = re.compile(
    r"(?i)^(?:pass(?:word|wd)?|pwd?|secret|token|\$.*|<.*|\{.*|%.*|x+|\*+|\.+|test|123|guest|postgres|root|admin|user)$"
)


def is_random(value: str) -> bool:
    """Whether an assigned value looks made at random: letters and digits, much entropy, no word of a placeholder."""
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)) or _PLACEHOLDER.search(value):
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return bits >= MIN_BITS


def is_assigned(value: str, before: str) -> bool:
    """Whether what ASSIGNED matched looks made at random.

    A bare value, and one behind a comma (lists of names), must look less like a name in code, too.
    """
    if _BASIC.search(before):
        return is_basic(value)
    is_said = before[-1:] in ("'", '"') and not _LISTED.search(before)
    return is_random(value) and (is_said or len(_CHANGE.findall(value)) >= len(value) / MIN_CHANGES)


def is_password(value: str) -> bool:
    """Whether what stands where an address has its password is one, and no name for it."""
    return not _IN_ADDRESS_PLACEHOLDER.match(value)


def is_basic(value: str) -> bool:
    """Whether base64 says a user, a colon and a password that is no word for one."""
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return bool(user and colon) and user.isprintable() and len(password) > 2 and is_password(password)
