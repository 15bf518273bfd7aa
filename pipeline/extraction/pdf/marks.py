"""Whether a page draws anything but text: its content is run up to the first mark."""

from __future__ import annotations

import functools
from typing import Any


def has_marks(mupdf: Any, page: Any) -> bool:
    """Whether `page`, of the binding's module `mupdf`, fills or strokes a path, draws a picture or a shading."""
    device = _device(mupdf)()
    mupdf.fz_run_page(page.this, device, mupdf.FzMatrix(), device.cookie)
    mupdf.fz_close_device(device)
    return bool(device.is_marked)


@functools.cache
def _device(mupdf: Any) -> Any:
    """The class of a device that stops the page at the first mark."""

    class FirstMark(mupdf.FzDevice2):
        def __init__(self) -> None:
            super().__init__()
            self.cookie, self.is_marked = mupdf.FzCookie(), False
            self.use_virtual_fill_path()
            self.use_virtual_stroke_path()
            self.use_virtual_fill_shade()
            self.use_virtual_fill_image()
            self.use_virtual_fill_image_mask()

        def _stop(self, *_: Any) -> None:
            self.is_marked = True
            self.cookie.set_abort()

        fill_path = stroke_path = fill_shade = fill_image = fill_image_mask = _stop

    return FirstMark
