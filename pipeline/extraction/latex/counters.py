"""LaTeX's counters and labels: what number a section, an equation or a theorem has, and what \\ref says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MAX_PARENTS = 8
MAX_COUNTERS = 300  # a thesis defines some dozens; each step may look at all of them
MAX_VALUE = 10_000  # beyond it no list of Roman or alphabetic numbers is meant
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_SMALL_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_SYMBOLS = ("*", "†", "‡", "§", "¶", "‖", "**", "††", "‡‡")

LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph")


def arabic(value: int) -> str:
    """The number in digits."""
    return str(value)


def roman(value: int) -> str:
    """The number in small Roman numerals; in digits where there are none."""
    if not 0 < value < MAX_VALUE:
        return str(value)
    text = ""
    for size, letters in (*_ROMAN, *_SMALL_ROMAN):
        times, value = divmod(value, size)
        text += letters * times
    return text


def alph(value: int) -> str:
    """The letter of the alphabet; digits where there is none."""
    return chr(96 + value) if 0 < value < 27 else str(value)


def fnsymbol(value: int) -> str:
    """The footnote symbol; digits where there is none."""
    return _SYMBOLS[value - 1] if 0 < value <= len(_SYMBOLS) else str(value)


STYLES: dict[str, Callable[[int], str]] = {
    "arabic": arabic,
    "roman": roman,
    "Roman": lambda value: roman(value).upper(),
    "alph": alph,
    "Alph": lambda value: alph(value).upper(),
    "fnsymbol": fnsymbol,
}


@dataclass(slots=True)
class Counter:
    """A counter: its value, the counter that sets it back and stands before it, and its style."""

    value: int = 0
    parent: str | None = None
    style: str = "arabic"
    before: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What a label stands for: the number, the kind of thing (a counter or theorem), and the heading above it."""

    number: str
    kind: str
    heading: str


class Counters:
    """All counters of a document and the labels set so far.

    `current` is what the next \\label names: a number and its kind.
    """

    def __init__(self) -> None:
        self._counters = {
            "part": Counter(style="Roman"),
            "chapter": Counter(),
            "section": Counter(),
            "subsection": Counter(parent="section"),
            "subsubsection": Counter(parent="subsection"),
            "paragraph": Counter(parent="subsubsection"),
            "subparagraph": Counter(parent="paragraph"),
            "enumi": Counter(),
            "enumii": Counter(parent="enumi", style="alph", before="enumi"),
            "enumiii": Counter(parent="enumii", style="roman", before="enumii"),
            "enumiv": Counter(parent="enumiii", style="Alph", before="enumiii"),
        }
        for name in ("subsection", "subsubsection", "paragraph", "subparagraph"):
            self._counters[name].before = (self._counters[name].parent or "") + "."
        for name in ("equation", "figure", "table", "algorithm", "footnote", "secnumdepth", "lstlisting", "page"):
            self._counters[name] = Counter(value=3 if name == "secnumdepth" else 0)
        self.labels: dict[str, Label] = {}
        self.current = ("", "section")
        self.heading = ""

    def numbered_by_chapter(self) -> None:
        """As in the classes report and book."""
        self._counters["secnumdepth"].value = 2
        for name in ("section", "figure", "table", "equation"):
            self.within(name, "chapter")

    def numbered_by_letters(self) -> None:
        """Sections as in journals of physics and engineering: I, A, 1."""
        for name, style in (("section", "Roman"), ("subsection", "Alph"), ("subsubsection", "arabic")):
            self._counters[name].style = style

    def within(self, name: str, parent: str) -> None:
        """\\numberwithin: the counter starts anew with its parent, whose number stands before it."""
        self.new(name, parent)
        if name in self._counters:
            self._counters[name].before = parent + "."

    def new(self, name: str, parent: str | None = None) -> None:
        """\\newcounter."""
        if name in self._counters:
            self._counters[name].parent = parent
        elif len(self._counters) < MAX_COUNTERS:
            self._counters[name] = Counter(parent=parent)

    def __contains__(self, name: str) -> bool:
        return name in self._counters

    def value(self, name: str) -> int:
        """The value; 0 where there is no such counter."""
        return self._counters[name].value if name in self._counters else 0

    def set(self, name: str, value: int) -> None:
        """\\setcounter."""
        if name not in self._counters:
            self.new(name)
        if name in self._counters:
            self._counters[name].value = max(-MAX_VALUE, min(MAX_VALUE, value))

    def step(self, name: str) -> None:
        """\\stepcounter: one more; counters within it start anew."""
        self.set(name, self.value(name) + 1)
        above = {name}
        for _ in range(MAX_PARENTS):
            below = {key for key, each in self._counters.items() if each.parent in above and key not in above}
            if not below:
                break
            above |= below
        for key in above - {name}:
            self._counters[key].value = 0

    def shown(self, name: str) -> str:
        """What \\the<name> says by default."""
        parts: list[str] = []
        for _ in range(MAX_PARENTS):
            counter = self._counters.get(name)
            if counter is None:
                break
            parts.append(STYLES[counter.style](counter.value))
            if not counter.before:
                break
            name = counter.before.removesuffix(".")
            if name == "chapter" and self.value("chapter") == 0:
                break
            parts.append("." if counter.before.endswith(".") else "")
        return "".join(reversed(parts)).strip(".")

    def appendix(self) -> None:
        """From here on chapters, or else sections, have letters."""
        name = "chapter" if self.value("chapter") else "section"
        self.set(name, 0)
        self._counters[name].style = "Alph"

    def label(self, key: str) -> None:
        """\\label: the key stands for the current number."""
        number, kind = self.current
        self.labels[key] = Label(number, kind, self.heading)
