"""The words of a licence text, in the spelling in which they are compared, each with its place in the text.

Case, punctuation, comment signs, marks of lists, addresses and articles are no words (SPDX License List, matching
guidelines, B.3 to B.14). A number counts where it is that of a version, as `#2` for "version 2.0" or "v2". A word that
a hyphen divides between two lines is one where that is a known word.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

_TOKEN = re.compile(r"(?:https?|ftp)://\S{1,2000}|www\.\S{1,2000}|[vV]?\d{1,9}(?:\.\d{1,9}){1,4}|[^\W_]{1,64}")
_SPELLED_WORDS: Final = (
    "licence:license licences:licenses licenced:licensed licencee:licensee owner:holder owners:holders whilst:while"
    " expressed:express acknowledgment:acknowledgement acknowledgments:acknowledgements programr:programmer"
    " programrs:programmers programd:programmed analogue:analog"
    " holdership:ownership judgement:judgment favour:favor labour:labor offence:offense centre:center"
    " behaviour:behavior programme:program practise:practice catalogue:catalog cancelled:canceled modelled:modeled"
    " modelling:modeling artefact:artifact merchantibility:merchantability copyrights:copyright"
    " copr:copyright must:shall"
)
_SPELLED: Final = dict(pair.split(":") for pair in _SPELLED_WORDS.split()) | dict.fromkeys(
    ["normalized", "url", "http", "https", "c", "a", "an", "the"], ""
)
_ISE = re.compile(r"(\w{2,12}(?:al|an|or|im|ogn|il|min|ar|er|tut|nym|hor))is(e|ed|es|ing|ation|ations)")
_LONG_L = re.compile("ll+")
_ROMAN = re.compile(r"x{0,2}(?:ix|iv|v?i{1,3}|v|x)")
_KEPT: Final = frozenset(
    ["as", "at", "be", "by", "do", "if", "in", "is", "it", "my", "no", "of", "on", "or", "so", "to", "up", "us", "we"]
)
_BEFORE_VERSION: Final = frozenset(["version", "ver", "v", "license", "licence", "revision"])
_SAID_VERSION: Final = frozenset(["version", "ver", "revision"])
_VERSION = re.compile(r"([vV]?)(\d{1,4}(?:\.\d{1,4}){0,2})[a-z]?")
_ZEROS = re.compile(r"(?:\.0)+\Z")
_JOINED: Final = frozenset(["non", "sub"])
_HYPHENS: Final = frozenset("-\u00ad\u2010")
_DIVIDED = re.compile(r"[-\u00ad\u2010]\r?\n[ \t]*(?://+|/?\*+|#+|;+|--+|%+)?[ \t]*")
_NUMBER: Final = "\0"
_MAX_CACHE: Final = 1 << 17
_spellings: dict[str, str] = {}


def _spelled(token: str) -> str:
    """How a token is compared: empty for one that is no word, `_NUMBER` for one that its place decides about."""
    word = token.lower()
    if _VERSION.fullmatch(token):
        word = _NUMBER
    elif not word or word.startswith(("http://", "https://", "ftp://", "www.")) or word[0].isdigit():
        word = ""
    elif word in _SPELLED:
        word = _SPELLED[word]
    elif (len(word) < 3 and word not in _KEPT and (len(word) < 2 or not word.isascii())) or _ROMAN.fullmatch(word):
        word = ""
    elif word.startswith(("fulfil", "wilful", "willful")):
        word = _LONG_L.sub("l", word)
    elif changed := _ISE.fullmatch(word):
        word = f"{changed[1]}iz{changed[2]}"
    if len(_spellings) < _MAX_CACHE:
        _spellings[token] = word
    return word


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text; word n is made of tokens[n] to tokens[n + 1] of it, as they are spelled in `raw`."""

    text: str
    words: list[str]
    tokens: list[int]
    raw: list[str]

    def is_capital(self, word: int) -> bool:
        """Whether a word is spelled like a name: a capital, then small letters, or up to five capitals."""
        token = self.raw[self.tokens[word]]
        return token[0].isupper() and (len(token) < 6 or not token.isupper())

    def places(self, wanted: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Where these words of the text begin and end, in characters."""
        found = _TOKEN.finditer(self.text)
        places, next_token = {}, 0
        for word in sorted(set(wanted)):
            token = self.tokens[word]
            places[word] = next(islice(found, token - next_token, None)).span()
            next_token = token + 1
        return places


def words_of(text: str, known: Container[str] = ()) -> Words:
    """The words of a text; `known` are those that a divided word may be put together to."""
    raw = _TOKEN.findall(text)
    if _DIVIDED.search(text):
        _put_together(text, raw, known)
    spellings = _spellings
    spelled = [spellings[token] if token in spellings else _spelled(token) for token in raw]
    before = ""
    for at, word in enumerate(spelled):
        if word == _NUMBER:
            spelled[at] = _version(raw[at], before)
            if spelled[at] and before in _SAID_VERSION:
                spelled[at - 1] = ""
        elif before in _JOINED and word:
            spelled[at - 1], spelled[at] = "", before + word
        before = spelled[at] or (raw[at] if raw[at] in ("v", "V") else "")
    tokens = [at for at, word in enumerate(spelled) if word]
    return Words(text, [word for word in spelled if word], tokens, raw)


def _put_together(text: str, raw: list[str], known: Container[str]) -> None:
    """Make one word of two that a hyphen at the end of a line divides, the second of them empty."""
    places = [found.span() for found in _TOKEN.finditer(text)]
    for at in range(len(raw) - 1):
        between = text[places[at][1] : places[at + 1][0]]
        if between[:1] in _HYPHENS and _DIVIDED.fullmatch(between) and _spelled(raw[at] + raw[at + 1]) in known:
            raw[at], raw[at + 1] = "", raw[at] + raw[at + 1]


def _version(token: str, before: str) -> str:
    found = _VERSION.fullmatch(token)
    if found is None or not (found[1] or before.lower() in _BEFORE_VERSION):
        return ""
    return "#" + _ZEROS.sub("", found[2])
