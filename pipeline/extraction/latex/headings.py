"""Headings, and what stands on the title page: title, authors, abstract, keywords."""

from __future__ import annotations

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.counters import LEVELS
from pipeline.extraction.latex.lists import one_line


def section(converter: Converter, name: str) -> None:
    """A heading; the number that LaTeX gives it stands before it."""
    reader, counters = converter.reader, converter.counters
    level = name[1:]
    starred = reader.is_star()
    reader.option()
    if level == "chapter" and not converter.has_chapters:
        converter.has_chapters = True
        counters.numbered_by_chapter()
    depth = LEVELS.index(level) - (1 if level in ("part", "chapter") or converter.has_chapters else 2)
    number = ""
    if not starred and LEVELS.index(level) <= counters.value("secnumdepth") + 1:
        number = converter.step(level)

    def close(text: str) -> None:
        title = one_line(text)
        counters.heading = title
        heading(converter, f"{number} {title}".strip(), level, depth)

    converter.capture(close)


def heading(converter: Converter, title: str, level: str, depth: int) -> None:
    """Write a heading; one that runs into its paragraph in bold."""
    converter.par()
    if not title:
        return
    if level in ("paragraph", "subparagraph"):
        converter.add(f"**{title}** ")
        return
    converter.add(f"{'#' * max(2, min(6, depth + 2))} {title}")
    converter.par()


def plain_heading(title: str) -> Handler:
    """A command or environment that stands for a heading without a number."""

    def write(converter: Converter, _name: str) -> None:
        heading(converter, title, "section", 0)

    return write


def abstract(converter: Converter, _name: str) -> None:
    """\\abstract{...}: up to five parts (Astronomy & Astrophysics), before the body."""
    reader = converter.reader
    if reader.skip_spaces() != "{":
        begin_abstract(converter, "abstract")
        return
    parts: list[str] = []

    def close(text: str) -> None:
        parts.append(text.strip())
        if len(parts) < 5 and reader.skip_spaces() == "{":
            converter.capture(close)
            return
        converter.front.abstract = "\n\n".join(part for part in parts if part)

    converter.capture(close)


def begin_abstract(converter: Converter, name: str) -> None:
    """The environment: before \\maketitle or behind it, the abstract comes first."""
    converter.reader.option()

    def close(text: str) -> None:
        if converter.front.abstract:
            converter.par()
            converter.add(text.strip())
            converter.par()
        else:
            converter.front.abstract = text.strip()

    converter.open_group(name, close)


def keywords(converter: Converter, _name: str) -> None:
    """\\keywords{...}."""

    def close(text: str) -> None:
        converter.front.keywords = converter.front.keywords or one_line(text).strip(" .,;")

    converter.capture(close)


def begin_keywords(converter: Converter, name: str) -> None:
    """The environment of the keywords."""

    def close(text: str) -> None:
        converter.front.keywords = converter.front.keywords or one_line(text).strip(" .,;")

    converter.open_group(name, close)


def separator(converter: Converter, _name: str) -> None:
    """\\and, \\sep: between keywords."""
    converter.trim()
    converter.add(", ")


def appendix(converter: Converter, _name: str) -> None:
    """\\appendix: from here on letters."""
    converter.counters.appendix()


def title(converter: Converter, _name: str) -> None:
    """\\title[short]{long}; AMS-TeX's \\title ... \\endtitle."""
    converter.reader.option()

    def close(text: str) -> None:
        converter.in_front -= 1
        converter.front.title = converter.front.title or one_line(text)

    converter.in_front += 1
    if converter.reader.skip_spaces() == "{":
        converter.capture(close)
    else:
        converter.open_group("title", close)


def subtitle(converter: Converter, _name: str) -> None:
    """\\subtitle{...}, behind the title."""

    def close(text: str) -> None:
        converter.in_front -= 1
        front = converter.front
        front.title = f"{front.title.rstrip(' .:')}: {one_line(text)}" if front.title else one_line(text)

    converter.in_front += 1
    converter.capture(close)


def note(converter: Converter, _name: str) -> None:
    """A note on an author is dropped; elsewhere its text stays."""
    if converter.in_front:
        converter.reader.argument()


def author(converter: Converter, name: str) -> None:
    """\\author[mark]{names}; AMS-TeX's \\author ... \\endauthor."""
    converter.reader.option()

    def close(text: str) -> None:
        converter.in_front -= 1
        converter.front.authors.append(text)

    converter.in_front += 1
    if converter.reader.skip_spaces() == "{":
        converter.capture(close)
    else:
        converter.open_group(name[1:], close)


def _begin_headed(title_: str) -> Handler:
    def begin(converter: Converter, name: str) -> None:
        heading(converter, title_, "section", 0)
        converter.open_group(name)

    return begin


def _begin_dropped(converter: Converter, name: str) -> None:
    converter.open_group(name, lambda _text: None)


COMMANDS: dict[str, Handler] = {
    **{f"\\{level}": section for level in LEVELS},
    "\\abstract": abstract,
    **dict.fromkeys(("\\keywords", "\\kwd", "\\Keywords", "\\IEEEkeywords", "\\keyword", "\\icmlkeywords"), keywords),
    "\\and": separator,
    "\\sep": separator,
    "\\appendix": appendix,
    "\\appendices": appendix,
    "\\title": title,
    "\\subtitle": subtitle,
    "\\note": note,
    "\\author": author,
    **dict.fromkeys(
        ("\\acknowledgments", "\\acknowledgements", "\\acknowledgement", "\\acknowledgment", "\\acks", "\\ack"),
        plain_heading("Acknowledgments"),
    ),
}
BEGIN: dict[str, Handler] = {
    **dict.fromkeys(("IEEEbiography", "IEEEbiographynophoto", "biography"), _begin_dropped),
    "abstract": begin_abstract,
    **dict.fromkeys(("keywords", "keyword", "IEEEkeywords"), begin_keywords),
    **dict.fromkeys(
        (
            "acknowledgments",
            "acknowledgements",
            "acknowledgement",
            "acknowledgment",
            "ack",
            "acks",
            "theacknowledgments",
        ),
        _begin_headed("Acknowledgments"),
    ),
}
