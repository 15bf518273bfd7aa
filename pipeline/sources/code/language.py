"""The language of a source file: by name, then by ending, by the first line, and by magika where these do not say."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pipeline.sources.code.language_names import FILE_NAMES, INTERPRETERS, MAGIKA, WORDS
from pipeline.sources.code.languages import AMBIGUOUS, EXTENSIONS

if TYPE_CHECKING:
    from magika import Magika

LOOKED_AT: Final = 1 << 14
"""Characters of a file that a decision looks at; magika itself reads the first and last kilobyte or so."""

_TEMPLATE = re.compile(r"(?<=.)\.(?:in|tmpl|template|tpl|example|sample|dist|orig|bak|default|inc\.in)\Z")
_MANUAL_PAGE = re.compile(r"\.[1-9][a-z]{0,2}\Z")
_MACRO = re.compile(r"^\.(?:TH|Dd|SH)\b", re.MULTILINE)
_SHEBANG = re.compile(r"#![ \t]*(?:\S{0,200}/)?(\S{1,60})(?:[ \t]+([^\n]{0,200}))?")
_ENV_WORDS = re.compile(r"(?:-\S+|\w+=\S*)\s*")
_VERSION = re.compile(r"[\d.]+\Z")
_EMACS_MODE = re.compile(r"-\*-(?:[^\n]{0,80}?\bmode:)?[ \t]*([\w+#-]{1,20})(?:[ \t]*;[^\n]{0,200}?)?[ \t]*-\*-")
_EMACS: Final = {"c++": "C++", "c": "C", "objc": "Objective-C", "tcl": "Tcl", "perl": "Perl", "prolog": "Prolog"}
# What Linguist's heuristics.yml looks for, in words of our own.
_OBJECTIVE_C = re.compile(r"^[ \t]*(?:@(?:interface|class|protocol|property|end|implementation)\b|#import\b)", re.M)
_CPP = re.compile(
    r"^[ \t]*(?:template[ \t]*<|(?:inline[ \t]+)?namespace\b|using[ \t]+(?:namespace\b|\w+[ \t]*=)|class[ \t]+\w+"
    r"|(?:public|private|protected)[ \t]*:|constexpr\b|typename\b)|\bstd::\w|^[ \t]*#[ \t]*include[ \t]*<(?:algorithm"
    r"|array|atomic|chrono|cmath|cstddef|cstdint|cstdio|cstdlib|cstring|deque|exception|fstream|functional|initializer_list"
    r"|iomanip|iosfwd|iostream|istream|iterator|limits|list|map|memory|mutex|new|numeric|optional|ostream|queue|set|span"
    r"|sstream|stack|stdexcept|streambuf|string|string_view|thread|tuple|type_traits|typeinfo|unordered_map"
    r"|unordered_set|utility|variant|vector)>|\boperator[ \t]*(?:[=+*<>!\[(-]|bool\b)|\b(?:static|dynamic|reinterpret"
    r"|const)_cast[ \t]*<|\bvirtual[ \t]+~?\w|\w::~?\w",
    re.M,
)
_D = re.compile(r"^(?:module|import|public import|static import|private import)[ \t]+\w[\w.]*", re.MULTILINE)
_MAGIKA_LANGUAGES: Final = frozenset(MAGIKA.values())
_ANYTHING: Final = frozenset({"inc", "p", "w"})
"""Endings so common for other things that an unsure answer is none."""
_C_BLOCK = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_OF_C = re.compile(
    r"^[ \t]*#[ \t]*(?:ifdef|if[ \t]+defined[ \t]*\(?)[ \t]*__cplusplus\b.*?(?:^[ \t]*#[ \t]*endif|\Z)", re.M | re.S
)


def language_of(path: str, text: str) -> str | None:
    """GitHub Linguist's name of the language of a file, or None where nothing says what it is.

    Only the ambiguous and those without an ending are looked into; an ending that nobody knows is usually that of data.
    Magika's answer counts by its label alone: the neural network's
    floating-point score decides nothing here, though a file on the border of two labels may fall on either side under
    another version of it, which is why magika and onnxruntime are among `Code.decides_with`.
    """
    spelt = path.rpartition("/")[2]
    name = spelt.lower()
    named = FILE_NAMES.get(name)
    if named:
        return named
    name = _TEMPLATE.sub("", name)
    named = FILE_NAMES.get(name)
    if named:
        return named
    word = WORDS.get(_TEMPLATE.sub("", spelt))
    if word:
        return _by_shebang(text) or word
    if name.endswith(".txt") and "requirements" in name:
        return "Pip Requirements"
    if name.startswith(("dockerfile.", "makefile.")) and name not in ("makefile.pl",):
        return "Dockerfile" if name.startswith("d") else "Makefile"
    for ending in _endings(name):
        if ending in AMBIGUOUS:
            return _one_of(ending, text)
        if ending in EXTENSIONS:
            return EXTENSIONS[ending]
    said = _by_shebang(text) or _by_mode(text)
    if said is not None:
        return said
    if _MANUAL_PAGE.search(name):
        return "Roff Manpage" if _MACRO.search(text[:LOOKED_AT]) else None
    return None if "." in name.lstrip(".") else MAGIKA.get(_label(text[:LOOKED_AT]))


def _endings(name: str) -> list[str]:
    """The endings of a name, the longest of at most two parts first."""
    parts = name.split(".")[1:]
    return [".".join(parts[-2:]), parts[-1]] if len(parts) > 1 else parts


def _one_of(ending: str, text: str) -> str | None:
    candidates = AMBIGUOUS[ending]
    head = text[:LOOKED_AT]
    said = _by_shebang(text) or _by_mode(text)
    if said in candidates:
        return said
    if ending == "h":
        return _of_header(text)
    if ending == "ts":
        return "XML" if head.lstrip().startswith(("<?xml", "<!DOCTYPE TS", "<TS")) else "TypeScript"
    if ending == "d":
        return "D" if _D.search(head) else None
    unsure = None if ending in _ANYTHING else candidates[0]
    if _MAGIKA_LANGUAGES.isdisjoint({*candidates} - {unsure}):  # whatever magika says, it changes nothing
        return unsure
    label = MAGIKA.get(_label(head))
    return label if label in candidates else unsure


def _of_header(text: str) -> str:
    """C, C++ or Objective-C; what a C header says to C++ compilers in between does not count."""
    code = _C_BLOCK.sub(" ", text)
    if _OBJECTIVE_C.search(code):
        return "Objective-C"
    return "C++" if _CPP.search(_OF_C.sub(" ", code)) else "C"


def _by_shebang(text: str) -> str | None:
    if not text.startswith("#!"):
        return None
    found = _SHEBANG.match(text)
    if found is None:
        return None
    program, rest = found[1], found[2] or ""
    if program == "env":
        words = _ENV_WORDS.match(rest)
        while words:
            rest = rest[words.end() :]
            words = _ENV_WORDS.match(rest)
        program = rest.split(maxsplit=1)[0].rpartition("/")[2] if rest.split() else ""
    program = program.lower()
    return INTERPRETERS.get(program) or INTERPRETERS.get(_VERSION.sub("", program).rstrip("-"))


def _by_mode(text: str) -> str | None:
    found = _EMACS_MODE.search(text[:400].partition("\n")[0])
    return _EMACS.get(found[1].lower()) if found else None


def _label(text: str) -> str:
    """Magika's label of the text."""
    return str(_model().identify_bytes(text.encode("utf-8", "replace")).output.label)


@lru_cache(maxsize=1)
def _model() -> Magika:
    # imported late: onnxruntime costs 0.3 s and 60 MB, and most files have a name that says it all
    from magika import Magika

    return Magika()
