"""The scanner of pages: the blocks it makes, and that it sees the text that a parser of the whole standard sees."""

from __future__ import annotations

import html as entities
import re
from collections import Counter
from html.entities import html5

import numpy as np
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLTree

from pipeline.extraction.charset import decode
from pipeline.extraction.html.page import MAX_DEPTH, N_PARENT, S_BREAK
from pipeline.extraction.html.scan import scan
from pipeline.extraction.html.tags import TAG_NAMES
from pipeline.extraction.html.words import B_END_SEGMENT, B_LINK_UNITS, B_SEGMENT, B_TAG, B_UNITS, BLOCK_COLUMNS

UNSEEN = (
    "script,style,template,select,datalist,video,audio,canvas,object,applet,svg,math,textarea,iframe,noembed,noframes"
    ",xmp,title,rt,rp,.katex-html,.MathJax_Preview,.MathJax_SVG"
)


def scanned(markup: str | bytes):
    data = markup.encode() if isinstance(markup, str) else markup
    return scan(np.frombuffer(data, np.uint8), data.count(b"<"))


def texts(page) -> list[str]:
    """The text of each block, references decoded."""
    raw, found = page.data.tobytes(), []
    for block in page.blocks:
        parts = page.segments[block[B_SEGMENT] : block[B_END_SEGMENT]].tolist()
        made = [raw[start:end] if kind < S_BREAK else b"\n" for start, end, kind in parts]
        found.append(entities.unescape(b"".join(made).decode("utf-8", "replace")))
    return found


def seen_by_lexbor(markup: str) -> str:
    tree = HTMLTree.parse(markup)
    for element in tree.document.query_selector_all(UNSEEN).values():
        element.decompose()
    root = tree.document.query_selector("html")
    return root.text if root else ""


@pytest.mark.parametrize(
    ("markup", "blocks"),
    [
        ("<p>a<p>b", ["a", "b"]),
        ("<p>a <b>b</b> c</p>d", ["a b c", "d"]),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>d", ["a", "b", "c", "d"]),
        ("<table><tr><td>a<td>b<tr><th>c</table>", ["a", "b", "c"]),
        ("<p>a<br>b<br><br>c", ["a\nb", "c"]),
        ("<dl><dt>a<dd>b<dt>c</dl>", ["a", "b", "c"]),
        ("<h1>a<h2>b</h1>c", ["a", "b", "c"]),
        ("a<script>b</script>c<style>d</style><!-- e --><textarea>f</textarea>g", ["acg"]),
        ("<title>a</title><p>b", ["b"]),
        ("a<select><option>b</select>c<template><p>d</template>e", ["a", "c", "e"]),
        ("<svg><text>a</text><title>b</title></svg>c", ["c"]),
        ("<svg><path/><p>a</p></svg>b", ["a", "b"]),
        ("<p>a <math/>b</p>c", ["a b", "c"]),
        ("a < b <3 c", ["a < b <3 c"]),
        ("<p>1 &lt; 2 &amp; 3", ["1 < 2 & 3"]),
        ("<noscript><p>a</p></noscript>b", ["a", "b"]),
        ("<p>|</p><p>-</p><p>a</p>", ["a"]),
        ("<div title='<p>x'>a</div>", ["a"]),
        ("<![CDATA[a]]>b<?php c ?>d", ["bd"]),
        ("<plaintext>a<p>b", ["a<p>b"]),
        ("<ruby>漢<rp>(<rt>kan<rp>)</ruby>字", ["漢字"]),
        ("", []),
        ("<", []),
        ("</", []),
        ("<p", []),
    ],
)
def test_blocks(markup, blocks):
    assert [text.strip() for text in texts(scanned(markup))] == blocks


@pytest.mark.parametrize(
    ("markup", "units", "linked"),
    [
        ("<p>one two <a href=x>three</a>", 6, 2),
        ("<p><a name=x>one</a> two", 4, 0),
        ("<p><a href=x>one<p>two</a> three", 2, 2),
        ("<p>一二三", 3, 0),
        ("<p>caf&eacute; &nbsp; &copy;", 2, 0),
        ("<p>&#1575;&#x628;c", 2, 0),
    ],
)
def test_words_and_links_are_counted(markup, units, linked):
    block = scanned(markup).blocks[0]
    assert (block[B_UNITS], block[B_LINK_UNITS]) == (units, linked)


def test_a_block_knows_its_element():
    page = scanned("<article><h2>a</h2><p><span>b</span></p><td>c</td></article>")
    assert [TAG_NAMES[tag] for tag in page.blocks[:, B_TAG]] == ["h2", "p", "article"]


NAMES = st.sampled_from(
    [
        *(
            "div",
            "p",
            "ul",
            "li",
            "span",
            "a href=x",
            "b",
            "i",
            "h1",
            "h2",
            "section",
            "dl",
            "dt",
            "dd",
            "pre",
            "button",
        ),
        *("svg", "g", "title", "style", "script", "math", "mi", "desc", "br", "img", "hr", "em", "article", "label"),
        *("blockquote", "noscript", "foreignObject", "font color=red", "x-y", "template"),
    ]
)
MARKUP = st.one_of(
    NAMES.map("<{}>".format),
    NAMES.map(lambda name: f"</{name.split()[0]}>"),
    st.sampled_from(
        ["a", " b ", "c&amp;d", "<!-- e -->", "<!-->", "<x y='>'>", "é", "一", "<", "&#0;", "<svg/>", "<math/>", "</>"]
    ),
)


@given(st.lists(MARKUP, max_size=40).map("".join))
@settings(deadline=None, max_examples=400)
def test_every_page_is_scanned_within_its_arrays(markup):
    page = scanned(markup)
    assert not page.too_deep
    blocks, segments, nodes = page.blocks, page.segments, page.nodes
    assert blocks.shape[1] == len(BLOCK_COLUMNS)
    assert len(blocks) <= page.tags + 2
    assert len(nodes) <= page.tags + 2
    assert len(segments) <= 4 * page.tags + 4
    assert (nodes[1:, N_PARENT] < np.arange(1, len(nodes))).all()
    assert (segments[:, 0] <= segments[:, 1]).all()
    assert (segments[:, 1] <= len(page.data)).all()
    assert (blocks[:, B_UNITS] > 0).all()


@given(st.binary(max_size=2000))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_scanned(data):
    page = scanned(data)
    again = scanned(data)
    assert (page.blocks == again.blocks).all()


PROSE = st.sampled_from(["div", "p", "ul", "li", "span", "b", "i", "h1", "section", "dl", "dt", "dd", "em", "label"])
PROSE_MARKUP = st.one_of(
    PROSE.map("<{}>".format), PROSE.map("</{}>".format), st.sampled_from(["word ", "a b", "<br>", "<!-- c -->", "é"])
)


@given(st.lists(PROSE_MARKUP, max_size=40).map("".join))
@settings(deadline=None, max_examples=300)
def test_of_any_nesting_it_sees_what_lexbor_sees(markup):
    ours = "".join("".join(texts(scanned(markup))).split())
    assert ours == "".join(seen_by_lexbor(markup).split())


def test_depth_is_bounded():
    assert not scanned("<div>" * (MAX_DEPTH - 1)).too_deep
    assert scanned("<div>" * MAX_DEPTH).too_deep


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "agreement"), [("wcxb_dev", 0.9998), ("trafilatura_eval", 0.9995), ("chinese_wce", 0.998)]
)
def test_of_real_pages_it_sees_what_lexbor_sees(shared_data, name, agreement):
    """Characters of both, as multisets; what differs are marks in blocks without words, which are forgotten."""
    common = total = 0
    with shared_data(f"web/{name}.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            text = decode(record.reader.read(), record.http_charset).text
            ours = Counter(re.sub(r"\s", "", "".join(texts(scanned(text)))))
            theirs = Counter(re.sub(r"\s", "", seen_by_lexbor(text)))
            common += 2 * (ours & theirs).total()
            total += ours.total() + theirs.total()
    assert common / total >= agreement


@pytest.mark.parametrize("first", [0x2C00, 0x2C80, 0x2D00, 0x2D30, 0x2D80], ids=hex)
def test_scripts_beyond_the_first_blocks_have_words(first):
    """Glagolitic, Coptic, Georgian, Tifinagh, Ethiopic: a page in one of them would have no text."""
    word = "".join(map(chr, range(first, first + 6)))
    page = scanned(f"<p>{word} {word}")
    assert texts(page) == [f"{word} {word}"]
    assert page.blocks[0, B_UNITS] == 4


def test_each_letter_that_has_a_name_makes_a_word():
    names = sorted(name for name, shown in html5.items() if name.endswith(";") and shown.isalpha())
    for name in names:
        assert texts(scanned(f"<p>&{name}")) == [html5[name]], name
    for name in ("uml;", "acute;", "bull;", "nbsp;", "hellip;"):
        assert texts(scanned(f"<p>&{name}")) == [], name
