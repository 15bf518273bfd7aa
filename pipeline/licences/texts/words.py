"""The words of a licence text, in the spelling in which they are compared, each with its place in the text.

Case, punctuation, comment signs, marks of lists, addresses and articles are no words (SPDX License List, matching
guidelines, B.3 to B.14). A number counts where it is that of a version, as `#2` for "version 2.0" or "v2". A word that
a hyphen divides between two lines is one where that is a known word.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import compress, islice
from typing import Final

_TOKEN = re.compile(
    r"[a-egi-uxyzA-UW-Z][0-9A-Za-z]{0,63}+(?![^\x00-\x7f])"  # most of them, without a look at what else they may be
    r"|https?://\S{1,2000}|ftp://\S{1,2000}|www\.\S{1,2000}|[vV]?\d{1,9}(?:\.\d{1,9}){1,4}|[^\W_]{1,64}"
)
_SPELLED_WORDS: Final = (
    "licence:license licences:licenses licenced:licensed licencee:licensee owner:holder owners:holders whilst:while"
    " expressed:express acknowledgment:acknowledgement acknowledgments:acknowledgements programr:programmer"
    " programrs:programmers programd:programmed analogue:analog"
    " holdership:ownership judgement:judgment favour:favor labour:labor offence:offense centre:center"
    " behaviour:behavior programme:program practise:practice catalogue:catalog cancelled:canceled modelled:modeled"
    " modelling:modeling artefact:artifact merchantibility:merchantability copyrights:copyright"
    " copr:copyright must:shall"
)
_NO_WORDS: Final = (
    "normalized url http https c a an the"
    " quot apos nbsp x27 x22 ldquo rdquo lsquo rsquo amp lt gt"  # signs in markup
)
_SPELLED: Final = dict(pair.split(":") for pair in _SPELLED_WORDS.split()) | dict.fromkeys(_NO_WORDS.split(), "")
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
_HYPHENS: Final = frozenset("-\u00ad\u2010")
_JOINED: Final = frozenset(["non", "sub"])
_DIVISION = re.compile(
    r"[-\u00ad\u2010](?<=[^\W_][-\u00ad\u2010])\r?\n[ \t]*+(?:(?://+|/?\*+|#+|;+|--+|%+)[ \t]*+)?+(?=[^\W_])"
)
_TOKEN_OR_DIVISION = re.compile(f"{_DIVISION.pattern}|{_TOKEN.pattern}")
_NUMBER: Final = "\0"
_BY_PLACE: Final = _JOINED | {_NUMBER}
_MAX_CACHE: Final = 1 << 17


class _Spellings(dict[str, str]):
    """Tokens as they are compared, kept for the first 131,072 distinct ones."""

    def __missing__(self, token: str) -> str:
        word = _spelled(token)
        if len(self) < _MAX_CACHE:
            self[token] = word
        return word


_spellings = _Spellings()


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
    return word


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text; word n is made of tokens[n] to tokens[n + 1] of it, as they are spelled in `raw`."""

    text: str
    words: list[str]
    tokens: list[int]
    raw: list[str]
    is_verbatim: bool
    """Whether `raw` are the text's own tokens, none of them put together."""

    def is_capital(self, word: int) -> bool:
        """Whether a word is spelled like a name: a capital, then small letters, or up to five capitals."""
        token = self.raw[self.tokens[word]]
        return token[0].isupper() and (len(token) < 6 or not token.isupper())

    def begins_large(self, word: int) -> bool:
        """Whether a word begins with a capital."""
        return self.raw[self.tokens[word]][0].isupper()

    def places(self, wanted: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Where these words of the text begin and end, in characters."""
        tokens = {word: self.tokens[word] for word in wanted}
        middle = len(self.raw) // 2 if self.is_verbatim else len(self.raw)
        spans = self._from_begin(token for token in tokens.values() if token < middle)
        spans |= self._from_end(token for token in tokens.values() if token >= middle)
        return {word: spans[token] for word, token in tokens.items()}

    def _from_begin(self, tokens: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Where these tokens begin and end."""
        found = _TOKEN.finditer(self.text)
        spans, next_token = {}, 0
        for token in sorted(set(tokens)):
            spans[token] = next(islice(found, token - next_token, None)).span()
            next_token = token + 1
        return spans

    def _from_end(self, tokens: Iterable[int]) -> dict[int, tuple[int, int]]:
        """As above, from the last token back: between two there is no letter, so each is the last of its spelling."""
        raw, find = self.raw, self.text.rfind
        spans, at, before = {}, len(raw), len(self.text)
        for token in sorted(set(tokens), reverse=True):
            while at > token:
                at -= 1
                before = find(raw[at], 0, before)
            spans[token] = before, before + len(raw[token])
        return spans


def words_of(text: str, known: Container[str] = ()) -> Words:
    """The words of a text; `known` are those that a divided word may be put together to."""
    is_divided = _DIVISION.search(text) is not None
    raw = _put_together(_TOKEN_OR_DIVISION.findall(text), known) if is_divided else _TOKEN.findall(text)
    spelled = list(map(_spellings.__getitem__, raw))
    for at in [at for at, word in enumerate(spelled) if word in _BY_PLACE]:
        _take_place(spelled, raw, at)
    tokens = list(compress(range(len(spelled)), spelled))
    return Words(text, list(filter(None, spelled)), tokens, raw, not is_divided)


def _take_place(spelled: list[str], raw: list[str], at: int) -> None:
    """Decide about a number by the token before it, and join "non" and "sub" to the token behind."""
    if spelled[at] == _NUMBER:
        before = (spelled[at - 1] or (raw[at - 1] if raw[at - 1] in ("v", "V") else "")) if at else ""
        spelled[at] = _version(raw[at], before)
        if spelled[at] and before in _SAID_VERSION:
            spelled[at - 1] = ""
    elif spelled[at] in _JOINED and at + 1 < len(spelled) and spelled[at + 1] not in ("", _NUMBER):
        spelled[at], spelled[at + 1] = "", spelled[at] + spelled[at + 1]


def _put_together(pieces: list[str], known: Container[str]) -> list[str]:
    """Tokens, where of two with a division between that make a known word the first is empty, the second the word."""
    divisions = [at for at, piece in enumerate(pieces) if piece[0] in _HYPHENS]
    for at in divisions:
        whole = pieces[at - 1] + pieces[at + 1]
        if _spelled(whole) in known:
            pieces[at - 1], pieces[at + 1] = "", whole
    return [piece for piece in pieces if piece[:1] not in _HYPHENS]


def _version(token: str, before: str) -> str:
    found = _VERSION.fullmatch(token)
    if found is None or not (found[1] or before.lower() in _BEFORE_VERSION):
        return ""
    return "#" + _ZEROS.sub("", found[2])
