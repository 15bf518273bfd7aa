"""What a user decides about deduplication; part of the recipe of every file this package writes."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.dedup.cut_settings import Lines, Passages
from pipeline.dedup.minhash import SEED, Scheme

SIGNATURE_VERSION = 1
"""Raise it when the same documents and settings may get other keys: an index holds keys of runs long past."""

Jaccard = Annotated[float, Field(gt=0, le=1, multiple_of=0.0001)]


class Deduplication(BaseModel):
    """Exact and near deduplication of documents.

    Candidates come from MinHash over `bands` x `rows_per_band` values (Broder 1997; banding: Leskovec, Rajaraman and
    Ullman, Mining of Massive Datasets, 3.4): a pair of similarity J is met with probability
    1 - (1 - J^rows_per_band)^bands, 99.7 % at J = .80 with the defaults, 12 % at J = .50. A candidate whose signatures
    are not far apart (`estimate`) is then verified by the exact Jaccard similarity of the two shingle sets: MinHash
    decides recall, never precision.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shingle_words: int = Field(default=5, ge=1, le=64)
    """Length of a shingle in words."""
    scheme: Scheme = "fss"
    """How signatures are made: Fast Similarity Sketching, or the permutations of datasketch (`affine32`)."""
    bands: int = Field(default=32, ge=1, le=1000)
    """Bands of a signature: more find more pairs, and cost more."""
    rows_per_band: int = Field(default=8, ge=1, le=64)
    """Values of a band: more find fewer dissimilar pairs."""
    min_jaccard: Jaccard = 0.80
    """A pair is a near duplicate from this similarity on (inclusive); steps of 1e-4, compared in integers."""
    bucket_leaders: int = Field(default=16, ge=1)
    """In a band's bucket a document is compared with at most this many of the best-ranked ones, and in a larger bucket
    with as many more of the best-ranked of a finer bucket."""
    scope: Literal["per_snapshot", "global", "previous"] = "global"
    """Who is compared with whom: documents of one source, all of the run, or these and all that earlier runs published.

    Over all crawls at once the oldest lost up to 90 %, the better part of them; FineWeb deduplicates each crawl alone
    (arXiv:2406.17557, 3.4), which is `per_snapshot` with a source a crawl. `previous` leaves what is published as it
    is: of two similar documents the one published already survives, whatever the ranks."""
    index: str | None = None
    """Folder or URL of what runs of scope `previous` have published; each adds its own when it publishes."""
    source_priority: tuple[str, ...] = ()
    """Names of sources, the one whose copy should survive first; sources not named come after, all alike."""
    licence_rank_column: str | None = None
    """Column of integers 0..63, smaller survives; none: no such column, licences do not decide."""
    opt_out_column: str | None = None
    """Boolean column; a document that opts out gives way (null: it does not); none: opt-outs do not decide."""
    quality_column: str | None = None
    """Column of integers 0..10000 (1e-4), greater survives; none: no such column, quality does not decide."""
    work_column: str | None = "work"
    """Column that names the work a document is a copy of; of one work the best-ranked stays; none: no such column."""
    url_sources: tuple[str, ...] = ()
    """Names of sources of whose documents with one canonical address (`pipeline.urls.addresses` says what that is) the
    best-ranked stays, whichever of these sources has it. Not for sources that give one address to many records."""
    lines: Lines | None = None
    """Whether, and how, lines of a site are taken out of what is left."""
    passages: Passages | None = None
    """Whether, and how, passages that stand twice are taken out of what is left."""
    rows_per_partition: int = Field(default=4_000_000, ge=1)
    """Signature rows that one reducing task holds in memory, 64 bytes each and as much again to sort them; of pairs to
    judge a sixth as many."""
    pairs_per_partition: int = Field(default=500_000, ge=1)
    """Candidate pairs that one verifying task reads."""
    block_shingles: int = Field(default=32_000_000, ge=1)
    """Shingle hashes (8 bytes each) that a verifying task holds at once; one document's at least."""

    @model_validator(mode="after")
    def _index_has_a_scope(self) -> Self:
        if (self.scope == "previous") != (self.index is not None):
            raise ValueError("scope: previous needs `index`, the folder of what was published; no other scope has one")
        return self

    def recipe(self) -> dict[str, Any]:
        """What decides duplicates and cuts: all but where the index lies."""
        return self.model_dump(mode="json", exclude={"index"})

    def of_duplicates(self) -> dict[str, Any]:
        """What decides duplicates, whatever is cut of what is left."""
        return self.model_dump(mode="json", exclude={"index", "lines", "passages"})

    def of_keys(self) -> dict[str, Any]:
        """What decides under which keys documents meet: signatures made with another are not to be compared."""
        names = {"shingle_words", "scheme", "bands", "rows_per_band", "work_column", "url_sources"}
        own = {"per_snapshot": self.scope == "per_snapshot", "unicode": unicodedata.unidata_version}
        own |= {"permutations": f"datasketch seed {SEED}", "signature_version": SIGNATURE_VERSION}
        return self.model_dump(mode="json", include=names) | own

    def of_signatures(self) -> dict[str, Any]:
        """What decides a signature file: the keys and the order of survival."""
        columns = {"licence_rank_column", "opt_out_column", "quality_column"}
        return self.of_keys() | self.model_dump(mode="json", include=columns | {"source_priority"})

    @property
    def values(self) -> int:
        """Of a signature."""
        return self.bands * self.rows_per_band

    @property
    def min_jaccard_e4(self) -> int:
        """`min_jaccard` in units of 1e-4."""
        return round(self.min_jaccard * 10_000)

    @property
    def cuts(self) -> bool:
        """Whether texts may change."""
        return self.lines is not None or self.passages is not None

    @property
    def published_columns(self) -> list[str]:
        """The columns that are read of a document that is published already."""
        return ["doc_id", "source", "text", *self._names]

    @property
    def _names(self) -> list[str]:
        """The columns by which documents may meet, whatever their texts."""
        return [*(["url"] if self.url_sources else []), *([self.work_column] if self.work_column else [])]

    @property
    def columns(self) -> list[str]:
        """The columns of a document that deduplication reads."""
        of_rank = (self.licence_rank_column, self.opt_out_column, self.quality_column)
        return [*self.published_columns, *(name for name in of_rank if name is not None)]
