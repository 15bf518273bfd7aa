"""A text page of the binding's as arrays, past the binding; and whether what it finds is what the binding says."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from pipeline.extraction.pdf.image_walk import images as walk_images
from pipeline.extraction.pdf.structs import FONT_NAME, NAME_BYTES
from pipeline.extraction.pdf.textpage import TextPage
from pipeline.extraction.pdf.walk import survey, walk

Drawn = tuple[tuple[int, int], int, list[float]]
"""A picture as it is drawn: its width and height in pixels, its bytes as they are packed, its box in points."""


class Walker:
    """Reads text pages in memory. `mupdf`: the binding's module; four functions are called past the binding."""

    def __init__(self, mupdf: Any) -> None:
        library = ctypes.CDLL(mupdf._mupdf.__file__)
        self._glyph = library._ZN5mupdf22ll_fz_encode_characterEP7fz_fonti
        self._glyph.argtypes, self._glyph.restype = [ctypes.c_void_p, ctypes.c_int], ctypes.c_int
        self._advance = library._ZN5mupdf19ll_fz_advance_glyphEP7fz_fontii
        self._advance.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        self._advance.restype = ctypes.c_float
        self._packed = library._ZN5mupdf29ll_fz_compressed_image_bufferEP8fz_image
        self._packed.argtypes, self._packed.restype = [ctypes.c_void_p], ctypes.c_void_p
        self._bytes = library._ZN5mupdf28ll_fz_compressed_buffer_sizeEP20fz_compressed_buffer
        self._bytes.argtypes, self._bytes.restype = [ctypes.c_void_p], ctypes.c_size_t

    def read(self, textpage: Any) -> tuple[TextPage, list[str]]:
        """The text of a page of the binding's, and the names of its fonts."""
        page = int(textpage.this.m_internal.this)
        lines, characters, fonts, thin = survey(page)
        addresses = fonts.tolist()
        names = [_name(font) for font in addresses]
        first: dict[str, int] = {}
        places = np.array([first.setdefault(name, at) for at, name in enumerate(names)], np.int32)
        widths = [
            (at, code, self._advance(addresses[at], glyph, 0))
            for at, code in sorted(set(map(tuple, thin.tolist())))
            if (glyph := self._glyph(addresses[at], code))
        ]
        found = walk(page, lines, characters, fonts, places, np.array(widths, np.float64).reshape(-1, 3))
        return TextPage(*found), names

    def pictures(self, textpage: Any) -> list[Drawn]:
        """The pictures of a page of the binding's."""
        images, boxes = walk_images(int(textpage.this.m_internal.this))
        return [
            ((width, height), self._bytes(packed) if (packed := self._packed(address)) else 0, box)
            for (address, width, height), box in zip(images.tolist(), boxes.tolist(), strict=True)
        ]

    def check(self, textpage: Any) -> None:
        """Raises RuntimeError where a page's text and pictures are not what the binding's dictionaries say of it."""
        text, names = self.read(textpage)
        pictures = [
            ((each["width"], each["height"]), each["size"], list(each["bbox"])) for each in textpage.extractIMGINFO()
        ]
        lines = [line for block in textpage.extractRAWDICT()["blocks"] for line in block.get("lines", ())]
        spans = [span for line in lines for span in line["spans"]]
        characters = [character for span in spans for character in span["chars"]]
        said: list[tuple[Any, Any]] = [
            (text.codes, [ord(character["c"]) for character in characters]),
            (text.reach, [character["bbox"][::2] for character in characters]),
            (np.diff(text.span_range)[:, 0], [len(span["chars"]) for span in spans]),
            (text.span_box, [span["bbox"] for span in spans]),
            (text.span_size, [span["size"] for span in spans]),
            (text.span_foot, [span["origin"][1] for span in spans]),
            (text.span_flags[:, :2], [(span["flags"], span["char_flags"]) for span in spans]),
            ([names[at] for at in text.span_flags[:, 2]], [span["font"] for span in spans]),
            (np.diff(text.line_range)[:, 0], [len(line["spans"]) for line in lines]),
            (text.line_direction, [(*line["dir"], line["wmode"]) for line in lines]),
        ]
        if (
            not lines
            or self.pictures(textpage) != pictures
            or any(not np.array_equal(ours, theirs) for ours, theirs in said)
        ):
            raise RuntimeError("this MuPDF is not laid out as 1.28 is: install the pymupdf of requirements.txt")


def _name(font: int) -> str:
    """Without the letters that say which subset of a font it is."""
    raw = ctypes.string_at(font + FONT_NAME, NAME_BYTES).split(b"\0", 1)[0]
    return (raw[7:] if raw.find(b"+") == 6 else raw).decode("latin-1")
