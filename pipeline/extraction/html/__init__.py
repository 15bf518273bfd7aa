"""Pages to text: `extract(html)` gives the main text of a page, and what the page says of itself."""

from pipeline.extraction.html.main_text import BALANCED, MAX_DEPTH, MAX_HTML_BYTES, MAX_TAGS, Extracted, extract

__all__ = ["BALANCED", "MAX_DEPTH", "MAX_HTML_BYTES", "MAX_TAGS", "Extracted", "extract"]
