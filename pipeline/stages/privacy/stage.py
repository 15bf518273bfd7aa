"""Persons' data and secrets: replaced by what they are, or counted for a rule."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.schema import field
from pipeline.stage import Stage, with_columns
from pipeline.stages.privacy.checks import NATIONAL
from pipeline.stages.privacy.find import Span, find, patterns

Kind = Literal["secret", "iban", "card", "national_id", "email", "ip", "phone", "address"]
SPAN = pa.struct(
    [pa.field("kind", pa.string(), False), pa.field("start", pa.int64(), False), pa.field("stop", pa.int64(), False)]
)


def _columns(prefix: str, of: str) -> pa.Schema:
    return pa.schema(
        [
            field(f"{prefix}_count", pa.int32(), f"persons' data and secrets {of}", unit="spans", nullable=False),
            field(
                f"{prefix}_secret_count",
                pa.int32(),
                "keys, tokens and passwords among them",
                unit="spans",
                nullable=False,
            ),
            field(
                f"{prefix}_spans", pa.list_(SPAN), f"what and where, in UTF-8 bytes of the text {of}; never the value"
            ),
        ]
    )


class _Privacy(Stage):
    """What both stages look for."""

    version: ClassVar[int] = 5
    """2: bare secrets, letters of all Latin in emails. 3: versions in more forms, more formats of keys. 4: phones in
    any groups behind a word, hidden emails, secrets in pieces and in more places.
    5: lists of names, decimals in a row, numbers of no Chinese county."""
    kinds: tuple[Kind, ...] = ("secret", "iban", "card", "national_id", "email", "ip", "phone")
    """What is looked for."""
    regions: tuple[str, ...] = ("US",)
    """Countries (ISO 3166) whose phone numbers are known without a country code."""
    national_ids: tuple[Literal[tuple(NATIONAL)], ...] = tuple(NATIONAL)  # type: ignore[valid-type]
    """Numbers that states give to persons, by modules of python-stdnum."""
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    decides_with: ClassVar[tuple[str, ...]] = ("google-re2", "phonenumbers", "python-stdnum", "publicsuffixlist")

    def fingerprint(self) -> str:
        """Nothing; ValueError where a region has no plan of phone numbers."""
        from phonenumbers import SUPPORTED_REGIONS  # as in `checks`

        if unknown := sorted({*self.regions} - SUPPORTED_REGIONS):
            raise ValueError(f"regions: there is no {', '.join(unknown)}; write codes of ISO 3166, e.g. GB")
        return ""

    def spans(self, texts: Any) -> list[list[Span]]:
        """Of every text what stands where."""
        return find(texts, patterns(self.kinds, self.regions, self.national_ids))


class Privacy(_Privacy):
    """Put a placeholder in the place of persons' data and secrets: [EMAIL], [IP], [PHONE], [IBAN], [CARD], [SECRET] ..

    Rewrites `text`. Adds `privacy_count`, `privacy_secret_count` (int32) and `privacy_spans` (what stood where in the
    text before). The values themselves are kept nowhere.
    """

    kind: Literal["privacy"] = "privacy"
    rewrites_text: ClassVar[bool] = True
    adds: ClassVar[pa.Schema] = _columns("privacy", "before they were replaced")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        texts = batch.column("text")
        spans = self.spans(texts)
        changed = [bool(own) for own in spans]
        new = [_replaced(text.as_buffer().to_pybytes(), own) for text, own in zip(texts, spans, strict=True) if own]
        column = pc.replace_with_mask(texts, pa.array(changed, pa.bool_()), pa.array(new, pa.large_string()))
        index = batch.schema.get_field_index("text")
        batch = batch.set_column(index, batch.schema.field(index), column)
        return with_columns(batch, self.adds, _told(spans))


class PrivacyMark(_Privacy):
    """Count persons' data and secrets, so that a rule can drop by them; the text stays.

    Adds `privacy_left_count`, `privacy_left_secret_count` (int32) and `privacy_left_spans`. After `privacy` they say
    what is left.
    """

    kind: Literal["privacy_mark"] = "privacy_mark"
    adds: ClassVar[pa.Schema] = _columns("privacy_left", "that are in it")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return with_columns(batch, self.adds, _told(self.spans(batch.column("text"))))


def _told(spans: list[list[Span]]) -> list[pa.Array]:
    evidence = [[{"kind": one.kind, "start": one.begin, "stop": one.end} for one in own] or None for own in spans]
    return [
        pa.array([len(own) for own in spans], pa.int32()),
        pa.array([sum(one.kind == "secret" for one in own) for own in spans], pa.int32()),
        pa.array(evidence, pa.list_(SPAN)),
    ]


def _replaced(text: bytes, spans: list[Span]) -> str:
    parts, at = [], 0
    for begin, end, kind in spans:
        parts += [text[at:begin], f"[{kind.upper()}]".encode()]
        at = end
    return b"".join([*parts, text[at:]]).decode()
