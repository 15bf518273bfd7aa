"""What a run's YAML says beside sources, filter and deduplication: the audit sample, an alarm, the published shards."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Audit(BaseModel):
    """The sample that passes all stages whatever its verdict: 1 in `one_in`, at least `floor` a shard and reason.

    As long as they fit 4 MiB a reason. In a run of very many shards the floor decides the size of `audit/`: lower it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    one_in: int = Field(default=1000, ge=1)
    """One document in so many, drawn by a hash."""
    floor: int = Field(default=100, ge=0)
    """Documents of each shard and reason that the sample has at least, where there are so many."""


class WipeOut(BaseModel):
    """A source that loses more than this share of its documents to deduplication stops the run before it publishes.

    Templated pages can be near duplicates of one another by the thousand: 76 % of a source have been seen to go so,
    and of the oldest crawls up to 90 %, of which the better part went (FineWeb, arXiv:2406.17557, 3.4). Copies within
    a crawl take a third to a half. Below `min_documents` a share says little: a source of a few files may well be
    mostly copies of another one. Decides whether a run goes on, never what it publishes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_share: float = Field(default=0.75, gt=0, le=1)
    """Share of a source's documents that may go."""
    min_documents: int = Field(default=1000, ge=1)
    """Documents of a source below which nothing stops the run."""
    max_share_of: dict[str, Annotated[float, Field(gt=0, le=1)]] = {}
    """By name of the source, where its share is another: 1.0 lets it go."""


class Publish(BaseModel):
    """How the corpus is cut: shards of about `shard_bytes` of text in each domain.

    A worker holds such a shard twice while it sorts it: the default keeps it under 1 GiB.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    shard_bytes: int = Field(default=128 * 2**20, ge=2**10)
    """Text of a published shard, about."""
