"""What an export says of its wiki in its first bytes (name, language, address, namespaces), and what follows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from lxml import etree

SITE_BYTES = 1 << 20  # where the siteinfo must end; those of Wikimedia's wikis have 2 to 6 kB
ARTICLES = 0
_FILE_NAMESPACES = (-2, 6)  # Media and File, in all wikis: mediawiki.org, Help:Namespaces
_CATEGORY_NAMESPACE = 14
_ROOT = re.compile(rb"<mediawiki\b[^<>]{0,4000}>")
_LANGUAGE = re.compile(rb"\bxml:lang=\"([A-Za-z0-9-]{2,35})\"")
# Hosts whose terms of use put all text under CC BY-SA; Wikinews (CC BY) and Wikidata (CC0) have their own.
_SHARE_ALIKE = (
    *("wikipedia.org", "wiktionary.org", "wikibooks.org", "wikiquote.org", "wikisource.org", "wikiversity.org"),
    *("wikivoyage.org", "wikimedia.org", "mediawiki.org"),
)
# The terms of use of Wikimedia changed from CC BY-SA 3.0 to 4.0 for edits from this day on: announcement of the
# Wikimedia Foundation, The Signpost of 2023-06-19. Earlier text had been put under 3.0 as a whole in June 2009.
_VERSION_4_SINCE = "2023-06-07"
_NAME_CHARS = 255  # of a title in MediaWiki, in bytes even; a name of a wiki has fewer


@dataclass(frozen=True, slots=True)
class Site:
    """A wiki as its export describes it; what is not said is None or empty.

    key: the wiki's name in natural keys: its database, else the host of its address. namespaces: number by name, in
    lower case. `base`: address of the main page.
    """

    key: str | None = None
    name: str | None = None
    base: str | None = None
    language: str | None = None
    namespaces: Mapping[str, int] = field(default_factory=dict)

    def url(self, title: str) -> str | None:
        """The address of a page, made as that of the main page is."""
        if self.base is None:
            return None
        before, found, _ = self.base.rpartition("title=")
        root = before + found if found else self.base.rpartition("/")[0] + "/"
        return root + quote(title.replace(" ", "_"), safe="/:@!$*(),;~'")

    def author(self) -> str | None:
        """Whom to name: the wiki's contributors, as its licence asks for."""
        return f"{self.name} contributors" if self.name else None

    def licence(self, date: str | None) -> tuple[str, str] | None:
        """SPDX id and where it is declared, for a text last edited at `date` (ISO 8601); None: nothing is known."""
        host = urlsplit(self.base or "").hostname or ""
        if date is None or not any(host == known or host.endswith("." + known) for known in _SHARE_ALIKE):
            return None
        version = "4.0" if date >= _VERSION_4_SINCE else "3.0"
        return f"CC-BY-SA-{version}", f"Wikimedia terms of use at the time of the edit, for {host} by its siteinfo"

    def namespace(self, title: str) -> int:
        """The namespace of a title, for exports that do not number it (before version 0.6)."""
        prefix, found, _ = title.partition(":")
        return self.namespaces.get(prefix.strip().lower(), ARTICLES) if found else ARTICLES

    def files(self) -> frozenset[str]:
        """The prefixes of links to files, in lower case."""
        return self._names(*_FILE_NAMESPACES) | {"file", "image", "media"}

    def categories(self) -> frozenset[str]:
        """The prefixes of links that put a page into a category, in lower case."""
        return self._names(_CATEGORY_NAMESPACE) | {"category"}

    def _names(self, *numbers: int) -> frozenset[str]:
        return frozenset(name for name, number in self.namespaces.items() if number in numbers)


def site_of(start: bytes) -> Site:
    """The site that the first bytes of an export describe; what cannot be read is not said."""
    root = _ROOT.search(start)
    declared = _LANGUAGE.search(root[0]) if root else None
    language = declared[1].decode("ascii") if declared else None
    begin = start.find(b"<siteinfo>")
    end = start.find(b"</siteinfo>", begin)
    if begin < 0 or end < 0:
        return Site(language=language)
    try:
        info = etree.fromstring(start[begin : end + len(b"</siteinfo>")], safe_parser())
    except etree.XMLSyntaxError:
        return Site(language=language)
    name, base = (_short(info.findtext(tag)) for tag in ("sitename", "base"))
    base = base if _host(base) else None
    namespaces = {}
    for each in info.iterfind("namespaces/namespace"):
        number = each.get("key", "")
        if each.text and re.fullmatch(r"-?\d{1,6}", number):
            namespaces[each.text.strip().lower()] = int(number)
    return Site(_short(info.findtext("dbname")) or _host(base), name, base, language, namespaces)


def safe_parser() -> etree.XMLParser:
    """A parser that opens nothing and expands no entity of a document's own."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, encoding="utf-8")


def _short(text: str | None) -> str | None:
    text = (text or "").strip()
    return text if 0 < len(text) <= _NAME_CHARS else None


def _host(base: str | None) -> str | None:
    try:
        parts = urlsplit(base or "")
        return parts.hostname if parts.scheme in ("http", "https", "") else None
    except ValueError:  # no address
        return None
