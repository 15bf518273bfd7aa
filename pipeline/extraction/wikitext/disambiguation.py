"""Pages that only list what their title may mean."""

from __future__ import annotations

import re

from pipeline.extraction.wikitext.names import names

# The templates that make a page one, as MediaWiki:Disambiguationspage of the largest Wikipedias lists them.
_NAMES = names("""
disambiguation; disambig; disamb; dab; dbig; disambiguation page; hndis; hndab; human name disambiguation; geodis;
geo-dis; numberdis; letter-number combination disambiguation; letter-numbercombdisambig; roaddis; schooldis;
mathdab; callsigndis; hospitaldis; airport disambiguation; mil-unit-dis; shipindex;
species latin name disambiguation; species latin name abbreviation disambiguation; taxonomy disambiguation;
place name disambiguation; disambig-cleanup; disambiguation cleanup; surname-disambig; begriffsklärung; bkl;
homonymie; desambiguación; disambigua; desambiguação; desambig; dp; doorverwijspagina; ujednoznacznienie;
неоднозначность; förgrening; grensida;
曖昧さ回避; aimai; 消歧义; 消歧義; disambigzh; disambig-zh; 동음이의; توضيح;
ابهام‌زدایی; anlam ayrımı; розмежування; багатозначність; trang định hướng; flertydig; pekerside; täsmennyssivu;
egyért; rozcestník; desambiguació; dezambiguizare; פירושונים; apartigilo
""")
_TEMPLATE = re.compile(
    r"\{\{\s*(?:(?:template|vorlage|modèle|plantilla)\s*:\s*)?"
    rf"(?:{'|'.join(re.escape(name).replace(chr(92) + ' ', '[ _]') for name in _NAMES)})\s*(?:\||\}}\}})",
    re.IGNORECASE,
)


def is_disambiguation(wikitext: str, title: str) -> bool:
    """Whether the page says so by a template or a switch, or its title does."""
    return (
        title.endswith("(disambiguation)")
        or "__DISAMBIG__" in wikitext
        or ("{{" in wikitext and _TEMPLATE.search(wikitext) is not None)
    )
