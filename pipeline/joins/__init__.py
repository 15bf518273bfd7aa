"""Room 05: records of many files that belong together, spilled, merged and read a group at a time."""
