"""The web door on real archives: goldens, agreement with another reader's counts, and cuts of a real file.

`GOLDEN_WRITE=1 pytest tests/sources/test_commoncrawl_archives.py` writes the golden and the table of differences anew;
it refuses where the outcomes changed under the same versions.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.commoncrawl.source import CommonCrawl
from pipeline.sources.source import Dropped, InputFile, NotADocument, Outcome, Piece, Row

pytestmark = pytest.mark.data

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "commoncrawl.json"
DIFFERENCES = ROOT / "docs" / "differences" / "warc-index.md"
ARCHIVES = (".warc", ".warc.gz", ".arc", ".arc.gz", ".wet.gz", ".wat.gz", ".bad")
WRITE = os.environ.get("GOLDEN_WRITE") == "1"

# Why our count of 200 HTML responses differs from the index's, by file. A difference that is not here fails.
ONE_MEMBER = "one gzip member around the whole file: they refuse it after the first record, we read it as a stream"
WHY = {
    "warc_faults/warcio_example-bad-non-chunked.warc.gz": ONE_MEMBER,
    "warc_faults/warcio_example-bad.warc.gz.bad": ONE_MEMBER,
}


def outcomes_of(path: Path) -> list[Outcome]:
    with path.open("rb") as stream:
        piece = Piece(InputFile(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()))
        return list(CommonCrawl().read(piece, stream))


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    counts = Counter("row" if isinstance(outcome, Row) else outcome.reason for outcome in outcomes)
    text = hashlib.sha256()
    for outcome in outcomes:
        if isinstance(outcome, Row):
            fields = (
                outcome.natural_key,
                outcome.url,
                outcome.title,
                outcome.date,
                outcome.language_hint,
                outcome.text,
            )
            says = (outcome.directives_quote, outcome.directives_as_of, outcome.tdm_policy)
            text.update(json.dumps([*fields, outcome.raw_offset, outcome.charset, *says]).encode())
    return {"outcomes": dict(sorted(counts.items())), "rows_sha256": text.hexdigest()}


@pytest.fixture(scope="module")
def everything(shared_data) -> dict[str, list[Outcome]]:
    """The outcomes of every archive of the shared data, by its path there."""
    found = {}
    for folder in ("warc", "warc_faults", "web"):
        for path in sorted(shared_data(folder).iterdir()):
            if path.name.endswith(ARCHIVES):
                found[f"{folder}/{path.name}"] = outcomes_of(path)
    return found


def test_every_archive_gives_what_it_gave(everything):
    lock = {name: version(name) for name in CommonCrawl.decides_with} | {"CommonCrawl": CommonCrawl.version}
    observed = {"lock": lock, "archives": {name: summary(outcomes) for name, outcomes in everything.items()}}
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {"lock": None, "archives": {}}
    if WRITE and golden != observed:
        known = {name: observed["archives"].get(name) for name in golden["archives"]}
        if lock == golden["lock"] and known != golden["archives"]:
            pytest.fail("the outcomes changed under the same versions: raise CommonCrawl.version")
        GOLDEN.write_text(json.dumps(observed, indent=1, sort_keys=True) + "\n")
        golden = observed
    assert observed["lock"] == golden["lock"]
    assert observed["archives"] == golden["archives"]


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        # WARC-Date of a year and month only
        ("ukwa_truncated_datetime.warc", {"row": 1, "warcinfo": 1, "request": 1, "metadata": 1, "resource": 1}),
        # lengths of -1 and abc; the record between them has one byte, which is no HTTP
        ("warcio_bad.arc", {"broken_archive": 2, "broken_record": 1}),
        ("warcio_example-bad-non-chunked.warc.gz", {"row": 1, "warcinfo": 2, "request": 2, "revisit": 1}),
        ("warcio_example-bad.warc.gz.bad", {"row": 1, "warcinfo": 1, "request": 2, "revisit": 1, "status_3xx": 1}),
        ("warcio_example-digest.warc", {"request": 4}),
        ("warcio_example-space-in-target-uri.warc.gz", {"warcinfo": 1, "resource": 1}),
        # its header promises 1,591 bytes; 1,579 are there
        ("warcio_example-space-in-url.arc", {"warcinfo": 1, "truncated": 1}),
        (
            "warcio_example-wget-bad-target-uri.warc.gz",
            {"row": 1, "warcinfo": 1, "request": 1, "metadata": 1, "resource": 2},
        ),
    ],
)
def test_each_faulty_archive_ends_in_documents_and_reasons(everything, name, outcomes):
    counts = summary(everything[f"warc_faults/{name}"])["outcomes"]
    assert {reason.removeprefix("commoncrawl:"): count for reason, count in counts.items()} == outcomes


def test_keys_are_unique_and_rows_complete(everything):
    for name, outcomes in everything.items():
        keys = [outcome.natural_key for outcome in outcomes if not isinstance(outcome, NotADocument)]
        assert len(keys) == len(set(keys)), name
        rows = [outcome for outcome in outcomes if isinstance(outcome, Row)]
        assert all(row.text.strip() and row.url and row.charset for row in rows), name


def test_brackets_and_spaces_are_gone_from_addresses(everything):
    (row,) = [
        row for row in everything["warc_faults/warcio_example-wget-bad-target-uri.warc.gz"] if isinstance(row, Row)
    ]
    assert row.url == "http://example.com/"
    for outcomes in everything.values():
        assert not any(set(row.url or "") & set("<> ") for row in outcomes if isinstance(row, Row))


def test_the_same_archive_as_warc_and_arc_gives_the_same_texts(everything):
    stem = "warc/ukwats_small-arcs-and-warcs_IAH-20080430204825-00000-blackbook-truncated"
    texts = [
        [row.text for row in everything[stem + suffix] if isinstance(row, Row)]
        for suffix in (".arc", ".arc.gz", ".warc", ".warc.gz")
    ]
    assert len(texts[0]) == 2
    assert all(other == texts[0] for other in texts)


def test_chinese_pages_are_read_in_their_charset(everything):
    rows = [row for row in everything["web/chinese_wce.warc.gz"] if isinstance(row, Row)]
    assert Counter(row.charset for row in rows) == {"gb18030": 21, "utf-8": 8}
    for row in rows:  # text decoded wrongly has next to none of the commonest characters, or many replaced ones
        common = sum(row.text.count(char) for char in "的一是不了在人有我他这中大来上国")
        assert common * 100 >= len(row.text), row.natural_key
        assert row.text.count("\ufffd") * 200 <= len(row.text), row.natural_key


def table(shared_data, everything) -> tuple[str, set[str]]:
    lines = [
        "# HTML responses: the index of the test archives and us",
        "",
        "Status 200 responses of text/html or application/xhtml+xml, as warcio counted them (`html_200` in the index)",
        "and as `CommonCrawl` does: documents, and records dropped that should have been documents. Written by",
        "`GOLDEN_WRITE=1 pytest tests/sources/test_commoncrawl_archives.py`; a difference not explained there fails.",
        "",
        "| file | theirs | ours | why |",
        "|---|--:|--:|---|",
    ]
    differing, agreeing = set(), 0
    for folder in ("warc", "warc_faults"):
        for line in shared_data(f"{folder}/index.jsonl").read_text().splitlines():
            entry = json.loads(line)
            name = f"{folder}/{entry['file']}"
            if name not in everything or "html_200" not in entry:
                continue
            ours = 0 if name.endswith(".wet.gz") else html_responses(everything[name])  # conversions, no responses
            if ours == entry["html_200"]:
                agreeing += 1
            else:
                differing.add(name)
                lines.append(f"| {name} | {entry['html_200']} | {ours} | {WHY.get(name, '**not explained**')} |")
    lines += ["", f"{agreeing} further archives agree."]
    return "\n".join(lines) + "\n", differing


def html_responses(outcomes: list[Outcome]) -> int:
    """Documents, and what should have been one; what could not be read at all is nothing that anybody counts."""
    uncounted = {"commoncrawl:broken_archive", "commoncrawl:broken_record"}
    rows = [outcome for outcome in outcomes if isinstance(outcome, Row)]
    dropped = [outcome for outcome in outcomes if isinstance(outcome, Dropped) and outcome.reason not in uncounted]
    return len(rows) + len(dropped)


def test_counts_agree_with_the_index_or_are_explained(shared_data, everything):
    text, differing = table(shared_data, everything)
    assert differing == set(WHY)
    if WRITE:
        DIFFERENCES.write_text(text)
    assert DIFFERENCES.read_text() == text


@given(share=st.floats(0, 1))
@settings(max_examples=8, deadline=None)
def test_a_real_archive_cut_anywhere_keeps_what_stands_before(shared_data, everything, share):
    data = shared_data("warc/pywb_iana.warc.gz").read_bytes()
    cut = round(share * len(data))
    digest = hashlib.sha256(data).hexdigest()
    outcomes = list(CommonCrawl().read(Piece(InputFile("x", cut, digest)), io.BytesIO(data[:cut])))
    whole = [outcome for outcome in everything["warc/pywb_iana.warc.gz"] if isinstance(outcome, Row)]
    rows = [outcome for outcome in outcomes if isinstance(outcome, Row)]
    assert rows == whole[: len(rows)]
    ends = [outcome.raw_offset for outcome in whole[1:]] + [len(data)]
    assert len(rows) >= sum(end is not None and end <= cut for end in ends)
    assert sum(isinstance(outcome, Dropped) for outcome in outcomes) <= 1
