"""Fast Similarity Sketching as its paper says it (arXiv:1704.04370, figure 1), in Python's own integers."""

from __future__ import annotations

from collections.abc import Iterable

_MASK = (1 << 64) - 1


def mixed(value: int) -> int:
    """MurmurHash3's 64-bit finaliser."""
    value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ (value >> 33)


def literal_sketch(hashes: Iterable[int], k: int) -> list[tuple[int, int]]:
    """For each of k bins the least (round, 32 random bits) of the set; empty for the empty set."""
    elements = set(hashes)
    bins: dict[int, tuple[int, int]] = {}
    for turn in range(2 * k if elements else 0):
        key = mixed(turn * 0x9E3779B97F4A7C15 & _MASK) | 1 if turn else 1
        for element in elements:
            value = element * key & _MASK
            place = (value >> 32) * k >> 32 if turn < k else turn - k
            thrown = (turn, value & 0xFFFFFFFF if turn < k else value >> 32)
            bins[place] = min(bins.get(place, thrown), thrown)
        if len(bins) == k:
            break
    return [bins[place] for place in sorted(bins)]
