"""One extractor over a file of pages, in whichever environment has it: `python extraction_contender.py NAME PAGES OUT`.

PAGES is a JSON line a page: `html` (decoded), `raw` (base64 of the bytes), `url`, `charset`. OUT gets one JSON object:
`texts`, in order, and `cpu_s` of this process over all pages; imports, compiled kernels and the first pages are before
that. It imports nothing of ours unless it measures us.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM_UP_PAGES = 3
Page = dict[str, Any]


def trafilatura_default(page: Page) -> str:
    """trafilatura as it comes, with its fallback extractors."""
    import trafilatura

    return trafilatura.extract(page["html"], url=page["url"]) or ""


def resiliparse_main(page: Page) -> str:
    """resiliparse's main content, all visible text where it finds none."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(page["html"])
    for main in (True, False):
        text = extract_plain_text(tree, main_content=main, alt_texts=False, links=False, form_fields=False)
        if text and not text.isspace():
            return str(text)
    return ""


def parse_only(page: Page) -> str:
    """lexbor's tree of the decoded page, and nothing made of it."""
    from resiliparse.parse.html import HTMLTree

    HTMLTree.parse(page["html"])
    return ""


def riffle(page: Page) -> str:
    """Ours, from bytes: it detects the encoding too."""
    from pipeline.extraction.html import extract

    return extract(page["bytes"], url=page["url"], charset=page["charset"]).text


CONTENDERS: dict[str, Callable[[Page], str]] = {
    "trafilatura": trafilatura_default,
    "resiliparse": resiliparse_main,
    "lexbor parse only": parse_only,
    "riffle": riffle,
}


def main(name: str, source: Path, out: Path) -> None:
    """Run the contender `name` over all pages once."""
    pages = [json.loads(line) for line in source.open(encoding="utf-8")]
    for page in pages:
        page["bytes"] = base64.b64decode(page["raw"])
    run = CONTENDERS[name]
    for page in pages[:WARM_UP_PAGES]:
        run(page)
    before = time.process_time()
    texts = [run(page) for page in pages]
    cpu_s = time.process_time() - before
    out.write_text(json.dumps({"texts": texts, "cpu_s": cpu_s}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
