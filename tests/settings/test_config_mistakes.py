"""Mistakes that people make in a config, and exactly what they are told: of the file, and of the keys of a run.

Those of sources and of the filter have files of their own.
"""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config import Config, load
from pipeline.settings.complaints import complaints
from tests.settings.mistaken_config import GOOD, told

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
        "run: 0123456789" + 10 * "0123456789",
        ["x.yaml: run: must have at most 100 characters (got '" + 7 * "0123456789" + "012345678)"],
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
        "filter:",
        "dedup: {lines: {min_page: 3}}\nfilter:",
        ["x.yaml: dedup.lines.min_page: no such key; did you mean min_pages? keys: sources, min_pages, min_share"],
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
]
"""What is written in the place of what, and every line that is said."""


@pytest.mark.parametrize(("good", "bad", "said"), REWRITTEN, ids=[bad or f"no {good}" for good, bad, _ in REWRITTEN])
def test_a_mistake_is_told_in_a_line_that_says_what_would_be_right(tmp_path, good, bad, said):
    assert told(tmp_path, good, bad) == said


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
        for line in complaints(error, Config, "x.yaml").split("\n"):
            assert re.match(r"x\.yaml: (\(top level\)|[\w.]+): \S", line)


def test_the_config_that_the_mistakes_are_made_in_is_right(tmp_path):
    (tmp_path / "x.yaml").write_text(GOOD)
    load(str(tmp_path / "x.yaml"))
