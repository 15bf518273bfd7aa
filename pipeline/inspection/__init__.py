"""One document looked at: followed through the rooms, back to its raw bytes; one file without a run."""
