"""What becomes of each kind of page, and what a row says."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
from collections import Counter

import pytest

from pipeline.demo.wikipedia import FOOTER, WikiPage, files, header, multistream
from pipeline.sources.source import Dropped, InputFile, NotADocument, Outcome, Piece, Row
from pipeline.sources.wikipedia.source import Wikipedia

TEXT = "A sentence about '''something''' that is long enough."


def outcomes(content: bytes | str, path: str = "dump.xml", source: Wikipedia | None = None) -> list[Outcome]:
    content = content.encode() if isinstance(content, str) else content
    file = InputFile(path, len(content), hashlib.sha256(content).hexdigest())
    return list((source or Wikipedia()).read(Piece(file), io.BytesIO(content)))


def dump(*pages: WikiPage, base: str = "https://wiki.handbook.example/wiki/Main_Page") -> str:
    return header(base) + "".join(page.xml() for page in pages) + FOOTER


def brief(outcome: Outcome) -> str:
    return "row" if isinstance(outcome, Row) else outcome.reason.removeprefix("wikipedia:")


GOOD = WikiPage(1, "Good", (TEXT,))
XML = GOOD.xml()
OLD = WikiPage(1, "Old", ("{}",)).xml().replace("<ns>0</ns>", "")  # as before version 0.4


@pytest.mark.parametrize(
    ("page", "fates"),
    [
        (XML, ["row"]),
        (WikiPage(1, "Talk:Good", (TEXT,), namespace=1).xml(), ["namespace"]),
        (WikiPage(1, "Talk:Good", (TEXT,)).xml().replace("<ns>0</ns>", ""), ["namespace"]),
        (WikiPage(1, "Other: Good", (TEXT,)).xml().replace("<ns>0</ns>", ""), ["row"]),
        (WikiPage(1, "Old", ("#REDIRECT [[Good]]",), redirect="Good").xml(), ["redirect"]),
        (OLD.format("#WEITERLEITUNG [[Good]]"), ["redirect"]),
        (OLD.format("#redirect: [[Good#There|so]]\n{{R from}} [[Category:X]]&lt;!-- - --&gt;\n"), ["redirect"]),
        (OLD.format("#First [[step]] is to open the box\n#Then [[close]] it"), ["row"]),
        (OLD.format("#First [[step]]\n#Then [[close]]"), ["row"]),
        (WikiPage(1, "Steps", ("#First [[step]] is to open the box\n#Then [[close]] it",)).xml(), ["row"]),
        (WikiPage(1, "Steps", ("#First [[step]]",)).xml(), ["row"]),  # MediaWiki says it where it is one
        (WikiPage(1, "Numbered", ("# [[First]] of several things",)).xml(), ["row"]),
        (WikiPage(1, "a.css", (TEXT,), model="css").xml(), ["not_wikitext"]),
        (XML.replace("<model>wikitext</model>", ""), ["row"]),
        (WikiPage(1, "Some", ("It may mean:\n* [[this]]\n{{Disambiguation|geo}}",)).xml(), ["disambiguation"]),
        (WikiPage(1, "Some (disambiguation)", (TEXT,)).xml(), ["disambiguation"]),
        (WikiPage(1, "Some", ("{{Infobox|a=b}} [[Category:Some]]",)).xml(), ["no_text"]),
        (WikiPage(1, "Some", ("== See also ==\n* [[Other]]",)).xml(), ["no_text"]),
        (WikiPage(1, "Some", ()).xml(), ["no_text"]),
        (XML.replace(TEXT.replace("'", "'"), "").replace("></text>", ' deleted="deleted" />'), ["no_text"]),
        (XML.replace("</timestamp>", ""), ["broken_page"]),
        (XML.replace("<id>1</id>", ""), ["broken_page"]),
        (XML.replace("<id>1</id>", "<id>one</id>"), ["broken_page"]),
        (XML.replace("<title>Good</title>", "<title></title>"), ["broken_page"]),
        (XML.replace("something", "&unknown;"), ["broken_page"]),
        (XML.replace("</revision>", ""), ["broken_page"]),
        (XML.replace("<revision>", "<revision><revision>"), ["broken_page"]),
        (XML.replace("</page>", ""), ["broken_page"]),
        (XML.replace("something", "<b/>" * 3_000), ["broken_page"]),
        (XML.replace("</page>", "") + WikiPage(2, "Next", (TEXT,)).xml(), ["broken_page", "row"]),
        (XML + WikiPage(1, "Again", (TEXT,)).xml(), ["row", "repeated_page"]),
        (WikiPage(1, "Long", ("word " * 1_000,)).xml(), ["resource:record_bytes"]),
        (WikiPage(1, "Long", ("word " * 1_000, TEXT)).xml(), ["older_revision", "row"]),
        (WikiPage(1, "Long", (TEXT, TEXT, "word " * 1_000)).xml(), ["older_revision"] * 2 + ["resource:record_bytes"]),
    ],
)
def test_each_page_ends_as_it_must(page: str, fates: list[str]) -> None:
    found = outcomes(
        header() + page + FOOTER, source=Wikipedia(max_record_bytes=4_000 if "<b/>" not in page else 99_999)
    )
    assert [brief(outcome) for outcome in found] == fates
    page_bytes = page.encode()
    assert sum(o.raw_bytes for o in found) <= len(page_bytes)


def test_a_row_says_where_it_comes_from() -> None:
    page = WikiPage(12, 'Art & "Craft"/Ünder', (TEXT,))
    (row,) = outcomes(dump(page, base="https://de.wikipedia.org/wiki/Wikipedia:Hauptseite"))
    assert isinstance(row, Row)
    assert row.natural_key == "demowiki:12"
    assert row.title == 'Art & "Craft"/Ünder'
    assert row.url == "https://de.wikipedia.org/wiki/Art_%26_%22Craft%22/%C3%9Cnder"
    assert row.text == '# Art & "Craft"/Ünder\n\nA sentence about something that is long enough.'
    assert (row.date, row.language_hint, row.charset) == ("2025-05-04T10:00:00Z", "en", "utf-8")
    assert row.author == "Format Handbook contributors"
    assert row.licence_declared == "CC-BY-SA-4.0"
    assert row.licence_where == "Wikimedia terms of use at the time of the edit, for de.wikipedia.org by its siteinfo"
    assert row.licence_quote is None
    content = dump(page).encode()
    assert row.raw_offset == dump(page, base="https://de.wikipedia.org/wiki/Wikipedia:Hauptseite").encode().index(
        b"<page>"
    )
    assert row.raw_bytes == content.index(b"</page>") + 7 - content.index(b"<page>")


@pytest.mark.parametrize(
    ("base", "date", "licence"),
    [
        ("https://en.wikipedia.org/wiki/Main_Page", "2023-06-07T00:00:00Z", "CC-BY-SA-4.0"),
        ("https://en.wikipedia.org/wiki/Main_Page", "2023-06-06T23:59:59Z", "CC-BY-SA-3.0"),
        ("https://en.wikipedia.org/wiki/Main_Page", "yesterday", None),
        ("https://fr.wiktionary.org/wiki/Accueil", "2024-01-01T00:00:00Z", "CC-BY-SA-4.0"),
        ("https://en.wikinews.org/wiki/Main_Page", "2024-01-01T00:00:00Z", None),
        ("https://www.wikidata.org/wiki/Main_Page", "2024-01-01T00:00:00Z", None),
        ("https://notwikipedia.org/wiki/Main_Page", "2024-01-01T00:00:00Z", None),
        ("nonsense", "2024-01-01T00:00:00Z", None),
    ],
)
def test_a_licence_is_known_where_the_site_is(base: str, date: str, licence: str | None) -> None:
    (row,) = outcomes(dump(GOOD, base=base).replace("2025-05-04T10:00:00Z", date))
    assert isinstance(row, Row)
    assert row.licence_declared == licence
    assert (row.licence_where is None) == (licence is None)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://w.example/index.php?title=Main_Page", "http://w.example/index.php?title=Good"),
        ("http://w.example/index.php/Main_Page", "http://w.example/index.php/Good"),
        ("//w.example/wiki/Main_Page", "//w.example/wiki/Good"),
        ("", None),
    ],
)
def test_addresses_are_made_as_the_site_makes_them(base: str, url: str | None) -> None:
    (row,) = outcomes(dump(GOOD, base=base))
    assert isinstance(row, Row)
    assert row.url == url


def test_a_wiki_without_a_name_goes_by_its_file() -> None:
    content = f"<mediawiki>{XML}{FOOTER}"
    (row,) = outcomes(content)
    assert isinstance(row, Row)
    assert row.natural_key == f"{hashlib.sha256(content.encode()).hexdigest()}:1"
    assert (row.url, row.author, row.licence_declared, row.language_hint) == (None, None, None, None)


def test_the_last_revision_is_the_row() -> None:
    *older, row = outcomes(dump(WikiPage(5, "Grown", ("Draft.", "Second draft.", TEXT))))
    assert [brief(outcome) for outcome in older] == ["older_revision"] * 2
    assert isinstance(row, Row)
    assert row.natural_key == "demowiki:5@52"
    assert "something" in row.text


def test_a_file_that_ends_early_says_so() -> None:
    whole = dump(GOOD, WikiPage(2, "Two", (TEXT,)))
    cases = {
        0: ["truncated"],
        whole.index("<page>"): ["truncated"],
        whole.index("<page>") + 3: ["truncated"],
        whole.index("<page>") + 6: ["truncated", "truncated"],
        whole.index("</page>") + 6: ["truncated", "truncated"],
        whole.index("</page>") + 7: ["row", "truncated"],
        whole.rindex("</page>"): ["row", "truncated", "truncated"],
        whole.index(FOOTER) + 10: ["row", "row", "truncated"],
        whole.index(FOOTER) + 11: ["row", "row"],
    }
    for size, fates in cases.items():
        assert [brief(outcome) for outcome in outcomes(whole[:size])] == fates, size


def test_what_is_no_export_is_one_truncated_file() -> None:
    for path in ("a.xml", "a.xml.gz", "a.bz2"):
        assert [brief(outcome) for outcome in outcomes(b"nothing of the kind", path)] == ["truncated"]
        assert [brief(outcome) for outcome in outcomes(b"", path)] == ["truncated"]


@pytest.mark.parametrize("name", ["x-multistream-index.txt.bz2", "x-multistream-index3.txt-p1p9.bz2"])
def test_the_index_beside_a_dump_is_no_document(name: str) -> None:
    content = bz2.compress(b"616:10:Title\n")
    assert outcomes(content, name) == [NotADocument("wikipedia:stream_index", len(content))]
    assert Wikipedia().split(InputFile(name, len(content), "d"), io.BytesIO(content)) == [
        Piece(InputFile(name, len(content), "d"))
    ]


def test_all_packings_give_the_same_texts() -> None:
    plain = dump(GOOD, WikiPage(2, "Two", (TEXT,)))
    packed = {
        "a.xml": plain.encode(),
        "a.xml.gz": gzip.compress(plain.encode()),
        "a.xml-p1p2-shortened.bz2": bz2.compress(plain.encode()),
        "a.bz2": multistream([header(), XML, WikiPage(2, "Two", (TEXT,)).xml(), FOOTER]),
    }
    texts = {
        name: [row.text for row in outcomes(content, name) if isinstance(row, Row)] for name, content in packed.items()
    }
    assert all(len(rows) == 2 for rows in texts.values())
    assert len({tuple(rows) for rows in texts.values()}) == 1


def test_a_broken_block_costs_its_pages_alone() -> None:
    streams = [header(), *(WikiPage(n, f"Page {n}", (f"{TEXT} {n}",)).xml() for n in range(1, 6)), FOOTER]
    content = bytearray(multistream(streams))
    at = len(multistream(streams[:3])) + 60
    content[at] ^= 0x10
    found = outcomes(bytes(content), "a.bz2")
    assert [brief(outcome) for outcome in found] == ["row", "row", "broken_block", "row", "row"]
    assert isinstance(found[2], Dropped)
    assert found[2].raw_offset == len(multistream(streams[:3])) + 4


def test_the_demo_holds_what_it_says() -> None:
    fates = {name: Counter(map(brief, outcomes(content, name))) for name, content in files().items()}
    assert fates == {
        "demowiki-pages-articles-multistream.xml.bz2": {
            "row": 4,
            "redirect": 1,
            "namespace": 1,
            "not_wikitext": 1,
            "disambiguation": 1,
            "no_text": 1,
            "broken_page": 1,
        },
        "demowiki-pages-meta-history.xml": {"older_revision": 1, "row": 1},
        "demowiki-cut.xml.bz2": {"row": 1, "truncated": 2},
    }
    assert files() == files()
