"""PDFs to text: `extract(data, ocr="auto")` gives pages with their text, their route, and how sure that is."""

from pipeline.extraction.pdf.document import PdfDocument, PdfPage, extract

__all__ = ["PdfDocument", "PdfPage", "extract"]
