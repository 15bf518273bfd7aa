"""Mistakes that people make in the filter, its stages, rules and their columns; and exactly what they are told."""

from __future__ import annotations

import pytest

from tests.settings.mistaken_config import told

REWRITTEN = [
    (
        "kind: statistics",
        "kind: statistic",
        [
            "x.yaml: filter.0.kind: there is no 'statistic'; did you mean statistics? kinds: url, robots, "
            "licence, normalise, language, statistics, c4_lines, refinedweb_lines, quality, topic, "
            "machine_written, privacy, privacy_mark, contamination_cut, contamination, attributes, rules, own"
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
        "word_count < 5",
        "word_count < 5\n        when_null: dorp",
        ["x.yaml: filter.1.rules.0.when_null: there is no 'dorp'; did you mean drop? values: keep, drop"],
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
        "    name: mine\n    rules:\n      - drop: mine:short\n        when: word_count < 5\n",
        "    file: rules/gofer.yaml\n",
        [
            "x.yaml: filter.1.file: rules/gofer.yaml: no such file; did you mean rules/gopher.yaml? (a path "
            "goes by the config's folder)"
        ],
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
]
"""What is written in the place of what, and every line that is said."""


@pytest.mark.parametrize(("good", "bad", "said"), REWRITTEN, ids=[bad or f"no {good}" for good, bad, _ in REWRITTEN])
def test_a_mistake_in_the_filter_is_told_in_a_line_that_says_what_would_be_right(tmp_path, good, bad, said):
    assert told(tmp_path, good, bad) == said
