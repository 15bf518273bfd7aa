"""What the dead left half written in a run's folder: drafts are hidden from every listing, and hold text."""

from __future__ import annotations

from pipeline import storage
from pipeline.rooms.names import ATTRIBUTION, AUDIT, ROOMS

OF_WHO_IS_AT_WORK = (*ROOMS, AUDIT, ATTRIBUTION, "versions", "failed")
"""Written by nobody but who is at work in the folder (`journal.at_work`)."""


def sweep(data: str, older_than_s: float = storage.STALE_DRAFT_S) -> None:
    """Remove drafts in all folders of the run in `data`: for who is at work there.

    Those older than that; where others may write, too (in reports, in the root, in a journal), those that are stale.
    """
    for folder in OF_WHO_IS_AT_WORK:
        storage.sweep_drafts(storage.join(data, folder), older_than_s)
    journals = (f"journal/{run}" for run in storage.list_names(storage.join(data, "journal")))
    for folder in ("", "61_reports", *journals):
        storage.sweep_drafts(storage.join(data, folder), storage.STALE_DRAFT_S)
