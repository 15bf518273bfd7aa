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
    """Budgets decide, they are counts and no clocks; OCR is off unless asked for: it takes some 400 times as long.

    ocr: `auto` reads the picture of a page whose text layer is missing, bad or short; `always` of every page, and takes
    what has more plausible words, it or the layer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_pages: int = Field(default=5_000, ge=1, description="pages of a file")
    max_objects: int = Field(default=2_000_000, ge=1, description="objects that a file's table lists")
    max_page_characters: int = Field(default=200_000, ge=1, description="characters of a page; a newspaper has 20,000")
    max_characters: int = Field(default=20_000_000, ge=1, description="characters of a file; the Bible has 4,000,000")
    max_page_work: int = Field(default=16 << 20, ge=1, description="bytes of content that a page draws, decompressed")
    max_work: int = Field(default=1 << 30, ge=1, description="bytes of content that all pages draw, decompressed")
    max_page_images: int = Field(default=20_000, ge=0, description="pictures and forms that a page draws")
    max_page_marks: int = Field(default=300_000, ge=0, description="of a page that are looked at, one by one")
    ocr: Literal["never", "auto", "always"] = "never"
    engine: AnyEngine = Field(default=RapidOcr(), description="what reads pictures of pages")
    max_ocr_pages: int = Field(default=500, ge=0, description="pages of a file whose picture is read")
    max_ocr_pixels: int = Field(
        default=12_000_000, ge=10_000, description="of a page drawn; beyond, it is drawn coarser"
    )
    max_image_pixels: int = Field(default=400_000_000, ge=1, description="of all pictures that a page draws")
    max_drawn_pixels: int = Field(
        default=4_000_000_000, ge=1, description="of all that a page draws, by its boxes; 1,000 full pages at 200 dpi"
    )
    min_confidence: int = Field(default=6_000, ge=0, le=10_000, description="of a page read by OCR, in 1e-4")
