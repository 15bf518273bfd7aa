"""Main text of web pages: total, deterministic, within budgets, and as good as measured on real pages."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.html import extract
from pipeline.extraction.html import main_text as module
from pipeline.extraction.html.labels import is_usable, multiset_f1, words_of
from pipeline.extraction.html.lexicon import AUTHOR_NAMES, DATE_NAMES
from pipeline.extraction.html.model import CARD as CARD_FILE

CARD = json.loads(CARD_FILE.read_text())
TRAINED_FLOOR = 0.918  # .9210; .9222 before comments were an option: forums that call their posts so
CHINESE_FLOOR = 0.875  # .8794; two forum pages of which the gold text has one post
ARTICLES_FLOOR = 0.918  # .9195; trafilatura 2.3.1 has .9252
CHINESE_GOLD = "496fb71f8466a33ea34a54234a7e7315acbc2ed1733b70d5e975da56bcc9ebfb"
ARTICLES_GOLD = "1a5a3332a676c1458eb2b2ced26827143999908d25c5ec5dcfbd2d928821c80a"
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


SHAPES = [
    b"<p><a href=/x>x <b>y</b></a>" * 20_000,
    b"<font size=2><table><tr><td><b>x</b><td><i>y</i></table></font>" * 300,
    b"<table>" + b"<tr><td><a name=x>x<td><font>y<tr><th><b>z</th></tr>" * 3_000 + b"</table>",
    b"<a name=x>" * 3_000 + b"<p>x" * 3_000,
    b"<a href=/><svg><title>x</title><style><![CDATA[a > b {}]]></style><desc>y</desc><path/></svg></a>" * 3_000 + b"z",
    b"<p>x<math><mi>x<!-- y --></mi><mo>&lt;</mo></math></p>" * 3_000,
    b"<script>s = '<b>' + '<p>'</script><!-- <b><b> -->x" * 3_000,
    b"<script><!-- <script> </script> <b> --></script>x" * 3_000,
    b"<p>x</p><select><option>x<script>i<2</script></select>" * 500,
    b"".join(b"<font size=%d>" % i for i in range(50_000)) + b"x",
    b"<p " + b" ".join(b"a%d" % i for i in range(100_000)) + b">x",
    b"<p>" + b"".join(b"<b a=%d>" % i for i in range(2_400)) + b"<p>x" * 2_500,
    b"<div>" * 500 + b"<p>x</p>" * 30_000,
    b"<math>" * 100 + b"<mi>x</mi>" * 30_000 + b"</math>" * 100 + b"z",
    b"<li>x" * 90_000,
    b"<pre>" + b"x\n" * 500_000,
    b"x<br>" * 90_000,
    b"<p>x y</p><script><!--" + b"<a" * 99_000,
    b"<p>x</p><script><!--" + b"</a" * 99_000,
    b"<p>x <math><" + b"a" * 99_000 + b"<b></math>",
    b"<p>x <math><" + b"a:" * 49_000 + b"<b></math>",
    b"<p>x <math>" + b"<annotation>" * 8_000 + b"</annotation></math>",
    b"<p>x <math><annotation " + b"encoding=" * 10_000 + b"></annotation></math>",
    b"<p>x <math><annotation encoding=" + b" " * 99_000 + b"></annotation></math>",
    b"<p>x <math " + b"alttext=" * 12_000 + b"></math>",
    b"<meta " * 170 + b"charset=" + b" " * 3_000 + b"!><p>x",
    b"<p>x" + b"".join(b'<script type=application/ld+json>"author":' + b" " * 65_000 + b"</script>" for _ in range(8)),
    b"<p>x<script type=application/ld+json>" + b'"author":{"name":' * 3_800 + b"</script>",
    b"<ol><li>x y z words here</ol>" * 33_000,
    b"<table><tr>" + b"<td rowspan=65534>x" * 60 + b"<tr><td>z" * 40_000,
    b"<table><tr>" + b"<td>x" * 45_000 + b"<tr><td>z" * 20_000,
    b"<pre>x" + b"<div>}<b> </b></div>" * 24_000,
]
MAX_CPU_S = 10.0  # ten times what the dearest takes; time of other processes is not in it


@pytest.mark.parametrize("html", SHAPES)
def test_shapes_that_were_dear_are_cheap(html):
    extract(b"<p>x <math><mi>y</mi></math><ol><li>z</ol>")  # reads compiled code
    before = time.process_time()
    page = extract(html)
    assert time.process_time() - before < MAX_CPU_S
    assert page.over_budget is None
    assert "x" in page.text or "z" in page.text


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b" " * module.MAX_HTML_BYTES + b"x", "resource:html_bytes"),
        (b"<p>x" * (50 << 18), "resource:html_bytes"),
        (b"<i>" * (module.MAX_TAGS + 1), "resource:html_tags"),
        (b"x" + b"<i>" * module.MAX_TAGS, None),
        (b"<div>" * 1_000_000, "resource:html_tags"),
        (codecs.BOM_UTF16_LE + ("<i>" * (module.MAX_TAGS + 1)).encode("utf-16-le"), "resource:html_tags"),
        (b"<div>" * module.MAX_DEPTH + b"x", "resource:html_depth"),
        (b"<article>x" * 50_000, "resource:html_depth"),
        (b"<div>" * (module.MAX_DEPTH - 2) + b"<p>x</p>" * 6_000, None),
        (b'<img src="data:image/png;base64,' + b"A" * 1_000_000 + b'"><p>x', None),
        (b"<script>" + b'{"a": 1, "b": 2},' * 50_000 + b"</script><p>x", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_budgets(html, reason):
    page = extract(html, url=None, charset=None)
    assert page.over_budget == reason
    assert (page.text == "") == (reason is not None)


@pytest.mark.parametrize(
    "place", ["<p>{} x", "<pre>{} x", "<p><math><mi>{}</mi></math> x", "<p><img class=latex alt='{}'> x"]
)
@pytest.mark.parametrize(
    ("reference", "character"),
    [
        ("&#" + "1" * 5_000 + ";", "\ufffd"),
        ("&#" + "0" * 5_000 + "65;", "A"),
        ("&#" + "0" * 5_000 + ";", "\ufffd"),
        ("&#x" + "0" * 5_000 + "41", "A"),
        ("&#" + "0" * 70 + "66", "B"),
        ("&#67", "C"),
    ],
)
def test_references_of_any_length_are_characters(reference, character, place):
    page = extract(f"<title>{reference}</title>{place.format(reference)}".encode())
    assert page.title == character
    assert character in page.text
    assert "x" in page.text


CHINESE = "今天的天气很好，我们去公园散步。公园里有很多人，也有很多花。" * 4


@pytest.mark.parametrize(
    ("html", "charset", "text"),
    [
        (b"<p>One\0 two\0 three, and four.", "utf-8", "One two three, and four."),
        (b"<p>" + CHINESE.encode() + b"\xff", "utf-8", CHINESE + "\ufffd"),
        (f"<p>{CHINESE}".encode("gb18030"), "gb18030", CHINESE),
        (f"<meta charset=gb2312><p>{CHINESE}".encode("gb18030"), "gb18030", CHINESE),
        (codecs.BOM_UTF16_LE + f"<p>{CHINESE}".encode("utf-16-le"), "utf-16-le", CHINESE),
        (codecs.BOM_UTF16_BE + f"<p>{CHINESE}".encode("utf-16-be"), "utf-16-be", CHINESE),
        (codecs.BOM_UTF8 + f"<p>{CHINESE}".encode(), "utf-8", CHINESE),
        (f"<p>{CHINESE}".encode()[:-1], "utf-8", CHINESE[:-1]),
    ],
)
def test_encodings(html, charset, text):
    page = extract(html)
    assert (page.charset, page.text) == (charset, text)


ARTICLE = {
    "de": "Der Zug hielt lange vor der Stadt, weil die Brücke gesperrt war. Niemand wusste, wie lange es dauern würde.",
    "zh": "火车在城外停了很久，因为桥被封锁了。没有人知道要等多长时间，大家都坐在窗边看着河水。" * 2,
    "ar": "توقف القطار طويلا أمام المدينة، لأن الجسر كان مغلقا. لم يعرف أحد كم سيستغرق ذلك من الوقت.",
    "ja": "列車は町の手前で長い間止まっていた。橋が通行止めになっていたからだ。いつまで待つのか、誰も知らない。" * 2,
}


@pytest.mark.parametrize("language", ARTICLE)
def test_an_article_in_any_language_is_told_from_its_menu(language):
    menu = "".join(f"<li><a href=/{i}>Menu {i}</a></li>" for i in range(12))
    body = "".join(f"<p>{i} {ARTICLE[language]}</p>" for i in range(5))
    html = f"<html lang={language}><nav><ul>{menu}</ul></nav><article><h1>Title</h1>{body}</article><footer>{menu}"
    text = extract(html.encode()).text
    assert text.count(ARTICLE[language]) == 5
    assert "Menu" not in text


def test_author_and_licences_stand_beside_the_text():
    page = extract(
        b"""<meta name=author content="Ada &amp; Bo"><p>Some text of our own.</p>
        <a rel="license nofollow" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>
        <a href="http://creativecommons.org/licenses/by/4.0/">again</a><a href=/about>no licence</a>"""
    )
    assert page.author == "Ada & Bo"
    assert [(each.method, each.said) for each in page.licences if each.method != "words"] == [
        ("rel", "https://creativecommons.org/licenses/by/4.0/"),
        ("link", "http://creativecommons.org/licenses/by/4.0/"),
    ]


@pytest.mark.parametrize(
    "before",
    [
        b"<meta itemprop=price content=1>",
        b"<meta itemprop=datePublished content=soon>",
        b"<time datetime=2020-01-02>x</time>",
        b"<a rel=author href=/a>Ada</a>",
        b"<script type=application/ld+json>{}</script>",
    ],
)
def test_no_kind_of_fact_crowds_out_another(before):
    page = extract(
        b"<p>x</p>" + before * 500 + b"<meta name=date content=2019-01-02><meta name=author content=Bo>"
        b"<a rel=license href=/terms>terms</a>"
    )
    assert [each.said for each in page.licences] == ["/terms"]
    assert page.author == "Bo"


@pytest.mark.parametrize("name", [*DATE_NAMES, *AUTHOR_NAMES])
def test_every_name_of_a_meta_is_noted(name):
    page = extract(f'<meta name="{name.upper()}" content="2019-01-02"><p>x'.encode())
    assert "2019-01-02" in (page.date, page.author)


@pytest.mark.parametrize(
    ("json_ld", "date", "author"),
    [
        ('{"datePublished": "2020-02-03T10:00", "author": {"@type": "Person", "name": "Ada"}}', "2020-02-03", "Ada"),
        ('{"author": ["Bo"]}', None, "Bo"),
        ('{"author": "", "datePublished": "soon"}', None, None),
        ("{broken", None, None),
    ],
)
def test_json_ld_is_asked_for_what_no_meta_says(json_ld, date, author):
    page = extract(f"<script type=application/ld+json>{json_ld}</script><p>x".encode())
    assert (page.date, page.author) == (date, author)


@pytest.mark.data
def test_the_operating_point_moves_the_text_one_way(shared_data):
    sizes = []
    for weight in (0, 30, 100, 400):
        found = [
            len(extract(html, charset=charset, recall_weight=weight).text)
            for _, html, charset in list(pages(shared_data("web/trafilatura_eval.warc.gz")))[:40]
        ]
        sizes.append(sum(found))
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def pages(path: Path) -> Iterator[tuple[str, bytes, str | None]]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            yield record.headers["WARC-Target-URI"], record.reader.read(), record.http_charset


def mean_f1(folder: Callable[[str], Path], name: str, tokens: Callable[[str], list[str]]) -> tuple[int, float]:
    """Pages judged and their mean F1, over the multisets of `tokens`."""
    with gzip.open(folder(f"web/{name}.gold.jsonl.gz"), "rt") as lines:
        rows = [json.loads(line) for line in lines]
    gold = {row["url"]: row["text"] for row in rows if is_usable(row)}
    scores = [
        multiset_f1(Counter(tokens(extract(html, url=url, charset=charset).text)), Counter(tokens(gold[url])))
        for url, html, charset in pages(folder(f"web/{name}.warc.gz"))
        if url in gold
    ]
    return len(scores), sum(scores) / len(scores)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.data
def test_quality_on_pages_that_the_model_was_trained_on(shared_data):
    """A floor under code, not an estimate: that is the cross-validation in the model's card."""
    assert digest(shared_data("web/wcxb_dev.gold.jsonl.gz")) == CARD["trained_on"]["gold_sha256"]
    count, score = mean_f1(shared_data, "wcxb_dev", words_of)
    assert count == 669
    assert score >= TRAINED_FLOOR, score  # raise it with the extractor, never lower it silently


@pytest.mark.data
def test_quality_on_chinese_pages(shared_data):
    assert digest(shared_data("web/chinese_wce.gold.jsonl.gz")) == CHINESE_GOLD
    count, score = mean_f1(shared_data, "chinese_wce", lambda text: [char for char in text if not char.isspace()])
    assert count == 29
    assert score >= CHINESE_FLOOR, score


@pytest.mark.data
def test_quality_on_articles_of_other_annotators(shared_data):
    """Snippets that must be in the text and others that must not: trafilatura's own measure."""
    gold = shared_data("web/trafilatura_eval.gold.jsonl.gz")
    assert digest(gold) == ARTICLES_GOLD
    with gzip.open(gold, "rt") as lines:
        rows = {row["url"]: row for row in map(json.loads, lines)}
    hit = missed = wrong = 0
    for url, html, charset in pages(shared_data("web/trafilatura_eval.warc.gz")):
        flat = " ".join(extract(html, charset=charset).text.split())
        found = [" ".join(part.split()) in flat for part in rows[url].get("with") or ()]
        hit += sum(found)
        missed += len(found) - sum(found)
        wrong += sum(" ".join(part.split()) in flat for part in rows[url].get("without") or ())
    assert 2 * hit / (2 * hit + missed + wrong) >= ARTICLES_FLOOR
