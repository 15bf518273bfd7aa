"""Code and rows of tables are chosen whole or as the model chose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.html import extract
from pipeline.extraction.html.scan import scan
from pipeline.extraction.html.wholes import MAX_CELL_LETTERS, completed


def page_of(markup: str):
    data = markup.encode()
    return scan(np.frombuffer(data, np.uint8), data.count(b"<"))


def chosen(markup: str, places: list[int]) -> list[int]:
    page = page_of(f"<div>{markup}</div>")  # which is not bare
    before = np.zeros(len(page.blocks), np.bool_)
    before[places] = True
    return np.flatnonzero(completed(page, before)).tolist()


LONG = "a" * MAX_CELL_LETTERS


@pytest.mark.parametrize(
    ("markup", "before", "after"),
    [
        ("<pre><p>a<p>b<p>c</pre>", [0, 2], [0, 1, 2]),
        ("<pre><p>a<p>b<p>c</pre>", [1], [1]),  # less than half
        ("<pre><p>a<p>b</pre>", [1], [0, 1]),  # half
        ("<pre><p>a</pre><pre><p>b</pre>", [0], [0]),
        ("<table><tr><td>a<td>b<td>c<tr><td>d</table>", [0, 2], [0, 1, 2]),
        ("<table><tr><td>a<td>b b<td>c</table>", [0], [0]),
        (f"<table><tr><td>{LONG}<td>b</table>", [1], [0, 1]),
        (f"<table><tr><td>{LONG}a<td>b</table>", [1], [1]),  # sets the page
        ("<table><tr><td>a<td><ul><li>b</table>", [0], [0]),
        ("<table><tr><td><h2>a</h2><td>b</table>", [0], [0]),
        ("<ul><li><table><tr><td>a<td>b</table></ul>", [0], [0, 1]),
        ("<p>a<p>b<p>c", [0, 2], [0, 2]),
        ("<p>a<pre>b</pre><p>c", [0, 2], [0, 1, 2]),  # between two that are chosen
        ("<p>a<pre><p>b<p>c</pre><pre>d</pre><p>e", [0, 4], [0, 1, 2, 3, 4]),
        ("<p>a<pre>b</pre><p>c", [0], [0]),
        ("<p>a<pre>b</pre><p>c", [2], [2]),
        ("<pre>b</pre><p>c", [1], [1]),
        ("<p>a<pre>b</pre>", [0], [0]),
        ("<p>a<pre>b</pre><p>c<pre>d</pre><p>e", [0, 4], [0, 4]),  # a block that is not chosen ends it
        ("<p>a<pre><p>b<p>c<p>d</pre><p>e", [0, 2, 4], [0, 2, 4]),  # less than half: the model looked at it
        ("<p>a<table><tr><td><pre>b</pre><td>c c<tr><td>d</table>", [0, 2, 3], [0, 1, 2, 3]),  # by its row
        ("<p>a<table><tr><td><pre>b</pre><tr><td>d</table>", [0, 2], [0, 2]),
        ("<p>a", [], []),
    ],
)
def test_what_is_shown_as_one_is_chosen_as_one(markup, before, after):
    assert chosen(markup, before) == after


PIECES = st.sampled_from(
    ["<pre>", "</pre>", "<table>", "</table>", "<tr>", "<td>", "<div>", "</div>", "a ", "b c ", "<p>"]
)


@given(st.lists(PIECES, max_size=50).map("".join), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=200)
def test_it_only_adds_and_is_done_at_once(markup, random):
    page = page_of(markup)
    if not len(page.blocks):
        return
    before = np.array([random.random() < 0.5 for _ in page.blocks])
    after = completed(page, before)
    assert (after | before == after).all()
    assert (completed(page, after) == after).all()


BARE = "<p>The council met on Monday.</p><ul><li>One road</li><li>Two bridges</li></ul><p>It meets again in May.</p>"


@pytest.mark.parametrize(
    ("before", "after", "is_whole"),
    [
        ("<body>", "", True),
        ("<title>News</title><body class=page>", "<hr>", True),
        ("<main><article>", "</article></main>", True),
        ("<h1>News</h1>", "<blockquote>Until then</blockquote><dl><dt>Where<dd>At the hall</dl>", True),
        ("<div>", "</div>", False),
        ("", "<p><a href=/>Home</a>", False),
        ("", "<footer><p>All rights reserved</footer>", False),
        ("", "<p class=note>Until then", False),
        ("", "<p role=note>Until then", False),
        ("", "<table><tr><td>Until then</table>", False),
    ],
)
def test_of_a_page_with_nothing_but_text_all_is_chosen_and_of_others_what_the_model_chose(before, after, is_whole):
    page = page_of(f"<html>{before}{BARE}{after}</html>")
    chose = np.zeros(len(page.blocks), np.bool_)
    chose[1] = True
    assert completed(page, chose).tolist() == ([True] * len(chose) if is_whole else chose.tolist())


@pytest.mark.parametrize("kind", ["ul", "ol"])
def test_a_paragraph_before_a_list_is_text_on_the_smallest_page(kind):
    found = extract(BARE.replace("ul>", f"{kind}>").encode()).text
    assert found.startswith("The council met on Monday.\n")
    assert found.endswith("\nIt meets again in May.")
