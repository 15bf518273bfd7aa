"""What is written into reports: models that do not change once made, and refuse a key that they do not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """The base of all that goes into a JSON of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")
