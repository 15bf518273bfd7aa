"""Laws of the wiki door: blocks join to the file, pieces to the whole, a cut keeps what stands before it."""

from __future__ import annotations

import bz2
import gzip
import io
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.demo.wikipedia import FOOTER, WikiPage, header, multistream
from pipeline.sources.source import Dropped, InputFile, NotADocument, Outcome, Piece, Row
from pipeline.sources.streams import bz2_blocks
from pipeline.sources.wikipedia.source import Wikipedia
from pipeline.trouble import EnvironmentTrouble
from tests.made_stream import MadeStream

SEED = st.integers(0, 2**32)


def noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


def read(content: bytes, path: str = "a.bz2", start: int = 0, stop: int | None = None) -> list[Outcome]:
    return list(Wikipedia().read(Piece(InputFile(path, len(content), "d"), start, stop), io.BytesIO(content)))


def made(seed: int, pages: int, most_words: int = 300) -> list[str]:
    """Pages of random words, some of them in other namespaces or with several revisions."""
    chance = random.Random(seed)
    found = []
    for number in range(1, pages + 1):
        texts = tuple(
            " ".join(str(chance.randrange(10**9)) for _ in range(chance.randrange(1, most_words)))
            for _ in range(chance.choice([1, 1, 1, 2]))
        )
        found.append(WikiPage(number, f"Page {number}", texts, namespace=chance.choice([0, 0, 0, 1])).xml())
    return found


@given(sizes=st.lists(st.integers(0, 250_000), max_size=4), seed=SEED, level=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_blocks_join_to_what_the_file_holds(sizes: list[int], seed: int, level: int) -> None:
    parts = [noise(seed + size, size) if size % 3 else b"ab" * (size // 2) for size in sizes]
    packed = b"".join(bz2.compress(part, level) for part in parts)
    found = list(bz2_blocks.blocks(io.BytesIO(packed)))
    assert b"".join(block.content or b"" for block in found) == b"".join(parts)
    assert all(block.content is not None for block in found)
    for block in found:  # from every block on, the rest is the same
        assert list(bz2_blocks.blocks(io.BytesIO(packed), block.start)) == found[found.index(block) :]
        assert bz2_blocks.next_block(io.BytesIO(packed), block.start, b"") == block.start


@given(seed=SEED, most=st.integers(1, 3_000))
@settings(max_examples=10, deadline=None)
def test_blocks_do_not_depend_on_how_the_bytes_arrive(seed: int, most: int) -> None:
    packed = multistream([noise(seed, 3_000).hex(), noise(seed + 1, 10).hex()], 1)
    assert list(bz2_blocks.blocks(MadeStream(packed, most=most))) == list(bz2_blocks.blocks(io.BytesIO(packed)))


def test_a_magic_within_a_block_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """One by chance is too rare to be made: so a second magic is invented that every file holds once within a block."""
    content = noise(7, 50_000)
    packed = bz2.compress(content)
    inner = int.from_bytes(packed[20_000:20_006], "big")
    magics = [(needle, False) for needle in bz2_blocks._needles(inner)]
    monkeypatch.setattr(bz2_blocks, "_MAGICS", [*bz2_blocks._MAGICS, *magics])
    assert len(list(iter(bz2_blocks._Window(io.BytesIO(packed), 0).next, None))) == 3
    assert [block.content for block in bz2_blocks.blocks(io.BytesIO(packed))] == [content]
    assert bz2_blocks.next_block(io.BytesIO(packed), 20_000 * 8, b"") is None


@given(
    content=st.binary(max_size=300) | st.binary(max_size=40).map(bz2.compress),
    suffix=st.sampled_from([".bz2", ".xml", ".xml.gz"]),
)
@settings(max_examples=60, deadline=None)
def test_any_bytes_end_in_outcomes(content: bytes, suffix: str) -> None:
    found = read(content, f"a{suffix}")
    assert found == read(content, f"a{suffix}")
    assert all(isinstance(outcome, Dropped) for outcome in found)


TAGS = st.sampled_from(
    ["<page>", "</page>", "<revision>", "</revision>", "<mediawiki>", "</mediawiki>"]
) | st.sampled_from(
    ["<id>1</id>", "<id>2</id>", "<title>T</title>", "<text>Words.</text>", "<pa", "ge>", "<", "x", "<ns>0</ns>", "&x;"]
)


@given(tags=st.lists(TAGS, max_size=20), cuts=st.lists(st.integers(0, 99), max_size=6))
@settings(max_examples=150, deadline=None)
def test_tags_in_any_order_end_in_outcomes_and_streams_do_not_matter(tags: list[str], cuts: list[int]) -> None:
    text = "".join(tags)
    plain = read(text.encode(), "a.xml")
    keys = [o.natural_key for o in plain if isinstance(o, Row | Dropped)]
    assert len(keys) == len(set(keys))
    edges = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    packed = multistream([text[a:b] for a, b in pairwise(edges)])
    assert [shape(o) for o in read(packed)] == [shape(o) for o in plain]


def shape(outcome: Outcome) -> tuple[str, int, str]:
    """An outcome without its place in the file."""
    name = outcome.text if isinstance(outcome, Row) else outcome.reason
    return name, outcome.raw_bytes, type(outcome).__name__


@given(seed=SEED, pages=st.integers(0, 30), piece_bytes=st.integers(1, 60_000), by=st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_pieces_together_yield_what_the_whole_yields(seed: int, pages: int, piece_bytes: int, by: int) -> None:
    texts = made(seed, pages)
    parts = [header(), *("".join(texts[at : at + by]) for at in range(0, pages, by)), FOOTER]
    for content in (
        multistream(parts, 1),
        bz2.compress("".join(parts).encode(), 1),
        multistream(sliced(parts, seed), 1),
    ):
        check_pieces(content, piece_bytes)


def sliced(parts: list[str], seed: int) -> list[str]:
    """The same text cut anywhere, within tags too."""
    text, chance = "".join(parts), random.Random(seed)
    edges = sorted({0, *(chance.randrange(len(text)) for _ in range(12)), len(text)})
    return [text[a:b] for a, b in pairwise(edges)]


def check_pieces(content: bytes, piece_bytes: int) -> int:
    file = InputFile("a.bz2", len(content), "d")
    pieces = Wikipedia(piece_bytes=piece_bytes).split(file, io.BytesIO(content))
    assert pieces[0].start == 0
    assert pieces[-1].stop is None
    assert [piece.stop for piece in pieces[:-1]] == [piece.start for piece in pieces[1:]]
    together = [outcome for piece in pieces for outcome in read(content, "a.bz2", piece.start, piece.stop)]
    assert together == read(content)
    return len(pieces)


def test_a_dump_of_one_stream_is_split_too() -> None:
    content = bz2.compress("".join([header(), *made(3, 300), FOOTER]).encode(), 1)
    assert check_pieces(content, 20_000) > 5


@given(seed=SEED, flips=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 7)), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_pieces_of_a_damaged_file_yield_what_the_whole_yields(seed: int, flips: list[tuple[int, int]]) -> None:
    texts = made(seed, 30)
    content = bytearray(bz2.compress("".join([header(), *texts, FOOTER]).encode(), 1))
    content += bz2.compress("".join(WikiPage(100 + n, f"Page {n}", ("Later.",)).xml() for n in range(9)).encode())
    for at, bit in flips:
        content[at % len(content)] ^= 1 << bit
    check_pieces(bytes(content), 10_000)


@given(seed=SEED, at=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(max_examples=25, deadline=None)
def test_one_flipped_bit_costs_two_blocks_at_most(seed: int, at: int, bit: int) -> None:
    """The block that it hits, and if it hits the magic the one before; a stream's own checksum costs nothing."""
    packed = bytearray(bz2.compress(noise(seed, 350_000), 1))
    before = list(bz2_blocks.blocks(io.BytesIO(bytes(packed))))
    packed[at % len(packed)] ^= 1 << bit
    after = [block for block in bz2_blocks.blocks(io.BytesIO(bytes(packed))) if block.content is not None]
    assert len(after) >= len(before) - 2
    assert all(block in before for block in after)


@given(share=st.floats(0, 1), seed=SEED)
@settings(max_examples=25, deadline=None)
def test_a_cut_file_keeps_what_stands_before_the_cut(share: float, seed: int) -> None:
    text = "".join([header(), *made(seed, 12), FOOTER])
    for path, content in (
        ("a.xml", text.encode()),
        ("a.xml.gz", gzip.compress(text.encode())),
        ("a.bz2", bz2.compress(text.encode(), 1)),
    ):
        cut = content[: int(share * len(content))]
        whole, found = read(content, path), read(cut, path)
        kept = [o for o in found if not (isinstance(o, Dropped) and o.reason == "wikipedia:truncated")]
        assert [shape(o) for o in kept] == [shape(o) for o in whole][: len(kept)] or is_cut_history(kept, whole)
        if len(cut) < len(content) - 20:
            assert isinstance(found[-1], Dropped)
            assert (found[-1].reason, found[-1].natural_key) == ("wikipedia:truncated", "d@end")
        assert len(found) - len(kept) <= 2


def is_cut_history(kept: list[Outcome], whole: list[Outcome]) -> bool:
    """Older revisions of the page that is cut have been counted already."""
    older = NotADocument
    return [shape(o) for o in kept if not isinstance(o, older)] == [
        shape(o) for o in whole[: len(kept)] if not isinstance(o, older)
    ]


@pytest.mark.parametrize("path", ["a.xml", "a.xml.gz", "a.bz2"])
def test_a_failing_disk_is_not_taken_for_a_broken_file(path: str) -> None:
    text = "".join([header(), *made(1, 12), FOOTER]).encode()
    content = {"a.xml": text, "a.xml.gz": gzip.compress(text), "a.bz2": bz2.compress(text, 1)}[path]
    with pytest.raises(EnvironmentTrouble):
        list(Wikipedia().read(Piece(InputFile(path, len(content), "d")), MadeStream(content, most=500, fails_at=5)))
    if path == "a.bz2":
        with pytest.raises(EnvironmentTrouble):
            Wikipedia(piece_bytes=100).split(
                InputFile(path, len(content), "d"), MadeStream(content, most=500, fails_at=5)
            )
