"""What becomes of citations and references: numbers and names where the sentence needs them, nothing where it does not.

A citation that only stands behind its sentence's words goes, with the space and the brackets around it; one that is a
word of the sentence ("as shown in [4]", "Knuth (1984) proved") stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.extraction.latex.counters import Label

MAX_LABEL = 1_500  # characters of a \bibitem's option
_ITEM = re.compile(r"\\bibitem\s*(?=[\[{])")
_KEY = re.compile(r"\s*\{([^{}]{1,300})\}")
_ENTRY = re.compile(r"\\entry\{([^{}]{1,300})\}")
_FAMILY = re.compile(r"family=\{([^{}]{1,80})\}|\{\{(?:hash=)?[^{}]{0,60}\}\{([^{}]{1,60})\}")
_YEAR = re.compile(r"\\field\{(?:year|labelyear)\}\{(\d{4})\}")
_AUTHOR_YEAR = re.compile(r"(.{1,200}?)[\s,]*\(?\b(\d{4}[a-z]?)\b")
_MARKUP = re.compile(r"\\(?:protect|citeauthoryear|citenamefont|bibnamefont|textsc|emph|it|sc|rm|natexlab)\b|[{}]")

# Words behind which a citation is needed: prepositions and the like, and "Ref."
_NEEDING = frozenset(
    {
        *("in", "of", "by", "from", "with", "to", "on", "see", "following", "or", "as", "than", "per", "via", "like"),
        *(
            "ref",
            "refs",
            "reference",
            "references",
            "also",
            "eg",
            "cf",
            "both",
            "at",
            "into",
            "under",
            "using",
            "after",
        ),
        *("against", "between", "beyond", "about", "over", "and", "paper", "papers", "article", "book", "extend"),
        *(
            "follow",
            "follows",
            "uses",
            "adopt",
            "extends",
            "generalizes",
            "through",
            "within",
            "since",
            "for",
            "the",
            "that",
            "consult",
            "section",
        ),
    }
)
_PARENTHETIC = frozenset(
    {"\\citep", "\\Citep", "\\parencite", "\\autocite", "\\supercite", "\\footcite", "\\Parencite"}
)
_TEXTUAL = frozenset(
    {
        *("\\citet", "\\Citet", "\\textcite", "\\Textcite", "\\citeasnoun", "\\citeA", "\\shortciteN", "\\citen"),
        *("\\onlinecite", "\\citenum", "\\refcite"),
    }
)
_LEFT_IN_PARENTHESES = re.compile(
    r"[(\[](?:see|cf\.?|e\.?\s?g\.?|i\.?\s?e\.?|also|for example|for instance|and|or|as in|in|[,;\s])*$", re.IGNORECASE
)
_LAST_WORD = re.compile(r"([A-Za-z.]{1,30})[\s~]*$")


@dataclass(frozen=True, slots=True)
class Source:
    """A work in the bibliography: what stands in brackets for it, and whose it is, where the bibliography says."""

    mark: str
    names: str = ""
    year: str = ""


def sources(bibliographies: Sequence[str]) -> dict[str, Source]:
    """The works that \\bibitem or biblatex's .bbl lists, by key, numbered in their order."""
    found: dict[str, Source] = {}
    for text in bibliographies:
        for entry in _ITEM.finditer(text):
            option, at = _option(text, entry.end())
            key = _KEY.match(text, at)
            if key is not None:
                found.setdefault(key[1].strip(), _source(option, len(found) + 1))
        entries = list(_ENTRY.finditer(text))
        for at, entry in enumerate(entries):
            stop = min(entries[at + 1].start() if at + 1 < len(entries) else len(text), entry.end() + 20_000)
            found.setdefault(entry[1].strip(), _biblatex(text[entry.end() : stop], len(found) + 1))
    return found


def _option(text: str, at: int) -> tuple[str, int]:
    """What stands in brackets at `at`, and where it ends; braces may hold brackets."""
    if not text.startswith("[", at):
        return "", at
    depth = 0
    for place in range(at + 1, min(len(text), at + MAX_LABEL)):
        character = text[place]
        if character == "]" and depth <= 0:
            return text[at + 1 : place], place + 1
        depth += (character == "{") - (character == "}")
    return "", at


def _source(option: str, number: int) -> Source:
    if not option:
        return Source(str(number))
    words = " ".join(_MARKUP.sub(" ", option.replace("%\n", "").replace("\\&", "&").replace("~", " ")).split())
    words = re.sub(r"\s+([,.)])", r"\1", words)
    pair = _AUTHOR_YEAR.match(words)
    if "\\" in words or not words:
        return Source(str(number))
    if pair is not None and ("(" in words or "citeauthoryear" in option):
        return Source(str(number), pair[1].strip(" (,"), pair[2])
    return Source(words if len(words) < 20 else str(number))


def _biblatex(entry: str, number: int) -> Source:
    names = [first or second for first, second in _FAMILY.findall(entry.partition("\\field")[0])]
    year = _YEAR.search(entry)
    if not names or year is None:
        return Source(str(number))
    shown = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
    return Source(str(number), shown, year[1])


def cited(command: str, keys: Sequence[str], known: Mapping[str, Source], before: str, after: str) -> str:
    """What a citation says between the text `before` and `after` it; an empty string where nothing is missed."""
    command, _, note = command.partition("|")
    works = [known[key] for key in keys if key in known]
    if not works:
        return ""
    if command == "\\bibitem":
        return f"[{works[0].mark}]"
    if command in ("\\citeauthor", "\\Citeauthor"):
        return ", ".join(work.names for work in works if work.names)
    if command in ("\\citeyear", "\\citeyearpar"):
        years = ", ".join(work.year for work in works if work.year)
        return f"({years})" if command == "\\citeyearpar" and years else years
    if command not in _TEXTUAL and not _is_needed(command, before, after):
        return ""
    if all(work.names for work in works):
        extra = f", {note}" if note else ""
        return ", ".join(f"{work.names} ({work.year}{extra})" for work in works)
    marks = ", ".join(work.mark for work in works)
    return f"[{marks}, {note}]" if note else f"[{marks}]"


def _is_needed(command: str, before: str, after: str) -> bool:
    """Whether the sentence lacks a word without the citation."""
    text = before.rstrip(" ~")
    if not text or (
        text.endswith(("\n", ".", ":", "?", "!", ";")) and not text.lower().endswith(("ref.", "refs.", "e.g.", "cf."))
    ):
        follows = after.lstrip(" ")
        return follows[:1].islower() or (follows[:1] == "," and follows[1:2] == " " and not text)
    if text.endswith(("e.g.,", "i.e.,")):
        return command not in _PARENTHETIC
    last = _LAST_WORD.search(text)
    return last is not None and last[1].lower().strip(".").replace(".", "") in _NEEDING


def resolved(command: str, key: str, labels: Mapping[str, Label], titles: Mapping[str, str]) -> str:
    """What a reference says; an empty string where its label is not known."""
    label = labels.get(key)
    if label is None or command in {"\\pageref", "\\cpageref"}:
        return ""
    if command == "\\nameref":
        return label.heading
    if not label.number:
        return ""
    number = f"({label.number})" if label.kind == "equation" and command != "\\ref" else label.number
    if command in (
        "\\cref",
        "\\Cref",
        "\\autoref",
        "\\Autoref",
        "\\thref",
        "\\vref",
        "\\prettyref",
        "\\crefrange",
        "\\Crefrange",
    ):
        return f"{_kind(label, titles)} {number}".strip()
    return number


def _kind(label: Label, titles: Mapping[str, str]) -> str:
    if label.kind in titles:
        return titles[label.kind]
    kind = label.kind
    if kind.endswith("section"):
        return "Section"
    if kind.startswith("enum"):
        return "Item"
    return {"equation": "Eq.", "lstlisting": "Listing"}.get(kind, kind.capitalize())


def without_empty_parenthesis(before: str, after: str) -> tuple[str, int]:
    """The text before and how many characters after it to pass over, where a parenthesis is left with nothing in it."""
    found = _LEFT_IN_PARENTHESES.search(before[-80:])
    rest = after.lstrip(" ,;")
    if found is not None and rest[:1] in (")", "]"):
        start = len(before) - len(before[-80:]) + found.start()
        return before[:start].rstrip(" "), len(after) - len(rest) + 1
    if rest[:1] in (")", "]") and before.rstrip(" ")[-1:] in (",", ";"):
        return before.rstrip(" ,;"), len(after) - len(rest)
    if before.rstrip(" ")[-1:] in ("(", "[") and after.lstrip(" ")[:1] in (",", ";"):
        return before.rstrip(" "), len(after) - len(rest)
    return before, 0
