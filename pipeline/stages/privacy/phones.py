"""Phone numbers: how they are written, and whether a numbering plan has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

INTERNATIONAL: Final = r"(?:^|[^\w+])(\+[1-9][\d ().-]{6,20}\d)(?:$|\D)|\bwa\.me/([1-9]\d{7,14})\b"
"""With a country code, which is enough; addresses of WhatsApp have it without the sign."""
NATIONAL: Final = (
    r"(?:^|[^\w+./=-])((?:1[ .-])?(?:\(\d{3}\)[ -]{0,2}\d{3}[ .-]\d{4}|\d{3}-\d{3}-\d{4}|\d{3}\.\d{3}\.\d{4}|"
    r"\d{3} \d{3} \d{4}|\(?0\d{1,5}\)?[ /-]\d{3,8}(?:[ -]\d{2,6}){0,3}))(?:$|[^\w/-])"
)
"""As the United States write them, or with the 0 of a long-distance call."""
_SAID: Final = (
    r"tel(?:[ée]phone|[ée]fono|efone|efono|efon|efoon)?|phone|fax|mob(?:ile?|il)?|cell(?:ulare)?|celular|handy|"
    r"whatsapp|portable|gsm|тел(?:ефон)?|моб|电话|手机|電話|携帯|전화"
)
AFTER_A_WORD: Final = (
    rf"(?i)(?:^|[^\pL])(?:{_SAID})(?:[_ -]?(?:number|num|nummer|no|nr|n°))?[^\w\n+(]{{0,6}}"
    r"(?:(?:no|nr|us|me|at|is|on|direct|office|home|work)[^\w\n+(]{1,4}){0,2}"
    r"(\(?\d[\d \x{A0}()./-]{5,22}\d)(?:$|[^\w])"
)
"""In any groups, or none, behind a word that says so: languages of the plans below."""
_WORD = re.compile(r"(?i)\b(?:tel|phone|call|fax|mobile|cell|contact|dial|text|whatsapp|toll)")
_WITHIN_NUMBER = re.compile(r"\d[ .-]{0,2}$")


def phone_check(regions: tuple[str, ...]) -> Callable[[str, str], bool]:
    """A check for numbers that are valid in the numbering plan of their country code, or else of one of the regions."""
    import phonenumbers  # its plans take a tenth of a second, which a query need not pay

    def is_phone(found: str, before: str) -> bool:
        if before.endswith("wa.me/"):
            found = f"+{found}"
        bare = found[0] not in "+(" and " " in found  # groups of digits: a number of any kind
        if bare and (_WITHIN_NUMBER.search(before) or (found[0] != "0" and not _WORD.search(before))):
            return False
        for region in (None,) if found.startswith("+") else regions:
            try:
                number = phonenumbers.parse(found, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return True
        return False

    return is_phone


def grouped_phone_check(regions: tuple[str, ...]) -> Callable[[str, str], bool]:
    """A check for what AFTER_A_WORD found: also grouped as the plan writes it, so that a date behind "call" is none.

    Where 00 and a country code lead it, the plan is that country's.
    """
    import phonenumbers

    strict = phonenumbers.Leniency.STRICT_GROUPING

    def is_phone(found: str, before: str) -> bool:
        written = found.replace("\u00a0", " ")
        if written.startswith("00"):
            written = f"+{written[2:].lstrip()}"
        for region in (None,) if written.startswith("+") else regions:
            matches = phonenumbers.PhoneNumberMatcher(written, region, strict)
            if any(match.start <= 1 and match.end == len(written) for match in matches):
                return True
        return False

    return is_phone
