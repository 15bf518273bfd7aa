"""Pages as scanners leave them: pictures in a PDF without a text layer, made from pages whose text is known."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.demo import pdf as demo_pdf
from pipeline.extraction.pdf.asking import drawn as drawn_by_child
from pipeline.extraction.pdf.options import PdfOptions

Gray = NDArray[np.uint8]


def drawn(pdf: bytes, page: int = 0, dpi: int = 100) -> Gray:
    """A page as a picture, a byte a pixel, as the OCR engines get it."""
    [found] = drawn_by_child(pdf, [page], PdfOptions(), dpi=dpi)
    gray = np.frombuffer(base64.b64decode(found["gray"]), np.uint8)
    return gray.reshape(found["height"], found["width"])


def scanned(pages: Sequence[Gray | bytes], dpi: int = 100) -> bytes:
    """A PDF of pictures that fill their pages; bytes among `pages` are content drawn in Helvetica instead."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for page in pages:
        number = len(objects) + 1
        kids.append(b"%d 0 R" % number)
        if isinstance(page, bytes):
            size, resources, content = demo_pdf.PAGE, b"/Font << /F %d 0 R >>" % (number + 2), page
            beside = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
        else:
            height, width = page.shape
            size = (width * 72 // dpi, height * 72 // dpi)
            resources = b"/XObject << /I %d 0 R >>" % (number + 2)
            content = b"q %d 0 0 %d 0 0 cm /I Do Q" % size
            shape = b"/Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8" % (width, height)
            entries = b"/Type /XObject /Subtype /Image " + shape + b" /Filter /FlateDecode"
            beside = demo_pdf._stream(entries, zlib.compress(page.tobytes()))
        box = b"/MediaBox [0 0 %d %d]" % size
        objects.append(
            b"<< /Type /Page /Parent 2 0 R %s /Contents %d 0 R /Resources << %s >> >>" % (box, number + 1, resources)
        )
        objects += [demo_pdf._stream(b"", content), beside]
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    return demo_pdf._file(objects, b"", has_info=False)


def strokes(*, columns: int = 1, shade: int = 255, ink: int = 0, seed: int = 0) -> Gray:
    """Lines of short strokes, as text looks from afar."""
    random = np.random.default_rng(seed)
    gray = np.full((880, 680), shade, np.uint8)
    measure = (600 - 40 * (columns - 1)) // columns
    for column in range(columns):
        left = 40 + column * (measure + 40)
        for y in range(60, 800, 20):
            x = left
            while x < left + measure - 30:
                step = int(random.integers(12, 40))
                gray[y : y + 9, x : min(x + step, left + measure)] = ink
                x += step + 6
    return gray
