"""Pictures of pages made level and upright: laws over drawn lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.extraction.ocr import engines
from pipeline.extraction.ocr.child import sized
from pipeline.extraction.ocr.page_image import ink_of, is_blank, is_sideways, level, quarter_turned, skew_of
from tests.made_scan import strokes


@given(degrees=st.floats(-9, 9), shade=st.sampled_from([255, 215]))
@settings(max_examples=4)
def test_the_skew_of_a_page_is_found_and_mended(degrees: float, shade: int) -> None:
    askew = level(strokes(shade=shade), -degrees)
    found = skew_of(ink_of(askew))
    assert abs(found - degrees) <= 0.25
    assert abs(skew_of(ink_of(level(askew, found)))) <= 0.3


def test_a_level_page_is_left_alone() -> None:
    assert skew_of(ink_of(strokes())) == 0.0
    assert skew_of(ink_of(strokes(columns=2))) == 0.0


@given(seed=st.integers(0, 99), dark=st.booleans(), askew=st.sampled_from([0.0, 1.3, -4.0]))
@settings(max_examples=4)
def test_lines_that_run_upwards_are_seen(seed: int, dark: bool, askew: float) -> None:
    upright = level(strokes(seed=seed, shade=20, ink=230) if dark else strokes(seed=seed), askew)
    assert not is_sideways(ink_of(upright))
    assert is_sideways(ink_of(quarter_turned(upright, 1)))
    assert np.array_equal(quarter_turned(quarter_turned(upright, 1), 3), upright)


def test_blank_pages() -> None:
    blank = np.full((900, 700), 240, np.uint8)
    dust = blank.copy()
    dust[np.arange(9) * 90 + 5, np.arange(9) * 70 + 5] = 0
    one_line = blank.copy()
    one_line[450:458, 300:380] = 0
    shaded = np.linspace(150, 250, 700).astype(np.uint8)[None, :].repeat(900, axis=0)
    assert [is_blank(ink_of(gray)) for gray in (blank, dust, shaded, one_line)] == [True, True, True, False]


@given(st.lists(st.tuples(st.integers(3, 200), st.integers(1, 90)), max_size=40), st.floats(1.0, 1.4))
def test_heights_become_few_sizes(lines: list[tuple[int, int]], wide: float) -> None:
    heights, weights = [height for height, _ in lines], [weight for _, weight in lines]
    found = sized(heights, weights, (1 / wide, wide))
    assert set(found) <= set(map(float, heights))
    for height, size in zip(heights, found, strict=True):
        assert 1 / wide - 1e-9 <= height / size <= wide + 1e-9


def test_the_address_of_a_server_is_one() -> None:
    for url in ("ftp://a/v1", "see http://a/v1", "http://a/v1 or so"):
        with pytest.raises(ValidationError, match="url"):
            engines.Server(url=url, model="m")
