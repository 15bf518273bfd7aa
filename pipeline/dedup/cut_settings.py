"""What a user decides about parts of a text that stand elsewhere, too: lines of a site, passages of the corpus."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1, multiple_of=0.0001)]


class Lines(BaseModel):
    """Lines that stand on many pages of one site are taken out of all of them: its menus, notices and forms.

    CCNet (arXiv:1911.00359) takes out every paragraph that stands twice in a crawl; FineWeb (arXiv:2406.17557,
    3.4) found lines of the whole crawl to be the wrong unit: models trained on what was left were worse. Hence
    within a site, and on many pages: at least `min_pages`, and at least `min_share` of the site's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    sources: tuple[str, ...] = ()
    """Names of the sources whose documents are pages with an address; none: all. Others take no part."""
    min_pages: int = Field(default=10, ge=2)
    """Pages of a site that a line must stand on at least."""
    min_share: Share = 0.02
    """Share of the site's pages that a line must stand on at least, in steps of 1e-4: keeps what a large site merely
    says often."""

    @property
    def min_share_e4(self) -> int:
        """`min_share` in units of 1e-4."""
        return round(self.min_share * 10_000)


class Passages(BaseModel):
    """Passages of at least `min_words` words that stand twice in the corpus are found, whatever lies around them.

    Lee et al. 2021 (arXiv:2107.06499, 4.1), 50 tokens there; a token here is a word as `words` says it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    sources: tuple[str, ...] = ()
    """Names of the sources that take part; none: all."""
    min_words: int = Field(default=50, ge=4, le=1000)
    """Words of a passage at least."""
    policy: Literal["remove", "mark"] = "remove"
    """Whether all but the best-ranked occurrence are taken out of their texts, or only named in the evidence."""
