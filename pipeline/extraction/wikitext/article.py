"""Wikitext as the text of an article: what one reads on its page, without boxes, notes and navigation.

Headings and tables are Markdown's, formulas LaTeX between dollar signs. No template is expanded, for a dump does not
hold them together with the pages: those that carry text are known by name (see `templates`). All passes are
linear in the size of the text, whatever it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.extraction.wikitext.disambiguation import is_disambiguation
from pipeline.extraction.wikitext.lines import Block, blocks_of
from pipeline.extraction.wikitext.marks import Kept, unescaped, without_controls
from pipeline.extraction.wikitext.nest import Nest, label_of
from pipeline.extraction.wikitext.sections import is_apparatus
from pipeline.extraction.wikitext.tags import with_scripts, without_tags
from pipeline.extraction.wikitext.templates import skipped, template
from pipeline.extraction.wikitext.tidy import mended, without_emphasis, without_external_links
from pipeline.extraction.wikitext.verbatim import without_verbatim

_SWITCH = re.compile(r"__[A-Z]{3,30}__")
_VARIANTS = re.compile(r"-\{([^{}]*)\}-")
# Two or three letters and a colon: another language's article, which is shown beside the page. Not so these.
_OTHER_LANGUAGE = re.compile(r"\s*(?:[a-z]{2,3}|simple|[a-z]{2,3}-[a-z-]{2,12}|be-x-old)\s*:(?!\s)")
_OTHER_PREFIXES = (
    "doi",
    "rfc",
    "mw",
    "voy",
    "wmf",
    "hdl",
    "arx",
    "acm",
    "hrw",
    "imd",
    "jst",
    "oeis",
    "mos",
    "wp",
    "wt",
)
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Names:
    """Prefixes of links, in lower case: to files, and to categories."""

    files: frozenset[str] = field(default_factory=lambda: frozenset({"file", "image", "media"}))
    categories: frozenset[str] = field(default_factory=lambda: frozenset({"category"}))


@dataclass(frozen=True, slots=True)
class Article:
    """The text that a page has; empty where it has none. `is_disambiguation`: it only lists what its title may mean."""

    text: str
    is_disambiguation: bool = False


def article_of(wikitext: str, title: str, names: Names | None = None) -> Article:
    """The text of a page, its title as the first heading; never raises."""
    if is_disambiguation(wikitext, title):
        return Article("", is_disambiguation=True)
    kept = Kept()
    text = without_verbatim(without_controls(wikitext), kept)
    text = _nest(names or Names(), title).flattened(text)
    text = _SWITCH.sub("", text) if "__" in text else text
    text = _VARIANTS.sub(_variant, text) if "-{" in text else text
    text = with_scripts(without_emphasis(unescaped(without_tags(text))))
    text = mended(without_external_links(text))
    found = [Block(kept.restored(block.text).strip("\n").rstrip(), block.level) for block in blocks_of(text, kept)]
    blocks = _with_content(found)
    if not blocks:
        return Article("")
    heading = f"# {without_controls(title)}"
    return Article("\n\n".join([heading, *map(_written, blocks)]))


def _written(block: Block) -> str:
    return f"{'#' * max(block.level, 2)} {block.text}" if block.level else block.text


def _with_content(blocks: list[Block]) -> list[Block]:
    """The blocks without sections of references and links, and without headings that nothing follows."""
    found: list[Block] = []
    left_out = 0  # level of the heading whose section is left out
    for block in blocks:
        if block.level:
            if left_out and block.level > left_out:
                continue
            left_out = block.level if is_apparatus(block.text) else 0
        if not left_out and (_WORD.search(block.text) or block.text.startswith("```")):
            found.append(block)
    kept: list[Block] = []
    deepest = 7  # headings of this level or deeper have content behind them
    has_content = False
    for block in reversed(found):
        if block.level == 0:
            has_content = True
            kept.append(block)
        elif has_content or block.level < deepest:
            if has_content or kept:
                kept.append(block)
            deepest, has_content = block.level, False
    kept.reverse()
    return kept if any(block.level == 0 for block in kept) else []


def _nest(names: Names, title: str) -> Nest:
    def prefix(target: str) -> str:
        return target.partition(":")[0].strip().lower()

    def is_file(target: str) -> bool:
        return ":" in target and prefix(target) in names.files

    def is_dropped(target: str) -> bool:
        if ":" not in target:
            return False
        first = prefix(target)
        if first in names.files or first in names.categories:
            return True
        return _OTHER_LANGUAGE.match(target) is not None and not first.startswith(_OTHER_PREFIXES)

    def template_of(parts: list[list[str]], is_inline: bool) -> str:
        return template(parts, is_inline, title)

    return Nest(skipped, template_of, is_dropped, is_file, label_of)


def _variant(found: re.Match[str]) -> str:
    """Of Chinese written for several regions, one: simplified where it is there."""
    text = found[1]
    if "|" in text[:20]:
        text = text.partition("|")[2]
    if ":" not in text:
        return text
    forms = dict(part.split(":", 1) for part in text.split(";") if ":" in part)
    forms = {name.strip(): form.strip() for name, form in forms.items()}
    return next((forms[name] for name in ("zh-cn", "zh-hans", "zh", "zh-tw", "zh-hant") if name in forms), "")
