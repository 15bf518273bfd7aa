"""The text of a post's HTML: a table of (HTML, text), laws on any HTML, and the words against lxml's on real posts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from xml.etree import ElementTree

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.latex.document import extract
from pipeline.extraction.post_html import MAX_DEPTH, post_text
from pipeline.extraction.reddit_markdown import plain_text
from pipeline.extraction.wikitext.article import article_of
from pipeline.sources.code.notebook import script_of
from tests.literal_fences import blocks


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain\n text", "plain text"),
        ("<p>a</p>\n\n<p>b<br>c<br/>d</p>", "a\n\nb\nc\nd"),
        ("<p>x &lt; y &amp;amp; z&nbsp;&#8212; &copy &bogus;</p>", "x < y &amp; z — &copy &bogus;"),
        ("<p>1 < 2 and <3</p>", "1 < 2 and <3"),
        ("<p>a<!-- b <i>c</i> -->d</p><!-- never closed <p>e</p>", "ad"),
        ('<p><a href="http://x.y" rel="nofollow">text</a>, <em>so</em> <strong>it</strong> is</p>', "text, so it is"),
        ("<h1>A</h1><p>b</p><h3>C</h3>", "### A\n\nb\n\n##### C"),
        ("<h2>A</h2><h6>B</h6>", "### A\n\n###### B"),
        ("<p>a</p><hr><p>b</p>", "a\n\nb"),
        ("<p><del>no</del> <s> </s><strike>way</strike></p>", "~~no~~ ~~way~~"),
        ("<p>H<sub>2</sub>O, 10<sup>-6</sup>, 4<sup>th</sup>, x<sub>max</sub></p>", "H₂O, 10⁻⁶, 4th, x_max"),
        ("<p>2<sup>k</sup>, O(n<sup>log n</sup>), e<sup>-x</sup>, x<sub>i</sub></p>", "2^k, O(n^{log n}), e^{-x}, x_i"),
        ("<p>x<sup>a </sup>b</p>", "x^a b"),
        ("<p>so<sup>[1]</sup> <sup>14</sup>C <sub>in small</sub><br><sup>* too</sup></p>", "so[1] ¹⁴C in small\n* too"),
        # code
        ("<p>call <code>f(a, b)</code></p>", "call `f(a, b)`"),
        ("<p><code>a`b</code> <code>`x`</code> <code> </code></p>", "``a`b`` `` `x` ``"),
        ("<pre><code>\tif a &lt; b:\n\n    c\n\n</code></pre>", "```\n\tif a < b:\n\n    c\n```"),
        ('<pre class="lang-py prettyprint-override"><code>x\n</code></pre>', "```py\nx\n```"),
        ('<pre><code class="language-c++">x</code></pre>', "```c++\nx\n```"),
        ('<pre class="lang-none"><code>&amp;lt;<b>x</b></code></pre>', "```\n&lt;x\n```"),
        ("<pre>a ``` b\r\nc</pre>", "````\na ``` b\nc\n````"),
        ("<pre><code> \n</code></pre>", ""),
        ("<pre>never closed", "```\nnever closed\n```"),
        # lists
        ("<p>x</p><ul><li>a</li><li>b</li></ul><p>y</p>", "x\n\n- a\n- b\n\ny"),
        ('<ol start="9"><li>a<li>b</ol>', "9. a\n10. b"),
        ("<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", "- a\n  1. b\n- c"),
        ("<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", "- a\n\n  b\n\n- c"),
        ("<ol><li><pre>x\n y</pre></li></ol>", "1. ```\n   x\n    y\n   ```"),
        ("<li>no list</li>", "- no list"),
        ("<dl><dt>term</dt><dd>meaning</dd></dl>", "term\n\n  meaning"),
        # quotes
        ("<blockquote><p>a<br>b</p><p>c</p></blockquote><p>d</p>", "> a\n> b\n>\n> c\n\nd"),
        ("<blockquote><blockquote><p>a</p></blockquote><p>b</p></blockquote>", "> > a\n>\n> b"),
        ("</blockquote></ul></p>a", "a"),
        # tables
        ("<table><tr><th>A</th><th>B</th></tr><tr><td>1|2</td><td><p>x</p><p>y</p></td></tr></table>",
         "| A | B |\n| --- | --- |\n| 1\\|2 | x y |"),
        ("<table><tr><td>a", "| a |\n| --- |"),
        ("<table></table>", ""),
        # images
        ('<p><img src="a.png" alt="enter image description here"> <img alt="shot.png"> <img alt="A &amp; B"></p>',
         "[Image: A & B]"),
        # TeX
        ("<p>$a_b &lt; c^*$ and\n$$x\n  &amp;= y$$</p>", "$a_b < c^*$ and\n$$x\n&= y$$"),
        ('<p><span class="math-container">$x$</span></p>', "$x$"),
    ],
)  # fmt: skip
def test_html_as_text(html: str, text: str) -> None:
    assert post_text(html) == text


@pytest.mark.parametrize(
    "written", ["2<sup>k</sup>", "O(n<sup>log n</sup>)", "e<sup>-x</sup>", "x<sub>i</sub>", "4<sup>th</sup>"]
)
def test_exponents_are_those_of_wikitext(written: str) -> None:
    assert f"# T\n\n{post_text(written)}" == article_of(written, "T").text


def _latex(body: str) -> str:
    document = f"\\documentclass{{article}}\\begin{{document}}Words.\n{body}\n\\end{{document}}"
    return extract({"a.tex": document}, "a.tex", keep_bibliography=False).text


READERS: dict[str, Callable[[str], str | None]] = {
    "post": lambda code: post_text(f"<pre>{code}</pre>"),
    "reddit": lambda code: plain_text(re.sub("^", "    ", code, flags=re.MULTILINE)),
    "wikitext": lambda code: article_of(f"<pre>{code}</pre>", "T").text,
    "latex": lambda code: _latex(f"\\begin{{verbatim}}\n{code}\n\\end{{verbatim}}"),
    "notebook": lambda code: script_of(json.dumps({"cells": [{"cell_type": "code", "source": code}]})),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("ticks", range(2, 7))
def test_code_stands_between_fences_that_it_does_not_hold(reader: str, ticks: int) -> None:
    code, fence = f"a\n{'`' * ticks}\nb", "`" * max(3, ticks + 1)
    lines = str(READERS[reader](code)).split("\n")
    first, last = (at for at, line in enumerate(lines) if line.startswith(fence))
    assert (lines[first].strip("`"), lines[last]) == ("python" if reader == "notebook" else "", fence)
    assert lines[first + 1 : last] == code.split("\n")


def test_the_fences_of_an_algorithm_are_none_of_its_lines() -> None:
    text = _latex("\\begin{algorithmic}\\STATE one \\STATE \\verb|```|\\end{algorithmic}")
    assert text.endswith("``````\none\n`````\n``````")  # the middle one is inline code of three backticks


TAGS = [
    "p",
    "br",
    "b",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "blockquote",
    "table",
    "tr",
    "td",
    "th",
    "h2",
    "sup",
    "s",
    "dd",
]
PIECE = st.one_of(
    st.sampled_from([f"<{slash}{tag}>" for tag in TAGS for slash in ("", "/")]),
    st.sampled_from(
        ["a", " ", "\n", "`", "```", "&lt;", "<!--", "-->", "<", ">", '<img alt="x">', '"', "\0", "$$", "|"]
    ),
    st.text(max_size=4),
)


@given(html=st.lists(PIECE, max_size=60).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_html_is_text_without_blank_ends(html: str) -> None:
    text = post_text(html)
    assert text == text.strip("\n")
    assert "\0" not in text
    code = {line for first, last in blocks(text) for line in range(first, last + 1)}
    assert all(line == line.rstrip() or number in code for number, line in enumerate(text.split("\n")))


@given(words=st.lists(st.sampled_from(["alpha", "beta", "<em>gamma</em>", "<br>", "</p><p>", "&amp;"]), max_size=20))
def test_no_word_is_lost_or_glued(words: list[str]) -> None:
    expected = re.findall(r"[a-z]+", re.sub(r"</?\w+>|&amp;", " ", " ".join(words)))
    assert re.findall(r"[a-z]+", post_text(f"<p>{' '.join(words)}</p>")) == expected


@pytest.mark.parametrize("unit", ["<blockquote>x", "<ul><li>x", "<sup>x", "<code>x", "<table><tr><td>x", "<", "<a '"])
def test_nesting_costs_no_more_than_its_bound(unit: str) -> None:
    text = post_text(unit * 3_000)
    assert len(text) < 3_000 * (8 * MAX_DEPTH + 8)


@pytest.mark.data
def test_real_posts_have_the_words_that_a_tree_parser_finds(shared_data) -> None:  # type: ignore[no-untyped-def]
    rows = ElementTree.parse(shared_data("stackexchange/coffee.stackexchange.com/Posts.xml")).getroot()
    bodies = [row.attrib["Body"] for row in rows if row.attrib["PostTypeId"] in "12"]
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
    different = 0
    for body in bodies:
        ours = re.sub(r"\[Image: [^\]]*\]|(?m:^[> ]*[0-9]+\. )", "", post_text(body)).translate(digits)
        theirs = lxml.html.fromstring(f"<div>{body}</div>").text_content()
        different += Counter(re.findall(r"\w+", ours)) != Counter(re.findall(r"\w+", theirs))
    assert len(bodies) == 552
    assert different <= 1  # a line that an author began with "1. " in a paragraph
