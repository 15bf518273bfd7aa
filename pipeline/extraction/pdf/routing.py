"""Whether a page's text layer is believed, its picture is read (OCR), or there is nothing to read: by what is measured.

Thresholds were chosen on 575 real pages (tests/golden/pdf_pages.csv has what a reader saw on each). What a text layer
that was born digital says is believed whatever it is; an old OCR layer (hidden text, or text over a picture of the
whole page) must read as language does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MAX_LOST_SHARE = 0.1  # of characters without a Unicode value; formulas with a sign or two stay below
MIN_TEXT_AREA = 0.03  # of the page; less than that on a page that an image covers is a stamp on a scan
MIN_COVER = 0.5  # of the page, by pictures of its own: what a scan has at least
MIN_PICTURE = 0.08  # of the page: a picture that may hold the text that a short layer has not
STAMP_CHARACTERS = 200  # more is text whatever lies beside it
SHORT_CHARACTERS = 100  # fewer beside a picture are a caption or a title, not all that the page says
MIN_PLAUSIBLE = 0.75  # of the pieces between spaces; real OCR layers have 0.85 to 0.99, those that failed 0.4 and 0.7
SURELY_PLAUSIBLE = 0.85  # below, the picture of a scan may be read better than its layer says
MIN_PIECES = 5  # judged; fewer say nothing
MIN_HIDDEN = 0.5  # of the characters, drawn in no colour, as programs write them below a scan
MIN_WRITTEN = 0.4  # letters and digits among a page's few characters; less are a font that names others than it draws
FEW_CHARACTERS = 20
BACKGROUND_PAGES = 3  # from so many, or half of the pages on, a picture is the background of slides
OCR_PROGRAMS = ("tesseract", "ocrmypdf", "abbyy", "finereader", "omnipage", "paper capture", "readiris", "luradocument")

BELIEVED = frozenset({"good", "short", "doubtful"})  # layers whose text is taken
Layer = Literal["good", "short", "doubtful", "bad", "none", "blank", "failed"]


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is measured of a page. Shares are of the page's area (text_share, image_share) or of its characters."""

    characters: int = 0
    lost: int = 0  # without a Unicode value
    hidden: int = 0  # drawn in no colour
    written: int = 0  # letters and digits
    words: int = 0
    pieces: int = 0
    is_ciphered: bool = False
    text_share: float = 0.0
    image_share: float = 0.0  # by pictures that are not the background of many pages
    has_marks: bool = False  # whether anything but text is drawn
    by_ocr: bool = False  # whether the file's producer is a program that recognises text
    failed: str = ""  # why it cannot be read at all

    @property
    def plausible_share(self) -> float:
        """Words per piece between spaces, 0..1."""
        return self.words / self.pieces if self.pieces else 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the layer is, and why: the reason of a layer that is not good."""

    layer: Layer
    reason: str = ""


def judged(facts: PageFacts) -> Verdict:
    """Judge a text layer. `short`: it is right, but a picture says more. `doubtful`: an old OCR layer that may be worse
    than what would be read today. `none`: something is drawn, no text.
    """
    if facts.failed:
        return Verdict("failed", facts.failed)
    if not facts.characters:
        return Verdict("none", "no_text_layer") if facts.has_marks or facts.image_share else Verdict("blank", "blank")
    if facts.lost > MAX_LOST_SHARE * facts.characters or facts.is_ciphered:
        return Verdict("bad", "no_unicode")
    is_scan = facts.image_share >= MIN_COVER
    is_few = facts.characters < FEW_CHARACTERS
    if is_few and facts.has_marks and facts.written < MIN_WRITTEN * facts.characters:
        return Verdict("bad", "no_unicode")
    is_below = facts.image_share > 0 and (facts.by_ocr or facts.hidden >= MIN_HIDDEN * facts.characters)
    is_old_ocr = (is_scan or is_below) and facts.pieces >= MIN_PIECES
    if is_old_ocr and facts.plausible_share < MIN_PLAUSIBLE:
        return Verdict("bad", "bad_ocr_layer")
    if is_scan and facts.text_share < MIN_TEXT_AREA and facts.characters <= STAMP_CHARACTERS:
        return Verdict("bad", "stamp")
    if facts.image_share >= MIN_PICTURE and facts.characters < SHORT_CHARACTERS:
        return Verdict("short")
    is_doubtful = is_old_ocr and facts.plausible_share < SURELY_PLAUSIBLE
    return Verdict("doubtful" if is_doubtful else "good")


def own_images(pictures: Sequence[Mapping[int, float]]) -> list[float]:
    """The share of each page that its own pictures cover; `pictures`: by page, digest of one -> its share of the page.

    What comes again on BACKGROUND_PAGES or half of the pages, and on two at least, is the background.
    """
    counts: dict[int, int] = {}
    for page in pictures:
        for key in page:
            counts[key] = counts.get(key, 0) + 1
    limit = max(min(BACKGROUND_PAGES, (len(pictures) + 1) // 2), 2)
    return [min(sum(share for key, share in page.items() if counts[key] < limit), 1.0) for page in pictures]


def facts_of(found: Mapping[str, Any]) -> PageFacts:
    """The facts of a page from the JSON that the child sent; an unknown name is an error."""
    return PageFacts(**found)
