"""Laws of the code source: total on any bytes, the same in small reads, a prefix of itself when cut."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.licences import identify
from pipeline.licences.expression import expression
from pipeline.sources.code.charset import decode
from pipeline.sources.code.content import reason_by_content
from pipeline.sources.code.licence import Licences
from pipeline.sources.code.licence_header import holder, in_header
from pipeline.sources.code.notebook import script_of
from pipeline.sources.code.source import Code
from pipeline.sources.source import Dropped, Expanded, InputFile, NotADocument, Outcome, Piece, Row
from tests.made_stream import MadeStream

PACKERS = {
    ".tar": bytes,
    ".tar.gz": gzip.compress,
    ".tar.zst": zstandard.compress,
    ".tar.bz2": bz2.compress,
    ".tar.xz": lzma.compress,
}
SOURCE = Code(max_record_bytes=400, max_archive_bytes=1 << 20, max_members=20)
# An ending that is known, so that magika's ten milliseconds are not spent on every example.
NAMES = st.sampled_from(["a.py", "b/c.h", "d.json", "LICENSE", "../e.py", "f/", "PKG-INFO", "a.py", "g.js", "h.ipynb"])
TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["def walk(tree): return tree\n", "SPDX-License-Identifier: MIT\n", "Name: a\nVersion: 1\n", "[" * 300]
    ),
)
TREES = st.lists(st.tuples(NAMES, TEXTS.map(lambda text: text.encode("utf-8", "replace"))), max_size=5)


def read(path: str, content: bytes, most: int | None = None) -> list[Outcome]:
    return list(SOURCE.read(Piece(InputFile(path, len(content), "d")), MadeStream(content, most=most)))


def zipped(tree: list[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(tree):
            entry = zipfile.ZipInfo(f"{number}/{name}")
            archive.writestr(entry, b"" if name.endswith("/") else content, compress_type=zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def tarred(tree: list[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in tree:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return sink.getvalue()


def check(found: list[Outcome]) -> None:
    keys = [outcome.natural_key for outcome in found if not isinstance(outcome, NotADocument)]
    assert len(keys) == len(set(keys))
    for outcome in found:
        if isinstance(outcome, Row):
            outcome.text.encode()
            outcome.natural_key.encode()
            (outcome.author or "").encode()
            assert outcome.text.strip()
            assert outcome.programming_language
            assert "\r" not in outcome.text
        else:
            assert outcome.reason.startswith(("code:", "resource:"))
    assert not any(isinstance(outcome, Expanded) for outcome in found[:-1])
    if found and isinstance(found[-1], Expanded):
        assert found[-1].children == len(found) - 1


@pytest.mark.parametrize("path", ["a.py", "a.h", "a.json", "a.ipynb", "a.zip", *(f"a{suffix}" for suffix in PACKERS)])
@given(content=st.binary(max_size=600))
@settings(deadline=None, max_examples=60)
def test_any_bytes_end_in_outcomes(path: str, content: bytes) -> None:
    found = read(path, content)
    check(found)
    assert found
    assert found == read(path, content)
    assert found == read(path, content, most=7)


@given(tree=TREES, flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=4))
@settings(deadline=None, max_examples=150)
def test_damaged_archives_end_in_outcomes(tree: list[tuple[str, bytes]], flips: list[tuple[int, int]]) -> None:
    for path, content in (("a.zip", zipped(tree)), ("a.tar", tarred(tree)), ("a.tar.gz", gzip.compress(tarred(tree)))):
        damaged = bytearray(content)
        for at, mask in flips:
            damaged[at % len(damaged)] ^= mask
        found = read(path, bytes(damaged))
        check(found)
        assert found == read(path, bytes(damaged), most=7)


@given(tree=TREES)
@settings(deadline=None, max_examples=60)
def test_a_tree_is_the_same_in_every_packing(tree: list[tuple[str, bytes]]) -> None:
    plain = tarred(tree)
    found = [
        [
            (outcome.text, outcome.licence_declared, outcome.repository) if isinstance(outcome, Row) else outcome.reason
            for outcome in read(f"a{suffix}", pack(plain))
        ]
        for suffix, pack in PACKERS.items()
    ]
    assert all(each == found[0] for each in found)
    assert found[0][-1] in ("code:archive", "resource:archive_members")


@given(tree=TREES, share=st.floats(0, 1))
@settings(deadline=None, max_examples=100)
def test_a_cut_archive_keeps_what_stood_before(tree: list[tuple[str, bytes]], share: float) -> None:
    for path, content in (("a.zip", zipped(tree)), ("a.tar", tarred(tree))):
        whole, cut = read(path, content), content[: round(share * len(content))]
        found = read(path, cut)
        check(found)
        texts = [outcome.text for outcome in found if isinstance(outcome, Row)]
        assert texts == [outcome.text for outcome in whole if isinstance(outcome, Row)][: len(texts)]
        last = found[-1]
        assert isinstance(last, Dropped | Expanded)
        assert last.reason in ("code:broken_archive", "code:archive")


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400))
@settings(deadline=None, max_examples=200)
def test_every_reading_of_a_text_is_total(text: str) -> None:
    for language in ("Python", "JSON", "HTML", "JavaScript", "WebAssembly"):
        reason_by_content(language, text)
    identify(text)
    in_header(text)
    holder(text)
    expression(text)
    script_of(text)
    licences = Licences()
    for name in ("LICENSE", "METADATA", "package.json", "Cargo.toml", "setup.cfg"):
        licences.add(name, text.encode())
    licences.of("a.py")


@given(content=st.binary(max_size=200))
@settings(deadline=None, max_examples=200)
def test_decoding_is_total_and_utf_8_comes_back(content: bytes) -> None:
    decoded = decode(content)
    assert (decoded.charset is None) == bool(decoded.reason)
    decoded.text.encode()


@pytest.mark.parametrize(
    ("head", "unit", "count"),
    [
        ("", "<", 60_000),
        ("", "<!--", 20_000),
        ("", "<script", 10_000),
        ("", "#ifdef __cplusplus\n", 5_000),
        ("", "/*", 40_000),
        ("", "aa ", 30_000),
        ("", ("ab" + " " * 500), 200),
        ("", "A", 100_000),
        ("", "Copyright ", 10_000),
        ("", "SPDX-License-Identifier: MIT", 3_000),
        ("# SPDX-License-Identifier: ", "(", 90_000),
        ("", "Licensed under the ", 5_000),
        ("", "// Code generated ", 5_000),
        ("", "\\u0041", 20_000),
        ("", ";", 90_000),
        ("", "_", 90_000),
        ("", "may not be copied ", 5_000),
    ],
)
def test_hostile_texts_cost_no_more_than_others(head: str, unit: str, count: int) -> None:
    """Linear time: four times the text costs less than eight times the CPU seconds; a square would cost sixteen."""
    quarter, whole = (min(_cost(head + unit * times) for _ in range(2)) for times in (count // 4, count))
    assert whole < 8 * max(quarter, 0.01)


def _cost(text: str) -> float:
    start = time.process_time()
    for name in ("a.h", "a.html", "a.py"):
        read(name, text.encode())
    source = Code()
    for name in ("a.h", "a.html", "a.py"):
        list(source.read(Piece(InputFile(name, len(text), "d")), io.BytesIO(text.encode())))
    identify(text)
    return time.process_time() - start
