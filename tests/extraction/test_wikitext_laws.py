"""Laws of wikitext: total and linear on anything, no marks of its own left, no text made much longer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.wikitext.article import article_of

PIECES = st.one_of(
    st.sampled_from(["{{", "}}", "{{{", "}}}", "[[", "]]", "|", "||", "{|", "|}", "|-", "|+", "!", "!!", "="]),
    st.sampled_from(["==", "\n", "\n\n", "*", "#", ":", ";", " ", "a", "word", "'''", "''", "<ref>", "</ref>"]),
    st.sampled_from(["<ref name=a/>", "<math>", "</math>", "<nowiki>", "</nowiki>", "<!--", "-->", "<pre>"]),
    st.sampled_from(["</pre>", "<br>", "<sup>", "</sup>", "<sub>", "</sub>", "<poem>", "</poem>"]),
    st.sampled_from(["<blockquote>", "</blockquote>", "<table>", "<tr>", "<td>", "</td>", "</table>"]),
    st.sampled_from(["{{cn}}", "{{quote|", "{{convert|", "{{lang|", "{{val|", "{{#if:", "{{#switch:"]),
    st.sampled_from(["{{chem|", "{{nihongo|", "{{inflation}}", "{{yes}}", "{{!}}", "{{hlist|", "{{infobox|"]),
    st.sampled_from(["1", "km", "rowspan=2|", "colspan=3|", "[http://a b]", "[http://a]", "(", ")", ","]),
    st.sampled_from(["File:", "Category:", "&lt;", "&#1;", "&nbsp;", "\xa0", "-{", "}-", "zh:", "`", "```"]),
    st.sampled_from(["__TOC__", "\x00", "\x01", "\x02", "\x03", "\r", "\t", "> ", "$"]),
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")


@given(pieces=st.lists(PIECES, max_size=60))
@settings(max_examples=400, deadline=None)
def test_anything_becomes_text(pieces: list[str]) -> None:
    wikitext = "".join(pieces)
    article = article_of(wikitext, "T")
    assert article == article_of(wikitext, "T")
    assert CONTROLS.search(article.text) is None
    assert len(article.text) <= 20 * len(wikitext) + 100
    assert not article.text.endswith("\n")
    assert "\n\n\n" not in re.sub(r"```.*", "", article.text, flags=re.DOTALL)


@given(text=st.text(max_size=200), title=st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read(text: str, title: str) -> None:
    assert CONTROLS.search(article_of(text, title).text) is None


@given(words=st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    text = " ".join(words)
    assert article_of(text, "T").text == f"# T\n\n{text}"


N = 20_000
HOSTILE = {
    "open templates": "{{" * N,
    "open links": "[[" * N,
    "open arguments": "{{a|" * N,
    "closed templates": "{{a|" * N + "}}" * N,
    "closed links": "[[a|" * N + "]]" * N,
    "crossed": "{{[[" * N + "]]}}" * N,
    "files": "[[File:a|" * N + "]]" * N,
    "tables": "{|\n" * N,
    "tables and headings": "{|\n==a==\n" * N,
    "cells": "{|\n|-\n" + "|a||" * N,
    "spans": "{|\n" + "|rowspan=9999 colspan=60|aaaaaaaaaaaaaaaaaaaa\n|-\n" * 3_000 + "|}",
    "references": "<ref>a\n" * N + "</ref>",
    "unclosed references": "<ref name=a>\n" * N,
    "formulas": "<math>" * N,
    "comments": "<!--" * N,
    "hidden": "<span " + "display:none " * N,
    "apostrophes": "'" * N * 3,
    "external links": "[http://a " * N,
    "external link": "[http://a" + " " * N * 3,
    "lost in brackets": "(" + "{{inflation}}" * N,
    "holes": "{{cn}} , " * N,
    "holes in brackets": "({{cn}}" * N + "{{cn}})" * N,
    "spaces": " " * N * 5 + "x",
    "separators": ", ;" * N + "{{cn}})",
    "list signs": "*" * N + "\n" + "#" * N + "a",
    "equals": "=" * N * 3 + "\n" + "=a" * N,
    "dynamic names": "{{ " * N + "disambiguation",
    "conditions": "{{#if:a|" * N + "}}" * N,
    "arguments": "{{quote" + "|a" * N + "}}",
    "ranges": "{{convert|" + "1|to|" * N + "}}",
    "quotations": "<blockquote>" * N,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_wikitext_is_linear(name: str) -> None:
    """Anything worse than linear takes minutes here; what is made of it stays in bounds."""
    wikitext = HOSTILE[name]
    assert len(article_of(wikitext, "T").text) <= 5 * len(wikitext)
