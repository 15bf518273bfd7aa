"""Of hits that overlap the closest stays, whatever their number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.contamination.detector import Hit, _best
from pipeline.contamination.kinds import KINDS

SPANS = st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda span: (span[0], span[0] + span[1]))
HITS = st.builds(
    lambda row, span, item, kind, score: Hit(row, *span, item, "question", kind, score),
    st.integers(0, 1), SPANS, st.integers(0, 1), st.sampled_from(KINDS[:3]), st.integers(0, 3),
)  # fmt: skip


def overlap(one: Hit, other: Hit) -> bool:
    return (one.row, one.item) == (other.row, other.item) and one.begin < other.end and other.begin < one.end


@given(st.lists(HITS, max_size=40))
def test_what_stays_overlaps_nothing_and_what_goes_overlaps_a_closer_one(hits):
    closest_first = sorted(hits, key=lambda hit: (KINDS.index(hit.kind), -hit.score_e4, hit))
    stay: list[Hit] = []
    for hit in closest_first:
        if not any(overlap(hit, other) for other in stay):
            stay.append(hit)
    assert _best(hits) == sorted(stay)
