"""The child that reads PDFs, but dies where it is to draw the second page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pipeline.extraction.child import serve
from pipeline.extraction.pdf import child


def answer(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    if 1 in question["pages"]:
        os.abort()
    return child.answer(question, content)


if __name__ == "__main__":
    child.start()
    serve(answer, memory_bytes=child.MEMORY_BYTES)
