"""What wikitext holds that is none: comments, references, formulas, code; taken out before anything else is read."""

from __future__ import annotations

import re

from pipeline.extraction.fences import fence_for
from pipeline.extraction.wikitext.marks import HOLE, Kept, unescaped

# Extension tags whose content is shown as it stands, and those whose content is no running text.
_SHOWN = ("nowiki", "pre", "math", "chem", "ce", "syntaxhighlight", "source")
_NOT_TEXT = (
    *("ref", "references", "gallery", "timeline", "score", "hiero", "graph", "chart", "mapframe", "maplink"),
    *("templatedata", "imagemap", "inputbox", "categorytree", "includeonly", "indicator", "tabber", "section"),
    *("syntaxhighlightlanguages", "rss", "charinsert", "dynamicpagelist", "style", "script", "video", "audio"),
)
_OPENING = re.compile(rf"<!--|<({'|'.join((*_SHOWN, *_NOT_TEXT))})(?=[\s/>])([^<>]*)>", re.IGNORECASE)
_CLOSING = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in (*_SHOWN, *_NOT_TEXT)}
_NEXT_REF = re.compile(r"\n|<ref(?=[\s>])[^<>]*(?<!/)>", re.IGNORECASE)
_STRAY = re.compile(rf"</(?:{'|'.join((*_SHOWN, *_NOT_TEXT))})\s*>", re.IGNORECASE)
_LANGUAGE = re.compile(r"""\blang\s*=\s*["']?([A-Za-z0-9+#.-]{1,30})""")
_SPACES = re.compile(r"\s+")
_NOWIKI_TAG = re.compile(r"</?nowiki\s*/?>", re.IGNORECASE)


def without_verbatim(text: str, kept: Kept) -> str:
    """`text` with formulas, code and nowiki as marks of `kept`, and without comments, references and galleries.

    A tag that nothing closes goes alone, an unclosed reference with the rest of its line; a comment that nothing closes
    reaches to the end, as in MediaWiki.
    """
    out: list[str] = []
    at = 0
    ahead: dict[str, re.Match[str] | None] = {}  # by name the next closing tag, as far as it was looked for
    while (opening := _OPENING.search(text, at)) is not None:
        out.append(text[at : opening.start()])
        if opening[1] is None:
            at = _after_comment(text, opening.start(), opening.end())
            continue
        name = opening[1].lower()
        at = opening.end()
        if name == "ref" and text[opening.start() - 1 : opening.start()] in (" ", "\xa0"):
            out.append(HOLE)  # so that the space before it goes, where a comma follows
        if opening[2].endswith("/"):
            continue
        closing = ahead[name] if name in ahead else _CLOSING[name].search(text, at)
        if closing is not None and closing.start() < at:
            closing = _CLOSING[name].search(text, at)
        ahead[name] = closing
        if name == "ref" and (closing is None or (nested := _open_ref(text, at, closing.start())) is not None):
            at = _end_of_line(text, at) if closing is None else nested or at
            continue
        if closing is None:
            continue
        if name in _SHOWN:
            out.append(_shown(name, opening[2], text[at : closing.start()], kept))
        at = closing.end()
    out.append(text[at:])
    return _STRAY.sub("", "".join(out))


def _after_comment(text: str, start: int, inside: int) -> int:
    """Where the text goes on; a comment alone on its line takes the line with it."""
    end = text.find("-->", inside)
    if end < 0:
        return len(text)
    end += 3
    alone = (start == 0 or text[start - 1] == "\n") and text[end : end + 1] == "\n"
    return end + 1 if alone else end


def _open_ref(text: str, start: int, stop: int) -> int | None:
    """Where another reference begins, or the line ends before it, in what should be one reference; None: it is one."""
    end = None
    for found in _NEXT_REF.finditer(text, start, stop):
        end = found.start() if end is None else end
        if found[0] != "\n":
            return end
    return None


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _shown(name: str, attributes: str, content: str, kept: Kept) -> str:
    if name == "nowiki":
        return kept.keep(_SPACES.sub(" ", unescaped(content)))
    if name in ("math", "chem", "ce"):
        formula = _SPACES.sub(" ", unescaped(content)).strip()
        if not formula:
            return ""
        return kept.keep(f"${formula}$" if name == "math" else f"$\\ce{{{formula}}}$")
    if name == "pre":
        return fenced(unescaped(_NOWIKI_TAG.sub("", content)), "", kept)
    if re.search(r"\binline\b|\benclose\s*=\s*[\"']?none", attributes):
        return kept.keep(f"`{content.strip()}`")
    language = _LANGUAGE.search(attributes)
    return fenced(content, language[1].lower() if language else "", kept)


def fenced(code: str, language: str, kept: Kept) -> str:
    """A block of code between fences that it does not hold itself."""
    code = "\n".join(row.rstrip() for row in code.split("\n")).strip("\n")
    if not code.strip():
        return ""
    fence = fence_for(code)
    return kept.keep_block(f"{fence}{language}\n{code}\n{fence}")
