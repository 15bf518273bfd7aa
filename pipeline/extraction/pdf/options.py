"""What reading a PDF may cost, and whether pictures of pages are read: the settings of `extract` and of the source."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.extraction.ocr.engines import AnyEngine, RapidOcr

BUDGETS = (
    *("max_pages", "max_objects", "max_page_characters", "max_characters", "max_page_work", "max_work"),
    *("max_page_images", "max_page_marks"),
)


class PdfOptions(BaseModel):
    """Budgets decide, they are counts and no clocks; OCR is off unless asked for: it takes some 1,000 times as long."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_pages: int = Field(default=5_000, ge=1)
    """Pages of a file."""
    max_objects: int = Field(default=2_000_000, ge=1)
    """Objects that a file's table lists."""
    max_page_characters: int = Field(default=200_000, ge=1)
    """Characters of a page; a newspaper has 20,000."""
    max_characters: int = Field(default=20_000_000, ge=1)
    """Characters of a file; the Bible has 4,000,000."""
    max_page_work: int = Field(default=16 << 20, ge=1)
    """Bytes of content that a page draws, decompressed."""
    max_work: int = Field(default=1 << 30, ge=1)
    """Bytes of content that all pages draw, decompressed."""
    max_page_images: int = Field(default=20_000, ge=0)
    """Pictures and forms that a page draws."""
    max_page_marks: int = Field(default=300_000, ge=0)
    """Marks of a page that are looked at, one by one."""
    ocr: Literal["never", "auto", "always"] = "never"
    """Which pages are read as pictures: `auto` those whose text layer is missing, bad, doubtful or short; `always`
    every page, and of picture and layer the one with more plausible words counts."""
    engine: AnyEngine = RapidOcr()
    """What reads pictures of pages: `{kind: tesseract, languages: eng+deu}`."""
    max_ocr_pages: int = Field(default=500, ge=0)
    """Pages of a file whose picture is read; the others stay without text."""
    max_ocr_pixels: int = Field(default=12_000_000, ge=10_000)
    """Pixels of a page drawn; beyond, it is drawn coarser."""
    max_image_pixels: int = Field(default=400_000_000, ge=1)
    """Pixels of all pictures that a page draws."""
    max_drawn_pixels: int = Field(default=4_000_000_000, ge=1)
    """Pixels of all that a page draws, by its boxes; 1,000 full pages at 200 dpi."""
    min_confidence: int = Field(default=6_000, ge=0, le=10_000)
    """Confidence in 1e-4 below which a page read by OCR counts as one without text."""
