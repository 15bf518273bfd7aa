"""Where code in fences begins and ends, against a definition that looks at every pair of lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.code_blocks import code_blocks
from tests.literal_fences import blocks


def found(text: str) -> list[list[int]]:
    return code_blocks(np.frombuffer(text.encode(), np.uint8)).tolist()


PIECES = st.sampled_from(
    ["`", "```", "`````", "\n", " ", "\t", "> ", "- ", "1. ", "12) ", "*", "x", "```py\n", "\u00e9"]
)


@settings(deadline=None, max_examples=500)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_blocks_are_those_of_the_definition(text: str) -> None:
    assert found(text) == blocks(text)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(["", "> ", "> > "]), st.integers(1, 7), st.sampled_from(["", "py"]))))
def test_every_fence_finds_the_first_that_ends_it(fences: list[tuple[str, int, str]]) -> None:
    text = "\n".join(f"{quotes}{'`' * ticks}{language}" for quotes, ticks, language in fences)
    assert found(text) == blocks(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\nx\n```", [[0, 2]]),
        ("1. Run:\n\n   ```sh\n   x\n   ```\n2. Go", [[2, 4]]),
        ("- ```\n  x\n  ```", [[0, 2]]),
        ("> - ```\n>   x\n>   ```", [[0, 2]]),
        ("> ```\n> x\n```", []),  # another depth
        ("- ```\n- ```\n  ```", [[0, 2]]),  # an item ends none
        ("````md\n```\nx\n```\n````", [[0, 4]]),
        ("`````\n```\nx\n```", [[1, 3]]),  # the first is never ended, and hides nothing
        ("```pip install x``` is it\n```\nx\n```", [[1, 3]]),
        ("```\nx\n``` y\nz\n```", [[0, 4]]),
        ("``\nx\n``", []),
        ("1.```\nx\n```", []),
        ("1234567890. ```\nx\n```", []),
    ],
)
def test_fences(text: str, expected: list[list[int]]) -> None:
    assert found(text) == expected == blocks(text)
