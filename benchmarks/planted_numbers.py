"""Made numbers of persons, valid by the rules of the state that would give them, each with a word for it. Nobody's."""

from __future__ import annotations

import importlib
import random
import string
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

WORDS = {
    "us.ssn": "SSN: ",
    "ca.sin": "his SIN ",
    "gb.nhs": "NHS number ",
    "de.idnr": "Lohnsteuer-ID ",
    "fr.nir": "sécurité sociale : ",
    "es.dni": "DNI ",
    "es.nie": "NIE ",
    "it.codicefiscale": "codice fiscale ",
    "nl.bsn": "BSN ",
    "be.nn": "rijksregister ",
    "pl.pesel": "PESEL: ",
    "se.personnummer": "personnummer ",
    "dk.cpr": "CPR ",
    "fi.hetu": "henkilötunnus ",
    "ch.ssn": "AHV ",
    "br.cpf": "CPF ",
    "mx.curp": "CURP ",
    "in_.aadhaar": "Aadhaar ",
    "cn.ric": "身份证 ",
    "kr.rrn": "주민등록번호 ",
}
"""By module of python-stdnum: what stands before a number."""
_DIGITS = string.digits
_TRIES = 1000


def national(name: str, choice: random.Random) -> tuple[str, str]:
    """(the word, a number) of one module: of its form, and with the check digits that the module accepts."""
    module = importlib.import_module(f"stdnum.{name}")
    for _ in range(_TRIES):
        for value in _FORMS[name](choice):
            if module.is_valid(value):
                return WORDS[name], value
    raise ValueError(f"{name}: none of {_TRIES} is valid")


def _some(choice: random.Random, count: int, letters: str = _DIGITS) -> str:
    return "".join(choice.choice(letters) for _ in range(count))


def _ends(stem: str, endings: str = _DIGITS) -> list[str]:
    return [stem + ending for ending in endings]


def _born(choice: random.Random, order: str) -> str:
    """A day of a life, for `order` such as "ymd"; two digits each."""
    parts = {"y": choice.randrange(40, 100), "m": choice.randrange(1, 13), "d": choice.randrange(1, 29)}
    return "".join(f"{parts[each]:02}" for each in order)


def _us(choice: random.Random) -> list[str]:
    return [f"{choice.randrange(100, 666)}-{choice.randrange(10, 99)}-{choice.randrange(1000, 9999)}"]


def _grouped(mark: str, *sizes: int) -> Callable[[random.Random], list[str]]:
    """Digits in groups of these sizes, the last digit a check digit."""

    def form(choice: random.Random) -> list[str]:
        digits = _some(choice, sum(sizes) - 1)
        spans = list(pairwise(accumulate(sizes, initial=0)))
        return [mark.join(whole[first:last] for first, last in spans) for whole in _ends(digits)]

    return form


def _de(choice: random.Random) -> list[str]:
    """Of ten digits one stands twice, and one is missing."""
    digits = choice.sample(_DIGITS, 9)
    digits.insert(choice.randrange(9), choice.choice(digits))
    return _ends("".join(digits))


def _fr(choice: random.Random) -> list[str]:
    stem = f"{choice.choice('12')}{_born(choice, 'ym')}{choice.choice(['75', '13', '2A', '2B'])}{_some(choice, 6)}"
    return [f"{stem}{key:02}" for key in range(1, 98)]


def _es(choice: random.Random) -> list[str]:
    return _ends(_some(choice, 8), string.ascii_uppercase)


def _es_nie(choice: random.Random) -> list[str]:
    return _ends(choice.choice("XYZ") + _some(choice, 7), string.ascii_uppercase)


def _it(choice: random.Random) -> list[str]:
    born = _born(choice, "y") + choice.choice("ABCDEHLMPRST") + _born(choice, "d")
    place = choice.choice("ABFH") + _some(choice, 3, "123456789")
    return _ends(_some(choice, 6, "BCDFGLMNPRST") + born + place, string.ascii_uppercase)


def _be(choice: random.Random) -> list[str]:
    born = _born(choice, "ymd")
    stem = f"{born[:2]}.{born[2:4]}.{born[4:]}-{choice.randrange(1, 998):03}"
    return [f"{stem}.{key:02}" for key in range(1, 98)]


def _pl(choice: random.Random) -> list[str]:
    return _ends(_born(choice, "ymd") + _some(choice, 4))


def _se(choice: random.Random) -> list[str]:
    return _ends(f"{_born(choice, 'ymd')}{choice.choice('-+')}{_some(choice, 3)}")


def _dk(choice: random.Random) -> list[str]:
    return [f"{_born(choice, 'dmy')}-{choice.choice('0123')}{_some(choice, 3)}"]


def _fi(choice: random.Random) -> list[str]:
    return _ends(
        f"{_born(choice, 'dm')}{choice.randrange(24):02}{choice.choice('+-YXWVUABCDEF')}{choice.randrange(2, 900):03}",
        "0123456789ABCDEFHJKLMNPRSTUVWXY",
    )


def _ch(choice: random.Random) -> list[str]:
    return _ends(f"756.{_some(choice, 4)}.{_some(choice, 4)}.{_some(choice, 1)}")


def _br(choice: random.Random) -> Iterator[str]:
    stem = f"{_some(choice, 3)}.{_some(choice, 3)}.{_some(choice, 3)}"
    return (f"{stem}-{key:02}" for key in range(100))


def _mx(choice: random.Random) -> list[str]:
    name, state, rest = _some(choice, 4, "BDFGHJ"), choice.choice(["DF", "JC", "NL"]), _some(choice, 3, "BCDFGHJ")
    return _ends(f"{name}{_born(choice, 'ymd')}{choice.choice('HM')}{state}{rest}0")


def _cn(choice: random.Random) -> list[str]:
    place = choice.choice(["110101", "310101", "440103", "360426"])
    return _ends(f"{place}19{_born(choice, 'ymd')}{_some(choice, 3)}", "0123456789X")


def _kr(choice: random.Random) -> list[str]:
    return _ends(f"{_born(choice, 'ymd')}-{choice.choice('12')}{_some(choice, 5)}")


_FORMS: dict[str, Callable[[random.Random], list[str] | Iterator[str]]] = {
    "us.ssn": _us,
    "ca.sin": _grouped("-", 3, 3, 3),
    "gb.nhs": _grouped(" ", 3, 3, 4),
    "de.idnr": _de,
    "fr.nir": _fr,
    "es.dni": _es,
    "es.nie": _es_nie,
    "it.codicefiscale": _it,
    "nl.bsn": _grouped("", 9),
    "be.nn": _be,
    "pl.pesel": _pl,
    "se.personnummer": _se,
    "dk.cpr": _dk,
    "fi.hetu": _fi,
    "ch.ssn": _ch,
    "br.cpf": _br,
    "mx.curp": _mx,
    "in_.aadhaar": _grouped(" ", 4, 4, 4),
    "cn.ric": _cn,
    "kr.rrn": _kr,
}
