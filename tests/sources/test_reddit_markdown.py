"""Reddit's Markdown as text: a table of (Markdown, text), and laws on any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.reddit_markdown import dump_unescaped, plain_text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("", ""),
        ("a  \nb\r\n\r\n\r\n\r\nc", "a\nb\n\nc"),
        ("**a** and *b* and __c__ and _d_ and ***e***", "a and b and c and d and e"),
        ("**so *and* so** *over\ntwo lines*", "so and so over\ntwo lines"),
        ("2*3*4 and 2 * 3 * 4, snake_case, *.txt and *.py", "2*3*4 and 2 * 3 * 4, snake_case, *.txt and *.py"),
        ("*not closed, and\n\n* an item*", "*not closed, and\n\n- an item*"),
        ("~~struck~~ `co*d*e` ``a`b``", "~~struck~~ `co*d*e` ``a`b``"),
        ("\\*no\\* \\_em\\_ 1\\. \\#x C:\\dir", "*no* _em_ 1. #x C:\\dir"),
        ("[text](http://x.y/a_b_c) [t *i*](/r/books \"title\") [](/rage)", "text t i"),
        ("[in (brackets)](http://x.y/z_(w)) and [cut](http://x.y/z_(w\\))", "in (brackets) and cut"),
        ("[two\nlines](http://x.y) [[1]](http://x.y) [not a link] [a] (b)", "two\nlines [1] [not a link] [a] (b)"),
        ("![gif](giphy|abc) ![img](id \"a\") x", "x"),
        ("[Vader](/s \"is his father\") >!secret!< [x](#spoiler \"y\")", "Vader is his father secret x y"),
        ("see [\nthe ending](/s \"he dies\") now", "see\nthe ending he dies now"),
        ("[the ending\n](/spoiler \"he dies\") a\n[\n](#s \"it\")", "the ending\nhe dies a\nit"),
        ("https://x.y/a_b_c*d*e and <http://z.w/_q_> <me@x.y>", "https://x.y/a_b_c*d*e and http://z.w/_q_ me@x.y"),
        ("^tiny ^^tinier ^(more words) 10^6 x^(2n) (a)^2 ^_^", "tiny tinier (more words) 10^6 x^(2n) (a)^2 ^_^"),
        ("this^(or that) is", "this (or that) is"),
        ("a &amp; b &lt; c &nbsp; &#x200B;&#10;d", "a & b < c \xa0  d"),
        ("# Head #\n\n###No space\n\ntext", "Head\n\nNo space\n\ntext"),
        ("Head\n====\n\na\n\n---\n\nb\n***\nc", "Head\n\na\n\nb\nc"),
        ("> quoted *so*\n>> deeper\n>\n> more\n\n>!spoiler!<", "> quoted so\n> > deeper\n>\n> more\n\nspoiler"),
        ("* a\n+ b\n- c\n\n1. d\n2) e", "- a\n- b\n- c\n\n1. d\n2) e"),
        ("* a\n    continued\n\n    still a\n\nafter", "- a\n    continued\n\n    still a\n\nafter"),
        ("code:\n\n    if *x*:\n        y\n\n    z\n\nafter", "code:\n\n```\nif *x*:\n    y\n\nz\n```\n\nafter"),
        ("    a\n\n\n\n    b", "```\na\n\n\n\nb\n```"),
        ("a\n    lazy *line*", "a\nlazy line"),
        ("```python\nx = *y*\n\n  z\n```\nafter", "```python\nx = *y*\n\n  z\n```\nafter"),
        ("~~~\na ``` b\n~~~", "````\na ``` b\n````"),
        ("```\nnever *closed*", "```\nnever closed"),
        ("~~~wavy lines~~~ and *so*", "~~~wavy lines~~~ and so"),
        ("A|*B*\n:--|--:\n1|2", "A|B\n:--|--:\n1|2"),
        ("a\n\n.\n\n&nbsp;\n\nb", "a\n\nb"),
        ("https://preview.redd.it/x.png?width=3&s=4\n\n*Processing img abc...*\n\nx", "x"),
        ("¯\\\\\\_(ツ)\\_/¯", "¯\\_(ツ)_/¯"),
        ("\0a\u200bb", "ab"),
    ],
)  # fmt: skip
def test_markdown_as_text(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("&gt; a &amp;lt; b &amp;amp; c", "> a &lt; b &amp; c"),
        ("a > b &amp; c", "a > b &amp; c"),
        ("<3 &gt;", "<3 &gt;"),
        ("&nbsp;", "&nbsp;"),
        ("", ""),
    ],
)
def test_dumps_are_unescaped_once_and_only_where_they_are_escaped(stored: str, written: str) -> None:
    assert dump_unescaped(stored) == written


SIGNS = [
    "*",
    "**",
    "_",
    "`",
    "```",
    "~~~",
    "[",
    "](",
    ")",
    "!",
    ">",
    ">!",
    "!<",
    "^",
    "^(",
    "\\",
    "&amp;",
    "&#10;",
    "&lt;",
]
PIECE = st.one_of(
    st.sampled_from(SIGNS),
    st.sampled_from(
        ["\n", "\n\n", "    ", "# ", "* ", "1. ", "| ", "---", "http://a.b/", "word", " ", ".", "\r", "\0"]
    ),
    st.text(max_size=3),
)


@given(markdown=st.lists(PIECE, max_size=40).map("".join))
@settings(max_examples=400, deadline=None)
def test_any_markdown_is_text(markdown: str) -> None:
    text = plain_text(markdown)
    assert text == text.strip("\n")
    assert "\0" not in text
    assert "\n\n\n" not in text or "```" in text
    assert plain_text(markdown) == text


@given(words=st.lists(st.sampled_from(["alpha", "*beta*", "**gamma**", "\n", "\n\n", "`delta`", "[eps](http://x.y)"])))
@settings(max_examples=100, deadline=None)
def test_no_word_is_lost_or_glued(words: list[str]) -> None:
    expected = re.findall("[a-z]+", re.sub(r"\(.*?\)", " ", " ".join(words)))
    assert re.findall("[a-z]+", plain_text(" ".join(words))) == expected
