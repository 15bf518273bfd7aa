"""Whether the text of a source file is code that somebody wrote: line statistics, markers, encoded data.

The measures are those of The Stack v2 (StarCoder 2, arXiv:2402.19173, 3.1), which took the first two from Codex
(arXiv:2107.03374, 3.1) by way of The Stack (arXiv:2211.15533): files whose longest line has more than 1,000 characters
or whose lines have more than 100 on average; fewer than 25 % of alphabetic characters; words for generated code in the
first 5 lines; base64, hexadecimal or escaped data of more than 1,024 characters, or of more than half the file; data
languages of more than 512 lines; HTML with less than 20 % or 100 characters of visible text. JSON has 50 to 5,000
characters as in StarCoder (arXiv:2305.06161, 3.2), and so has what is left of a notebook without cells; XML has no such
limit in any of them, and none here. "Do not edit" or "modify" says so only where "generated" stands in the same lines:
that pair is ours. Thresholds are compared in integers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_LINES: Final = 100_000
MAX_LINE: Final = 1000
MAX_MEAN_LINE: Final = 100
MAX_PROSE_LINE: Final = 100_000
MIN_ALPHABETIC_PERCENT: Final = 25
MAX_MINIFIED_MEAN_LINE: Final = 110  # Linguist, generated.rb
MAX_DATA_LINES: Final = 512
MIN_DATA_CHARACTERS: Final = 50
MAX_DATA_CHARACTERS: Final = 5000
MAX_ENCODED_RUN: Final = 1024
MAX_ENCODED_PERCENT: Final = 50
MIN_VISIBLE_CHARACTERS: Final = 100
MIN_VISIBLE_PERCENT: Final = 20

PROSE: Final = frozenset(
    {"AsciiDoc", "BibTeX", "HTML", "JSON", "Jupyter Notebook", "Markdown", "MDX", "Org", "RDoc", "RMarkdown"}
    | {"reStructuredText", "Roff", "Roff Manpage", "SMT", "Textile", "TeX", "Text", "Wikitext", "XML"}
)
"""Languages whose paragraphs may be lines; The Stack v2 has nine of them."""
_LINED_DATA: Final = frozenset({"Text", "JSON", "YAML", "Graphviz (DOT)", "Turtle", "INI", "Java Properties"})
_ALPHANUMERIC: Final = frozenset({"WebAssembly"})
_MINIFIABLE: Final = frozenset({"JavaScript", "CSS"})

_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123)) + bytes(range(128, 256))
_DIGITS = bytes(range(48, 58))
_GENERATED = re.compile(
    r"auto[- ]?generated\b|automatically[ \t]+generated\b|generated[ \t]+automatically\b"
    r"|this[ \t]+file[ \t]+(?:is|was|has[ \t]+been)[ \t]+generated\b"
    r"|generated[ \t]+by[ \t]+(?:the[ \t]+protocol[ \t]+buffer|cython|swig|flex|bison|antlr"
    r"|thrift|haxe|jflex|jison|py3c|f2py|autoconf|automake|doxygen)|@generated\b"
    r"|\ba[ \t]+bison[ \t]+parser\b|generated[ \t]+from[ \t]+\S{1,100}[ \t]+by[ \t]+(?:antlr|the)",
    re.IGNORECASE,
)
_DO_NOT_EDIT = re.compile(r"do[ \t]+not[ \t]+(?:edit|modify)\b", re.IGNORECASE)
_WAS_GENERATED = re.compile(r"\bgenerated\b", re.IGNORECASE)
# What TypeScript, Babel, esbuild and webpack put at the top of the JavaScript that they compile.
_COMPILED = re.compile(
    r"Object\.defineProperty\(exports, ['\"]__esModule['\"]|__defProp = Object\.defineProperty|__webpack_require__"
    r"|webpackUniversalModuleDefinition|_interopRequire(?:Default|Wildcard)\b"
)
_GO_GENERATED = re.compile(r"^// Code generated .* DO NOT EDIT\.$", re.MULTILINE)  # go help generate
_NOT_GENERATED = re.compile(r"(?:not|be|an)[ \t]+(?:an?[ \t]+)?auto(?:-|matically[ \t]+)?generated", re.IGNORECASE)
_GENERATED_LINES = 5
_BASE64_BYTES: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\n")
_HEX_BYTES: Final = frozenset(b"0123456789abcdefABCDEFxX\\,u")
_IS_BASE64 = bytes(byte in _BASE64_BYTES for byte in range(256))
_IS_HEX = bytes(byte in _HEX_BYTES for byte in range(256))
_WHITE = b" \t\r\n\v\f"
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/\n])[A-Za-z0-9+/\n]{64,}+")
_HEX = re.compile(rb"(?:(?:0[xX]|\\x)?[0-9a-fA-F]{2}(?:[ \t\r\n]*+,[ \t\r\n]*+|[ \t\r\n]++)?){16,}+")
_ESCAPES = re.compile(rb"(?:\\u[0-9a-fA-F]{4}){8,}+")
_HTML_UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*+>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a text, characters without their ends, and the longest line."""

    count: int
    characters: int
    longest: int


def measured(text: str) -> Lines:
    """Count the lines of a text; its last line feed begins none."""
    sizes = [len(line) for line in text.split("\n")]
    if len(sizes) > 1 and not sizes[-1]:
        sizes.pop()
    return Lines(len(sizes), sum(sizes), max(sizes))


def reason_by_content(language: str, text: str) -> str | None:
    """Why a text is not wanted, without the source's name; None where it is."""
    if _is_generated(text) or (language == "JavaScript" and _COMPILED.search(text[:2000])):
        return "generated"
    lines = measured(text)
    if language in _MINIFIABLE and lines.characters > MAX_MINIFIED_MEAN_LINE * lines.count:
        return "minified"
    if _is_data(language, text, lines):
        return "data"
    raw = text.encode()
    if _is_encoded(raw):
        return "encoded_data"
    if _has_long_lines(language, lines):
        return "long_lines"
    if _is_not_alphabetic(language, raw, len(text)):
        return "low_alphanumeric"
    return "low_visible_text" if language == "HTML" and _shows_little(text) else None


def _is_generated(text: str) -> bool:
    end = -1
    for _ in range(_GENERATED_LINES):
        end = text.find("\n", end + 1)
        if end < 0:
            break
    head = text[: end if end >= 0 else len(text)][:2000]
    is_marked = _GENERATED.search(head) or (_DO_NOT_EDIT.search(head) and _WAS_GENERATED.search(head))
    if is_marked and not _NOT_GENERATED.search(head):
        return True
    return "// Code generated " in text[:20_000] and bool(_GO_GENERATED.search(text[:20_000]))


def _is_data(language: str, text: str, lines: Lines) -> bool:
    if lines.count > MAX_LINES:
        return True
    if language in _LINED_DATA and lines.count > MAX_DATA_LINES:
        return True
    return language == "JSON" and not MIN_DATA_CHARACTERS <= len(text) <= MAX_DATA_CHARACTERS


def _has_long_lines(language: str, lines: Lines) -> bool:
    if language in PROSE:
        return lines.longest > MAX_PROSE_LINE
    return lines.longest > MAX_LINE or lines.characters > MAX_MEAN_LINE * lines.count


def _is_not_alphabetic(language: str, raw: bytes, characters: int) -> bool:
    """Every character beyond ASCII counts as a letter; blanks are characters, as in the paper."""
    counted = _LETTERS + _DIGITS if language in _ALPHANUMERIC else _LETTERS
    others = len(raw.translate(None, counted))
    return (characters - others) * 100 < MIN_ALPHABETIC_PERCENT * characters


def _is_encoded(raw: bytes) -> bool:
    """Base64, bytes in hexadecimal and escaped characters: one long run, or most of the file.

    A run of the codes' characters is sought first, for the patterns cost ten times as much.
    """
    patterns = []
    if _has_run(raw.translate(_IS_BASE64), 6):
        patterns.append(_BASE64)
    if _has_run(raw.translate(_IS_HEX, _WHITE), 5):
        patterns += [_HEX, _ESCAPES]
    for pattern in patterns:
        matched = 0
        for found in pattern.finditer(raw):
            size = found.end() - found.start()
            if pattern is _BASE64 and not _is_mixed(found[0]):
                continue
            if size > MAX_ENCODED_RUN:
                return True
            matched += size
        if matched * 100 > MAX_ENCODED_PERCENT * len(raw):
            return True
    return False


def _has_run(marks: bytes, power: int) -> bool:
    """Whether 2 to the `power` ones stand in a row in bytes of zeros and ones: all of them at once, as one number."""
    number = int.from_bytes(marks, "little")
    for shift in range(power):
        number &= number >> (8 << shift)
        if not number:
            return False
    return True


def _is_mixed(run: bytes) -> bool:
    """Whether a run of base64 characters has digits and both cases, as data has and a list of words has not."""
    size = len(run)
    digits = size - len(run.translate(None, _DIGITS))
    upper = size - len(run.translate(None, bytes(range(65, 91))))
    lower = size - len(run.translate(None, bytes(range(97, 123))))
    return digits * 50 > size and upper * 10 > size and lower * 10 > size


def _shows_little(html: str) -> bool:
    visible = len(" ".join(_HTML_UNSEEN.sub(" ", html).split()))
    return visible < MIN_VISIBLE_CHARACTERS or visible * 100 < MIN_VISIBLE_PERCENT * len(html)
