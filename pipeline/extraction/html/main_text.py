"""A web page's main text, and what the page says of itself.

The bytes are scanned once into blocks (`scan`), a trained model looks at them twice (`model`), the chosen
blocks are written as text (`render`). Everything that decides is a whole number; time grows with the page
and with its depth, which is bounded. How well it works, and how to train it anew: docs/extraction.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.extraction.charset import decode
from pipeline.extraction.html.facts import facts_of
from pipeline.extraction.html.licences import Statement, statements_of
from pipeline.extraction.html.model import BALANCED, shipped
from pipeline.extraction.html.page import MAX_DEPTH
from pipeline.extraction.html.render import render
from pipeline.extraction.html.scan import count_tags, scan
from pipeline.extraction.html.wholes import completed

MAX_HTML_BYTES: Final = 8 << 20  # Common Crawl cuts at 1 MiB, since 2025 at 5 MiB; 1,072 real pages have at most 2.9 MB
MAX_TAGS: Final = 100_000  # the same pages have at most 20,000

__all__ = ("BALANCED", "MAX_DEPTH", "MAX_HTML_BYTES", "MAX_TAGS", "Extracted", "extract")


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a page says. `text` is empty where it says nothing, or where `over_budget` names the budget it broke.

    text: paragraphs after empty lines; headings behind `#`; items behind `-` or their number; rows of tables between
    `|`; code in fences; formulas as LaTeX between `$` or `$$`. title: white space collapsed, at most 1,000 characters.
    language: what the page declares (BCP 47), unverified. date: ISO 8601 day the page states for its publication.
    charset: Python's name of the encoding used. author: as the page writes it, at most 200 characters. licences: what
    it says of licences and rights, and where; evidence, no verdict (see `licences.page`).
    over_budget: `resource:html_bytes | html_tags | html_depth`, else None.
    """

    text: str
    title: str | None
    language: str | None
    date: str | None
    charset: str
    over_budget: str | None = None
    author: str | None = None
    licences: tuple[Statement, ...] = ()


def extract(
    html: bytes,
    *,
    url: str | None = None,
    charset: str | None = None,
    recall_weight: int = BALANCED,
    comments: bool = False,
) -> Extracted:
    """The main text of `html`; of a page without one, the likeliest blocks.

    `charset` is what the HTTP header declares (see `charset.decode` for whom is believed).
    `url`, the page's address, decides of no text; it says which statements of RDFa are about the page.
    `recall_weight`: how much recall counts beside precision, in hundredths; below the default less is taken, above it
    more. `comments`: whether what readers wrote below the main text is part of it; posts of
    forums, questions and answers are main text in any case. Equal arguments give equal answers, and no bytes raise.
    """
    if len(html) > MAX_HTML_BYTES:
        return _over("html_bytes", "utf-8")
    decoded = decode(html, charset)
    data = np.frombuffer(decoded.text.encode() if decoded.utf8 is None else decoded.utf8, np.uint8)
    tags = int(count_tags(data))
    if tags > MAX_TAGS:
        return _over("html_tags", decoded.charset)
    page = scan(data, tags)
    if page.too_deep:
        return _over("html_depth", decoded.charset)
    rows = page.facts.tolist()
    facts = facts_of(page, rows)
    chosen = np.zeros(0, np.bool_)
    if len(page.blocks):
        chosen = completed(page, shipped().choose(page, recall_weight, comments=comments))
    return Extracted(
        text=render(page, chosen) if len(chosen) else "",
        title=facts.title,
        language=facts.language,
        date=facts.date,
        charset=decoded.charset,
        author=facts.author,
        licences=statements_of(page, rows, chosen, url),
    )


def _over(budget: str, charset: str) -> Extracted:
    return Extracted("", None, None, None, charset, f"resource:{budget}")
