"""A company's own documents: Parquet, JSON Lines, text and Markdown."""
