"""The funnel report: one page from sources to the published corpus, every loss by reason."""
