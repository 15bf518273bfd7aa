"""What makes a run of characters a number of the kind that it looks like: check digits, ranges, words around it."""

from __future__ import annotations

import datetime
import importlib.util
import ipaddress
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from stdnum import iban, luhn

NEAR: Final = 40
"""Bytes before a match in which a word must stand that says what it is, where the form alone does not."""

_VERSION = re.compile(
    r"(?i)(?:\bv|version|\bver|\brelease|\bbuild|\brev(?:ision)?|\bfirmware|\bdriver|\bkernel|\bpatch|\btag"
    r"|\b(?:up|down)grad\w+(?: from)?|\bchapter|\bfig(?:ure)?|\bclause|\bsection|\boid|§|[A-Za-z]/|[A-Za-z]\d{0,4}-"
    r"|[=<>~!]=|(?:^|\n)#{1,6} \[?)[\s.:=\"'(>]*$"
)
_HOST = re.compile(
    r"(?i)\b(?:ip(?:v4)?|addr(?:ess)?|server|host|ping|dns|gateway|client|from|listen|connect|proxy|node)\b"
)
_CARD = re.compile(
    r"(?i)(?<![a-z])(?:card|visa|master ?card|maestro|union ?pay|amex|diners|credit|debit|cc|pan|payment|tarjeta|carta|"
    r"cart[aã]o|carte bancaire|cb|kaart|karte)(?![a-z])|card[_ -]?n(?:o|r|um)|kreditkarte|kartennummer"
)
_CARDS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|"
    r"62\d{14,17}|(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15}"
)
"""Ranges and lengths (ISO/IEC 7812): Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay, Maestro."""
_GROUPED = re.compile(r"\d{4}([ .\u00a0-])\d{4}\1\d{4}\1\d{4}|3\d{3}([ .\u00a0-])\d{6}\2\d{5}")


def is_public_ip(found: str, before: str) -> bool:
    """Whether it is an address of the public internet; version and section numbers are none.

    Four numbers below 20 are an address only where a word before says so.
    """
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast:
        return False
    if address.version == 6:
        return found[0] in "23" and found.count(":") > 2
    if _VERSION.search(before):
        return False
    return max(address.packed) >= 20 or "://" in before[-8:] or bool(_HOST.search(before))


def is_card(found: str, before: str) -> bool:
    """Luhn's digit and an issuer's range; in groups as on a card, or a word before says so."""
    digits = re.sub(r"\D", "", found)
    if not _CARDS.fullmatch(digits) or not luhn.is_valid(digits) or len(set(digits)) == 1:
        return False
    if "." in found and before.endswith("."):  # decimals of a drawing: "0 .9553.4065.3116.7256.7067"
        return False
    return bool(_GROUPED.fullmatch(found) or _CARD.search(before))


def is_iban(found: str, before: str) -> bool:
    """Mod 97, length and structure of the country (ISO 13616)."""
    return bool(iban.is_valid(found))


class NationalId(NamedTuple):
    """A number that a state gives a person: how it is written (RE2), and the words of which one must stand before it.

    Without words the form and its check digits are enough.
    """

    pattern: str
    words: str = ""


NATIONAL: Final = {
    "us.ssn": NationalId(r"\b\d{3}-\d{2}-\d{4}\b", r"ssn|social security"),
    "ca.sin": NationalId(r"\b\d{3}[ -]\d{3}[ -]\d{3}\b", r"sin\b|social insurance"),
    "gb.nhs": NationalId(r"\b\d{3} \d{3} \d{4}\b", r"nhs"),
    "de.idnr": NationalId(r"\b\d{2} ?\d{3} ?\d{3} ?\d{3}\b", r"\w*steuer|idnr|tax id"),
    "fr.nir": NationalId(
        r"\b[12] ?\d{2} ?[0-1]\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}\b", r"s[ée]curit[ée]|nir\b|insee|ss\b"
    ),
    "es.dni": NationalId(r"\b\d{8}-?[A-Z]\b", r"dni|nif|identidad"),
    "es.nie": NationalId(r"\b[XYZ]-?\d{7}-?[A-Z]\b"),
    "it.codicefiscale": NationalId(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b"),
    "nl.bsn": NationalId(r"\b\d{9}\b", r"bsn|burgerservice|sofi"),
    "be.nn": NationalId(r"\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b"),
    "pl.pesel": NationalId(r"\b\d{11}\b", r"pesel"),
    "se.personnummer": NationalId(r"\b(?:19|20)?\d{6}[-+]\d{4}\b", r"person(?:al|nummer)|p(?:\.|ers)nr"),
    "dk.cpr": NationalId(r"\b\d{6}-\d{4}\b", r"cpr|personnummer"),
    "fi.hetu": NationalId(r"\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]\b", r"hetu|henkil"),
    "ch.ssn": NationalId(r"\b756\.\d{4}\.\d{4}\.\d{2}\b"),
    "br.cpf": NationalId(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"),
    "mx.curp": NationalId(r"\b[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d\b"),
    "in_.aadhaar": NationalId(r"\b\d{4} \d{4} \d{4}\b", r"aadh"),
    "cn.ric": NationalId(r"\b\d{17}[\dX]\b"),
    "kr.rrn": NationalId(r"\b\d{6}-[1-8]\d{6}\b"),
}
"""By module of python-stdnum, which checks digits, dates and ranges."""

_BEGINS: Final = r"(?:(?<![a-zà-ɏ])|(?-i:(?<=[a-z])(?=[A-Z])))"
"""Where a word begins: "SSN", "user_ssn", "userSsn" and "一SSN", not the "dni" of "midnight"."""


class _LastDay(datetime.date):
    @classmethod
    def today(cls) -> _LastDay:
        return cls(2099, 12, 31)


def _at_the_end_of_the_century(name: str) -> Any:
    """A copy of a module of python-stdnum for which it is always the last day of 2099.

    Some refuse who is not born yet, or guess a century by the year: what is a number would change with the day.
    """
    spec = importlib.util.find_spec(f"stdnum.{name}")
    assert spec is not None, name
    assert spec.loader is not None, name
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "datetime"):
        module.datetime = SimpleNamespace(date=_LastDay)  # type: ignore[attr-defined]
    return module


def national_pattern(names: tuple[str, ...]) -> str:
    """RE2 for the numbers of these modules, the longest forms first."""
    return "|".join(sorted((NATIONAL[name].pattern for name in names), key=lambda pattern: (-len(pattern), pattern)))


def national_check(names: tuple[str, ...]) -> Callable[[str, str], bool]:
    """A check for the numbers of these modules of NATIONAL."""
    known = [
        (
            re.compile(NATIONAL[name].pattern),
            re.compile(rf"(?i){_BEGINS}(?:{NATIONAL[name].words})" if NATIONAL[name].words else ""),
            _at_the_end_of_the_century(name),
        )
        for name in names
    ]

    def is_national_id(found: str, before: str) -> bool:
        return any(
            form.fullmatch(found) and words.search(before) and _is_valid(module, found) for form, words, module in known
        )

    return is_national_id


def _is_valid(module: Any, found: str) -> bool:
    """What the module says; of a Chinese number of a province but of none of its counties it raises KeyError."""
    try:
        return bool(module.is_valid(found))
    except KeyError:
        return False
