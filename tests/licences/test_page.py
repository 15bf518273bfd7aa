"""What of a page is its own licence: by the place of each statement, by hand; any bytes; real pages against labels."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.html import extract
from pipeline.licences.page import PageLicence, page_licence
from pipeline.licences.taxonomy import CLASSES, UNKNOWN, class_of

BY, SA_DE = "https://creativecommons.org/licenses/by/4.0/", "http://creativecommons.org/licenses/by-sa/3.0/de/"
RESERVED = "LicenseRef-all-rights-reserved"
IMAGE = f'<div itemscope itemtype="https://schema.org/ImageObject"><a itemprop=license href={BY}>licence</a></div>'
OWN_PAGE = "<a rel=license href=/w>Creative Commons Attribution License</a>"  # its words say which
BODY = "<p>" + "The river rose in the night, and nobody in the town had seen the like of it before. " * 6 + "</p>"
OPEN = {"public-domain", "permissive", "share-alike", "copyleft"}
GOLD = Path(__file__).parent / "gold/web_pages.tsv"


def read(html: str) -> PageLicence | None:
    return page_licence(extract(html.encode()).licences)


def spdx(html: str) -> str | None:
    found = read(html)
    return None if found is None else found.spdx


def page(article: str = "", footer: str = "", head: str = "", beside: str = "") -> str:
    return (
        f"<!doctype html><html><head><title>Rivers</title>{head}</head><body><article><h1>Rivers</h1>{BODY}{article}"
        f"</article>{beside}<footer>{footer}</footer></body></html>"
    )


def data(stated: str) -> str:
    """A script of JSON-LD, with the address of CC BY for `%s`."""
    return f'<script type="application/ld+json">{stated.replace("%s", BY)}</script>'


BADGE = "<img src=https://i.creativecommons.org/l/by-sa/4.0/88x31.png>"
ICON = "<img src=https://mirrors.creativecommons.org/presskit/icons/%s.svg?ref=chooser-v1>"
ICONS = "".join(ICON % name for name in ("cc", "by", "nc", "sa"))
LINK = f"<a rel=license href={BY}>CC BY 4.0</a>"
PLAIN = f"<a href={BY}>CC BY 4.0</a>"
ITEM = f"<link itemprop=license href={BY}>"
CHOSEN = (
    f'{LINK}<br><span xmlns:dct="http://purl.org/dc/terms/" href="http://purl.org/dc/dcmitype/%s" rel="dct:type">Rivers'
    f"</span> by Ada is licensed under a {LINK}."
)
ALL = "<p>© 2024 Example Ltd. All rights reserved.</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (page(), None),
        (page(head=f"<link rel=license href={BY}>"), "CC-BY-4.0"),
        (page(footer=f"<p>{PLAIN}</p>"), "CC-BY-4.0"),
        (page(article=f"<link itemprop=license href={BY}>"), "CC-BY-4.0"),
        (page(footer=f'<a property="cc:license" href={BY}>terms</a>'), "CC-BY-4.0"),
        (
            page(article=f"<div itemscope itemtype=http://schema.org/Dataset><link itemprop=license href={BY}></div>"),
            None,
        ),
        (page(article=f"<blockquote>This work is licensed under {LINK}</blockquote>"), None),
        (page(footer=f"<template>{LINK}</template>"), None),
        (page(footer="<a rel=license href=https://creativecommons.org/licenses/by/9.9/>terms</a>"), "NOASSERTION"),
        (
            page(
                footer="Theme by Ada, <a rel=license href=https://opensource.org/licenses/MIT>MIT</a> licence. © 2020"
            ),
            None,
        ),
        (
            page(footer=f"<p>Content is licensed under <a rel=license href={SA_DE}>CC BY-SA 3.0 DE</a></p>"),
            "CC-BY-SA-3.0-DE",
        ),
        (page(footer=f"<a rel=license href={SA_DE}><img src=i.png></a>"), "CC-BY-SA-3.0-DE"),
        (
            page(footer="<p>Text is available under the Creative Commons Attribution-ShareAlike 4.0 License.</p>"),
            "CC-BY-SA-4.0",
        ),
        (page(footer="<p>Alle Inhalte stehen unter Creative Commons BY-NC-SA 3.0.</p>"), "CC-BY-NC-SA-3.0"),
        (page(footer="<p>user contributions licensed under CC BY-SA</p>"), "LicenseRef-CC-BY-SA"),
        (page(footer="<p>Licensed under Creative Commons</p>"), "LicenseRef-CreativeCommons"),
        (
            page(footer="<p>This page is licensed under the Python Software Foundation License Version 2.</p>"),
            "PSF-2.0",
        ),
        (
            page(head='<meta name="dcterms.license" content="https://creativecommons.org/publicdomain/zero/1.0/">'),
            "CC0-1.0",
        ),
        (page(head='<meta name="DC.rights" content="All rights reserved">'), RESERVED),
        (page(head='<meta name="copyright" content="Example Ltd">'), None),
        (
            page(head=data('{"@type":"NewsArticle","license":"%s"}')),
            "CC-BY-4.0",
        ),
        (
            page(head=data('{"@graph":[{"@type":["WebPage"],"license":{"@id":"%s"}}]}')),
            "CC-BY-4.0",
        ),
        (page(head=data('{"@type":"Article","license":["%s"]}')), "CC-BY-4.0"),
        (page(head=data('{"@type":"Article","license":[{"url":"%s"},7,"https://a.example/terms"]}')), "NOASSERTION"),
        (page(head=data('{"@type":"Article","license":"\\ud800 x"}')), "NOASSERTION"),
        (page(head=data('{"@type":"ImageObject","license":"%s"}')), None),
        (
            page(head=data('{"@type":"Article","image":{"@type":"ImageObject","license":"%s"}}')),
            None,
        ),
        (
            page(
                head='<script type="application/ld+json">{"@type":"Article","license":"https://a.example/terms"}</script>'
            ),
            "NOASSERTION",
        ),
        (page(head="<link rel=license href=/license.xml>"), "NOASSERTION"),
        (page(head="<link rel=license href=/license.xml>", footer=f"<p>{PLAIN}</p>"), "NOASSERTION"),
        (page(head="<link rel=license href=#terms>", footer=f"<p>{PLAIN}</p>"), "CC-BY-4.0"),
        (page(footer=f"<p>Text is available under the {OWN_PAGE}</p>"), "LicenseRef-CC-BY"),
        # not the page's: captions, comments, sidebars, menus, credits, programs and samples
        (page(article=f"<figure><img src=a.jpg><figcaption>Photo: B, {LINK}</figcaption></figure>"), None),
        (page(article=f"<figure><img src=a.jpg><link rel=license href={BY}></figure>"), None),
        (page(footer=IMAGE), None),
        (page(beside=IMAGE), None),
        (page(article=f'<div class="wp-caption"><img src=a.jpg><p>A heron, {LINK}</p></div>'), None),
        (
            page(beside=f"<div id=comments><p>My texts are licensed under {LINK} anyway</p></div>"),
            None,
        ),
        (page(beside=f"<aside><p>This work is licensed under {LINK}</p></aside>"), None),
        (page(beside=f'<div class="sidebar"><p>This work is licensed under {LINK}</p></div>'), None),
        (page(beside=f"<nav><p>licensed under {LINK}</p></nav>"), None),
        (page(article=f"<p>Photo by Ada via Flickr, {LINK}</p>"), None),
        (page(article=f"<p>{BODY} The library is released under {PLAIN}, as others of its kind.</p>"), None),
        (page(footer=f"<p>Code samples are licensed under {PLAIN}.</p>"), None),
        (page(article="<p>We are not using the Creative Commons Attribution 4.0 licence for these files.</p>"), None),
        (page(footer=f"<p>This page is not licensed under {LINK}</p>"), None),
        (page(footer=f"<p>This page was never released under {PLAIN}</p>"), None),
        (page(footer=f"<p>This text may not be used under {LINK}</p>"), None),
        (page(footer=f"<p>The content is no longer available under {LINK}</p>"), None),
        (page(footer="<p>© CC BY NonCommercial 4.0</p>"), "CC-BY-NC-4.0"),
        (page(footer="<p>This work is licensed under CC BY 4.0 for non-commercial use only.</p>"), "CC-BY-NC-4.0"),
        (page(footer="<p>This work is licensed under CC BY 4.0. For academic use only.</p>"), "NOASSERTION"),
        (page(footer=f"<p>This work is licensed under {LINK} for research purposes.</p>"), "NOASSERTION"),
        (page(head='<meta name="dcterms.license" content="MIT license, no commercial use">'), "NOASSERTION"),
        *(
            (page(article=f"<p>{said}</p>"), None)
            for said in (
                "This software is licensed under the MIT license.",
                "The source code in this post is available under the MIT license.",
                "This library is released under the Apache License 2.0.",
                "The photos in this article are licensed under CC BY 4.0.",
                "Unless otherwise noted, photos on this site are licensed under CC BY 4.0.",
                "This dataset is available under CC BY 4.0.",
                "This page describes a program that is licensed under the MIT license.",
                "This page's images are licensed under CC BY 4.0.",
                "This contraption is licensed under CC BY 4.0.",
            )
        ),
        (page(footer=f"<p>Unless otherwise noted, photos on this site are licensed under {LINK}.</p>"), None),
        (page(footer=f"<p>This dataset is licensed under {LINK}.</p>"), None),
        (page(article="<p>This article, photos and code included, is licensed under CC BY 4.0.</p>"), "CC-BY-4.0"),
        (page(article="<p>Unless otherwise noted, this text is licensed under CC BY 4.0.</p>"), "CC-BY-4.0"),
        (
            page(article="<p>This text is licensed under CC BY-NC 4.0, its metadata under CC0.</p>"),
            "CC-BY-NC-4.0 AND CC0-1.0",
        ),
        # badges without a link
        (page(footer=BADGE), "CC-BY-SA-4.0"),
        (page(beside=f"<div>{BADGE}</div>"), "CC-BY-SA-4.0"),
        (page(article=f"<p>{BADGE}</p>"), "CC-BY-SA-4.0"),
        (page(footer=f"<noscript>{BADGE}</noscript>{BADGE}"), "CC-BY-SA-4.0"),
        (page(footer=f"<p>{BADGE}</p>{ALL}"), f"CC-BY-SA-4.0 AND {RESERVED}"),
        (page(footer=f"<a href=/terms>{BADGE}</a>"), "CC-BY-SA-4.0"),
        (page(footer=f"<a rel=license href={BY}>{BADGE}</a>"), "CC-BY-4.0"),
        (page(footer=ICONS), "LicenseRef-CC-BY-NC-SA"),
        (page(footer=f"<p>This work is licensed under {PLAIN}{ICON % 'cc'}{ICON % 'by'}</p>"), "CC-BY-4.0"),
        (page(footer='<img src=/i/cc-by-nc-88x31.png alt="Creative Commons License">'), "LicenseRef-CC-BY-NC"),
        (page(footer='<img src=/i/9f3.png alt="CC BY-NC 4.0">'), "CC-BY-NC-4.0"),
        (page(footer='<img data-src=/i/9f3.png alt="Creative Commons Attribution 4.0 License">'), "CC-BY-4.0"),
        (page(footer='<img src=heron.jpg alt="A heron (CC BY 4.0)">'), None),
        (page(footer=f"<p>This page is not under {BADGE}</p>"), None),
        (page(footer=f"<p>Photo: Ada {BADGE}</p>"), None),
        (page(footer=f"<p>Code samples are licensed under {BADGE}</p>"), None),
        (page(article=f"<figure>{BADGE}</figure>"), None),
        (page(article=f"<div class=wp-caption>{BADGE}<p>A heron</p></div>"), None),
        (page(beside=f"<div id=comments><p>Mine: {BADGE}</p></div>"), None),
        (page(beside=f"<aside>{BADGE}</aside>"), None),
        (page(beside=f"<article><h3>Another</h3><p>Of lakes</p>{BADGE}</article>"), None),
        (page(beside=f"<div class=teaser><a href=/b>Lakes</a>{BADGE}</div>"), None),
        (page(beside=f"<ul><li><a href=/b>Lakes</a>{BADGE}</ul>{BODY}<p>Seas {BADGE}</p>"), None),
        (page(article=f"<p>{BADGE}</p>{BODY}"), None),
        (page(article=f"<p>This article is licensed under {BADGE}</p>{BODY}"), "CC-BY-SA-4.0"),
        # RDFa and microdata
        (page(footer=f'<span property="dct:license" resource="{BY}">terms</span>'), "CC-BY-4.0"),
        (page(footer=f'<div rel="cc:license" resource="{BY}">terms</div>'), "CC-BY-4.0"),
        (page(footer=f'<span property="schema:license" content="{BY}">terms</span>'), "CC-BY-4.0"),
        (page(footer=f'<a property="https://schema.org/license" href="{BY}">terms</a>'), "CC-BY-4.0"),
        (page(footer="<a itemprop=license href=/terms>terms</a>"), "NOASSERTION"),
        (page(article=f'<meta itemprop="license" content="{BY}">'), "CC-BY-4.0"),
        (page(head=f'<meta property="dct:license" resource="{BY}">'), "CC-BY-4.0"),
        (page(head='<meta property="license" content="see imprint">'), None),
        (page(footer=f'<span about="" property="cc:license" resource="{BY}">terms</span>'), "CC-BY-4.0"),
        (page(footer=f'<span about="/heron.jpg" property="cc:license" resource="{BY}">terms</span>'), None),
        (page(footer=f'<link about="#photo" rel=license href="{BY}">'), None),
        (page(footer=f'<div about="https://a.example/heron.jpg"><p>{LINK}</p></div>'), None),
        (page(footer=f'<div resource="#photo" typeof="ImageObject"><p>{LINK}</p></div>'), None),
        (page(footer=f'<div typeof="foaf:Image"><p>{LINK}</p></div>'), None),
        (page(article=f'<div itemprop=image itemscope><meta itemprop="license" content="{BY}"></div>'), None),
        (page(article=f'<div typeof="schema:Article"><p>{LINK}</p></div>'), "CC-BY-4.0"),
        (page(head=f'<meta about="#photo" property="dct:license" resource="{BY}">'), None),
        (f"<div about=/node/12 typeof=sioc:Item>{BODY}<p>{LINK}</p></div>", "CC-BY-4.0"),
        (page(article=f"<div itemscope itemtype=https://schema.org/PodcastEpisode>{ITEM}</div>"), None),
        (page(article=f"<div itemscope itemtype=https://schema.org/3DModel>{ITEM}</div>"), None),
        (page(beside=f"<div itemscope itemtype=https://schema.org/Article>{ITEM}</div>"), None),
        (f"<div itemscope itemtype=https://schema.org/Article>{BODY}{ITEM}</div>", "CC-BY-4.0"),
        # the chooser of 2013, of a text and of a picture
        (page(footer=CHOSEN % "Text"), "CC-BY-4.0"),
        (page(footer=CHOSEN % "StillImage"), None),
        # credits and things without a verb
        (page(footer=f"<p>Icons by Ada, {PLAIN}. © Ben</p>"), None),
        (page(footer=f"<p>Design: Ada {PLAIN}</p>"), None),
        (page(footer=f"<p>Template by Ada {BADGE}</p>"), None),
        (page(footer=f"<p>Our data is free {BADGE}</p>"), None),
        (page(footer=f"<p>{BADGE} © 2020 Ada</p>"), "CC-BY-SA-4.0"),
        (f"<article>{BODY}<div>{BADGE} Ada Byron</div></article>", None),
        (f"<article>{BODY}<div><img src=heron.jpg alt=Heron>{BADGE}</div></article>", None),
        (page(footer=f"<p>Licensed under {PLAIN}. Not to be used to train models.</p>"), "NOASSERTION"),
        # site and post
        (page(footer=ALL), RESERVED),
        (page(footer=f"<p>{PLAIN}</p>{ALL}"), f"CC-BY-4.0 AND {RESERVED}"),
        (page(footer=f"<p>© 2024 Example {PLAIN} All rights reserved.</p>"), f"CC-BY-4.0 AND {RESERVED}"),
        (page(head=f"<link rel=license href={BY}>", footer=ALL), f"CC-BY-4.0 AND {RESERVED}"),
        (page(article=f"<p>This article is licensed under {LINK}.</p>", footer=ALL), "CC-BY-4.0"),
        (
            page(
                article=f"<p>This article is licensed under {LINK}.</p>",
                footer=f"<p>Content is licensed under <a rel=license href={SA_DE}>CC</a></p>",
            ),
            "CC-BY-4.0",
        ),
        (page(article=f"<p>{LINK}</p>", footer=ALL), f"CC-BY-4.0 AND {RESERVED}"),
        (page(footer="<p>Some rights reserved.</p>"), None),
        (page(footer="<p>Tous droits réservés</p>"), RESERVED),
        (page(footer="<p>Todos los derechos reservados</p>"), RESERVED),
    ],
)
def test_the_page_s_own_licence(html: str, expected: str | None) -> None:
    assert spdx(html) == expected


@pytest.mark.parametrize(
    ("about", "is_page"),
    [
        ("https://www.a.example/rivers/rise", True),
        ("http://a.example/rivers/rise/", True),
        ("https://a.example/", True),
        ("rise", True),
        ("/rivers", True),
        ("#", True),
        ("https://a.example/rivers/ris", False),
        ("https://a.example/lakes", False),
        ("https://a.example/rivers/rise?photo=2", False),
        ("https://b.example/rivers/rise", False),
        ("heron.jpg", False),
        ("#heron", False),
        ("http://[", False),
    ],
)
def test_what_rdfa_is_about(about: str, is_page: bool) -> None:
    html = page(footer=f'<div about="{about}"><a rel=license href={BY}>terms</a></div>')
    found = page_licence(extract(html.encode(), url="https://a.example/rivers/rise").licences)
    assert (found is not None) == is_page


def test_a_statement_is_quoted_and_located_in_the_page() -> None:
    html = page(footer=f"<p>Übrigens: content is licensed under {LINK}</p>")
    found = read(html)
    assert found is not None
    assert html.encode()[found.start : found.end].decode() == BY
    assert (found.method, found.where) == ("rel", "footer")
    assert found.quote == "Übrigens: content is licensed under CC BY 4.0"


def test_a_conflict_quotes_both_sides_and_is_less_sure() -> None:
    found = read(page(footer=f"<p>{LINK}</p>{ALL}"))
    assert found is not None
    assert class_of(found.spdx) == "conflicting"
    assert "CC BY 4.0" in found.quote
    assert "All rights reserved" in found.quote
    assert found.confidence == 5000


PIECES = st.sampled_from(
    [
        LINK,
        PLAIN,
        ALL,
        "<aside>",
        "</aside>",
        "<footer>",
        "<figure>",
        "<p>",
        "<div class=sidebar>",
        "licensed under CC BY",
        '<script type=application/ld+json>{"@type":"Article","license":',
        "</script>",
        "<meta name=rights content=",
        "CC-BY-SA 3.0 ",
        "©",
        "[" * 40,
        BADGE,
        ICONS,
        '<div about="#a" resource=',
        "<meta itemprop=license content=",
        "<img alt='CC BY 4.0' src=",
        "\0",
    ]
)


@given(parts=st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_page_has_one_answer_with_its_evidence(parts: list[str]) -> None:
    html = "".join(parts).encode("utf-8", "surrogatepass")
    found = page_licence(extract(html).licences)
    assert found == page_licence(extract(html).licences)
    if found is not None:
        assert class_of(found.spdx) in CLASSES
        assert 0 < len(found.quote) <= 200
        assert 0 <= found.start <= found.end


ANY_JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.just(BY), st.text(st.sampled_from('a"/é\ud800\udfff'), max_size=9)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["@id", "url", "license"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(stated=ANY_JSON)
@settings(max_examples=100, deadline=None)
def test_any_licence_in_json_ld_has_an_answer_that_can_be_written(stated: object) -> None:
    whole = json.dumps({"@type": "Article", "license": stated})  # half characters as escapes, as a page may have them
    statements = extract(page(head=data(whole.replace("%s", ""))).encode()).licences
    for each in statements:
        each.said.encode()
    found = page_licence(statements)
    assert found is None or (found.spdx == "CC-BY-4.0") <= (BY in whole)


@pytest.mark.data
def test_real_pages(shared_data) -> None:  # type: ignore[no-untyped-def]
    """477 pages labelled by hand: none open that should not be; floors of what is right."""
    with GOLD.open(encoding="utf-8", newline="") as stream:
        gold = {(row["file"], row["url"]): row for row in csv.DictReader(stream, delimiter="\t")}
    pairs: Counter[tuple[str, str]] = Counter()
    for name in sorted({file for file, _ in gold}):
        packed = shared_data(f"web/{name}.warc.gz").read_bytes()
        for record in ArchiveIterator(
            BytesIO(gzip.decompress(packed)), record_types=WarcRecordType.response, parse_http=True
        ):
            row = gold.get((name, str(record.headers.get("WARC-Target-URI"))))
            if row is not None:
                found = page_licence(extract(record.reader.read(), charset=record.http_charset).licences)
                pairs[row["class"], UNKNOWN if found is None else class_of(found.spdx)] += 1
    assert sum(pairs.values()) == len(gold) == 477
    assert not {pair for pair in pairs if pair[1] in OPEN and pair[0] not in OPEN}
    assert sum(count for (wanted, got), count in pairs.items() if wanted == got) >= 470
    labelled = sum(count for (wanted, _), count in pairs.items() if wanted in OPEN)
    assert sum(count for (wanted, got), count in pairs.items() if wanted == got and got in OPEN) >= labelled - 2
