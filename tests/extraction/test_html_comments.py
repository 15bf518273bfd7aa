"""Readers' comments: left out or kept below an article, while the posts of a discussion are its text in any case."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.html import extract
from pipeline.extraction.html.comments import are_remarks, in_comments
from pipeline.extraction.html.lexicon import NAME_HASHES, NAMES, word_hash
from pipeline.extraction.html.scan import scan
from pipeline.extraction.html.words import B_UNITS

KEPT_FLOOR = 0.66  # 61 of 89; 24 are not in the HTML
LEFT_OUT_CEILING = 0.17  # 13, on five pages

PARAGRAPHS = [
    "The bridge was closed in March, after the engineers had found cracks in two of its seven piers.",
    "Nobody in the town expected that the repair would take longer than the summer, least of all the mayor.",
    "In September the council was told that a third pier had moved, and that the money was spent.",
    "Since then the ferry of 1931 runs again, on Sundays too, and it is full from seven in the morning.",
    "A new bridge is planned for a place further down the river, where the ground is rock and not clay.",
]
REMARKS = [
    "My grandfather worked on that ferry, and he always said that the bridge would not last.",
    "Why was nobody told in March? I have paid for a season ticket that I cannot use.",
    "Thanks for this, the map in particular helped me to find the landing.",
]
MENU = "<nav><ul>" + "".join(f"<li><a href=/{n}>Section {n}</a></li>" for n in range(9)) + "</ul></nav>"
ARTICLE = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)


def wordpress(body_class: str = "single") -> str:
    listed = "".join(
        f"<li class='comment even depth-1' id=comment-{n}><article class=comment-body><footer class=comment-meta>"
        f"<div class=comment-author><b class=fn>Reader {n}</b> <span class=says>says:</span></div>"
        f"<a href=#comment-{n}><time datetime=2024-05-0{n + 1}>May {n + 1}, 2024 at 8:15</time></a></footer>"
        f"<div class=comment-content><p>{text}</p></div><div class=reply><a href=#respond>Reply</a></div></article>"
        for n, text in enumerate(REMARKS)
    )
    return (
        f"<html lang=en><body class='{body_class}'>{MENU}<article class=post><h1>The bridge</h1>"
        f"<div class=entry-content>{ARTICLE}</div></article><div id=comments class=comments-area>"
        f"<h2 class=comments-title>3 thoughts on “The bridge”</h2><ol class=comment-list>{listed}</ol>"
        "<div id=respond class=comment-respond><h3>Leave a Reply</h3><form><p>Your email address will not be"
        " published. Required fields are marked.</p><label>Comment</label><textarea></textarea></form></div></div>"
        f"<footer>{MENU}</footer></body></html>"
    )


def microdata() -> str:
    listed = "".join(
        f"<div itemscope itemtype=https://schema.org/Comment><span>Reader {n}</span><div>{text}</div></div>"
        for n, text in enumerate(REMARKS)
    )
    return f"<html lang=en><body>{MENU}<main><h1>The bridge</h1>{ARTICLE}</main><section>{listed}</section>{MENU}"


@pytest.mark.parametrize("page", [wordpress(), wordpress("single comments-open"), microdata()])
def test_comments_below_an_article_are_left_out_or_kept(page):
    without = extract(page.encode()).text
    kept = extract(page.encode(), comments=True).text
    for text in PARAGRAPHS:
        assert without.count(text) == kept.count(text) == 1
    for text in REMARKS:
        assert text not in without
        assert kept.count(text) == 1
        assert kept.index(text) > kept.index(PARAGRAPHS[-1])
    for noise in ("Reply", "email address", "Section 3"):
        assert noise not in kept


def forum(name: str) -> str:
    posts = "".join(
        f"<div class='{name}' id={name}-{n}><div class=author>member{n}</div><div class=text><p>{text}</p></div></div>"
        for n, text in enumerate((*PARAGRAPHS, *REMARKS))
    )
    return f"<html lang=en><body>{MENU}<h1>What about the bridge?</h1><div class=thread>{posts}</div>{MENU}"


@pytest.mark.parametrize("name", ["post", "comment", "answer"])
@pytest.mark.parametrize("comments", [False, True])
def test_posts_of_a_discussion_stay_whatever_they_are_called(name, comments):
    text = extract(forum(name).encode(), comments=comments).text
    for said in (*PARAGRAPHS, *REMARKS):
        assert text.count(said) == 1


def test_of_questions_and_answers_both_stay_and_remarks_on_them_are_an_option():
    remarks = "".join(f"<li class=comment><span class=comment-copy>{text}</span></li>" for text in REMARKS[:2])
    page = (
        f"<html lang=en><body>{MENU}<h1>Why is the bridge closed?</h1><div class=question><div class=post-text>"
        f"<p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p></div><ul class=comments-list>{remarks}</ul></div>"
        + "".join(f"<div class=answer><div class=post-text><p>{text}</p></div></div>" for text in PARAGRAPHS[2:])
        + MENU
    ).encode()
    without, kept = extract(page).text, extract(page, comments=True).text
    for text in PARAGRAPHS:
        assert text in without
        assert text in kept
    for text in REMARKS[:2]:
        assert text not in without
        assert text in kept


def test_every_name_has_a_slot_of_its_own():
    assert set(NAME_HASHES[NAME_HASHES != 0].tolist()) == set(map(word_hash, NAMES))


PIECES = st.sampled_from(
    ["<div>", "<div class=comments>", "</div>", "<p>", "<form>", "one two three four five. ", "<a href=x>link</a>"]
)


@given(st.lists(PIECES, min_size=1, max_size=40).map("".join), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=200)
def test_comments_are_never_most_of_a_page(markup, random):
    data = markup.encode()
    page = scan(np.frombuffer(data, np.uint8), data.count(b"<"))
    likely = np.array([random.randrange(257) for _ in page.blocks], np.int32)
    found = in_comments(page.blocks, page.nodes, likely)
    mass = page.blocks[:, B_UNITS].astype(np.int64) * likely
    assert not found.any() or 2 * mass[found].sum() < mass.sum()
    if "comments" not in markup:
        assert not found.any()
    assert are_remarks(page.blocks, page.nodes).shape == found.shape


@pytest.mark.data
def test_comments_of_real_articles(shared_data):
    """Snippets of readers' comments that annotators noted of 34 articles."""
    with gzip.open(shared_data("web/trafilatura_eval.gold.jsonl.gz"), "rt") as lines:
        rows = {row["url"]: row["comments"] for row in map(json.loads, lines) if row.get("comments")}
    total, found = 0, {False: 0, True: 0}
    with shared_data("web/trafilatura_eval.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            snippets = rows.get(record.headers["WARC-Target-URI"], ())
            html = record.reader.read() if snippets else b""
            for comments in found if snippets else ():
                flat = " ".join(extract(html, charset=record.http_charset, comments=comments).text.split())
                found[comments] += sum(" ".join(snippet.split()) in flat for snippet in snippets)
            total += len(snippets)
    assert total == 89
    assert found[True] >= KEPT_FLOOR * total, found
    assert found[False] <= LEFT_OUT_CEILING * total, found
