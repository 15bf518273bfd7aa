"""Laws of the web door: containers, cuts, flipped bits, any bytes, and a stream that fails at any call."""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.commoncrawl.source import CommonCrawl
from pipeline.sources.source import Dropped, InputFile, NotADocument, Outcome, Piece, Row
from pipeline.trouble import EnvironmentTrouble
from tests.made_archives import ARC, DIGEST, OK, PACK, PAGE, page, read, record, texts


@pytest.mark.parametrize("name", PACK)
@given(count=st.integers(0, 5))
@settings(deadline=None, max_examples=6)
def test_containers_hold_the_same(name, count):
    records = [record("warcinfo", b"x"), *map(page, range(count))]
    assert texts(read(PACK[name](records))) == [f"Page number {number}, written for a test." for number in range(count)]


def _as_written(head: str, record: bytes) -> bytes:
    """The record with its head as other writers have it."""
    top, rest = record.split(b"\r\n\r\n", 1)
    lines = top.split(b"\r\n")
    if head == "lower case":
        lines = [
            lines[0],
            *(name.lower() + b":" + value for name, _, value in (line.partition(b":") for line in lines[1:])),
        ]
    if head == "space before colon":
        lines = [lines[0], *(line.replace(b": ", b" : ", 1) for line in lines[1:])]
    end = b"\n" if head == "line feeds" else b"\r\n"
    return end.join(lines) + 2 * end + rest


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4", "plain"])
@given(
    groups=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    heads=st.lists(st.sampled_from(["", "lower case", "space before colon", "line feeds"]), min_size=20, max_size=20),
    mixed=st.booleans(),
    ids=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_records_are_found_however_they_are_written_and_packed_together(name, groups, heads, mixed, ids):
    """Several in one member or frame, headers in other letters, heads without carriage returns, no ids."""
    count = sum(groups)
    records = [
        _as_written(
            heads[number if mixed else 0], page(number) if ids else record("response", OK + PAGE % number, number=None)
        )
        for number in range(count)
    ]
    ends = [sum(groups[: number + 1]) for number in range(len(groups))]
    packed = b"".join(PACK[name]([b"".join(records[end - size : end])]) for size, end in zip(groups, ends, strict=True))
    outcomes = read(packed)
    assert texts(outcomes) == [f"Page number {number}, written for a test." for number in range(count)]
    rows = [outcome for outcome in outcomes if isinstance(outcome, Row)]
    assert len({row.natural_key for row in rows}) == count
    for row, number in zip(rows, range(count), strict=True):
        if row.raw_offset is not None:  # and where it says that it stands, it stands
            assert texts(read(packed[row.raw_offset :]))[0] == f"Page number {number}, written for a test."
    assert name in ("zstd", "lz4") or len(outcomes) == count


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4", "plain"])
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_records_before_a_cut_survive_and_the_cut_is_one_row(name, data):
    packed = [PACK[name]([page(number)]) for number in range(4)]
    whole = b"".join(packed)
    cut = data.draw(st.integers(1, len(whole) - 1))
    ends = [sum(map(len, packed[: number + 1])) for number in range(4)]
    complete = sum(end <= cut for end in ends)
    outcomes = read(whole[:cut])
    assert texts(outcomes)[:complete] == [f"Page number {number}, written for a test." for number in range(complete)]
    assert len(texts(outcomes)) <= complete + 1  # a page may be whole although what closes its record is cut off
    dropped = [outcome for outcome in outcomes if isinstance(outcome, Dropped)]
    assert len(outcomes) == len(dropped) + len(texts(outcomes))
    if cut in ends:
        assert not dropped
    elif name in ("gzip", "zstd"):  # every cut shows
        assert len(dropped) == 1
    else:  # a cut of what only closes a record, or opens an lz4 frame, does not
        assert len(dropped) <= 1


@pytest.mark.parametrize("name", ["gzip", "plain"])
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_flipped_bit_costs_at_most_its_record_and_a_row(name, data):
    packed = [PACK[name]([page(number)]) for number in range(5)]
    whole = bytearray(b"".join(packed))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    outcomes = read(bytes(whole))
    hit = next(number for number in range(5) if at < sum(map(len, packed[: number + 1])))
    # a length made longer swallows what follows it in a file without members; what stands before it is safe
    safe = range(hit) if name == "plain" else [number for number in range(5) if abs(number - hit) > 0]
    found = texts(outcomes)
    assert all(f"Page number {number}, written for a test." in found for number in safe)
    keys = [outcome.natural_key for outcome in outcomes if not isinstance(outcome, NotADocument)]
    assert len(keys) == len(set(keys))


@given(st.one_of(st.binary(max_size=600), st.binary(max_size=300).map(lambda data: b"WARC/1.0\r\n" + data)))
@settings(deadline=None, max_examples=200)
def test_any_bytes_end_in_outcomes(data):
    for start in (
        b"",
        b"filedesc://x 0.0.0.0 20200101000000 text/plain 0\n\n",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
    ):
        outcomes = read(start + data)
        assert outcomes == read(start + data)
        assert outcomes or not (start + data).strip(b" \t\r\n\0") or start == b"\x04\x22\x4d\x18"


class Failing(io.BytesIO):
    """A stream whose `count`-th call of read or seek fails, and that hands out a little at a time."""

    def __init__(self, data: bytes, count: int) -> None:
        super().__init__(data)
        self.left = count

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise EnvironmentTrouble("the disk is away")

    def read(self, size: int | None = -1) -> bytes:
        self._count()
        return super().read(min(size, 700) if size is not None and size >= 0 else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._count()
        return super().seek(offset, whence)


@pytest.mark.parametrize("name", [*PACK, "damaged gzip", "arc", "arc.gz"])
def test_trouble_of_the_stream_is_never_taken_for_a_broken_record(name):
    records = [record("warcinfo", b"x"), *map(page, range(5))]
    if name == "damaged gzip":
        data = bytearray(PACK["gzip"](records))
        data[len(data) // 2] ^= 0xFF
    else:
        data = {"arc": ARC, "arc.gz": gzip.compress(ARC)}.get(name) or PACK[name](records)
    piece = Piece(InputFile("x", len(data), DIGEST))
    undisturbed = read(bytes(data))
    for count in range(1, 10_000):
        stream = Failing(bytes(data), count)
        outcomes: list[Outcome] = []
        try:
            outcomes.extend(CommonCrawl().read(piece, stream))
        except EnvironmentTrouble as trouble:
            assert str(trouble) == "the disk is away"
            assert outcomes == undisturbed[: len(outcomes)]
        else:
            assert stream.left > 0
            assert outcomes == undisturbed
            return
    pytest.fail("the stream never came to its end")


@pytest.mark.parametrize("packed", [False, True])
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_any_cut_or_flip_of_an_arc_ends_in_outcomes(packed, data):
    whole = bytearray(gzip.compress(ARC) if packed else ARC)
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(0, 255))
    outcomes = read(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    keys = [outcome.natural_key for outcome in outcomes if not isinstance(outcome, NotADocument)]
    assert len(keys) == len(set(keys))
