"""A number with its interval."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Estimate(BaseModel):
    """A number with its interval (90 % unless it is said), both ends in the same unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: float
    low: float
    high: float
