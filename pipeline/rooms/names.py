"""The rooms by name: folders of a run, numbered so that `ls` is the architecture."""

from __future__ import annotations

SPILLED = "05_spilled"
EXTRACTED = "10_extracted"
FILTERED = "20_filtered"
SIGNATURES = "30_signatures"
DUPLICATES = "31_duplicates"
SORTED = "39_sorted"
PUBLISHED = "40_published"
AUDIT = "audit"
ATTRIBUTION = "attribution"
ROOMS = (SPILLED, EXTRACTED, FILTERED, SIGNATURES, DUPLICATES, SORTED, PUBLISHED)
PUBLISHED_BEFORE = "published_before"
"""In room 31 the role of a list of files that earlier runs published: shards numbered after the run's own."""
COUNTED = (EXTRACTED, FILTERED, DUPLICATES, PUBLISHED)
"""The rooms that the funnel passes; signatures only measure."""
