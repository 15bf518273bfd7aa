"""The last steps: references and citations get their words, spaces their measure, formulas come back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from pipeline.extraction.latex.citations import Source, cited, resolved, without_empty_parenthesis
from pipeline.extraction.latex.converter import Converter
from pipeline.extraction.latex.state import (
    CITE,
    CITE_END,
    INDENT,
    NEXT_AUTHOR,
    REF,
    REF_END,
    SAVED,
    SAVED_END,
    TAG,
    TAG_END,
)

_CONTEXT = 120  # characters around a citation that are looked at
_OPEN = re.compile(f"([{REF}{CITE}])(\\d+)[{REF_END}{CITE_END}]")
_SAVED = re.compile(f"{SAVED}(\\d+){SAVED_END}")
_REF = re.compile(f" ?{REF}(\\d+){REF_END}")
_TAG = re.compile(f" ?{TAG}(\\d+){TAG_END}")
_SPACES = re.compile("[ \t\u00a0]{2,}")
_LINE_ENDS = re.compile(" ?\n ?")
_BLANK_LINES = re.compile("\n{3,}")
_BEFORE_MARK = re.compile(r" ([,;.:!?)\]])(?=[\s)\]]|$)")
_BETWEEN = frozenset({"", "–", "-", "—", ","})  # what stands between two citations
_EMPTY = re.compile(r" ?\( ?\)| ?\[ ?\]")
_REPEATED = re.compile(r",(?: ?,)+")
_MARKS = re.compile(
    f"[{REF}{REF_END}{CITE}{CITE_END}{TAG}{TAG_END}{SAVED}{SAVED_END}{NEXT_AUTHOR}\x00\x07\x0b\x0c\x10-\x1d]"
)


class Polish:
    """Turns what a converter wrote into text. `known` are the works of the bibliography by key."""

    def __init__(self, converter: Converter, known: Mapping[str, Source]) -> None:
        self._converter = converter
        self._known = dict(known)
        for _, keys in converter.citations:
            for key in keys:
                self._known.setdefault(key, Source(key if key.isdigit() else str(len(self._known) + 1)))
        self._referenced = {key for _, key in converter.references}
        self._titles = {
            name: "".join(token for token in title if token[:1] not in "\\{}$\x0b").strip()
            for name, (title, _) in converter.theorems.items()
        }

    def __call__(self, text: str) -> str:
        """The finished text."""
        text = _LINE_ENDS.sub("\n", _SPACES.sub(" ", text))
        text = self._with_words(text)
        text = _SPACES.sub(" ", _REPEATED.sub(",", _EMPTY.sub("", text)))
        text = _BEFORE_MARK.sub(r"\1", _LINE_ENDS.sub("\n", text))
        text = _BLANK_LINES.sub("\n\n", text).strip().replace(INDENT, "  ")
        for _ in range(3):  # code holds formulas
            if SAVED not in text:
                break
            text = _SAVED.sub(self._saved, text)
        return unicodedata.normalize("NFC", _MARKS.sub("", _BLANK_LINES.sub("\n\n", text)))

    def partly(self, text: str) -> str:
        """Text of which only the words are wanted: formulas, notes and marks go, lines stay."""
        return _OPEN.sub("", _SAVED.sub("", text))

    def _with_words(self, text: str) -> str:
        parts: list[str] = []
        tail = ""  # the end of what is in `parts`, enough of it to decide by
        at = 0
        is_gone = False  # whether the citation before this one went
        for found in _OPEN.finditer(text):
            if found.start() < at:
                continue
            chunk = text[at : found.start()]
            if is_gone and found[1] == CITE and chunk.strip() in _BETWEEN:
                chunk = ""
            is_gone = False
            parts.append(chunk)
            tail = (tail + chunk)[-_CONTEXT:]
            at = found.end()
            after = text[at : at + _CONTEXT]
            index = int(found[2])
            words = self._reference(index) if found[1] == REF else self._citation(index, tail, after)
            if words:
                glue = " " if found[1] == CITE and tail[-1:].isalnum() else ""
                parts.append(glue + words)
                tail = (tail + glue + words)[-_CONTEXT:]
                if found[1] == CITE and after[:1].isalpha():
                    parts.append(" ")
                continue
            is_gone = found[1] == CITE
            kept, passed = without_empty_parenthesis(tail, after)
            if after.lstrip(" ")[:1] in ",.;:!?)]" or after[:1] in ("\n", ""):
                kept = kept.rstrip(" ")
            while parts and len(parts[-1]) < len(tail) - len(kept):
                tail = tail[: len(tail) - len(parts.pop())]
            if len(kept) < len(tail):
                parts[-1] = parts[-1][: len(parts[-1]) - (len(tail) - len(kept))]
                tail = kept
            at += passed
            if tail.endswith(".") and text[at : at + 1] == ".":
                at += 1
            if tail[-1:].isalnum() and text[at : at + 1].isalnum():
                parts.append(" ")
                tail += " "
        parts.append(text[at:])
        return "".join(parts)

    def _reference(self, index: int) -> str:
        command, key = self._converter.references[index]
        words = resolved(command, key, self._converter.counters.labels, self._titles)
        return _REF.sub(self._inner, words) if REF in words else words

    def _inner(self, found: re.Match[str]) -> str:
        """A number that was made of another one, as in \\tag{\\ref{first}'}."""
        _, key = self._converter.references[int(found[1])]
        label = self._converter.counters.labels.get(key)
        return label.number if label is not None and REF not in label.number else ""

    def _citation(self, index: int, before: str, after: str) -> str:
        command, keys = self._converter.citations[index]
        return cited(command, keys, self._known, before, after)

    def _saved(self, found: re.Match[str]) -> str:
        text = self._converter.saved[int(found[1])]
        if TAG in text:
            text = _TAG.sub(self._tag, text)
        return _REF.sub(lambda found: " " * found[0].startswith(" ") + self._reference(int(found[1])), text)

    def _tag(self, found: re.Match[str]) -> str:
        key = self._converter.tags[int(found[1])]
        label = self._converter.counters.labels.get(key)
        if label is None or (key not in self._referenced and REF not in label.number):
            return ""
        return f" \\tag{{{_REF.sub(self._inner, label.number)}}}"
