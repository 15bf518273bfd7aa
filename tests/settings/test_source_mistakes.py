"""Mistakes that people make in sources, and exactly what they are told."""

from __future__ import annotations

import pytest

from tests.settings.mistaken_config import told

REWRITTEN = [
    (
        "    inputs: in\n",
        "",
        ["x.yaml: sources.a.inputs: is missing"],
    ),
    (
        "inputs",
        "input",
        [
            "x.yaml: sources.a.input: no such key; did you mean inputs? keys: reader, inputs, licence, "
            "licence_basis, domain, domain_by_label"
        ],
    ),
    (
        "kind: text",
        "kind: txet",
        [
            "x.yaml: sources.a.reader.kind: there is no 'txet'; did you mean text? kinds: commoncrawl, text, "
            "code, pdf, reddit, stackexchange, wikipedia, arxiv"
        ],
    ),
    (
        "kind: text",
        "kid: text",
        [
            "x.yaml: sources.a.reader.kind: is missing; kinds: commoncrawl, text, code, pdf, reddit, "
            "stackexchange, wikipedia, arxiv"
        ],
    ),
    (
        "{kind: text}",
        "text",
        ["x.yaml: sources.a.reader: must be a map of keys (got 'text')"],
    ),
    (
        "kind: text",
        "kind: text, orc: auto",
        [
            "x.yaml: sources.a.reader.orc: no such key; keys: kind, text_column, id_column, url_column, "
            "title_column, date_column, label_column, licence_column, max_record_bytes, fallback_charset"
        ],
    ),
    (
        "kind: text",
        "kind: pdf, orc: auto",
        [
            "x.yaml: sources.a.reader.orc: no such key; did you mean ocr? keys: kind, max_pages, max_objects, "
            "max_page_characters, max_characters, max_page_work, max_work, max_page_images, max_page_marks, ocr, "
            "engine, max_ocr_pages, max_ocr_pixels, max_image_pixels, max_drawn_pixels, min_confidence, "
            "max_record_bytes"
        ],
    ),
    (
        "kind: text",
        "kind: pdf, ocr: atuo",
        ["x.yaml: sources.a.reader.ocr: there is no 'atuo'; did you mean auto? values: never, auto, always"],
    ),
    (
        "kind: text",
        "kind: pdf, ocr: no",
        ["x.yaml: sources.a.reader.ocr: there is no False; values: never, auto, always"],
    ),
    (
        "kind: text",
        "kind: pdf, engine: {kind: tesseract, langages: eng}",
        [
            "x.yaml: sources.a.reader.engine.langages: no such key; did you mean languages? keys: kind, dpi, "
            "command, languages, tessdata"
        ],
    ),
    (
        "kind: text",
        "kind: pdf, engine: {kind: tesseract, languages: 'eng, deu'}",
        [
            "x.yaml: sources.a.reader.engine.languages: write names of Tesseract's data with + between, e.g. "
            "eng+deu (got 'eng, deu')"
        ],
    ),
    (
        "kind: text",
        "kind: pdf, min_confidence: 60000",
        ["x.yaml: sources.a.reader.min_confidence: must be at most 10000 (got 60000)"],
    ),
    (
        "kind: text",
        "kind: pdf, min_confidence: 0.6",
        ["x.yaml: sources.a.reader.min_confidence: must be a whole number (got 0.6)"],
    ),
    (
        "kind: text",
        "kind: commoncrawl, comments: maybe",
        ["x.yaml: sources.a.reader.comments: must be true or false (got 'maybe')"],
    ),
    (
        "kind: text",
        "kind: text, max_record_bytes: lots",
        ["x.yaml: sources.a.reader.max_record_bytes: must be a whole number (got 'lots'); bytes, e.g. 2000000000"],
    ),
    (
        "  a:\n",
        "  a-b:\n",
        ["x.yaml: sources.a-b: write a source's name in a-z, 0-9 and _ (got 'a-b')"],
    ),
    (
        "kind: text",
        "kind: text}\n    lisence: {a: b",
        [
            "x.yaml: sources.a.lisence: no such key; did you mean licence? keys: reader, inputs, licence, "
            "licence_basis, domain, domain_by_label"
        ],
    ),
    (
        "    reader: {kind: text}\n    inputs: in\n",
        "    reader: {kind: stackexchange, site: Coffee}\n    inputs: in\n",
        ["x.yaml: sources.a.reader.site: write a host name such as coffee.stackexchange.com (got 'Coffee')"],
    ),
]
"""What is written in the place of what, and every line that is said."""


@pytest.mark.parametrize(("good", "bad", "said"), REWRITTEN, ids=[bad or f"no {good}" for good, bad, _ in REWRITTEN])
def test_a_mistake_in_a_source_is_told_in_a_line_that_says_what_would_be_right(tmp_path, good, bad, said):
    assert told(tmp_path, good, bad) == said
