"""Raw input for the demo in the format of Wikimedia's dumps: a small wiki about the formats that this project reads.

    demowiki-pages-articles-multistream.xml.bz2   seven streams: site, pages, closing tag
    demowiki-pages-meta-history.xml               plain XML, a page with two revisions
    demowiki-cut.xml.bz2                          an article and another one that the file breaks off in

Planted in the first: the articles of configs/demo_texts/wikipedia, a redirect (wikipedia:redirect), a talk page
(wikipedia:namespace), a style sheet (wikipedia:not_wikitext), a list of meanings (wikipedia:disambiguation), a page of
nothing but a box (wikipedia:no_text), and one whose XML is broken (wikipedia:broken_page). In the second:
wikipedia:older_revision. In the third: two wikipedia:truncated, the page that is cut and the rest that is missing.
"""

from __future__ import annotations

import bz2
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

TEXTS = Path(__file__).parent.parent.parent / "configs" / "demo_texts" / "wikipedia"
_NAMESPACES = {-2: "Media", 0: "", 1: "Talk", 4: "Project", 6: "File", 10: "Template", 14: "Category"}
_DATE = "2025-05-04T10:00:00Z"


@dataclass(frozen=True, slots=True)
class WikiPage:
    """A page of an export: its number, title, and the texts of its revisions, oldest first."""

    number: int
    title: str
    texts: tuple[str, ...]
    namespace: int = 0
    model: str = "wikitext"
    redirect: str | None = None

    def xml(self) -> str:
        """The page as schema 0.11 of MediaWiki's exports has it."""
        redirect = f'\n    <redirect title="{escape(self.redirect)}" />' if self.redirect else ""
        revisions = "".join(self._revision(at, text) for at, text in enumerate(self.texts))
        return (
            f"  <page>\n    <title>{escape(self.title)}</title>\n    <ns>{self.namespace}</ns>\n"
            f"    <id>{self.number}</id>{redirect}\n{revisions}  </page>\n"
        )

    def _revision(self, at: int, text: str) -> str:
        return (
            f"    <revision>\n      <id>{self.number * 10 + at}</id>\n      <timestamp>{_DATE}</timestamp>\n"
            f"      <contributor>\n        <username>Editor</username>\n        <id>7</id>\n      </contributor>\n"
            f"      <model>{self.model}</model>\n      <format>text/x-wiki</format>\n"
            f'      <text bytes="{len(text.encode())}" xml:space="preserve">{escape(text)}</text>\n    </revision>\n'
        )


def header(base: str = "https://wiki.handbook.example/wiki/Main_Page") -> str:
    """The root's opening tag and what is said of the site."""
    namespaces = "".join(
        f'      <namespace key="{key}" case="first-letter">{name}</namespace>\n' for key, name in _NAMESPACES.items()
    )
    return (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">\n  <siteinfo>\n'
        "    <sitename>Format Handbook</sitename>\n    <dbname>demowiki</dbname>\n"
        f"    <base>{base}</base>\n    <generator>MediaWiki 1.43.0</generator>\n    <case>first-letter</case>\n"
        f"    <namespaces>\n{namespaces}    </namespaces>\n  </siteinfo>\n"
    )


FOOTER = "</mediawiki>\n"


def multistream(parts: Sequence[str], level: int = 9) -> bytes:
    """Each part as a bzip2 stream of its own."""
    return b"".join(bz2.compress(part.encode(), level) for part in parts)


def articles(first: int) -> list[WikiPage]:
    """The articles that were written for the demo, numbered from `first`, by title."""
    return [
        WikiPage(first + at, path.stem.replace("_", " "), (path.read_text(encoding="utf-8").strip(),))
        for at, path in enumerate(sorted(TEXTS.glob("*.wiki")))
    ]


def files() -> dict[str, bytes]:
    """File name -> content; equal bytes for equal texts. Raises KeyError where the texts are not there."""
    own = {page.title: page for page in articles(10)}
    history, last = own.pop("Bzip2 block"), own.pop("Reservoir sampling")
    others = [
        WikiPage(30, "Bz2 block", ("#REDIRECT [[Bzip2 block]]",), redirect="Bzip2 block"),
        WikiPage(31, "Talk:Wikitext", ("Should the example be shorter? I think so. ~~~~",), namespace=1),
        WikiPage(32, "Common.css", ("body { margin: 0 }",), model="css"),
        WikiPage(33, "Block", ("'''Block''' may mean:\n* [[Bzip2 block]]\n* a part of a disc\n{{disambiguation}}",)),
        WikiPage(34, "Empty box", ("{{Infobox format|name=nothing}}\n[[Category:File formats]]",)),
    ]
    broken = WikiPage(35, "Broken", ("It ends too early.",)).xml().replace("</timestamp>", "")
    kept = list(own.values())
    streams = [_joined(some) for some in (kept[:2], others[:3], kept[2:], others[3:])]
    versions = WikiPage(history.number, history.title, ("A first draft of one sentence.", *history.texts))
    lost = WikiPage(40, "Unfinished", own["Wikitext"].texts)
    return {
        "demowiki-pages-articles-multistream.xml.bz2": multistream([header(), *streams, broken, FOOTER]),
        "demowiki-pages-meta-history.xml": (header() + versions.xml() + FOOTER).encode(),
        "demowiki-cut.xml.bz2": _cut(header() + last.xml() + lost.xml() + FOOTER),
    }


def _joined(pages: Sequence[WikiPage]) -> str:
    return "".join(page.xml() for page in pages)


def _cut(text: str) -> bytes:
    """Two streams, the second of which begins within the last page and breaks off in its middle."""
    middle = text.rindex("<text") + 500
    first, second = multistream([text[:middle]]), multistream([text[middle:]])
    return first + second[: len(second) // 2]
