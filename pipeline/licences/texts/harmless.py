"""Words that stand in a copy of a licence, or are missing from it, and neither give nor take anything."""

from __future__ import annotations

import re
from typing import Final

_NOTICE_WORDS: Final = (
    "copyright notice notices attribution attributions disclaimer disclaimers acknowledgement acknowledgements"
    " permission license list conditions text header headers reference file files source software every each all any"
    " other these this those above below following found in of to and or with"
)
NOTICE: Final = frozenset(_NOTICE_WORDS.split())
"""Without a verb: such words can only say which notices are to be kept."""
_KEPT: Final = frozenset(["notice", "notices", "attribution", "attributions", "disclaimer", "disclaimers"])
_HEADINGS: Final = frozenset([("no", "other", "rights"), ("no", "liability")])
_LEFT_OUT_WORDS: Final = (
    "not no neither never only unless use copy modify distribute sell granted commercial noncommercial derivative"
    " derivatives irrevocable perpetual royalty redistributions shall condition conditions"
)
LEFT_OUT: Final = frozenset(_LEFT_OUT_WORDS.split())
"""Words that may not be left out: the grant, and the conditions under which it stands."""
ALTERNATIVES: Final = frozenset(["or", "binary", "source"])
"""Without one of these, and nothing in its place, less is given: "with modification", "in source forms"."""
GIVING: Final = LEFT_OUT.difference(["derivative", "derivatives"]).union(
    ["may", "permission", "permitted", "permits", "permit", "allow", "allows", "allowed", "free", "freely", "grant",
     "grants", "right", "rights", "hereby", "can"]
)  # fmt: skip
"""Without any of these a passage neither gives nor binds, and its absence takes nothing away."""

_THINGS_WORDS: Final = (
    "software library libraries program programs file files source code binary binaries executable executables project"
    " package work works material materials product products documentation documents document data database copy copies"
    " author authors authorship holder holders contributor contributors developer developers"
    " copyright license licenses notice notices version revision portion portions"
    " part parts section sections paragraph paragraphs page location form forms format title"
    " text readme conditions terms brief summary idea subject under use"
)
_BETWEEN_WORDS: Final = (
    "this that these those it its of and or any all both each every some many other such as well in on at to from is"
    " are be was were which where following above below listed said same also one two three four our so hereby"
    " expressly specifically associated accompanying attached included including applicable herein thereof my"
)
HARMLESS: Final = frozenset(f"{_THINGS_WORDS} {_BETWEEN_WORDS}".split())
"""What a licence is about and what stands between: put in, they neither narrow who may, nor what, nor for what."""

DEFINED: Final = 8  # words in which what is defined is named
LONG: Final = 400  # words of a licence that has a title and a preamble of its own
TITLE_WORDS: Final = 48
_DROPPABLE: Final = tuple(
    tuple(phrase.split())
    for phrase in (
        "even if advised of possibility of such damage",
        "how to apply these terms",
        "end of terms and conditions",
        "copyright free software foundation inc everyone is permitted to copy",
        "creative commons attribution",
        "you may obtain copy of license at",
        "but some files in distribution are not written by author",
    )
)
"""How passages begin that many copies of a licence lack, and that grant and forbid nothing."""
_DROPPABLE_BEGIN: Final = frozenset(phrase[0] for phrase in _DROPPABLE)
_INSTITUTION: Final = re.compile(
    r"(?<!\bfor )(?<!\bin )(?<!\bat )(?<!\bto )(?<!\bwithin )"
    r"\b(?:research|academic|educational|government|military|nuclear)"
    r" (?:center|institute|laboratory|laboratories|council|foundation|university|corporation|organization|society)\b"
    r"|\b(?:center|institute|organization|council|laboratory|society) (?:of|for)"
    r" (?:(?:academic|educational|nuclear|\w+ and) )?research\b"
)


HOLDER_WORDS: Final = 12
_RELATING_WORDS: Final = (
    "for to in within at on if unless except with without only not no may shall can until while when where who"
)
_RELATING: Final = frozenset(_RELATING_WORDS.split())
_OF_HOLDERS_WORDS: Final = (
    "copyright by of and or all rights reserved holder holders contributor contributors author authors"
    " anyone notice license de von van der et al"
)
_OF_HOLDERS: Final = frozenset(_OF_HOLDERS_WORDS.split())
_JOINING: Final = frozenset(["of", "for", "and", "in", "at", "to", "within"])
_ADDRESS: Final = re.compile(r"(?:\b\w+ ){1,2}(?:com|org|net|edu|gov)\b")
_OF_RIGHTS: Final = re.compile(
    r"\b(?:(?<!extent )permitted|company|(?<!party )(?<!property )(?<!patent )(?<!other )rights"
    r"|business(?! interruption)|assumes?|apply|no (?:\w+ )?(?:use|usage)"
    r"|(?:use|usage) (?:\w+ ){0,4}(?:is|are|shall|will) (?:not|no)"
    r"|not (?:be )?(?:use|used|provided|to|by|for)|(?:be|been|is|are) used)\b"
)
_FORM: Final = re.compile(r"\bin (?:source|binary|object|executable|original)(?: code)? forms?\Z")


def without_names(put_in: list[str], small: list[str], strange: list[str]) -> list[str]:
    """Of words in the place of a name those that are in the name of no institution: "Ames Research Center".

    `small`: those of `put_in` in small letters; of them an institution's name has only what joins the others.
    """
    spelled = [f"{word}_" if word in small and word not in _JOINING else word for word in put_in]
    left = _INSTITUTION.sub("", " ".join(spelled)).split()
    return (
        strange if len(left) == len(put_in) else [bare for word in left if (bare := word.removesuffix("_")) in strange]
    )


def names_holder(put_in: list[str], small: list[str]) -> bool:
    """Whether words put in are a copyright line: whose it is, and nothing that could say for what or for whom.

    No part of a licence (SPDX matching guidelines, B.11), wherever it stands. `small`: those of the words that are not
    spelled like a name. Only those of such a line may be among them, and of addresses what stands before ".com".
    """
    if put_in[:1] != ["copyright"] or len(put_in) > HOLDER_WORDS or not _RELATING.isdisjoint(put_in):
        return False
    left = _ADDRESS.sub("", " ".join(small)).split()
    return _OF_HOLDERS.issuperset(left)


def narrows_form(strange: list[str]) -> bool:
    """Whether words put in say in which form alone: "in source form"."""
    return _FORM.search(" ".join(strange)) is not None


def speaks_of_rights(words: list[str]) -> bool:
    """Whether words of a disclaimer say who may do what: "any use by a company is not permitted"."""
    return _OF_RIGHTS.search(" ".join(words)) is not None


def only_of_notices(put_in: list[str]) -> bool:
    """Whether these words only say which notices are to be kept, or are a heading that says what holds anyway."""
    return tuple(put_in) in _HEADINGS or (NOTICE.issuperset(put_in) and not _KEPT.isdisjoint(put_in))


def gives_nothing(gone: list[str]) -> bool:
    """Whether a passage that is left out neither gives nor binds."""
    return GIVING.isdisjoint(gone)


def defines(gone: list[str]) -> bool:
    """Whether a passage that is left out only says what words mean, and gives and binds nothing of its own."""
    return "means" in gone[1:DEFINED] and GIVING.difference(["allow", "allows"]).isdisjoint(gone)


def may_go(size: int, stop: int, gone: list[str]) -> bool:
    """Whether words before `stop` in a licence of `size` are its title, or begin as a passage that many copies lack."""
    if stop < TITLE_WORDS and size > LONG:
        return True
    if gone[:1] == ["copyright"] and gone[-3:] == ["all", "rights", "reserved"]:
        return True  # whose it is: no part of a licence (SPDX matching guidelines, B.11)
    return bool(gone) and gone[0] in _DROPPABLE_BEGIN and any(tuple(gone[: len(each)]) == each for each in _DROPPABLE)


def without_pairs(strange: list[str], gone: list[str]) -> tuple[list[str], list[str]]:
    """Without words that stand on both sides, be it as singular and plural."""
    if not (strange and gone):
        return strange, gone
    if "shall" in gone and "should" in strange:  # what asks for less takes nothing away
        strange, gone = [word for word in strange if word != "should"], [word for word in gone if word != "shall"]
    stems = {word.rstrip("s") for word in strange} & {word.rstrip("s") for word in gone}
    if not stems:
        return strange, gone
    return [word for word in strange if word.rstrip("s") not in stems], [
        word for word in gone if word.rstrip("s") not in stems
    ]


def foreign(strange: list[str], gone: list[str], at_home: frozenset[str]) -> list[str]:
    """Of the words put in those that may mean anything.

    No version, no other spelling of one that is gone, none of `at_home`: names, and words that may have been moved.
    """
    harmless = HARMLESS | at_home if all(word in HARMLESS or word[0] == "#" for word in gone) else HARMLESS
    return [
        word
        for word in strange
        if word not in harmless and word[0] != "#" and not any(_is_misspelt(word, other) for other in gone)
    ]


def _is_misspelt(word: str, other: str) -> bool:
    """Whether two words of three letters and more differ in one letter, or of eight and more in two neighbours."""
    longer = max(len(word), len(other))
    same = _shared(word, other)
    same += _shared(word[same:][::-1], other[same:][::-1])
    return min(len(word), len(other)) > 1 and longer > 2 and same >= longer - (2 if longer > 7 else 1)


def _shared(word: str, other: str) -> int:
    """How many letters both begin with."""
    return next(
        (at for at, (ours, theirs) in enumerate(zip(word, other, strict=False)) if ours != theirs),
        min(len(word), len(other)),
    )
