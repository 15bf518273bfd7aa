"""Characters that TeX spells with commands: accents, letters, signs."""

from __future__ import annotations

import unicodedata

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.lexer import FROZEN

_ACCENTS = {
    "\\'": "\u0301",
    "\\`": "\u0300",
    "\\^": "\u0302",
    '\\"': "\u0308",
    "\\~": "\u0303",
    "\\=": "\u0304",
    "\\.": "\u0307",
    "\\u": "\u0306",
    "\\v": "\u030c",
    "\\H": "\u030b",
    "\\c": "\u0327",
    "\\k": "\u0328",
    "\\r": "\u030a",
    "\\d": "\u0323",
    "\\b": "\u0331",
    "\\t": "\u0361",
}
_DOTLESS = {"\\i": "i", "\\j": "j", "\\imath": "i", "\\jmath": "j"}

SIGNS = {
    "\\ss": "ß",
    "\\SS": "ẞ",
    "\\ae": "æ",
    "\\AE": "Æ",
    "\\oe": "œ",
    "\\OE": "Œ",
    "\\o": "ø",
    "\\O": "Ø",
    "\\l": "ł",
    "\\L": "Ł",
    "\\aa": "å",
    "\\AA": "Å",
    "\\i": "ı",
    "\\j": "ȷ",
    "\\dh": "ð",
    "\\DH": "Ð",
    "\\dj": "đ",
    "\\DJ": "Đ",
    "\\th": "þ",
    "\\TH": "Þ",
    "\\ng": "ŋ",
    "\\S": "§",
    "\\P": "¶",
    "\\dag": "†",
    "\\ddag": "‡",
    "\\copyright": "©",
    "\\textcopyright": "©",
    "\\textregistered": "®",
    "\\texttrademark": "™",
    "\\pounds": "£",
    "\\textsterling": "£",
    "\\euro": "€",
    "\\texteuro": "€",
    "\\EUR": "€",
    "\\textyen": "¥",
    "\\textdollar": "\\$",
    "\\ldots": "...",
    "\\dots": "...",
    "\\textellipsis": "...",
    "\\textendash": "–",
    "\\textemdash": "—",
    "\\textquotedblleft": "“",
    "\\textquotedblright": "”",
    "\\textquoteleft": "‘",
    "\\textquoteright": "’",
    "\\textquotesingle": "'",
    "\\textquotedbl": '"',
    "\\quotedblbase": "„",
    "\\quotesinglbase": "‚",
    "\\guillemotleft": "«",
    "\\guillemotright": "»",
    "\\guillemetleft": "«",
    "\\guillemetright": "»",
    "\\og": "« ",
    "\\fg": " »",
    "\\flqq": "«",
    "\\frqq": "»",
    "\\glqq": "„",
    "\\grqq": "“",
    "\\lq": "‘",
    "\\rq": "’",
    "\\textless": "<",
    "\\textgreater": ">",
    "\\textbar": "|",
    "\\textbackslash": "\\",
    "\\textasciitilde": "~",
    "\\textasciicircum": "^",
    "\\textasciigrave": "`",
    "\\textunderscore": "_",
    "\\textbraceleft": "{",
    "\\textbraceright": "}",
    "\\textbullet": "•",
    "\\textperiodcentered": "·",
    "\\textdegree": "°",
    "\\degree": "°",
    "\\textpm": "±",
    "\\texttimes": "×",
    "\\textmu": "µ",
    "\\textohm": "Ω",
    "\\textsection": "§",
    "\\textdagger": "†",
    "\\textdaggerdbl": "‡",
    "\\textasteriskcentered": "*",
    "\\textonehalf": "½",
    "\\textcelsius": "°C",
    "\\textrightarrow": "→",
    "\\textleftarrow": "←",
    "\\textordmasculine": "º",
    "\\textordfeminine": "ª",
    "\\textvisiblespace": " ",
    "\\textquestiondown": "¿",
    "\\textexclamdown": "¡",
    "\\TeX": "TeX",
    "\\LaTeX": "LaTeX",
    "\\LaTeXe": "LaTeX2e",
    "\\BibTeX": "BibTeX",
    "\\AmS": "AMS",
    "\\slash": "/",
    "\\lbrack": "[",
    "\\rbrack": "]",
    "\\cmark": "✓",
    "\\xmark": "✗",
    "\\checkmark": "✓",
    "\\ding": "•",
    "\\qed": "∎",
    "\\QED": "∎",
    "\\qedsymbol": "∎",
    "\\square": "□",
    "\\Box": "□",
    "\\blacksquare": "∎",
    "\\quad": " ",
    "\\qquad": " ",
    "\\enspace": " ",
    "\\enskip": " ",
    "\\thinspace": " ",
    "\\space": " ",
    "\\nobreakspace": " ",
    "\\hfill": " ",
    "\\hfil": " ",
    "\\hss": " ",
    "\\hrulefill": " ",
    "\\dotfill": " ",
    "\\tabularnewline": " ",
    "\\ ": " ",
    "\\,": " ",
    "\\;": " ",
    "\\:": " ",
    "\\>": " ",
    "\\!": "",
    "\\/": "",
    "\\-": "",
    "\\@": "",
    "\\%": "%",
    "\\&": "&",
    "\\#": "#",
    "\\_": "_",
    "\\$": "\\$",
    "\\{": "{",
    "\\}": "}",
    "\\|": "‖",
    "\\*": "",
    "\\+": "",
    "\\<": "",
    "\\today": "",
    "\\lbrace": "{",
    "\\rbrace": "}",
    "\\textminus": "−",
    "\\textnumero": "№",
    "\\arcsec": "″",
    "\\arcmin": "′",
    "\\degr": "°",
    "\\farcs": "″.",
    "\\farcm": "′.",
    "\\fdg": "°.",
    "\\micron": "µm",
    "\\textpercent": "%",
}
# Commands of formulas that stand in text now and then, where the author's own macros hide the dollar signs.
LETTERS_OF_FORMULAS = frozenset(
    f"\\{name}"
    for name in (
        *("alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "iota", "kappa"),
        *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega"),
        *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega", "times", "pm", "cdot"),
        *("to", "rightarrow", "leftarrow", "Rightarrow", "infty", "sim", "leq", "geq", "le", "ge", "neq", "approx"),
        *("in", "circ", "bullet", "ell", "equiv", "ll", "gg", "cdots", "star", "ast", "dagger", "nabla", "partial"),
    )
)


def _sign(converter: Converter, name: str) -> None:
    sign = SIGNS[name]
    if sign == " ":
        converter.space()
    else:
        converter.add(sign)
        if converter.reader.peek() == "{":  # the empty braces behind it, as in \ss{}
            converter.reader.next()
            if converter.reader.peek() == "}":
                converter.reader.next()
            else:
                converter.reader.back("{")


def _accent(converter: Converter, name: str) -> None:
    """An accent and the letter under it; where there is none, the text that is there."""
    reader = converter.reader
    for _ in range(3):
        token = reader.skip_spaces()
        if token[:1] == "\\" and converter.definitions.macros.get(token.rstrip()) is not None:
            reader.next()
            converter.expand(token.rstrip())
        else:
            break
    tokens = [token for token in reader.argument() if token not in ("{", "}", " ")]
    if not tokens:
        return
    first = tokens[0].rstrip() or " "
    letter = _DOTLESS.get(first, SIGNS.get(first, first[0] if first[0] not in "\\$" + FROZEN else ""))
    if not letter:
        reader.push(tokens)
        return
    converter.add(unicodedata.normalize("NFC", letter[0] + _ACCENTS[name]) + letter[1:])
    rest = [first[1:]] if first[0] != "\\" and len(first) > 1 else []
    if rest or tokens[1:]:
        reader.push([*rest, *tokens[1:]])


def _letter_of_formulas(converter: Converter, name: str) -> None:
    converter.add(converter.save(f"${name}$"))


def _abbreviation(words: str) -> Handler:
    """A command that a class or style defines, with a space where a word follows."""

    def write(converter: Converter, _name: str) -> None:
        converter.add(words)
        converter.reader.push(["\\xspace"])

    return write


COMMANDS: dict[str, Handler] = {
    **{
        f"\\{name}": _abbreviation(words)
        for name, words in (("eg", "e.g."), ("ie", "i.e."), ("etal", "et al."), ("etc", "etc."), ("cf", "cf."))
    },
    **dict.fromkeys(LETTERS_OF_FORMULAS, _letter_of_formulas),
    **dict.fromkeys(SIGNS, _sign),
    **dict.fromkeys(_ACCENTS, _accent),
}
