"""Sentences that say what code does: they have words of programming, and none of who may do what with the work.

"May", "only" and "not" stand in them as they do in terms; what tells both apart is what else is said. "These functions
may not be used in China." speaks of use and narrows it, so it is no such sentence, however much it has of code.
"""

from __future__ import annotations

from typing import Final

from pipeline.licences.beside.provenance import BINDING, SOURCES
from pipeline.licences.texts.words import Words

_PROGRAMMING_WORDS: Final = (
    "abi accessor accessors accumulator address addresses alias aliases align aligned alignment allocate allocated"
    " allocates allocation allocations allocator analysis annotation annotations api arg argument arguments array"
    " arrays assertion asserts async attribute attributes backend bit bitcode bitmap bits block blocks boolean buffer"
    " buffers builtin byte bytes cache cached caches call callback callbacks called caller calls char character"
    " characters class classes cluster codegen column columns command compile compiled compiler compilers compiles"
    " computation compute computed computes computing config constant constants constructor coroutine cpu cuda data"
    " datatype deallocate debug debugging declaration declarations declare declared declares decode decoder decoding"
    " default defined defines definition deprecated deserialize destructor device devices dict dictionary directive"
    " dtype element elements encode encoded encoder encoding endian enum enums epilogue error errors evaluate event"
    " events exceptions execute executed executes execution expression expressions field fields filename flag flags"
    " float formatted function functional functionality functions functor gpu gradient graph graphs handler handlers"
    " hardware hash hashing header headers heap helper helpers hook hooks html http identifier identifiers implement"
    " implementation implementations implemented implementing implements import imported imports index indices"
    " inherit inherits initialization initialize initialized inline input inputs instance instances instruction"
    " instructions int integer integers interface interfaces interpreter interval intervals ir iterate iterates"
    " iterating iterator iterators json kernel kernels lambda layout lexer linkage linked linker literal"
    " literals loader lock lookup loop loops macro macros map mapped mapping matrices matrix memory merge merged"
    " metadata method methods mnemonic mutex namespace node nodes null object objects offset offsets opcode operand"
    " operands operation operations operator operators optimization optimizations optimize optimizer optional output"
    " outputs overflow overload overloaded override overrides packet packets padding parallel parameter parameters"
    " parse parsed parser parses parsing pass passed passes pipeline pointer pointers postfix precision predicate"
    " predicates prefix preprocessor procedure process processed profile query queue random recursion recursive"
    " reference references regex register registers relocation render rendered request requests resolve resolved"
    " response return returned returning returns rounding routine routines runtime scalar scheduler scheduling schema"
    " scope script scripts segment sequence sequences serialization serialize serialized socket sort sorted stack"
    " statement statements static stderr stdin stdout storage stream streams string strings struct structs structure"
    " structures subclass subclasses suffix symbol symbols sync syntax target targets template templates tensor"
    " tensors thread threads threshold token tokens trace transform transformation transformations traversal tree"
    " trees truncate tuple type typed types unicode unsigned utf utilities utility value values variable variables"
    " vector vectors vertex virtual visitor warp wrapper wrappers xml yaml"
)
PROGRAMMING: Final = frozenset(_PROGRAMMING_WORDS.split())
_MODAL_WORDS: Final = (
    "allow allowed allows aren bound can cannot condition conditional conditions copy cost costs derivative"
    " derivatives distribute doesn end ends evaluation except exclude excluded excludes expire expires"
    " free if internal isn just keep limit limited limits may modify must need needs neither never no none nor not"
    " only permit permits please private require required requirement requires reserved restrict restricted"
    " restricting restrictions right shall should stop terminate terminated unless until use user users valid wait"
    " want wants when while will without would you your yours"
)
MODAL: Final = frozenset(_MODAL_WORDS.split())
"""Words that bind in terms, and tell in a sentence about code: a function may return, a loop ends."""
_NARROWING_WORDS: Final = (
    "cannot except exclude excluded excludes exclusively expire expires free if limit limited limits must neither"
    " never no none nor not only please require required requirement requires restrict restricted restricting"
    " restrictions shall should unless until without"
)
_NARROWING: Final = frozenset(_NARROWING_WORDS.split())
_OF_USE_WORDS: Final = (
    "access copied copies copy copying include included software usage use used user users uses using written you your"
)
_OF_USE: Final = frozenset(_OF_USE_WORDS.split())
_OF_WORKS_WORDS: Final = (
    "adopt adopted deploy deployed deployment derive distribute distributed distributes distributing distribution"
    " installed modification modifications modified modify product products public purpose purposes redistribute"
    " redistributed redistribution release released reproduce reproduced ship shipped"
)
_OF_WORKS: Final = frozenset(_OF_WORKS_WORDS.split())
_NOT_OF_CODE_WORDS: Final = (
    "academics advertised affiliate affiliates army attribution author authors billed business businesses"
    " certification certified citizens classified clinics colleagues companies company competitor competitors consent"
    " consultants contractors countries country court day days doctors embargoed engineers europe fortnight founders"
    " governed government governments home hospital hospitals household households invoice judges launch law laws"
    " lawyers leased licence license licensed licenses licensing logged metered military month months nda nonprofit"
    " nonprofits nurses organisations organizations parties partner partners patent patented patents people person"
    " persons physicians police publish published quota registered reported researcher researchers resellers residents"
    " review royalties royalty scientists sites sold staff states student students subsidiaries subsidiary teacher"
    " teachers tenant tenants trademark trademarks trial universities university visitors week weeks work years"
)
_NOT_OF_CODE: Final = frozenset(_NOT_OF_CODE_WORDS.split())
"""People, places, times, papers and money: no sentence about code has one of these."""
_OF_TITLES_WORDS: Final = (
    "case cases database databases join opcodes module modules path paths row rows selftest server servers sql test"
    " testing tests"
)
_OF_TITLES: Final = frozenset(_OF_TITLES_WORDS.split())
"""Words of programming in a few words that neither give nor bind: "Self-test for math module"."""
MIN_PROGRAMMING: Final = 2
"""Different words of programming, or one in MANY words of a sentence."""
MANY: Final = 6
MIN_NARROWING: Final = 3
"""Different words of programming in a sentence that narrows what code does."""
MIN_OF_USE: Final = 4
"""And how it is used."""


_TO_WHOM: Final = frozenset(["at", "by", "for", "from", "in", "of", "on", "to", "with"])


def is_of_code(words: Words) -> bool:
    """Whether a sentence says what code does, and neither what may be done with it nor by whom."""
    told = words.words
    said = set(told)
    of_code = len(said & (PROGRAMMING | _OF_TITLES if said.isdisjoint(BINDING) else PROGRAMMING))
    return (
        (of_code >= MIN_PROGRAMMING or of_code * MANY >= len(told) > 0)
        and (said & BINDING) <= MODAL
        and said.isdisjoint(_NOT_OF_CODE)
        and (
            said.isdisjoint(_NARROWING)
            or (said.isdisjoint(_OF_WORKS) and of_code >= (MIN_NARROWING if said.isdisjoint(_OF_USE) else MIN_OF_USE))
        )
        and (said.isdisjoint(BINDING) or not _names_somebody(words))
    )


def _names_somebody(words: Words) -> bool:
    """Whether it is by, for, in or of what is spelled as a name: "shown to Acme", "in Ontario"; not "on Linux"."""
    for at, token in enumerate(words.tokens):
        raw, before = words.raw[token], words.raw[max(0, token - 2) : token]
        is_name = raw[0].isupper() and raw[1:].islower() and words.words[at] not in PROGRAMMING | SOURCES
        if is_name and (_TO_WHOM.intersection(before[-1:]) or (before[1:] == ["the"] and before[0] in _TO_WHOM)):
            return True
    return False
