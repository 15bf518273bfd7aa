"""What the report says of duplicates: the share by source, the similarities, the size of a shown cluster."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.report.page.duplicates import duplicates, similarities, sources
from pipeline.report.report import ClusterExample, Flow, FunnelReport, Outcome, PairMember
from tests.report.funnel_fixture import EMPTY


def flow(source: str, outcome: Outcome, docs: int, room: str = "31_duplicates") -> Flow:
    kept = docs if outcome == "kept" else 0
    return Flow(room, source, outcome, "" if kept else "dedup:near", docs, kept, docs, docs)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_sources_by_the_share_that_went() -> None:
    flows = [
        flow("forum", "kept", 900),
        flow("forum", "dropped", 100),
        flow("shop", "kept", 25),
        flow("shop", "dropped", 75),
        flow("essays", "kept", 10),
        flow("essays", "dropped", 5, room="20_filtered"),
    ]
    said = words(sources(replace(EMPTY, flows=flows)))
    assert said.index("shop 75 100") < said.index("forum 100 1,000") and "essays" not in said


def test_similarities_step_by_step() -> None:
    said = words(similarities(replace(EMPTY, similarities=[(8000, 3), (8250, 0), (8500, 1)])))
    assert "80.0 % and more 3" in said and "82.5 % and more 0" in said


def test_a_shown_pair_says_how_large_its_cluster_is() -> None:
    pair = (PairMember("a" * 32, None, "one text"), PairMember("b" * 32, None, "one text more"))
    report = FunnelReport("r", "c", "0", "1", clusters=[ClusterExample("dedup:near", 9000, *pair, members=1234)])
    assert "cluster of 1,234" in words(duplicates(report))


def test_nothing_is_shown_of_a_run_without_duplicates() -> None:
    assert duplicates(EMPTY) == ""
