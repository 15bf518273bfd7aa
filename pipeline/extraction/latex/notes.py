"""What points elsewhere: footnotes, references, citations and the bibliography."""

from __future__ import annotations

import re

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.headings import heading
from pipeline.extraction.latex.lists import one_line
from pipeline.extraction.latex.state import CITE, CITE_END, SAVED, SAVED_END

MAX_INLINE_NOTE = 300  # characters of a footnote that still reads as a parenthesis
_ONE_FORMULA = re.compile(f"{SAVED}(\\d+){SAVED_END}")


def footnote(converter: Converter, name: str) -> None:
    """A note in parentheses where it stands; a long one behind the paragraph. None in titles."""
    reader = converter.reader
    reader.option()
    if name != "\\footnotetext" and reader.skip_spaces() != "{":  # plain TeX: a mark before the text
        reader.argument()
        reader.skip_spaces()

    def close(text: str) -> None:
        words = one_line(text)
        if reader.peek() == "{" and (len(words) < 4 or _ONE_FORMULA.fullmatch(words)):
            converter.capture(close)  # plain TeX: this was the mark, the text follows
            return
        if not words or converter.in_front:
            return
        if len(words) > MAX_INLINE_NOTE or name == "\\footnotetext":
            converter.pending.append(f"(Note: {words})")
            return
        outside = "".join(converter.out[-2:]).rstrip()
        if not outside.endswith((".", "!", "?")):
            words = words.removesuffix(".") if not words.endswith("..") else words
        converter.trim()
        converter.add(f" ({words})" if outside else f"({words})")

    converter.capture(close)


def label(converter: Converter, _name: str) -> None:
    """\\label."""
    converter.counters.label(converter.reader.words())


def reference(converter: Converter, name: str) -> None:
    """\\ref and its kin: the number is known at the end."""
    reader = converter.reader
    reader.is_star()
    if name == "\\hyperref":
        reader.option()
        return
    keys = [key for key in reader.words().split(",") if key.strip()]
    for at, key in enumerate(keys):
        if at:
            converter.add(", " if at < len(keys) - 1 else " and ")
        converter.add(converter.reference(name, key.strip()))
        if name in ("\\crefrange", "\\Crefrange"):
            converter.add("–" + converter.reference("\\ref", reader.words()))


def citation(converter: Converter, name: str) -> None:
    """\\cite and its kin: what is left of it is decided at the end."""
    reader = converter.reader
    reader.is_star()
    first = reader.option()
    second = reader.option()
    note = "".join(second if second is not None else first or ()).strip()
    keys = tuple(key.strip() for key in reader.words().split(",") if key.strip())
    converter.citations.append((f"{name}|{_plain(note)}", keys))
    converter.add(f"{CITE}{len(converter.citations) - 1}{CITE_END}")


def _plain(note: str) -> str:
    note = note.replace("~", " ").replace("\\S ", "§").replace("\\S", "§").replace("--", "–")
    return "" if re.search(r"[\\${}]", note) else note


def bibliography(converter: Converter, name: str) -> None:
    """The list of references: left out, unless the configuration keeps it."""
    converter.reader.argument()
    if converter.keep_bibliography:
        heading(converter, "References", "section", 0)
        converter.open_group(name)
    else:
        converter.open_group(name, lambda _text: None)


def bibliography_item(converter: Converter, _name: str) -> None:
    """An entry of it."""
    converter.reader.option()
    key = converter.reader.words()
    converter.line()
    converter.citations.append(("\\bibitem|", (key,)))
    converter.add(f"- {CITE}{len(converter.citations) - 1}{CITE_END} ")


def _end_paragraph(converter: Converter, _name: str) -> None:
    converter.par()


def table_note(converter: Converter, _name: str) -> None:
    """A table's note with its mark: \\tablenotetext{a}{...}."""
    mark = converter.reader.words()
    converter.par()
    converter.add(f"({mark}) " if mark else "")


COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("\\tablenotetext", "\\tablefoottext"), table_note),
    **dict.fromkeys(("\\footnote", "\\footnotetext", "\\endnote", "\\blfootnote", "\\tablefootnote"), footnote),
    "\\label": label,
    **dict.fromkeys(
        (
            *("\\ref", "\\eqref", "\\cref", "\\Cref", "\\autoref", "\\pageref", "\\nameref", "\\vref", "\\labelcref"),
            *(
                "\\hyperref",
                "\\subref",
                "\\thref",
                "\\Autoref",
                "\\crefrange",
                "\\Crefrange",
                "\\cpageref",
                "\\prettyref",
            ),
        ),
        reference,
    ),
    **dict.fromkeys(
        (
            *("\\cite", "\\citep", "\\citet", "\\citealt", "\\citealp", "\\citeauthor", "\\citeyear", "\\citeyearpar"),
            *("\\textcite", "\\parencite", "\\autocite", "\\footcite", "\\supercite", "\\Citet", "\\Citep", "\\citen"),
            *("\\citenum", "\\shortcite", "\\newcite", "\\onlinecite", "\\fullcite", "\\Cite", "\\cites", "\\citenp"),
            *("\\Textcite", "\\Parencite", "\\citeA", "\\citeNP", "\\shortciteN", "\\citeasnoun", "\\refcite"),
            "\\Citeauthor",
        ),
        citation,
    ),
    "\\bibitem": bibliography_item,
}
BEGIN: dict[str, Handler] = dict.fromkeys(("thebibliography", "references", "chapthebibliography"), bibliography)
END: dict[str, Handler] = dict.fromkeys(BEGIN, _end_paragraph)
