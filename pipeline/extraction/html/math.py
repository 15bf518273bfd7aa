"""Formulas of web pages as LaTeX: TeX that stands beside MathML, `alt` texts of pictures, and MathML itself."""

from __future__ import annotations

import re
from typing import Final

from pipeline.extraction.references import web_unescaped

MAX_TOKENS: Final = 20_000  # of one formula's MathML; the longest seen in real pages has 1,500
MAX_NESTED: Final = 100
_ANNOTATION = re.compile(r"<annotation\b([^>]*+)>", re.IGNORECASE)
_ANNOTATION_END = re.compile(r"</annotation", re.IGNORECASE)
_ENCODING = re.compile(r"encoding\s*+=\s*+[\"']?[^\"'>]{0,64}\btex\b", re.IGNORECASE)
_ALTTEXT = re.compile(r"<math\b[^<>]*?\balttext\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_DISPLAY = re.compile(r"<math\b[^<>]*?\b(?:display\s*=\s*[\"']?block|mode\s*=\s*[\"']?display)", re.IGNORECASE)
_STYLE = re.compile(r"^\{\\(?:displaystyle|textstyle)\s*(.*)\}$", re.S)
_TOKEN = re.compile(r"<(/?)(?:\w++:)?([a-zA-Z][\w-]*+)([^<>]*+)>|([^<]++)|<")
_SPACES = re.compile(r"\s+")

_SYMBOLS: Final = {
    **dict(
        zip(
            "αβγδεζηθικλμνξπρστυφχψω",
            (
                *(
                    "alpha",
                    "beta",
                    "gamma",
                    "delta",
                    "epsilon",
                    "zeta",
                    "eta",
                    "theta",
                    "iota",
                    "kappa",
                    "lambda",
                    "mu",
                    "nu",
                ),
                *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
            ),
            strict=True,
        )
    ),
    **dict(
        zip(
            "ΓΔΘΛΞΠΣΦΨΩ",
            (*("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"),),
            strict=True,
        )
    ),
    **dict(
        zip(
            "∑∏∫∞≤≥≠≈≡→⇒∈∉⊂⊆∪∩∀∃∂∇±×·⋅…⋯∘⟨⟩",
            (
                *(
                    "sum",
                    "prod",
                    "int",
                    "infty",
                    "le",
                    "ge",
                    "ne",
                    "approx",
                    "equiv",
                    "to",
                    "Rightarrow",
                    "in",
                    "notin",
                ),
                *(
                    "subset",
                    "subseteq",
                    "cup",
                    "cap",
                    "forall",
                    "exists",
                    "partial",
                    "nabla",
                    "pm",
                    "times",
                    "cdot",
                    "cdot",
                ),
                *("dots", "cdots", "circ", "langle", "rangle"),
            ),
            strict=True,
        )
    ),
}
# Of what `_symbols` makes of the mark above.
_OVER: Final = {"^": r"\hat", "ˆ": r"\hat", "¯": r"\bar", "‾": r"\bar", r"\to": r"\vec", "~": r"\tilde", "˙": r"\dot"}
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b"))


def latex_of(markup: str) -> tuple[str, bool]:
    """The LaTeX of a `<math>` element's markup, and whether it stands on its own line; '' where it says nothing.

    Every search here is linear in the markup, whatever it is.
    """
    display = _DISPLAY.match(markup) is not None
    stated = _annotation(markup)
    if stated is None and (found := _ALTTEXT.match(markup)):
        stated = found[1] or found[2]
    if stated and (source := tidy(web_unescaped(stated))):
        return source, display
    return tidy(_converted(markup)), display


def _annotation(markup: str) -> str | None:
    """The content of the first annotation that is TeX."""
    for found in _ANNOTATION.finditer(markup):
        if _ENCODING.search(found[1]):
            end = _ANNOTATION_END.search(markup, found.end())
            return markup[found.end() : end.start()] if end else None
    return None


def tidy(source: str) -> str:
    """TeX without the white space around it, the dollars, and the style that Wikipedia's renderer puts around it."""
    text = _SPACES.sub(" ", source).strip()
    for opening, closing in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        if len(text) > len(opening) + len(closing) and text.startswith(opening) and text.endswith(closing):
            text = text[len(opening) : -len(closing)].strip()
            break
    found = _STYLE.match(text)
    return found[1].strip() if found else text


def _converted(markup: str) -> str:
    """MathML as LaTeX, element by element; what we do not know becomes its content."""
    open_elements: list[tuple[str, list[str]]] = [("", [])]
    for place, token in enumerate(_TOKEN.finditer(markup)):
        if place > MAX_TOKENS:
            break
        closes, name, rest, text = token.groups()
        if text is not None:
            words = _SPACES.sub(" ", web_unescaped(text).translate(_INVISIBLE)).strip()
            if words:
                open_elements[-1][1].append(_symbols(words, open_elements[-1][0]))
        elif name is None:
            continue
        elif not closes:
            if not rest.endswith("/") and len(open_elements) < MAX_NESTED:
                open_elements.append((name.lower(), []))
        elif name.lower() in [opened for opened, _ in open_elements[1:]]:
            while True:
                opened, parts = open_elements.pop()
                open_elements[-1][1].append(_element(opened, parts))
                if opened == name.lower():
                    break
    while len(open_elements) > 1:
        opened, parts = open_elements.pop()
        open_elements[-1][1].append(_element(opened, parts))
    return " ".join(filter(None, open_elements[0][1]))


def _symbols(words: str, element: str) -> str:
    if element == "mtext":
        return rf"\text{{{words}}}"
    if element == "mi" and len(words) > 1 and words.isascii() and words.isalpha():
        known = words in ("sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "det", "inf", "sup", "arg")
        return rf"\{words}" if known else rf"\mathrm{{{words}}}"
    return (
        " ".join(filter(None, (rf"\{_SYMBOLS[char]}" if char in _SYMBOLS else char for char in words)))
        if any(char in _SYMBOLS for char in words)
        else words
    )


def _element(name: str, parts: list[str]) -> str:
    """One element of MathML, its children as LaTeX."""
    inner = " ".join(filter(None, parts))
    first, second, third = (*parts, "", "", "")[:3]
    match name:
        case "mfrac":
            return rf"\frac{{{first}}}{{{second}}}"
        case "msqrt":
            return rf"\sqrt{{{inner}}}"
        case "mroot":
            return rf"\sqrt[{second}]{{{first}}}"
        case "msup":
            return f"{_base(first)}^{_script(second)}"
        case "msub" | "munder":
            return f"{_base(first)}_{_script(second)}"
        case "msubsup" | "munderover":
            return f"{_base(first)}_{_script(second)}^{_script(third)}"
        case "mover":
            return f"{_OVER[second]}{{{first}}}" if second in _OVER else f"{_base(first)}^{_script(second)}"
        case "mfenced":
            return f"({', '.join(filter(None, parts))})"
        case "mtable":
            return rf"\begin{{matrix}} {' '.join(parts)} \end{{matrix}}"
        case "mtr":
            return rf"{' & '.join(parts)} \\"
        case "annotation" | "annotation-xml":
            return ""
        case _:
            return inner


def _base(text: str) -> str:
    return text if len(text) <= 1 or (text.startswith("\\") and text[1:].isalpha()) else f"{{{text}}}"


def _script(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"
