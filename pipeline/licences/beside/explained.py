"""Whether a sentence beside a licence says only what may stand there: who, when, what, from where, under which name.

Closed by default: no list of what restricts, but of what does not. A sentence is explained by addresses, names, known
phrases and the words of its kinds (copyright lines, titles, where a work comes from, which licence holds, disclaimers,
sentences of open licences); one other word, and nobody knows what it says.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from pipeline.licences.beside.known import RUN, Known, mostly
from pipeline.licences.beside.phrases import ADDRESS, PHRASES
from pipeline.licences.beside.provenance import BINDING, JOINING, MADE, SOURCES
from pipeline.licences.texts.harmless import speaks_of_rights
from pipeline.licences.texts.templates import DISCLAIMING
from pipeline.licences.texts.words import Words, words_of

MAX_SENTENCE: Final = 20_000
"""Characters; the longest list of contributors seen has 4,000."""
_LETTER: Final = re.compile(r"[^\W\d_]")
_FIELD: Final = re.compile(
    r"\b(?:files|copyright|licen[cs]e|source|comment|upstream[- ](?:name|contact|authors?(?:\(s\))?|maintainers?)"
    r"|format|files-excluded|disclaimer|maintainers?|description|origin|url|homepage|authors?(?:\(s\))?|name|version|contact"
    r"|project|summary|date|from|to|subject|message-id|cc|references|in-reply-to)[ \t]*:",
    re.IGNORECASE,
)
_TO_SOMEBODY: Final = re.compile(
    r"\b(?:[Ll]icen[cs]ed|[Ff]ree|[Aa]vailable|[Gg]ranted|[Pp]ermitted|[Rr]eserved)(?: (?:only|here))?"
    r" (?:for|to|within|in) (?:the )?[A-Z](?!ebian)"
    r"|\b(?:[Pp]rovided|[Dd]istributed|[Rr]eleased|[Ss]upplied|[Dd]elivered|[Ii]ssued) (?:only )?to (?:the )?"
    r"[A-Z](?!ublic|UBLIC)"
)
"""To whom, for what or where a work is given: a name behind it narrows."""
_FILE: Final = (
    r"(?:[A-Z\d_./-]{4,}\b|\S{1,60}\.\w"
    r"|\S{1,60} (?:files?|director(?:y|ies)|folders?|repositor(?:y|ies)|projects?)\b)"
)
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_WHERE: Final = r"(?:in|within|inside|outside(?: of)?|throughout|across|to|for|from)"
_OF_ALL: Final = r"(?:[\s\W]{0,6}(?:the|all|any|parts|of)\s)*"
_GOES_ON: Final = re.compile(
    rf"[\s\W]{{0,8}}\b{_WHERE}\s{_OF_ALL}(?:(?!{_FILE}|{_MONTH})[A-Z]|[12]\d\d\d\b.{{0,9}}\bon(?:wards?)?\b)"
)
"""Behind a notice: a place, somebody, a time; not a file in which more is said."""
_BEGINS_WITH: Final = re.compile(rf"[\s\W]*(?i:{_WHERE})\s{_OF_ALL}(?!{_FILE}|{_MONTH})[A-Z]")
_COPYRIGHT: Final = re.compile(
    r"\b(?:copyrights?|copr|copyrighted)\b|\(c\)|©|&copy;|^\W*(?:19|20)\d\d\b", re.IGNORECASE
)
_YEARS: Final = re.compile(r"\A(?:[^\w{]|\d|\(c\))*(?:(?:present|now|today)\b[\W\d]*)?", re.IGNORECASE)
_SEGMENT: Final = re.compile(r"(?<=[^\W\d]{2}) ?[,;.(\[<]")
_NICK: Final = re.compile(r"(?<=[a-z]) ?\((\w{2,20})\)")
_HYPHENED: Final = re.compile(r"\b[^\W_]{1,40}(?:-[^\W_]{1,40}){1,8}\b")
_FIRST_NAME: Final = re.compile(r"\b[A-Z][a-z]{2,10}-[a-z]{2,10}(?= [A-Z][a-z])")  # "Jean-loup" before a surname
_COUNTED: Final = re.compile(r"[^\W\d][ :=]+\d")  # "Seats: 5"
_OPTION: Final = re.compile(r"(?<!\S)--[a-z][\w-]+")
_YES_NO: Final = re.compile(r"\b(?:yes|no)\b")
_NOT: Final = re.compile(r"n['’]t\b")
_DISCLAIMS: Final = re.compile(
    r"warrant|liab|as is|no obligation|particular purpose|merchantab|infringement|at your own risk|damages",
    re.IGNORECASE,
)
_DESCRIBES: Final = re.compile(
    r"\W*(?:this|the) (?:\w+ )?(?:module|file|class|script|header|code|library|program|tool|test|function|interface)"
    r" (?:implements|provides|computes|performs|defines|declares|converts|measures|parses|represents|specifies|tests)\b"
    r"|\W*[\w.+-]+(?: \w+)? (?:--?|–) (?:an?|the)\b",  # a title: "pycparser -- A C parser"
    re.IGNORECASE,
)
"""What code does, and what somebody could do with it in no case: "contains" and "runs" may be said of a time lock."""
_TITLED_WORDS: Final = (
    "license licenses library project package software code notice toolkit utilities compiler modules components"
    " dependencies sdk information notices functionality model driver company corporation inc ltd foundation consortium"
)
_TITLED: Final = frozenset(_TITLED_WORDS.split())
MAX_TITLE: Final = 8  # words
MAX_SHOUTED: Final = 3  # words in capitals alone, which may be a name
_COMPANY: Final = frozenset(["inc", "ltd", "llc", "gmbh"])
_BINDING_NAMES: Final = frozenset(["will", "may", "grant", "limited"])
"""Words that bind, and begin names all the same."""
_GIVEN: Final = frozenset(["for", "to", "by", "with", "except", "but"])
"""What stands behind one of these in small letters may be whom something is for."""
SMALL_OF_HOLDER: Final = 3  # words of a holder's name in small letters: "werken digital"
MAX_UNKNOWN: Final = 2  # words in small letters that stand in no licence, as names of projects do
MIN_PLAIN: Final = 4  # words beside them that say what the sentence is about
MIN_TOLD: Final = 0.5  # share of such words in a sentence that tells how a work came about


def binds(sentence: str) -> bool:
    """Whether a sentence has words that are known to give or bind."""
    return not BINDING.isdisjoint(words_of(sentence).words)


def narrowed(before: str, behind: str) -> bool:
    """Whether what stands before and behind a notice in its sentence says where, to whom or from when it holds."""
    return _GOES_ON.match(behind) is not None or _BEGINS_WITH.match(before) is not None


def explained(sentence: str, known: Known, own: Sequence[str] = (), free: Container[str] = ()) -> bool:
    """Whether a sentence says only what may stand beside a licence.

    own: the words of the licences that stand there, each in one string with blanks around. free: words that a licence
    lets stand in a place of it.
    """
    if _judged(sentence, known):
        return True
    told = words_of(sentence)
    words = told.words
    if known.is_told(told) or known.is_of_open_licences(words):
        return True
    if free and all(word in free or word in SOURCES for word in words):
        return True
    if len(words) < RUN:
        return (len(words) > 1 or BINDING.isdisjoint(words)) and any(f" {' '.join(words)} " in each for each in own)
    runs = [f" {' '.join(words[at : at + RUN])} " for at in range(len(words) - RUN + 1)]
    return any(mostly(words, [run in each for run in runs]) for each in own)


@lru_cache(maxsize=1 << 13)
def _judged(sentence: str, known: Known) -> bool:
    if len(sentence) > MAX_SENTENCE:
        return False
    if len(_OPTION.findall(sentence)) > 1:  # a command with its options
        return True
    if len(_YES_NO.findall(sentence)) > 3:  # a table
        sentence = _YES_NO.sub(" ", sentence)
    said, addresses = ADDRESS.subn(" ", _NICK.sub(_without_nick, sentence.replace("and/or", "and or")))
    said = _HYPHENED.sub(lambda found: " " if _is_compound(found[0], known) else found[0], said)
    said = _FIRST_NAME.sub(" ", said)
    whole = " ".join(_FIELD.sub(lambda found: " copyright " if found[0][:4].lower() == "copy" else " ", said).split())
    said = PHRASES.sub(" ", whole)
    words = words_of(said)
    if _LETTER.search(said) is None or known.is_of_open_licences(words.words):
        return True
    if _disclaims(whole, words_of(whole)):
        return True
    if _TO_SOMEBODY.search(said) is not None:
        return False
    found = _COPYRIGHT.search(said)
    if found is not None:
        before, holder = said[: found.start()], said[found.end() :]
        if _LETTER.search(holder) is None and _tells(before, words_of(before)):
            return True
        return _is_plain(before, words_of(before), known) and _names_holder(holder, known, SMALL_OF_HOLDER)
    return (
        _is_plain(said, words, known)
        or _is_title(words, known)
        or _tells(said, words)
        or _describes(said, words)
        or _disclaims(said, words)
        or (addresses > 0 and _names_holder(said, known, MAX_UNKNOWN))
    )


def _without_nick(found: re.Match[str]) -> str:
    """Nothing for a name that somebody goes by, `(hpk42)`; `(Internal)` is none."""
    return found[0] if found[1].lower() in BINDING else " "


def _is_compound(token: str, known: Known) -> bool:
    """Whether one part of a word with hyphens is none that a licence has: `scikit-learn`."""
    parts = words_of(token.lower().replace("-", " ")).words
    return BINDING.isdisjoint(parts) and not all(map(known.has, parts))


def _is_plain(said: str, words: Words, known: Known) -> bool:
    """Whether all words are names, numbers of versions, or words of sources."""
    told = words.words
    if not told:
        return True
    binding, counted = not BINDING.isdisjoint(told), _COUNTED.search(said) is not None
    shouts = said.isupper()
    is_name = all(word in SOURCES or word in _TITLED or word not in known.ordinary for word in told)
    if shouts and len(told) <= MAX_SHOUTED and is_name and not binding and not counted:
        return True
    if len(told) == 1 and told[0] not in SOURCES and told[0][0] != "#":
        return not binding and not counted
    spelled = [_is_spelled_as_name(words, at, shouts) for at in range(len(told))]
    names = [
        each and (not (told[at] in BINDING or told[at] in known.ordinary) or _is_acronym(words, at, shouts))
        for at, each in enumerate(spelled)
    ]
    _spread(names, spelled, told)
    plain, unknown = sum(word in SOURCES for word in told), 0
    for at, word in enumerate(told):
        if word in SOURCES or word[0] == "#" or names[at]:
            continue
        if word in JOINING and any(names[max(0, at - 1) : at + 2]):
            continue
        unknown += 1
        is_strange = known.has(word) or word in BINDING or (at > 0 and told[at - 1] in _GIVEN) or unknown > MAX_UNKNOWN
        if is_strange or (plain < MIN_PLAIN and (unknown > 1 or plain + sum(names) < MIN_PLAIN)):
            return False
    return True


def _is_spelled_as_name(words: Words, at: int, shouts: bool) -> bool:
    raw = words.raw[words.tokens[at]]
    if shouts and len(raw) > 5:
        return any(letter.isdigit() for letter in raw)
    return words.is_capital(at) or raw.isupper() or any(letter.isdigit() or letter.isupper() for letter in raw[1:])


def _is_acronym(words: Words, at: int, shouts: bool) -> bool:
    raw = words.raw[words.tokens[at]]
    return not shouts and 1 < len(raw) < 6 and raw.isupper() and words.words[at] not in BINDING


def _spread(names: list[bool], spelled: list[bool], words: list[str]) -> None:
    """Words that are spelled like names beside a name are names: "Gopher Embedded Framework"."""
    last = len(names) - 1
    for at in range(1, last + 1):
        names[at] = names[at] or (spelled[at] and names[at - 1] and words[at] not in BINDING)
    for at in range(last - 1, -1, -1):
        names[at] = names[at] or (spelled[at] and names[at + 1] and words[at] not in BINDING)


def _names_holder(said: str, known: Known, most: int) -> bool:
    """Whether words are whose something is: names, up to `most` words in small letters before the first comma."""
    said = _YEARS.sub("", said)
    words = words_of(said)
    name, *others = _SEGMENT.split(said)
    if any(_COUNTED.search(each) is not None and ":" in each for each in others):
        return False
    if any(not (BINDING - _BINDING_NAMES).isdisjoint(words_of(each).words[:1]) for each in others):
        return False  # "Foo (Internal Use)"
    first = len(words_of(name).words)
    small = 0
    for at, word in enumerate(words.words):
        if word in SOURCES or word in JOINING or word[0] == "#" or words.begins_large(at):
            continue
        small += 1
        is_known = known.has(word)
        if not is_known and small == 1 and not _COMPANY.isdisjoint(words.words[at + 1 : at + 2]):
            continue
        if word in BINDING or (is_known and len(words.words) > SMALL_OF_HOLDER) or small > most or at >= first:
            return False
    return True


def _is_title(words: Words, known: Known) -> bool:
    """Whether it is the title of a licence or a work: a few words with capitals."""
    told = words.words
    return (
        0 < len(told) <= MAX_TITLE
        and told[-1] in _TITLED
        and BINDING.isdisjoint(told)
        and all(
            word in SOURCES or word in _TITLED or words.begins_large(at) or word not in known.ordinary
            for at, word in enumerate(told)
        )
    )


def _tells(said: str, words: Words) -> bool:
    """Whether a sentence tells how a work came about, and neither gives nor binds nor says for whom it is."""
    told = words.words
    return (
        not MADE.isdisjoint(told)
        and BINDING.isdisjoint(told)
        and _NOT.search(said) is None
        and sum(word in SOURCES for word in told) >= MIN_TOLD * len(told)
        and not any(
            before == "for" and word.endswith("s") and word not in SOURCES and not words.begins_large(at)
            for at, (before, word) in enumerate(pairwise(told), 1)  # "for students"
        )
    )


def _describes(said: str, words: Words) -> bool:
    """Whether a sentence says what a file or program is or does, and neither gives nor binds."""
    return _DESCRIBES.match(said) is not None and _NOT.search(said) is None and BINDING.isdisjoint(words.words)


def _disclaims(said: str, words: Words) -> bool:
    """Whether a sentence only disclaims, be it for somebody named."""
    if _DISCLAIMS.search(said) is None:
        return False
    told = [
        word
        for at, word in enumerate(words.words)
        if word in DISCLAIMING or word in SOURCES or not _is_spelled_as_name(words, at, False)
    ]
    return SOURCES.issuperset(set(told) - DISCLAIMING) and not speaks_of_rights(told)
