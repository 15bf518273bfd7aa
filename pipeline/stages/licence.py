"""The licence of each document in one form for all sources, and whether the config allows it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Final, Literal

import pyarrow as pa
from pydantic import Field

from pipeline.licences.statements.declared import normal_form
from pipeline.licences.taxonomy import CLASSES, UNKNOWN, class_of
from pipeline.schema import THE_CONFIG, field
from pipeline.stage import Stage, with_columns

MAX_EVIDENCE: Final = 200
Category = Literal["public-domain", "permissive", "share-alike", "copyleft", "non-commercial", "no-derivatives",
                   "proprietary", "conflicting", "unknown"]  # fmt: skip
_READ: Final = ("source", "licence_declared", "licence_where", "licence_quote", "licence_method", "licence_confidence",
                "licence_start", "licence_end")  # fmt: skip
_SURE_OF: Final = {"config": 5000, "record": 9500}
"""Confidence by method, 1e-4, where the source states none: the record's word, or that of whoever configured."""


class Licence(Stage):
    """Say of each document which licence it is under, of what class, by which evidence, and whether that is allowed.

    Of what the record declares (a link in the page, an XMP packet, a licence file, the row of a post) the normal form;
    of a record that declares nothing what the config says of its source (`licence`, with `licence_basis`: terms of use,
    a contract, a law). A record that names terms that nobody knows is unknown, whatever the config says. No licence is
    no permission.
    """

    version: ClassVar[int] = 5  # 3: more that restricts. 4: names in East Asian languages. 5: a place narrows
    kind: Literal["licence"] = "licence"
    reads: ClassVar[frozenset[str]] = frozenset(_READ)
    decides_with: ClassVar[tuple[str, ...]] = ("license-expression",)
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("licence_spdx", pa.string(), "SPDX expression of the document's licence; null: none is known"),
            field("licence_category", pa.string(), "class of that licence, unknown for none", nullable=False),
            field("licence_evidence", pa.string(), "the words that declare it, or the config's basis; 200 characters"),
            field("licence_place", pa.string(), "where they stand: a file, a place of the page with its UTF-8 bytes"),
            field("licence_by", pa.string(), "how: rel, words, json-ld, ..., record, config"),
            field("licence_sure", pa.int32(), "how sure that reading is; null: nothing was read", unit="1e-4"),
            field("licence_rank", pa.int32(), "place of the class from the most open, 0", nullable=False),
            field("licence_allowed", pa.bool_(), "whether `allow` of the source has the class", nullable=False),
        ]
    )
    allow: tuple[Category, ...] = ("public-domain", "permissive")
    """Classes that are allowed; what they are: [licences](how-to/licences.md)."""
    allow_of: Mapping[str, tuple[Category, ...]] = Field(default_factory=dict)
    """Classes by name of the source, where they are others."""
    categories: Mapping[str, Category] = Field(default_factory=dict)
    """Classes of a `LicenseRef-...` that stands in your config: a contract, terms of use."""

    def sources_named(self) -> frozenset[str]:
        """Those of `allow_of`, too."""
        return frozenset({*self.sources, *self.allow_of})

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the columns of `adds`."""
        rows = [self._row(*values) for values in zip(*(batch.column(name).to_pylist() for name in _READ), strict=True)]
        columns = [pa.array([row[at] for row in rows], column.type) for at, column in enumerate(self.adds)]
        return with_columns(batch, self.adds, columns)

    def _row(
        self,
        source: str,
        declared: str | None,
        where: str | None,
        quote: str | None,
        method: str | None,
        confidence: int | None,
        start: int | None,
        end: int | None,
    ) -> tuple[str | None, str, str | None, str | None, str | None, int | None, int, bool]:
        spdx = normal_form(declared) if declared is not None else None
        category = UNKNOWN if spdx is None else self.categories.get(spdx) or _class_of(spdx)
        evidence = (quote or declared or "")[:MAX_EVIDENCE] or None
        by = method or ("config" if where == THE_CONFIG else "record" if where is not None else None)
        sure = confidence if confidence is not None or by is None else _SURE_OF.get(by, _SURE_OF["record"])
        place = where if start is None or where is None else f"{where}, bytes {start}-{end}"
        allowed = category in self.allow_of.get(source, self.allow)
        return spdx, category, evidence, place, by, sure, CLASSES.index(category), allowed


@lru_cache(maxsize=4096)
def _class_of(spdx: str) -> str:
    return class_of(spdx)
