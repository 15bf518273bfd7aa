"""Mistakes that people make in a config, and exactly what they are told."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.complaints import complaints
from pipeline.config import Config, load
from pipeline.trouble import ConfigError

GOOD = """run: x
sources:
  a:
    reader: {kind: text}
    inputs: in
filter:
  - {kind: statistics}
  - kind: rules
    name: mine
    rules:
      - drop: mine:short
        when: word_count < 5
"""
REWRITTEN = [
    (
        "filter:",
        "audits: {}\nfilter:",
        [
            "x.yaml: audits: no such key; did you mean audit? keys: run, sources, filter, audit, dedup, "
            "wipe_out, publish"
        ],
    ),
    (
        "filter:",
        "audit: {one_inn: 5}\nfilter:",
        ["x.yaml: audit.one_inn: no such key; did you mean one_in? keys: one_in, floor"],
    ),
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
        ["x.yaml: sources.a.reader.orc: no such key; did you mean ocr?"],
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
        "kind: statistics",
        "kind: statistic",
        [
            "x.yaml: filter.0.kind: there is no 'statistic'; did you mean statistics? kinds: url, robots, "
            "licence, normalise, language, statistics, c4_lines, refinedweb_lines, quality, topic, "
            "machine_written, privacy, privacy_mark, contamination_cut, contamination, rules"
        ],
    ),
    (
        "kind: statistics",
        "kind: c4_lines, min_word: 3",
        [
            "x.yaml: filter.0.min_word: no such key; did you mean min_words? keys: kind, sources, "
            "terminal_punctuation, min_words, max_word_characters"
        ],
    ),
    (
        "kind: statistics",
        "kind: statistics, sources: a",
        ["x.yaml: filter.0.sources: must be a list (got 'a'); one alone is [x]"],
    ),
    (
        "kind: statistics",
        "kind: statistics, sources: [b]",
        ["x.yaml: filter.0.sources: no source is called b; sources: a"],
    ),
    (
        "kind: statistics",
        "kind: quality, model: m, sha256: abc",
        ["x.yaml: filter.0.sha256: write 64 hexadecimal digits, as sha256sum prints them (got 'abc')"],
    ),
    (
        "filter:",
        "publish: {shard_bytes: 2GB}\nfilter:",
        ["x.yaml: publish.shard_bytes: must be a whole number (got '2GB'); bytes: write 2000000000"],
    ),
    (
        "filter:",
        "publish: {shard_bytes: 1.5 GiB}\nfilter:",
        ["x.yaml: publish.shard_bytes: must be a whole number (got '1.5 GiB'); bytes: write 1610612736"],
    ),
    (
        "filter:",
        "publish: {shard_bytes: 3}\nfilter:",
        ["x.yaml: publish.shard_bytes: must be at least 1024 (got 3)"],
    ),
    (
        "filter:",
        "dedup: {min_jaccard: 80}\nfilter:",
        ["x.yaml: dedup.min_jaccard: must be at most 1.0 (got 80)"],
    ),
    (
        "filter:",
        "dedup: {source_priority: [aa]}\nfilter:",
        ["x.yaml: dedup.source_priority: no source is called aa; did you mean a? sources: a"],
    ),
    (
        "filter:",
        "dedup: {quality_column: quality_score}\nfilter:",
        [
            "x.yaml: dedup.quality_column: no stage measures 'quality_score'; the stage quality adds it: put "
            "{kind: quality} into `filter`"
        ],
    ),
    (
        "filter:",
        "dedup: {quality_column: word_counts}\nfilter:",
        ["x.yaml: dedup.quality_column: no stage measures 'word_counts'; did you mean word_count?"],
    ),
    (
        "filter:",
        "dedup: {scope: previous}\nfilter:",
        ["x.yaml: dedup: scope: previous needs `index`, the folder of what was published; no other scope has one"],
    ),
    (
        "filter:",
        "wipe_out: {max_share_of: {b: 1.0}}\nfilter:",
        ["x.yaml: wipe_out.max_share_of: no source is called b; sources: a"],
    ),
    (
        "run: x",
        "run: x y",
        ["x.yaml: run: write it in letters, digits, _, . and -: it becomes part of a file's name (got 'x y')"],
    ),
    (
        "run: x",
        "run: x\nrun: y",
        ["x.yaml, line 2, column 1: run is given twice, first in line 1"],
    ),
    (
        "run: x",
        "run: 5",
        ["x.yaml: run: must be a text (got 5); quotes make one of what looks like something else"],
    ),
    (
        "  a:\n",
        "  a-b:\n",
        ["x.yaml: sources.a-b: write a source's name in a-z, 0-9 and _ (got 'a-b')"],
    ),
    (
        "run: x",
        "run: x: y",
        ["x.yaml, line 1, column 7: not YAML: mapping values are not allowed here"],
    ),
    (
        "{kind: statistics}",
        "{kind: statistics",
        ["x.yaml, line 8, column 9: not YAML: expected ',' or '}', but got ':'"],
    ),
    (
        "mine:short",
        "short",
        ["x.yaml: filter.1.rules.0.drop: write it as set:name in a-z, 0-9 and _, e.g. mine:short (got 'short')"],
    ),
    (
        "when: word_count",
        "wen: word_count",
        ["x.yaml: filter.1.rules.0.wen: no such key; did you mean when? keys: drop, when, when_null, section"],
    ),
    (
        "word_count < 5",
        "word_count <",
        ["x.yaml: filter.1.rules.0.when: 'word_count <' does not parse: syntax error at its end"],
    ),
    (
        "word_count < 5",
        "'word_counts < 5'",
        ["x.yaml: filter.1 (rules mine): mine:short: no column 'word_counts' here; did you mean word_count?"],
    ),
    (
        "word_count < 5",
        "'language = 5'",
        [
            "x.yaml: filter.1 (rules mine): mine:short: no column 'language' here; the stage language adds it: "
            "put {kind: language} before"
        ],
    ),
    (
        "  - {kind: statistics}\n",
        "",
        [
            "x.yaml: filter.0 (rules mine): mine:short: no column 'word_count' here; the stage statistics adds "
            "it: put {kind: statistics} before"
        ],
    ),
    (
        "    name: mine\n",
        "",
        ["x.yaml: filter.1: give either `file: rules/x.yaml` or `name:` with `rules:`"],
    ),
    (
        "    name: mine\n",
        "    file: r.yaml\n",
        ["x.yaml: filter.1: give either `file: rules/x.yaml` or `name:` with `rules:`"],
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
        "    name: mine\n    rules:\n      - drop: mine:short\n        when: word_count < 5\n",
        "    file: rules/gofer.yaml\n",
        [
            "x.yaml: filter.1.file: rules/gofer.yaml: no such file; did you mean rules/gopher.yaml? (a path "
            "goes by the config's folder)"
        ],
    ),
    (
        "filter:",
        "dedup: {lines: {min_page: 3}}\nfilter:",
        ["x.yaml: dedup.lines.min_page: no such key; did you mean min_pages? keys: sources, min_pages, min_share"],
    ),
    (
        "  - {kind: statistics}\n",
        "  - {kind: licence, allow: [open]}\n",
        [
            "x.yaml: filter.0.allow.0: there is no 'open'; values: public-domain, permissive, share-alike, "
            "copyleft, non-commercial, no-derivatives, proprietary, conflicting, unknown"
        ],
    ),
    (
        "  - {kind: statistics}\n",
        "  - {kind: statistics}\n  - {kind: normalise}\n",
        ["x.yaml: filter.1 (normalise): rewrites text after statistics measured it; move it before"],
    ),
    (
        "run: x\n",
        "run: x\nfiltre: []\naudits: {}\n",
        [
            "x.yaml: filtre: no such key; did you mean filter? keys: run, sources, filter, audit, dedup, "
            "wipe_out, publish",
            "x.yaml: audits: no such key; did you mean audit? keys: run, sources, filter, audit, dedup, "
            "wipe_out, publish",
        ],
    ),
    (
        "  - {kind: statistics}\n",
        "  - {kind: privacy, kinds: [mail]}\n",
        [
            "x.yaml: filter.0.kinds.0: there is no 'mail'; did you mean email? values: secret, iban, card, "
            "national_id, email, ip, phone, address"
        ],
    ),
    (
        "  - {kind: statistics}\n",
        "  - {kind: privacy, regions: [UK]}\n",
        ["x.yaml: filter.0 (privacy): regions: there is no UK; write codes of ISO 3166, e.g. GB"],
    ),
    (
        "word_count < 5",
        "'alphabetic_words < 5'",
        [
            "x.yaml: filter.1 (rules mine): mine:short: no column 'alphabetic_words' here; did you mean "
            "alphabetic_word_count?"
        ],
    ),
    (
        "    reader: {kind: text}\n    inputs: in\n",
        "    reader: {kind: stackexchange, site: Coffee}\n    inputs: in\n",
        ["x.yaml: sources.a.reader.site: write a host name such as coffee.stackexchange.com (got 'Coffee')"],
    ),
]
"""What is written in the place of what, and every line that is said; `rules/gopher.yaml` is there, no other file."""


@pytest.mark.parametrize(("good", "bad", "said"), REWRITTEN, ids=[bad or f"no {good}" for good, bad, _ in REWRITTEN])
def test_a_mistake_is_told_in_a_line_that_says_what_would_be_right(tmp_path, monkeypatch, good, bad, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "gopher.yaml").write_text("name: gopher\n")
    (tmp_path / "x.yaml").write_text(GOOD.replace(good, bad, 1))
    with pytest.raises(ConfigError) as refusal:
        load("x.yaml")
    assert str(refusal.value).splitlines() == said


JUNK = st.sampled_from([None, True, 5, 0.5, "", "x", "kind", [], [1], [[{}]], {}, {"kind": 5}, {"kind": [1]}, {1: 2}])


@given(st.data())
def test_whatever_stands_somewhere_the_complaint_is_a_line_with_a_place(data):
    raw = yaml.safe_load(GOOD)
    at = raw
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not at[key] or not isinstance(at[key], dict | list) or data.draw(st.booleans()):
            break
        at = at[key]
    if isinstance(at, dict) and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(["fil", "kinds", "audit", "dedup", "engine", "rules"]))
    at[key] = data.draw(JUNK)
    try:
        Config.model_validate(raw)
    except ValidationError as error:
        for line in complaints(error, Config, raw, "x.yaml").split("\n"):
            assert re.match(r"x\.yaml: (\(top level\)|[\w.]+): \S", line)


def test_the_config_that_the_mistakes_are_made_in_is_right(tmp_path):
    (tmp_path / "x.yaml").write_text(GOOD)
    load(str(tmp_path / "x.yaml"))
