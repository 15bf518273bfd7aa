"""What a template gives: the text that a reader of the article sees of it, as far as that can be known without it.

Templates that carry text give it; boxes, notes, citations and navigation give none. A template that is not known gives
its text where it stands within a line and has but one argument without a name, for then it most likely dresses it up.
"""

from __future__ import annotations

import re

from pipeline.extraction.wikitext.arguments import Arguments
from pipeline.extraction.wikitext.functions import function
from pipeline.extraction.wikitext.givers import GIVERS, PLACES
from pipeline.extraction.wikitext.marks import HOLE, LOST
from pipeline.extraction.wikitext.names import COUNTRIES, SIGNS
from pipeline.extraction.wikitext.speech import ipa_of, language
from pipeline.extraction.wikitext.without import LOSES, is_without_text

_SPACES = re.compile(r"[\s_]+")
_PREFIX = re.compile(r"(?:template|vorlage|modèle|plantilla|шаблон|subst|safesubst|msgnw|msg)\s*:\s*", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
MAX_NAME_CHARS = 250
MAX_UNKNOWN_CHARS = 500  # of the text of a template that is not known; a longer one is a box


def normal(name: str) -> str:
    """A template's name as it is compared: lower case, single spaces, without the namespace."""
    return _SPACES.sub(" ", _PREFIX.sub("", name[:MAX_NAME_CHARS].strip(), count=1)).strip().lower()


def skipped(name: str, is_inline: bool) -> str | None:
    """What a template gives that need not be read, by its name; None where it must be."""
    name = normal(name)
    if name in GIVERS or name.startswith("#"):
        return None
    if name in LOSES:
        return LOST
    if name in SIGNS:
        return SIGNS[name]
    if is_without_text(name):
        return HOLE if is_inline else ""
    return None


def template(parts: list[list[str]], is_inline: bool, title: str) -> str:
    """What a template gives; the first part holds its name. `title` is the page's."""
    written = "".join(parts[0])
    name = normal(written.replace(HOLE, ""))
    if not name:
        return HOLE
    called = function(written.strip(), parts, title)
    if called is not None:
        return called
    arguments = Arguments(parts[1:])
    giver = GIVERS.get(name)
    if name in PLACES and not is_inline:  # a place of the whole article
        return ""
    if giver is not None:
        return giver(arguments) or (HOLE if is_inline else "")
    if name in SIGNS:
        return SIGNS[name]
    if is_without_text(name):
        return HOLE if is_inline else ""
    if name.startswith("lang-"):
        return language(name[5:], arguments.get("1"))
    if name.startswith("ipa-"):
        return ipa_of(arguments.get("1"))
    country = COUNTRIES.get(written.strip())
    if country is not None:
        return country
    return _unknown(arguments, is_inline)


def _unknown(arguments: Arguments, is_inline: bool) -> str:
    text = arguments.get("1")
    is_text = arguments.places == 1 or not text.isascii()  # what is in another script is no parameter
    if is_inline and is_text and _LETTER.search(text) and "\n" not in text and len(text) <= MAX_UNKNOWN_CHARS:
        return text
    return HOLE if is_inline else ""
