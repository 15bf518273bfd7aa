"""A funnel report of the size and shape of a real run: two sources, 77,000 records, 30 reasons. All text is ours."""

from __future__ import annotations

from pipeline.report.report import (
    ClusterExample,
    Example,
    Flow,
    FunnelReport,
    PairMember,
    PublishedDomain,
    SourceInfo,
    StageTime,
)

MEASURES = {"documents": "docs_in", "raw_bytes": "raw_bytes", "text_bytes": "text_bytes"}
EMPTY = FunnelReport("nothing", "configs/none.yaml", "00000000", "0 manifests")

CRAWL, HOUSE = "cc-main-2024-33", "house-handbooks"
PAGE, PAPER = 141_700, 9_400  # raw bytes a record
SENTENCE = (
    "the river carries sand and gold down to the plain where people sift it by hand and keep what shines while water "
    "takes the rest away over ribs of wood that slow the current just enough for heavy grains to settle in between"
)
WORDS = SENTENCE.split()

# room, outcome, reason, records of the crawl, records of the house, text bytes a record
FATES = (
    ("10_extracted", "not_a_document", "commoncrawl:request", 24_871, 0, 0),
    ("10_extracted", "not_a_document", "commoncrawl:metadata", 1_204, 0, 0),
    ("10_extracted", "not_a_document", "commoncrawl:warcinfo", 4, 0, 0),
    ("10_extracted", "dropped", "commoncrawl:not_html", 2_318, 0, 0),
    ("10_extracted", "dropped", "commoncrawl:http_status", 1_946, 0, 0),
    ("10_extracted", "dropped", "extraction:no_text", 811, 0, 0),
    ("10_extracted", "dropped", "commoncrawl:revisit", 137, 0, 0),
    ("10_extracted", "dropped", "commoncrawl:body_broken", 43, 0, 0),
    ("10_extracted", "dropped", "text:empty", 0, 96, 0),
    ("10_extracted", "dropped", "text:not_utf8", 0, 11, 0),
    ("10_extracted", "dropped", "resource:record_bytes", 2, 1, 0),
    ("10_extracted", "kept", "", 43_518, 2_214, 5_240),
    ("20_filtered", "dropped", "language:not_wanted", 17_309, 38, 4_610),
    ("20_filtered", "dropped", "gopher:word_count", 4_127, 61, 690),
    ("20_filtered", "dropped", "c4:terminal_punctuation", 2_880, 4, 1_120),
    ("20_filtered", "dropped", "gopher:duplicate_line_share", 1_933, 7, 7_720),
    ("20_filtered", "dropped", "fineweb:short_line_share", 1_402, 12, 2_840),
    ("20_filtered", "dropped", "gopher:stop_words", 866, 0, 1_930),
    ("20_filtered", "dropped", "gopher:alphabetic_share", 741, 3, 3_080),
    ("20_filtered", "dropped", "language:unsure", 702, 9, 880),
    ("20_filtered", "dropped", "gopher:top_2_gram_share", 388, 0, 6_420),
    ("20_filtered", "dropped", "c4:curly_bracket", 301, 14, 9_920),
    ("20_filtered", "dropped", "gopher:symbol_ratio", 127, 0, 2_260),
    ("20_filtered", "dropped", "c4:lorem_ipsum", 44, 0, 5_150),
    ("20_filtered", "dropped", "refinedweb:line_of_counters", 19, 0, 3_330),
    ("20_filtered", "dropped", "gopher:mean_word_length", 12, 1, 1_500),
    ("20_filtered", "kept", "", 12_667, 2_065, 6_190),
    ("31_duplicates", "merged", "near:minhash", 2_245, 118, 5_960),
    ("31_duplicates", "merged", "exact:text", 1_092, 203, 4_070),
    ("31_duplicates", "merged", "exact:url", 418, 0, 6_330),
    ("31_duplicates", "kept", "", 8_912, 1_744, 6_440),
    ("40_published", "dropped", "licence:forbids_training", 164, 0, 6_020),
    ("40_published", "dropped", "takedown:tombstone", 6, 2, 5_100),
    ("40_published", "kept", "", 8_742, 1_742, 6_450),
)


def text_of(seed: int, words: int = 90) -> str:
    """A deterministic text of our own."""
    return " ".join(WORDS[(seed * 7 + at * (at + 3) // 2) % len(WORDS)] for at in range(words)) + "."


def flows() -> list[Flow]:
    made = []
    for room, outcome, reason, crawl, house, text in FATES:
        for source, docs, raw in ((CRAWL, crawl, PAGE), (HOUSE, house, PAPER)):
            if docs:
                out = docs if outcome == "kept" else 0
                weight = 700 if outcome == "not_a_document" else raw
                made.append(Flow(room, source, outcome, reason, docs, out, docs * weight, docs * text))  # type: ignore[arg-type]
    return made


def examples() -> list[Example]:
    made = []
    for place, (room, outcome, reason, crawl, house, _) in enumerate(FATES):
        if outcome == "not_a_document":
            continue
        for source, docs in ((CRAWL, crawl), (HOUSE, house)):
            for at in range(min(4, docs)):
                seed = place * 31 + at
                signals: dict[str, int | str | None] = {
                    "word_count": 17 + seed * 13 % 900, "line_count": 3 + seed % 40, "language": "en" if at else "de",
                    "language_score": 9_990 - seed * 37 % 5_000, "duplicate_lines": seed % 9, "stop_words": seed % 12,
                    "mean_word_length_1e4": 42_000 + seed, "licence": None,
                }  # fmt: skip
                made.append(
                    Example(
                        room, source, reason, f"{seed * 0x9E3779B97F4A7C15 % 2**64:016x}{place:08x}{at:08x}",
                        f"https://example.org/{source}/{seed}" if source == CRAWL else None,
                        f"{source}/{place:05d}.warc.gz@{seed * 18_731}",
                        "" if reason.endswith(("no_text", "empty")) else text_of(seed),
                        signals if room != "10_extracted" else {},
                    )
                )  # fmt: skip
    return made


def clusters() -> list[ClusterExample]:
    made = []
    for at in range(4):
        survivor = text_of(at, 70).split()
        removed = ["Updated:", *survivor[:12], "silver", *survivor[13:40], *survivor[43:], "Read", "more."]
        made.append(
            ClusterExample(
                "near:minhash", 9_350 - 311 * at,
                PairMember(f"{at:032x}", f"https://mirror.example/{at}", " ".join(removed)),
                PairMember(f"{at + 99:032x}", f"https://example.org/{at}", " ".join(survivor)),
            )
        )  # fmt: skip
    return made


def realistic() -> FunnelReport:
    """The whole report."""
    times = (
        ("10_extracted", "commoncrawl", 61.42, 74_854, 6_180_000_000),
        ("10_extracted", "html", 131.07, 44_329, 6_160_000_000),
        ("20_filtered", "normalise", 8.31, 45_732, 239_600_000), ("20_filtered", "language", 4.12, 45_732, 239_600_000),
        ("20_filtered", "statistics", 19.88, 28_385, 161_000_000),
        ("20_filtered", "repetition", 27.4, 28_385, 161_000_000),
        ("20_filtered", "rules", 1.09, 45_732, 239_600_000), ("31_duplicates", "signatures", 3.3, 14_732, 91_200_000),
        ("31_duplicates", "verify", 1.72, 6_210, 38_000_000), ("40_published", "write", 2.75, 10_656, 68_600_000),
    )  # fmt: skip
    return FunnelReport(
        run="web-and-handbooks-v3",
        config="configs/web.yaml",
        recipe="3f9a21c07be4",
        generated_from="34 manifests of 4 rooms",
        sources=[
            SourceInfo(CRAWL, "commoncrawl", 32, 6_180_000_000),
            SourceInfo(HOUSE, "text", 2, 21_830_000),
        ],
        flows=flows(),
        examples=examples(),
        times=[StageTime(*row) for row in times],
        published=[
            PublishedDomain("web", 7_915, 50_900_000, 2, {"unknown": 7_204, "CC-BY-SA-4.0": 402, "CC-BY-4.0": 309}),
            PublishedDomain("reference", 827, 5_480_000, 1, {"CC-BY-SA-4.0": 701, "unknown": 126}),
            PublishedDomain("handbooks", 1_742, 11_241_800, 1, {"LicenseRef-house": 1_742}),
        ],
        clusters=clusters(),
    )


def _flow(room: str, source: str, docs: int, reason: str = "") -> Flow:
    outcome, out = ("dropped", 0) if reason else ("kept", docs)
    return Flow(room, source, outcome, reason, docs, out, docs * 3_000, docs * 900)  # type: ignore[arg-type]


def many_sources(sources: int, reasons: int) -> FunnelReport:
    """A run of `sources` sources, each losing to `reasons` reasons in its only filter."""
    rows = []
    for at in range(sources):
        name, lost, kept = f"source-{at:02d}", 0, 900 * (at + 1) ** 2
        for reason in range(reasons):
            docs = 1 + (at * 37 + reason * reason * 11) % 400
            lost += docs
            rows.append(_flow("20_filtered", name, docs, f"rules:reason_{reason:03d}"))
        rows += [_flow("10_extracted", name, kept + lost), _flow("20_filtered", name, kept)]
    return FunnelReport("many", "configs/many.yaml", "00000000", "fixture", flows=rows)


HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus=alert(1) x='",
    "javascript:alert(1)",
    "$title ${script} $$ &amp; &#x3C;b&#x3E; %s {0}",
    "abc\u202edcba\u2066\u200b\ufeff",
    "\x00\x08\x1b[31m\x7f\x85\r",
    "\ud800 lone \udfff",
    "\ufffe\uffff\U0010ffff\U000e0041",
    "Z" + "\u0301" * 5_000,
    "a" * 1_000_000,
    "\n" * 2_000,
)


def told(text: str) -> FunnelReport:
    """A small report with `text` wherever a stranger's text may stand, and its beginning in every name."""
    name = text[:40]
    flows = [
        Flow("10_extracted", "s" + name, "dropped", "x:" + name, 3, 0, 30, 3),
        Flow("10_extracted", "t", "kept", "", 2, 2, 20, 2),
        Flow("40_published", "t", "kept", "", 2, 2, 20, 2),
    ]
    signals = {"k" + name: "v" + text, "zz": "fixed"}
    example = Example("10_extracted", "s", "x:" + name, "id" + text, "u" + text, "p" + text, "e" + text, signals)
    members = PairMember("1" + text, "u" + text, "w" + text), PairMember("2", None, "w " + text)
    return FunnelReport(
        run="r" + name,
        config="c" + name,
        recipe="h" + name,
        generated_from="g" + name,
        sources=[SourceInfo("i" + name, "kind" + name, 1, 1)],
        flows=flows,
        examples=[example],
        times=[StageTime("10_extracted", "stage" + name, 1.0, 5, 50)],
        published=[PublishedDomain("d" + name, 2, 2, 1, {"L" + name: 2})],
        clusters=[ClusterExample("n:" + name, 9_000, *members)],
    )
