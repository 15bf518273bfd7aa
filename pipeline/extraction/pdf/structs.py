"""MuPDF's structs of a page's text as they lie in memory on 64-bit machines: where a field is, and how it is loaded.

As in `fitz/structured-text.h`, `fitz/geometry.h`, `fitz/image.h` and `fitz/font.h`. `walker.Walker.check` compares all
that is read with what the binding says, and the child process does not start where it differs.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

# Offsets in bytes.
PAGE_BOX, PAGE_BLOCK = 16, 32
BLOCK_TYPE, BLOCK_BOX, BLOCK_LINE, BLOCK_IMAGE, BLOCK_NEXT = 0, 8, 24, 48, 64
IMAGE_WIDTH, IMAGE_HEIGHT = 32, 36
LINE_MODE, LINE_DIRECTION, LINE_BOX, LINE_CHARACTER, LINE_NEXT = 0, 4, 12, 32, 56
CODE, BIDI, CHARACTER_FLAGS, COLOUR, ORIGIN, QUAD, SIZE, FONT, CHARACTER_NEXT = 0, 4, 6, 8, 12, 20, 52, 56, 64
FONT_NAME, FONT_FLAGS, FONT_ASCENDER, FONT_DESCENDER = 4, 80, 220, 224
NAME_BYTES = 32
TEXT_BLOCK, IMAGE_BLOCK = 0, 1


def _load(kind: types.Type) -> Any:
    @intrinsic
    def load(context: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.load(builder.inttoptr(arguments[0], context.get_value_type(kind).as_pointer()))

        return kind(types.int64), code

    return load


u8, u16, i32, u32, i64, f32 = map(
    _load, (types.uint8, types.uint16, types.int32, types.uint32, types.int64, types.float32)
)
