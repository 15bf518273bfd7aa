"""Theorems, proofs and what is set like them."""

from __future__ import annotations

from pipeline.extraction.latex.converter import Converter, Handler, void
from pipeline.extraction.latex.lists import one_line

_THEOREMS = {
    "theorem": "Theorem",
    "lemma": "Lemma",
    "corollary": "Corollary",
    "proposition": "Proposition",
    "definition": "Definition",
    "remark": "Remark",
    "example": "Example",
    "conjecture": "Conjecture",
    "claim": "Claim",
    "note": "Note",
    "assumption": "Assumption",
    "observation": "Observation",
    "problem": "Problem",
    "question": "Question",
    "exercise": "Exercise",
    "property": "Property",
    "fact": "Fact",
    "notation": "Notation",
    "thm": "Theorem",
    "lem": "Lemma",
    "cor": "Corollary",
    "prop": "Proposition",
    "defn": "Definition",
    "rem": "Remark",
}


def new_theorem(converter: Converter, _name: str) -> None:
    """\\newtheorem*{name}[counter]{Title}[within]."""
    reader, counters = converter.reader, converter.counters
    starred = reader.is_star()
    name = reader.words()
    shared = reader.option()
    title = reader.argument()
    within = reader.option()
    counter = None if starred else "".join(shared).strip() if shared else name
    if counter == name:
        counters.new(name)
        if within:
            counters.within(name, "".join(within).strip())
    converter.theorems[name] = title, counter


def spnewtheorem(converter: Converter, name: str) -> None:
    """llncs's \\spnewtheorem has two more arguments for the fonts."""
    new_theorem(converter, name)
    converter.reader.skip("mm")


def declare_theorem(converter: Converter, _name: str) -> None:
    """thmtools' \\declaretheorem[name=Title,sibling=...]{name}."""
    reader = converter.reader
    settings = {
        part.partition("=")[0].strip(): part.partition("=")[2].strip("{} ")
        for part in "".join(reader.option() or ()).split(",")
    }
    name = reader.words()
    reader.option()
    counter: str | None = settings.get("sibling") or settings.get("numberlike") or settings.get("sharenumber") or name
    if settings.get("numbered") == "no":
        counter = None
    if counter == name:
        converter.counters.new(name)
        within = settings.get("numberwithin") or settings.get("parent") or settings.get("within")
        if within:
            converter.counters.within(name, within)
    converter.theorems[name] = [settings.get("name") or settings.get("title") or name.title()], counter


def is_theorem(converter: Converter, name: str) -> bool:
    """Whether the environment is a theorem that was declared, or one that every class has."""
    return name in converter.theorems or name.rstrip("*") in _THEOREMS


def begin_theorem(converter: Converter, name: str) -> None:
    """A theorem, its name and number before it in bold."""
    converter.reader.skip_spaces()
    note = converter.reader.option()
    if name not in converter.theorems:
        counter = None if name.endswith("*") else name
        if counter is not None:
            converter.counters.new(counter)
        converter.theorems[name] = [_THEOREMS[name.rstrip("*")]], counter
    title, counter = converter.theorems[name]
    number = converter.step(counter, name) if counter else ""
    current = converter.counters.current
    converter.par()
    group = converter.open_group(name)
    converter.counters.current = current
    void(group)
    head = f"{converter.evaluated(title)} {number}".strip(" .:")
    if note is None:
        converter.add(f"**{head}.** ")
        return

    def close(text: str) -> None:
        words = one_line(text).strip(" .:")
        words = words[1:-1] if words.startswith("(") and words.endswith(")") else words
        converter.add(f"**{head} ({words}).** " if words else f"**{head}.** ")

    converter.capture_tokens(note, close)


def end_theorem(converter: Converter, _name: str) -> None:
    """The theorem is a paragraph of its own."""
    converter.par()


def begin_proof(converter: Converter, name: str) -> None:
    """A proof; an option says of what."""
    converter.reader.skip_spaces()
    title = converter.reader.option()
    converter.par()
    converter.open_group(name)
    if title is None:
        converter.add("**Proof.** ")
        return
    converter.capture_tokens(title, lambda text: converter.add(f"**{one_line(text).strip(' .:')}.** "))


def end_proof(converter: Converter, _name: str) -> None:
    """The sign at its end, unless the author wrote one."""
    converter.trim()
    if converter.out and not converter.out[-1].endswith("∎"):
        converter.add(" ∎" if converter.out[-1][-1:] != "\n" else "∎")
    converter.par()


COMMANDS: dict[str, Handler] = {
    "\\newtheorem": new_theorem,
    "\\spnewtheorem": spnewtheorem,
    "\\declaretheorem": declare_theorem,
}
BEGIN: dict[str, Handler] = dict.fromkeys(("proof", "IEEEproof", "Proof", "pf"), begin_proof)
END: dict[str, Handler] = dict.fromkeys(BEGIN, end_proof)
