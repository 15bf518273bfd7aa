"""A child's program that dies of every question."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pipeline.extraction.child import serve


def answer(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    os.abort()


if __name__ == "__main__":
    serve(answer, memory_bytes=1 << 29)
