"""HTML within wikitext, and the marks left by it: line breaks, quotations, tables, powers."""

from __future__ import annotations

import re

from pipeline.extraction.scripts import MAX_SCRIPT_CHARS, scripted
from pipeline.extraction.wikitext.marks import (
    BREAK,
    POEM,
    POEM_END,
    QUOTE,
    QUOTE_END,
    SUB,
    SUB_END,
    SUP,
    SUP_END,
    line,
)
from pipeline.extraction.wikitext.names import names

# Elements that MediaWiki lets through (Help:HTML in wikitext); other words in angle brackets are text.
_INLINE = frozenset(
    names("""
abbr; b; bdi; bdo; big; cite; data; del; dfn; em; font; i; ins; kbd; mark; nobr; q; rb; rbc; rtc; s; samp; small;
span; strike; strong; time; tt; u; var; ruby; a; noinclude; onlyinclude; templatestyles; nowiki; wbr; includeonly;
label; section; categorytree
""")
)
_BLOCKS = frozenset(
    names("""
p; div; center; hr; ul; ol; dl; tbody; thead; tfoot; caption; section; article; header; footer; main; figure
""")
)
_FORMS = {  # opening, closing
    "br": (BREAK, BREAK),
    "sup": (SUP, SUP_END),
    "sub": (SUB, SUB_END),
    "code": ("`", "`"),
    "blockquote": (line(QUOTE), line(QUOTE_END)),
    "poem": (line(POEM), line(POEM_END)),
    "li": ("\n* ", ""),
    "dt": ("\n; ", ""),
    "dd": ("\n: ", ""),
    "tr": ("\n|-\n", ""),
    "table": ("\n{|", "\n|}\n"),
    "rt": ("(", ")"),
    "rp": ("", ""),
    **{f"h{level}": (f"\n{'=' * level} ", f" {'=' * level}\n") for level in range(1, 7)},
}
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})(?=[\s/>])([^<>]*)>")
_HIDDEN = re.compile(
    r"<(span|div)\b[^<>]{0,300}?\bdisplay\s{0,9}:\s{0,9}none\b[^<>]{0,300}>[^<>]*</\1\s*>", re.IGNORECASE
)
_SCRIPTS = re.compile(f"([{SUP}{SUB}])([^{SUP}{SUP_END}{SUB}{SUB_END}\n]*)[{SUP_END}{SUB_END}]")
_LEFT = re.compile(f"[{SUP}{SUP_END}{SUB}{SUB_END}]")


def without_tags(text: str) -> str:
    """`text` with elements as the wikitext or the marks that mean the same; hidden text goes."""
    if "<" not in text:
        return text
    return _TAG.sub(_form, _HIDDEN.sub("", text))


def _form(tag: re.Match[str]) -> str:
    name, is_closing, attributes = tag[2].lower(), tag[1] == "/", tag[3]
    form = _FORMS.get(name)
    if form is not None:
        if name == "table" and not is_closing:
            return f"{form[0]} {attributes.strip()}\n" if "\n" not in attributes else f"{form[0]}\n"
        return form[is_closing]
    if name in _INLINE:
        return ""
    if name in _BLOCKS:
        return "\n"
    if name in ("td", "th"):
        return "" if is_closing else f"\n{'!' if name == 'th' else '|'}{attributes.replace(chr(10), ' ')}|"
    return tag[0]


def with_scripts(text: str) -> str:
    """Superscript and subscript as the characters that Unicode has for them, else behind `^` and `_`."""
    return _LEFT.sub("", _SCRIPTS.sub(_script, text))


def _script(found: re.Match[str]) -> str:
    inner = found[2].strip()
    if not inner:
        return ""
    if inner[0] == "(" and inner[-1] == ")":  # a state of matter, the score of a tie-break
        return inner
    if inner[0] == "[" and len(inner) <= MAX_SCRIPT_CHARS:  # a note's number
        return ""
    return scripted(inner, is_super=found[1] == SUP, before=found.string[found.start() - 1 : found.start()])
