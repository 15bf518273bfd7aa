"""PDF files, page by page, and what they say of themselves."""
