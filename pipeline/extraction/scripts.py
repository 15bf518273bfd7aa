"""Raised and lowered text: as the characters that Unicode has for it, else behind `^` and `_`, as TeX writes it."""

from __future__ import annotations

import re

MAX_SCRIPT_CHARS = 40  # what is longer is no exponent but text in small letters

_RAISED = str.maketrans("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|re|ère|e|ème|o|a|os|as|me|ter|ten|n[dt]|eme|TM|SM|™)\.?", re.IGNORECASE)


def small(inner: str, *, is_super: bool) -> str | None:
    """`inner` in Unicode's small characters; None where one of its characters has none."""
    table = _RAISED if is_super else _LOWERED
    return inner.translate(table) if table.keys() >= set(map(ord, inner)) else None


def scripted(inner: str, *, is_super: bool, before: str) -> str:
    """What is raised or lowered, and stands right behind the character `before`, as text that still says so.

    `2` is `²`, `k` is `^k`, `log n` is `^{log n}`. The ending of an ordinal is no exponent (4th, n.º) and stays as it
    is; so does what is longer than 40 characters, behind a space.
    """
    in_small = small(inner, is_super=is_super)
    if in_small is not None:
        return in_small
    if is_super and _ORDINAL.fullmatch(inner) and (len(inner) > 1 or before.isdigit() or before == "."):
        return inner  # 1ª and n.º, but not x^a
    if len(inner) > MAX_SCRIPT_CHARS:
        return f" {inner}"
    sign = "^" if is_super else "_"
    return f"{sign}{inner}" if inner.isalnum() else f"{sign}{{{inner}}}"
