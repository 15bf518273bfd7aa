"""The laws that every stage keeps, whatever the text: rows stay, calls repeat, batches do not matter."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.kinds import STAGES as EVERY_STAGE
from pipeline.lookup_tables.attribute_table import write_table
from pipeline.stage import Stage
from pipeline.stages.attributes import Attributes
from pipeline.stages.contamination import Contamination, ContaminationCut
from pipeline.stages.language import Language
from pipeline.stages.licence import Licence
from pipeline.stages.lines import C4Lines, RefinedWebLines
from pipeline.stages.machine_written import MachineWritten
from pipeline.stages.normalise import Normalise
from pipeline.stages.privacy.find import KINDS
from pipeline.stages.privacy.stage import Privacy, PrivacyMark
from pipeline.stages.quality import Quality
from pipeline.stages.robots import RECORDS, Robots
from pipeline.stages.statistics import TextStatistics
from pipeline.stages.topic import Topic
from pipeline.stages.url import Url
from tests.classifiers.made import tiny_model
from tests.contamination import made as benchmarks

_ROBOTS = str(Path(tempfile.mkdtemp()) / "robots.parquet")
pq.write_table(
    pa.Table.from_pylist(
        [
            {
                "host": "a.com",
                "file": "robots.txt",
                "date": "2020-01-01",
                "status": 200,
                "text": "User-agent: *\nDisallow: /A",
            }
        ],
        RECORDS,
    ),
    _ROBOTS,
)

_TABLE = str(Path(tempfile.mkdtemp()) / "x.attributes")
pq.write_table(pa.table({"url": ["http://a.com/", "..."], "number": [0.5, float("nan")]}), f"{_TABLE}.parquet")
write_table(f"{_TABLE}.parquet", "url", _TABLE)


def of_a_tiny_model(stage: type[Stage]) -> Stage:
    path, card = tiny_model(stage.model_fields["kind"].default)
    return stage(model=str(path), sha256=card.sha256)


MADE: list[tuple[type[Stage], Callable[[], Stage]]] = [
    (Normalise, Normalise),
    (C4Lines, C4Lines),
    (C4Lines, partial(C4Lines, terminal_punctuation=False, min_words=3)),
    (RefinedWebLines, RefinedWebLines),
    (Language, Language),
    (TextStatistics, TextStatistics),
    *((stage, partial(of_a_tiny_model, stage)) for stage in (Quality, Topic, MachineWritten)),
    (Licence, Licence),
    (Licence, partial(Licence, allow_of={"web": ("share-alike",)}, categories={"LicenseRef-a": "permissive"})),
    (Robots, partial(Robots, records=_ROBOTS)),
    (Attributes, partial(Attributes, table=_TABLE)),
    (Url, Url),
    (Url, partial(Url, spam_tlds=("com",))),
    (Privacy, partial(Privacy, kinds=KINDS)),
    (PrivacyMark, partial(PrivacyMark, regions=("US", "DE"))),
    (ContaminationCut, partial(ContaminationCut, benchmarks=benchmarks.folder())),
    (Contamination, partial(Contamination, benchmarks=benchmarks.folder())),
]


@pytest.fixture(scope="module", params=MADE, ids=lambda made: made[0].model_fields["kind"].default)
def stage(request: pytest.FixtureRequest) -> Stage:
    """Made when its laws are asked for: every process of `make test` reads this file, and models take 5 s to train."""
    stage: Stage = request.param[1]()
    assert type(stage) is request.param[0]
    return stage


patient = settings(deadline=None)  # the first call compiles

# Pieces that the stages look for, between arbitrary characters (hypothesis makes no surrogates in st.text()).
WHITE = st.sampled_from(["\n", "\n\n\n", " \n", "\r\n", "\u2028", "\u00a0", "\u200b", "e\u0301"])
MARKS = st.sampled_from(["...", "…", "A. B. ", "[1]", "{", "• ", "- ", "12.5 ", '."\n', "😀", "你好。", "ไทย"])
PHRASES = st.sampled_from(["the ", "lorem ipsum", "JavaScript", "3 likes", "Read more...", "SALE"])
ITEMS = st.sampled_from([f"{benchmarks.SUMS[0]['question']} ", benchmarks.CODE[0]["canonical_solution"]])
PERSONAL = st.sampled_from(["li@uni-jena.de ", "212-555-0123 ", "10 Elm Street, ", "5.9.12.7:80 ", "AKIA" + "Q" * 16])
PIECES = st.one_of(WHITE, MARKS, PHRASES, ITEMS, PERSONAL, st.text(max_size=5))
TEXTS = st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=6)


def batch_of(texts: list[str]) -> pa.RecordBatch:
    """Documents with these texts; every third has an address with its text in it, every third its text as address."""
    ids = pa.array([f"{row:032x}" for row in range(len(texts))])
    urls = [(None, text, f"http://a.com/{text}")[len(text) % 3] for text in texts]
    schema = pa.schema(
        [
            pa.field("doc_id", pa.string(), False),
            pa.field("natural_key", pa.string(), False),
            pa.field("url", pa.string()),
            pa.field("source", pa.string(), False),
            *(pa.field(f"licence_{name}", pa.string()) for name in ("declared", "where", "quote", "method")),
            pa.field("directives_as_of", pa.string()),
            *(pa.field(f"licence_{name}", pa.int64()) for name in ("confidence", "start", "end")),
            pa.field("text", pa.large_string(), False),
        ]
    )
    declared = [(None, text, "CC-BY-4.0")[len(text) % 3] for text in texts]
    numbers = [(None, len(text))[len(text) % 2] for text in texts]
    columns = [ids, ids, urls, ["web"] * len(texts), declared, urls, declared, urls, urls, *[numbers] * 3, texts]
    return pa.RecordBatch.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )


def test_every_stage_is_here() -> None:
    assert {stage for stage, _ in MADE} == set(EVERY_STAGE)


@patient
@given(texts=TEXTS)
def test_a_stage_keeps_its_rows_and_repeats_itself(stage: Stage, texts: list[str]) -> None:
    before = batch_of(texts)
    after = stage(before)
    assert after["doc_id"].equals(before["doc_id"])
    assert after.equals(stage(before))
    if not stage.rewrites_text:
        assert after["text"].equals(before["text"])


@patient
@given(texts=TEXTS)
def test_a_stage_adds_exactly_what_it_declares(stage: Stage, texts: list[str]) -> None:
    before = batch_of(texts)
    after = stage(before)
    assert after.schema == pa.schema([*before.schema, *stage.added()])
    assert all(after.schema.field(added.name).metadata[b"meaning"] for added in stage.added())
    assert stage.reads <= set(before.schema.names)
    assert all(after[added.name].null_count == 0 for added in stage.added() if not added.nullable)
    after.validate(full=True)


@patient
@given(texts=TEXTS, data=st.data())
def test_the_batch_does_not_matter(stage: Stage, texts: list[str], data: st.DataObject) -> None:
    whole = batch_of(texts)
    cut = data.draw(st.integers(0, len(texts)))
    parts = [stage(whole.slice(0, cut)), stage(whole.slice(cut))]
    assert pa.Table.from_batches(parts).combine_chunks().equals(pa.Table.from_batches([stage(whole)]).combine_chunks())


def test_a_stage_is_its_fields_and_travels(stage: Stage) -> None:
    assert pickle.loads(pickle.dumps(stage)) == stage
    assert stage.fingerprint() == stage.fingerprint()
    assert type(stage).model_validate_json(stage.model_dump_json()) == stage


@given(texts=TEXTS)
@settings(max_examples=300, deadline=None)
@example(["a\u00a0\n\n\n\nb", "e \u200b\u0301", "\u0344", "\u1161\u1100\u1161", "\ufeff", " x", "\tx\t"])
def test_normalise_is_idempotent(texts: list[str]) -> None:
    once = Normalise()(batch_of(texts))
    assert Normalise()(once).equals(once)


@patient
@given(texts=TEXTS)
def test_what_took_nothing_out_changed_nothing(texts: list[str]) -> None:
    before = batch_of(texts)
    after = RefinedWebLines()(before)
    for old, new, flagged in zip(
        before["text"].to_pylist(),
        after["text"].to_pylist(),
        after["refinedweb_flagged_word_count"].to_pylist(),
        strict=True,
    ):
        assert flagged > 0 or new == old
