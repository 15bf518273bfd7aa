"""The kernels: which templates share runs of words with a text, and how one of them lies in it."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

GRAM = 5
"""Words in a run: no name, but most of a sentence's beginning."""


@njit(cache=True, nogil=True)
def grams(words: NDArray[np.int32]) -> NDArray[np.uint64]:
    """A hash of each run of 5 words; 0 where one of them is unknown (-1) or taken."""
    n = words.size - GRAM + 1
    out = np.zeros(max(n, 0), np.uint64)
    for at in range(n):
        h = np.uint64(1469598103934665603)
        for k in range(GRAM):
            word = words[at + k]
            if word < 0:
                h = np.uint64(0)
                break
            h = (h ^ np.uint64(word + 1)) * np.uint64(1099511628211)
            h ^= h >> np.uint64(29)
        out[at] = h
    return out


@njit(cache=True, nogil=True)
def hash_table(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Where to find each of these distinct hashes, none 0: open addresses in two to four times as many slots.

    Of a slot the hash, 0 where it is free, and its place in `hashes`.
    """
    size = 4
    while size < 2 * hashes.size:
        size *= 2
    held = np.zeros(size, np.uint64)
    places = np.full(size, -1, np.int32)
    for place in range(hashes.size):
        slot = (hashes[place] >> np.uint64(20)) & np.uint64(size - 1)
        while held[slot] != 0:
            slot = (slot + np.uint64(1)) & np.uint64(size - 1)
        held[slot] = hashes[place]
        places[slot] = place
    return held, places


@njit(cache=True, nogil=True)
def looked_up(
    hashes: NDArray[np.uint64], held: NDArray[np.uint64], places: NDArray[np.int32]
) -> NDArray[np.int32]:  # fmt: skip
    """The place of each hash in such a table, -1 of those that are not there and of 0."""
    out = np.full(hashes.size, -1, np.int32)
    last = np.uint64(held.size - 1)
    for at in range(hashes.size):
        wanted = hashes[at]
        if wanted == 0:
            continue
        slot = (wanted >> np.uint64(20)) & last
        while held[slot] != 0:
            if held[slot] == wanted:
                out[at] = places[slot]
                break
            slot = (slot + np.uint64(1)) & last
    return out


@njit(cache=True, nogil=True)
def shared(
    places: NDArray[np.int32], offsets: NDArray[np.int64], owners: NDArray[np.int32], weights: NDArray[np.float32],
    counts: int,
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:  # fmt: skip
    """For each template the weight of its distinct grams that a text has, and the first and last place of one.

    `places` (grams of the text) are rows of the index, -1 where it has none; row r belongs to owners[offsets[r]:...].
    """
    score = np.zeros(counts, np.float32)
    first = np.full(counts, -1, np.int32)
    last = np.full(counts, -1, np.int32)
    seen = np.zeros(offsets.size, np.bool_)
    for at in range(places.size):
        row = places[at]
        if row < 0:
            continue
        is_new = not seen[row]
        seen[row] = True
        for k in range(offsets[row], offsets[row + 1]):
            owner = owners[k]
            if is_new:
                score[owner] += weights[row]
            if first[owner] < 0:
                first[owner] = at
            last[owner] = at
    return score, first, last


@njit(cache=True, nogil=True)
def aligned(text: NDArray[np.int32], template: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    """For each word of `template` its place in `text` in a shortest edit script, -1 where it has none.

    Myers' greedy algorithm (Algorithmica 1, 1986, section 4), at most `most` words inserted or left out in all; empty
    where it takes more. Memory: (most + 1)² numbers of 4 bytes, of which those are touched that it takes.
    """
    n, m = template.size, text.size
    width = 2 * most + 3
    trace = np.empty((most + 1) ** 2, np.int32)  # row d has 2 d + 1 numbers, from d² on
    v = np.zeros(width, np.int32)
    middle = most + 1
    found = -1
    for d in range(most + 1):
        for k in range(-d, d + 1, 2):
            if k == -d or (k != d and v[middle + k - 1] < v[middle + k + 1]):
                x = v[middle + k + 1]
            else:
                x = v[middle + k - 1] + 1
            y = x - k
            while x < n and y < m and template[x] == text[y]:
                x += 1
                y += 1
            v[middle + k] = x
            if x >= n and y >= m:
                found = d
                break
        trace[d * d : (d + 1) * (d + 1)] = v[middle - d : middle + d + 1]
        if found >= 0:
            break
    if found < 0:
        return np.empty(0, np.int32)
    out = np.full(n, -1, np.int32)
    x, y = n, m
    for d in range(found, 0, -1):
        k = x - y
        row = (d - 1) * d  # the place of diagonal 0 in the row before
        down = k == -d or (k != d and trace[row + k - 1] < trace[row + k + 1])
        previous = k + 1 if down else k - 1
        px = trace[row + previous]
        py = px - previous
        while (
            x > px
            and y > py
            and x > 0
            and y > 0
            and (x - 1 >= px + (0 if down else 1))
            and (y - 1 >= py + (1 if down else 0))
        ):
            x -= 1
            y -= 1
            out[x] = y
        x, y = px, py
    while x > 0 and y > 0:
        x -= 1
        y -= 1
        out[x] = y
    return out


@njit(cache=True, nogil=True)
def prefer_required(places: NDArray[np.int32], template: NDArray[np.int32], optional: NDArray[np.bool_]) -> None:
    """Let a word of the text stand for one that must be there, not for an equal one before it that may be left out."""
    held = -1
    for at in range(places.size):
        if places[at] >= 0:
            held = at
        elif not optional[at] and held >= 0 and optional[held] and template[held] == template[at]:
            places[at] = places[held]
            places[held] = -1
            held = at
