"""Main text of web pages: total, deterministic, within budgets, and as good as measured on real pages."""

from __future__ import annotations

import codecs
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLParserException, HTMLTree

from pipeline.extraction import html as module
from pipeline.extraction.html import extract
from pipeline.extraction.html_budget import burden

PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<div class=a>", "</div>", "<table>", "<tr>", "<td>", "<li>", "<b>", "<article>", "<select>"),
        *("<script>", "<!--", "-->", "<![CDATA[", "<plaintext>", "<template>", "<svg>", "<frameset>", "</html>"),
        *("<title>", "<html lang=", "<meta name=date content=", '"', "'", ">", "<", "text ", "\0", "\ud7ff"),
        *("&#xD800;", "&#0;", "&nbsp;", "&#x10FFFF;"),
    ]
)


@given(st.one_of(st.binary(max_size=3000), st.lists(PIECES, max_size=60).map(lambda parts: "".join(parts).encode())))
@settings(deadline=None, max_examples=300)
def test_any_bytes_have_one_answer(data):
    page = extract(data, url=None, charset=None)
    assert page == extract(data, url=None, charset=None)
    (page.text + (page.title or "")).encode("utf-8")


def test_what_a_page_says_of_itself():
    page = extract(
        b"""<!doctype html><html lang="pt_BR"><head><title> Two
        words </title><meta property="article:published_time" content="2019-04-19T08:00:00Z">
        <meta name=date content=2001-01-01></head><body><main><p>Some text of our own.</p></main></body></html>""",
        url=None,
        charset=None,
    )
    assert (page.text, page.title, page.language, page.date) == (
        "Some text of our own.",
        "Two words",
        "pt-BR",
        "2019-04-19",
    )


@pytest.mark.parametrize(
    ("markup", "date"),
    [
        ('<meta itemprop="datePublished" content="2020/02/29">', "2020-02-29"),
        ('<meta name="DC.Date" content="2020-02-28 10:00">', "2020-02-28"),
        ('<meta name="date" content="2019-02-29">', None),
        ('<meta name="date" content="1899-01-01">', None),
        ('<meta name="date" content="20190228">', None),
        ('<meta name="date" content="soon"><time datetime="2018-01-31">x</time>', "2018-01-31"),
        ("<time>2018-01-31</time>", None),
        ('<meta name="last-modified" content="2018-01-31">', None),
    ],
)
def test_dates(markup, date):
    assert extract(f"<html><head>{markup}</head><body>x".encode(), url=None, charset=None).date == date


@pytest.mark.parametrize("lang", ["", "x", "english, or so", "de_", "<b>"])
def test_what_is_no_language_is_none(lang):
    assert extract(f'<html lang="{lang}"><p>x'.encode(), url=None, charset=None).language is None


def distinct(times: int, name: bytes = b"b", then: bytes = b"") -> bytes:
    """`times` start tags of which none is another's twin, each with `then` behind it."""
    return b"".join(b"<%s a=%d>" % (name, i) + then for i in range(times))


REOPENING = b"<p>x" * 2_000
PAGES_WITHIN_BUDGET = [
    b"<p><a href=/x>x <b>y</b></a>" * 20_000,
    b"<font size=2><table><tr><td><b>x</b><td><i>y</i></table></font>" * 300,
    b"<table>" + b"<tr><td><a name=x>x<td><font>y<tr><th><b>z</th></tr>" * 3_000 + b"</table>",
    b"<a name=x>" * 3_000 + b"<p>x" * 3_000,
    b"<a href=/><svg><title>x</title><style><![CDATA[a > b {}]]></style><desc>y</desc><path/></svg></a>" * 3_000,
    b"<p>x<math><mi>x<!-- y --></mi><mo>&lt;</mo></math></p>" * 3_000,
    b"<script>s = '<b>' + '<p>'</script><!-- <b><b> -->x" * 3_000,
    b"<script><!-- <script> </script> <b> --></script>x" * 3_000,
    b"<p>x</p><select><option>x<script>i<2</script></select>" * 500,
    b"<svg><foreignObject><div>x</div></foreignObject></svg><style>a{content:'<i></i>'}</style>" * 10 + b"<p>x" * 2_000,
]
# Each hides an end tag, or the start tags, from a reader that is less exact than the parser.
HIDING = [
    distinct(500, then=b'<x y="</b>">'),
    distinct(500, then=b"<x y = '</b>'>"),
    distinct(500, then=b"<!-- </b> -->"),
    distinct(500, then=b"<script></b></script>"),
    distinct(500, then=b"<table></b></table>"),
    b"<table><table></table><td>" + distinct(500) + b"</td>",
    b"<table><tr></td>" + distinct(500) + b"</td>",
    b"<table><td>" + distinct(500) + b"</th>",
    b"<table><td>" + distinct(500) + b"<table><tr><object><td></td></object></table>" + b"</b>" * 500 + b"</td>",
    distinct(500, then=b"<object></b></object>"),
    distinct(500, then=b"<svg><desc><p></b></desc></svg>"),
    distinct(500, then=b"<select></b></select>"),
    distinct(500, then=b"<template></b></template>"),
    b"<!-->" + distinct(500) + b"-->",
    b"<!-- --!>" + distinct(500) + b"-->",
    b'<x ="> ' + distinct(500) + b'">',
    b"<svg><title><p></svg>" + distinct(500) + b"</title>",
    b"<svg><style/></svg>" + distinct(500) + b"</style>",
    b"<svg><![CDATA[ > <x y=']]>" + distinct(500) + b"'></svg>",
    b"<script><!-- <script> --></script>" + distinct(500) + b"</script>",
]


@pytest.mark.parametrize("html", PAGES_WITHIN_BUDGET)
def test_what_is_well_formed_is_within_budget(html):
    assert extract(html).over_budget is None


@pytest.mark.parametrize(
    "html",
    [
        b"<p>" + distinct(2_400) + b"<p>x" * 2_500,
        b"<p>" + distinct(400) + b"<p>x" * 20_000,
        b"<p>" + distinct(480) + b"<p>x" * 90_000,
        b"<div>" * 500 + distinct(500) + b"x</div>" * 500,
        distinct(500) + distinct(500, b"i") + b"</b>x" * 500,
        *(b"<p>" + hiding + REOPENING for hiding in HIDING),
        codecs.BOM_UTF16_LE + (b"<p>" + distinct(480) + REOPENING).decode().encode("utf-16-le"),
    ],
)
def test_formatting_is_bounded_by_how_often_it_is_opened_again(html):
    assert extract(html).over_budget == "resource:html_formatting"


NAMES = st.sampled_from(
    [
        *("table", "tr", "td", "caption", "col", "select", "option", "template", "svg", "math", "mi", "mo", "desc"),
        *("foreignObject", "annotation-xml", "title", "g", "object", "p", "div", "span", "i", "a", "font", "nobr"),
        *("button", "li", "h1", "form", "input", "textarea", "style", "script", "iframe", "noscript", "plaintext"),
    ]
)
MARKUP = st.one_of(
    NAMES.map("<{}>".format),
    NAMES.map("</{}>".format),
    st.sampled_from(
        [
            *("<!-->", "<!--", "-->", "<![CDATA[", "]]>", "<?x", "</>", "</b>", "</i>", "<svg/>", "<title/>", ">", '"'),
            *('<x y="</b>">', "<x y='", "'>", '<x =">', "</b x='>'>", "<a b=c/>", "<font color=1>", "<!--<", "x"),
            "<script><!--<script>",
        ]
    ),
)


@given(
    before=st.lists(MARKUP, max_size=4).map("".join),
    unit=st.lists(MARKUP, max_size=8).map("".join),
    ending=st.sampled_from(["<p>x", "<div>x</div>", "</p>x", "<td>x</td>", "<li>x"]),
)
@settings(deadline=None, max_examples=300)
def test_the_parser_never_opens_more_than_was_foreseen(before, unit, ending):
    page = before + "".join(f"<b a=q{i}>{unit}" for i in range(60)) + ending * 200
    reopened, _ = burden(np.frombuffer(page.encode(), np.uint8))
    if reopened < 60 * 200:  # else there is nothing to be learnt
        opened = HTMLTree.parse(page).document.html.count("<b a=")
        assert opened <= reopened + 10 * page.count("<")  # an end tag may copy a few by itself (HTML 13.2.6.4.7)


def test_attributes_are_compared_within_budget():
    tag = b"<p " + b" ".join(b"a%d" % i for i in range(5_000)) + b">x"
    assert extract(tag * 2).over_budget is None
    assert extract(tag * 3).over_budget == "resource:html_attributes"
    assert extract(b"<p title='" + b"a " * 50_000 + b"'>x").over_budget is None


def test_a_page_with_very_many_dates_takes_linear_time():
    metas = b"<meta name=date content=2001-01-01>" + b"<meta name=date content=2002-02-02>" * 99_000
    assert extract(b"<head>" + metas + b"<body>x").date == "2001-01-01"


def test_what_the_parser_gives_up_is_data(monkeypatch):
    class NoMemory:
        @staticmethod
        def parse(text):
            raise HTMLParserException("Failed to parse HTML")

    monkeypatch.setattr(module, "HTMLTree", NoMemory)
    assert extract(b"<p>x").over_budget == "resource:html_parser"


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b" " * module.MAX_HTML_BYTES + b"x", "resource:html_bytes"),
        (b"<i>" * (module.MAX_TAGS + 1), "resource:html_tags"),
        (b"<div>" * 1_000_000, "resource:html_tags"),
        (b"<div>" * (module.FEW_ELEMENTS + 1), "resource:html_depth"),
        (b"<article>x" * 50_000, "resource:html_depth"),
        (b"<div>" * (module.MAX_DEPTH - 3) + b"<p>x</p>" * 6_000, None),
        (b"<div>" * (module.MAX_DEPTH + 1) + b"<p>x</p>" * 6_000, "resource:html_depth"),
        (b"".join(b"<font size=%d>" % i for i in range(50_000)), "resource:html_formatting"),
        (b"<div " + b" ".join(b"a%d" % i for i in range(100_000)) + b">x", "resource:html_attributes"),
        (b'<img src="data:image/png;base64,' + b"A" * 1_000_000 + b'"><p>x', None),
        (b"<script>" + b'{"a": 1, "b": 2},' * 50_000 + b"</script><p>x", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_budgets(html, reason):
    page = extract(html, url=None, charset=None)
    assert page.over_budget == reason
    assert (page.text == "") == (reason is not None)


def pages(path: Path) -> Iterator[tuple[str, bytes, str | None]]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            yield record.headers["WARC-Target-URI"], record.reader.read(), record.http_charset


def f1(found: Counter[str], gold: Counter[str]) -> float:
    common = (found & gold).total()
    return 2 * common / max(1, found.total() + gold.total())


def mean_f1(folder: Callable[[str], Path], name: str, tokens: Callable[[str], list[str]]) -> tuple[int, float]:
    """Pages judged and their mean F1, over the multisets of `tokens`."""
    with gzip.open(folder(f"web/{name}.gold.jsonl.gz"), "rt") as lines:
        rows = [json.loads(line) for line in lines]
    gold = {
        row["url"]: row["text"]
        for row in rows
        if row["text"] and not row.get("spa") and (row.get("gold_recall_in_html") or 1) >= 0.5
    }
    scores = [
        f1(Counter(tokens(extract(html, url=url, charset=charset).text)), Counter(tokens(gold[url])))
        for url, html, charset in pages(folder(f"web/{name}.warc.gz"))
        if url in gold
    ]
    return len(scores), sum(scores) / len(scores)


@pytest.mark.data
def test_quality_on_english_pages_of_seven_types(shared_data):
    count, score = mean_f1(shared_data, "wcxb_dev", lambda text: re.findall(r"\w+", text.lower()))
    assert count == 669
    assert score >= 0.765, score  # 0.771 with resiliparse 2.0.1; raise it with the extractor, never lower it silently


@pytest.mark.data
def test_quality_on_chinese_pages(shared_data):
    count, score = mean_f1(shared_data, "chinese_wce", lambda text: [char for char in text if not char.isspace()])
    assert count == 29
    assert score >= 0.88, score  # 0.890; every page is decoded right, see test_charset
