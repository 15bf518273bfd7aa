"""Main text of web pages: total, deterministic, within budgets, and as good as measured on real pages."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction import html as module
from pipeline.extraction.html import extract

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


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b" " * module.MAX_HTML_BYTES + b"x", "resource:html_bytes"),
        (b"<i>" * (module.MAX_TAGS + 1), "resource:html_tags"),
        (b"<div>" * 1_000_000, "resource:html_tags"),
        (b"<div>" * (module.FEW_TAGS + 1), "resource:html_depth"),
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
