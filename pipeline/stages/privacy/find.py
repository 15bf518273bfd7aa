"""Where a text names persons' data and secrets: cheap looks at the bytes, then RE2, then a check of every match."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import re2
from numba import njit
from numpy.typing import NDArray

from pipeline.stages.privacy.assigned import ASSIGNED, IN_ADDRESS, is_assigned, is_password
from pipeline.stages.privacy.checks import NEAR, is_card, is_iban, is_public_ip, national_check, national_pattern
from pipeline.stages.privacy.emails import EMAIL, HIDDEN, is_email, is_hidden_email
from pipeline.stages.privacy.phones import (
    AFTER_A_WORD,
    INTERNATIONAL,
    NATIONAL,
    grouped_phone_check,
    phone_check,
)
from pipeline.stages.privacy.secrets import FORMAT, IN_PIECES, is_format
from pipeline.text.utf8 import utf8_buffers

# What a text has that may hold one of the kinds; the bits of `_looks`.
AT, DIGITS, QUAD, COLONS, LONG, HOUSE, LETTERED, BRACKETED = 1, 2, 4, 8, 16, 32, 64, 128
MIN_DIGITS, MIN_LONG = 7, 16

KINDS: Final = ("secret", "iban", "card", "national_id", "email", "ip", "phone", "address")
"""Of matches that overlap the first of these stays."""

_STREET: Final = (
    r"(?:^|[^\w.,$|=-])(\d{1,5}[A-Z]? (?:[NSEW]\.? |North |South |East |West )?(?:[A-Z][a-z]+ ){1,2}"
    r"(?:Street|Avenue|Road|Boulevard|Lane|Terrace|Parkway|Highway|St\.|Ave|Rd|Blvd))(?:$|\W)"
)
_IBAN: Final = r"\b[A-Z]{2}\d{2}(?:[ \x{A0}-]?[A-Z0-9]{4}){2,7}(?:[ \x{A0}-]?[A-Z0-9]{1,3})?\b"
_STRASSE: Final = r"\b[A-ZÄÖÜ][a-zäöüß]{2,30}(?:straße|strasse|str\.|weg|platz|allee|gasse) \d{1,4}[a-z]?\b"


class Pattern(NamedTuple):
    """A kind, the look that a text must have for it, an RE2 pattern, and a check of (match, what stands before it).

    Where the pattern has groups, the one that took part is the match.
    """

    kind: str
    look: int
    pattern: Any
    check: Callable[[str, str], bool]


def _always(found: str, before: str) -> bool:
    return True


@functools.cache
def patterns(kinds: tuple[str, ...], regions: tuple[str, ...], national: tuple[str, ...]) -> tuple[Pattern, ...]:
    """The patterns of these kinds, in the order of KINDS; made once a process."""
    phone = phone_check(regions)
    known = [
        Pattern("secret", LONG, _compiled(f"{FORMAT}|{IN_PIECES}"), is_format),
        Pattern("secret", LONG, _compiled(ASSIGNED), is_assigned),
        Pattern("secret", AT, _compiled(IN_ADDRESS), lambda found, _: is_password(found)),
        Pattern("iban", LETTERED, _compiled(_IBAN), is_iban),
        Pattern("card", DIGITS, _compiled(r"\b\d(?:[ .\x{A0}-]?\d){12,18}\b"), is_card),
        *(
            [Pattern("national_id", DIGITS | LETTERED, _compiled(national_pattern(national)), national_check(national))]
            if national
            else []
        ),
        Pattern("email", AT, _compiled(EMAIL), is_email),
        Pattern("email", BRACKETED, _compiled(HIDDEN), is_hidden_email),
        Pattern("ip", QUAD, _compiled(r"(?:^|[^\w.])((?:\d{1,3}\.){3}\d{1,3})(?:$|[^\w.-]|\.(?:\s|$))"), is_public_ip),
        Pattern(
            "ip", COLONS, _compiled(r"(?:^|[^\w:.])((?:[0-9A-Fa-f]{1,4}:{1,2}){2,7}[0-9A-Fa-f]{1,4})\b"), is_public_ip
        ),
        Pattern("phone", DIGITS, _compiled(INTERNATIONAL), phone),
        Pattern("phone", DIGITS, _compiled(NATIONAL), phone),
        Pattern("phone", DIGITS, _compiled(AFTER_A_WORD), grouped_phone_check(regions)),
        Pattern("address", HOUSE, _compiled(_STREET), _always),
        Pattern("address", HOUSE, _compiled(_STRASSE), _always),
    ]
    return tuple(pattern for pattern in known if pattern.kind in kinds)


def _compiled(pattern: str) -> Any:
    """RE2 over bytes, so that places are bytes; \\w, \\d and \\b are ASCII."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern.encode(), options)


_BETWEEN, _OF_TOKEN, _WITHIN_TOKEN = 1, 2, 4  # signs within numbers; in tokens like letters; in tokens, not counted
_BEGINS = 8  # of what may stand for "@": a per cent sign, an ampersand, a backslash, the wide form, a bracket


@functools.cache
def _byte_kinds() -> NDArray[np.uint8]:
    kinds = np.zeros(256, np.uint8)
    born = b"+ABCDEFUVWXY"  # between a date of birth and the rest (fi.hetu, se.personnummer)
    no_break = "\u00a0".encode()
    for bit, signs in (
        (_BETWEEN, b" -.()/" + born + no_break),
        (_OF_TOKEN, b"_-"),
        (_WITHIN_TOKEN, b"+/=.!#$%^&*~"),
        (_BEGINS, b"%&\\\xef([{<"),
    ):
        kinds[list(signs)] |= bit
    return kinds


@njit(cache=True, nogil=True)
def _hidden(data: Any, at: int, end: int) -> int:
    """AT where %40, &#64;, \\u0040 or the wide form begins, BRACKETED where "(at)", "[ at ]" or their like may."""
    if at + 2 >= end:
        return 0
    first, second, third = data[at], data[at + 1], data[at + 2]
    if first == 0x25:
        return AT if second == 0x34 and third == 0x30 else 0
    if first == 0x26:
        return AT if second == 0x23 or (second == 0x63 and third == 0x6F) else 0
    if first == 0x5C:
        return AT if second == 0x75 and third == 0x30 else 0
    if first == 0xEF:
        return AT if second == 0xBC and third == 0xA0 else 0
    if second == 0x20:
        second, third = third, data[at + 3] if at + 3 < end else 0x20
    a_umlaut = second == 0xC3 and third in (0x84, 0xA4)
    return (
        BRACKETED if a_umlaut or ((second | 0x20) == 0x61 and (third | 0x20) in (0x74, 0x72, 0x29, 0x3E, 0x7D)) else 0
    )


@njit(cache=True, nogil=True)
def _looks(data: Any, offsets: Any, kinds: Any) -> Any:
    """Of every text what it has: "@", seven digits in a row, four numbers with points, colons, a long word, .."""
    found = np.zeros(len(offsets) - 1, np.uint8)
    for text in range(len(offsets) - 1):
        digits, numbers, in_number, colons, since_colon, long = 0, 0, False, 0, 9, 0
        looks, upper = 0, 0
        for at in range(offsets[text], offsets[text + 1]):
            byte = data[at]
            is_digit = 0x30 <= byte <= 0x39
            is_upper = 0x41 <= byte <= 0x5A
            is_letter = is_upper or 0x61 <= byte <= 0x7A
            if is_digit:
                digits += 1
                if not in_number:
                    numbers += 1
                in_number = True
                if digits >= MIN_DIGITS:
                    looks |= DIGITS
                if numbers >= 4:
                    looks |= QUAD
                if upper >= 2:
                    looks |= LETTERED
                looks |= HOUSE
            else:
                in_number = False
                if byte != 0x2E:
                    numbers = 0
                if not kinds[byte] & _BETWEEN:
                    digits = 0
            upper = upper + 1 if is_upper else 0
            if is_digit or is_letter or kinds[byte] & _OF_TOKEN:
                long += 1
                if long >= MIN_LONG:
                    looks |= LONG
            elif not kinds[byte] & _WITHIN_TOKEN:
                long = 0
            if byte == 0x3A:
                colons = colons + 1 if since_colon <= 4 else 1
                since_colon = 0
                if colons >= 3:
                    looks |= COLONS
            else:
                since_colon += 1
            if byte == 0x40:
                looks |= AT
            elif kinds[byte] & _BEGINS:
                looks |= _hidden(data, at, offsets[text + 1])
        found[text] = looks
    return found


class Span(NamedTuple):
    """A place in a text, in UTF-8 bytes, and what stands there."""

    begin: int
    end: int
    kind: str


def find(texts: Any, wanted: tuple[Pattern, ...]) -> list[list[Span]]:
    """The spans of every text of a `large_string` array without nulls, in order, without overlaps."""
    looks = _looks(*utf8_buffers(texts), _byte_kinds())
    return [
        _spans(text.as_buffer().to_pybytes(), look, wanted) if look else []
        for text, look in zip(texts, looks.tolist(), strict=True)
    ]


def _spans(data: bytes, look: int, wanted: tuple[Pattern, ...]) -> list[Span]:
    found: list[tuple[int, Span]] = []
    for pattern in wanted:
        if not look & pattern.look:
            continue
        end = 0
        while match := pattern.pattern.search(data, end):  # on from the group: what is behind it may begin the next
            begin, end = match.span(match.lastindex or 0)
            before = data[max(0, begin - NEAR) : begin].decode(errors="replace")
            if pattern.check(data[begin:end].decode(errors="replace"), before):
                found.append((KINDS.index(pattern.kind), Span(begin, end, pattern.kind)))
    kept: list[tuple[int, Span]] = []
    for rank, span in sorted(found, key=lambda each: (each[1].begin, each[0], -each[1].end)):
        while kept and kept[-1][1].end > span.begin and kept[-1][0] > rank:
            kept.pop()
        if not kept or kept[-1][1].end <= span.begin:
            kept.append((rank, span))
    return [span for _, span in kept]
