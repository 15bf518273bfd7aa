"""Repositories as archives: what a member becomes, what an archive says of its members, damage, tricks and bombs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable

import pytest
import zstandard

from pipeline.demo import code as demo_code
from pipeline.sources.code.source import Code
from pipeline.sources.source import Dropped, Expanded, InputFile, NotADocument, Outcome, Piece, Row
from pipeline.trouble import EnvironmentTrouble

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".tar": bytes,
    ".tar.gz": gzip.compress,
    ".tgz": gzip.compress,
    ".tar.zst": zstandard.compress,
    ".tar.bz2": bz2.compress,
    ".tbz2": bz2.compress,
    ".tar.xz": lzma.compress,
    ".txz": lzma.compress,
}
LINE = "def walk(tree): return tree\n"
TAG = "SPDX-License-Identifier: MIT\n"


def read(path: str, content: bytes, **fields: object) -> list[Outcome]:
    source = Code(kind="code", **fields)
    return list(source.read(Piece(InputFile(path, len(content), "d1")), io.BytesIO(content)))


def zipped(files: dict[str, str], comment: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        archive.comment = comment.encode()
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, compress_type=method)
    return sink.getvalue()


def tarred(files: dict[str, str], *, form: int = tarfile.PAX_FORMAT, comment: str = "", mtime: int = 0) -> bytes:
    sink = io.BytesIO()
    headers = {"comment": comment} if comment else None
    with tarfile.open(fileobj=sink, mode="w", format=form, pax_headers=headers) as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(text.encode()), mtime
            archive.addfile(entry, io.BytesIO(text.encode()))
    return sink.getvalue()


def brief(outcomes: list[Outcome]) -> list[str]:
    return [
        outcome.natural_key.partition("!")[2] if isinstance(outcome, Row) else outcome.reason for outcome in outcomes
    ]


FILES = {f"mill-{COMMIT}/{name}": text for name, text in {"LICENSE": TAG, "a.py": LINE, "lib/b.py": LINE}.items()}


def expected_rows(path: str, commit: str | None, offsets: list[int | None], date: str | None = None) -> list[Row]:
    return [
        Row(
            natural_key=f"{path}!mill-{COMMIT}/{name}",
            raw_offset=offset,
            raw_bytes=len(LINE),
            text=LINE,
            date=date,
            charset="utf-8",
            licence_declared="MIT",
            licence_where="LICENSE",
            licence_quote="SPDX-License-Identifier: MIT",
            repository="mill",
            repository_path=name,
            commit=commit,
            programming_language="Python",
        )
        for name, offset in zip(("a.py", "lib/b.py"), offsets, strict=True)
    ]


def test_a_zip_of_github() -> None:
    content = zipped(FILES, COMMIT)
    [licence, *rows, archive] = read("x/mill.zip", content)
    assert licence == Dropped("code:licence_file", f"x/mill.zip!mill-{COMMIT}/LICENSE", 0, len(TAG))
    starts = [at for at in range(len(content)) if content.startswith(b"PK\3\4", at)]
    assert rows == expected_rows("x/mill.zip", COMMIT, starts[1:])
    assert archive == Expanded("code:archive", "x/mill.zip", 0, len(content), 3)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_tar_of_git(suffix: str) -> None:
    content = PACKERS[suffix](tarred(FILES, comment=COMMIT, mtime=1_767_571_200))
    [_, *rows, archive] = read(f"mill{suffix}", content)
    plain = suffix == ".tar"
    offsets = [row.raw_offset for row in rows if isinstance(row, Row)]
    assert all((offset is not None) == plain for offset in offsets)
    assert rows == expected_rows(f"mill{suffix}", COMMIT, offsets, "2026-01-05")
    assert archive == Expanded("code:archive", f"mill{suffix}", 0, len(content), 3)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_in_every_format_of_tar(form: int) -> None:
    name = "/".join(["folder" * 4] * 6) + "/a.py"
    assert brief(read("a.tar", tarred({name: LINE}, form=form))) == [name, "code:archive"]
    longer = "/".join(["folder" * 4] * 20) + "/ä.py"
    if form != tarfile.USTAR_FORMAT:
        assert brief(read("a.tar", tarred({longer: LINE}, form=form))) == [longer, "code:archive"]


def test_a_wheel_is_its_package() -> None:
    metadata = "Name: Mill\nVersion: 1.2\nLicense-Expression: MIT\n\nA mill.\n"
    content = zipped({"mill/a.py": LINE, "mill-1.2.dist-info/METADATA": metadata})
    [row, *others] = read("mill-1.2-py3-none-any.whl", content)
    assert isinstance(row, Row)
    assert (row.repository, row.repository_path, row.commit) == ("pkg:pypi/mill@1.2", "mill/a.py", None)
    assert (row.licence_declared, row.licence_where) == ("MIT", "mill-1.2.dist-info/METADATA")
    assert brief(others) == ["code:generated", "code:archive"]


def test_a_repository_is_configured_where_the_archive_is_silent() -> None:
    [row, *_] = read("a.zip", zipped({"a.py": LINE, "b/c.py": LINE}), repository="ours")
    assert isinstance(row, Row)
    assert row.repository == "ours"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.py", "a.py"], ["a.py", "code:repeated_member", "code:archive"]),
        (["a.py", "./a.py"], ["a.py", "code:repeated_member", "code:archive"]),
        (["../a.py"], ["code:unsafe_path", "code:archive"]),
        (["/a.py"], ["code:unsafe_path", "code:archive"]),
        (["a.zip"], ["code:archive_within", "code:archive"]),
        (["a/"], ["code:folder", "code:archive"]),
        ([], ["code:archive"]),
    ],
)
def test_members_of_zip_and_tar(names: list[str], expected: list[str]) -> None:
    sink, other = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive, tarfile.open(fileobj=other, mode="w") as tar, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "" if name.endswith("/") else LINE)
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            entry.size = 0 if name.endswith("/") else len(LINE)
            tar.addfile(entry, io.BytesIO(LINE.encode()))
    for path, content in (("a.zip", sink.getvalue()), ("a.tar", other.getvalue())):
        found = read(path, content)
        assert brief(found) == expected
        keys = [outcome.natural_key for outcome in found if not isinstance(outcome, NotADocument)]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        (tarfile.SYMTYPE, "code:link"),
        (tarfile.LNKTYPE, "code:link"),
        (tarfile.CHRTYPE, "code:device"),
        (tarfile.FIFOTYPE, "code:device"),
    ],
)
def test_what_is_no_file_in_a_tar(type_: bytes, reason: str) -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        entry = tarfile.TarInfo("a.py")
        entry.type, entry.linkname = type_, "/etc/passwd"
        archive.addfile(entry)
        plain = tarfile.TarInfo("b.py")
        plain.size = len(LINE)
        archive.addfile(plain, io.BytesIO(LINE.encode()))
    assert brief(read("a.tar", sink.getvalue())) == [reason, "b.py", "code:archive"]


def test_what_is_no_file_in_a_zip() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for mode in (0o120777, 0o020666):
            entry = zipfile.ZipInfo(f"{mode}.py")
            entry.create_system, entry.external_attr = 3, mode << 16
            archive.writestr(entry, "/etc/passwd")
    assert brief(read("a.zip", sink.getvalue())) == ["code:link", "code:device", "code:archive"]


def test_encrypted_and_unknown_members_and_damaged_ones() -> None:
    content = zipped({"a.py": LINE, "b.py": LINE})
    at = content.index(b"PK\1\2")
    encrypted = bytearray(content)
    encrypted[at + 8] |= 1
    assert brief(read("a.zip", bytes(encrypted))) == ["code:encrypted", "b.py", "code:archive"]
    assert brief(read("a.zip", zipped({"a.py": LINE}, method=zipfile.ZIP_LZMA))) == [
        "code:unknown_compression",
        "code:archive",
    ]
    stored = zipped({"a.py": LINE, "b.py": LINE}, method=zipfile.ZIP_STORED)
    assert brief(read("a.zip", stored.replace(b"walk", b"talk", 1))) == ["code:broken_member", "b.py", "code:archive"]


@pytest.mark.parametrize("suffix", [".zip", ".whl", *PACKERS])
def test_what_is_no_archive(suffix: str) -> None:
    for content in (b"", b"not an archive at all", bytes(100)):
        assert read(f"a{suffix}", content) == [Dropped("code:broken_archive", f"a{suffix}", 0, len(content))]


def test_a_zip_without_its_end_gives_what_stood_before() -> None:
    content = zipped(FILES, COMMIT)
    whole = read("a.zip", content)
    last = content.rindex(b"PK\3\4")
    directory = content.index(b"PK\1\2")
    for cut in (last, directory - 1, directory, len(content) - len(COMMIT) - 1):
        found = read("a.zip", content[:cut])
        assert found[-1] == Dropped("code:broken_archive", "a.zip", 0, cut)
        members = 2 if cut < directory else 3
        assert brief(found[:-1]) == brief(whole[:members])


def test_a_streamed_zip_without_its_end() -> None:
    """Sizes stand behind each member, as in what git writes for large files."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError("a pipe has no place")

    sink = Pipe()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.py", "b.py", "c.py"):
            archive.writestr(zipfile.ZipInfo(name), LINE * 20, compress_type=zipfile.ZIP_DEFLATED)
    content = sink.getvalue()
    assert brief(read("a.zip", content)) == ["a.py", "b.py", "c.py", "code:archive"]
    cut = content[: content.index(b"PK\1\2")]
    assert brief(read("a.zip", cut)) == ["a.py", "b.py", "c.py", "code:broken_archive"]


def test_a_zip_behind_another_file() -> None:
    """What self-extracting archives are: offsets count from the start of the ZIP."""
    assert brief(read("a.zip", b"#!/bin/sh\nexit\n" + zipped({"a.py": LINE}))) == ["a.py", "code:archive"]


def test_a_zip_of_64_bits() -> None:
    content = zipped({"a.py": LINE})
    at, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    size = end - at
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, at)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert brief(read("a.zip", content[:end] + record + locator + tail)) == ["a.py", "code:archive"]


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_cut_tar_gives_what_stood_before(suffix: str) -> None:
    files = {f"{number}.py": f"# {number}\n" + LINE * 40 for number in range(40)}
    content = PACKERS[suffix](tarred(files))
    whole = brief(read(f"a{suffix}", content))
    for cut in (len(content) // 3, len(content) // 2, 700 if suffix == ".tar" else len(content) - 5):
        found = brief(read(f"a{suffix}", content[:cut]))
        kept = [each for each in found[:-1] if each != "code:broken_member"]
        assert kept == whole[: len(kept)]
        assert found[-1] == "code:broken_archive"


@pytest.mark.parametrize("suffix", [".tar.bz2", ".tar.xz"])
def test_a_tar_of_many_streams_keeps_its_members(suffix: str) -> None:
    """As pbzip2 and pixz pack: wherever a stream begins in what is read at once, nothing behind it is lost."""
    draw = random.Random(3)
    ideographs = [chr(code) for code in range(0x4E00, 0x9000)]
    files = {f"{number}.py": "# " + "".join(draw.choices(ideographs, k=1700)) + "\n" for number in range(1100)}
    content = tarred(files)
    packed = b"".join(PACKERS[suffix](content[at : at + 900_000]) for at in range(0, len(content), 900_000))
    assert len(packed) > 3 << 20
    found = read(f"a{suffix}", packed)
    assert brief(found) == brief(read("a.tar", content))
    assert len(found) == len(files) + 1


@pytest.mark.parametrize(("suffix", "decoder"), [(".tbz2", "bz2.BZ2Decompressor"), (".txz", "lzma.LZMADecompressor")])
def test_no_memory_for_a_decoder_is_the_machines_trouble(
    suffix: str, decoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decoder, refuse)
    with pytest.raises(EnvironmentTrouble, match="no memory"):
        read(f"a{suffix}", PACKERS[suffix](tarred(FILES)))


def test_what_an_xz_decoder_may_ask_for_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.code.tar.MAX_XZ_BYTES", 1 << 16)
    assert brief(read("a.txz", PACKERS[".txz"](tarred(FILES)))) == ["code:broken_archive"]


def test_budgets_of_an_archive() -> None:
    files = {f"{number}.py": LINE for number in range(5)}
    for path, content in (("a.zip", zipped(files)), ("a.tar.gz", gzip.compress(tarred(files)))):
        found = read(path, content, max_members=3)
        assert brief(found) == ["0.py", "1.py", "2.py", "resource:archive_members"]
        assert read(path, content, max_members=5) == read(path, content)
        assert brief(read(path, content, max_record_bytes=len(LINE) - 1)) == [
            *["resource:record_bytes"] * 5,
            "code:archive",
        ]
    assert brief(read("a.zip", zipped(files), max_archive_bytes=3 * len(LINE)))[3:] == ["resource:archive_bytes"]
    assert brief(read("a.tar", tarred(files), max_archive_bytes=5000)) == ["resource:archive_bytes"]


def test_a_bomb_is_not_held() -> None:
    size = 256 << 20
    entry = tarfile.TarInfo("a.py")
    entry.size = size
    compress = zlib.compressobj(9, wbits=31)
    packed = [compress.compress(entry.tobuf())]
    packed += [compress.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    bomb = b"".join(packed) + compress.flush()
    tracemalloc.start()
    try:
        found = brief(read("a.tar.gz", bomb))
        gzip_peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found[-1] in ("resource:compression_ratio", "code:broken_archive")
    assert gzip_peak < 32 << 20


def test_a_ratio_that_no_source_has() -> None:
    content = zstandard.compress(tarred({"a.py": LINE}) + bytes(80 << 20))
    assert brief(read("a.tar.zst", content)) == ["a.py", "resource:compression_ratio"]


def test_a_zip_that_lies_of_its_sizes() -> None:
    content = bytearray(zipped({"a.py": "x" * (4 << 20), "b.py": LINE}))
    for signature, field in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = content.index(signature)
        content[at + field : at + field + 4] = (10).to_bytes(4, "little")
    assert brief(read("a.zip", bytes(content))) == ["resource:record_bytes", "b.py", "code:archive"]


def test_the_demo_holds_what_it_says() -> None:
    files = demo_code.files()
    assert files == demo_code.files()
    assert sum(map(len, files.values())) < 1 << 20
    repository, *libraries = (read(name, content) for name, content in files.items())
    counts: dict[str, int] = {}
    for outcome in repository:
        name = "row" if isinstance(outcome, Row) else outcome.reason
        counts[name] = counts.get(name, 0) + 1
    dropped = "vendored minified generated lock_file data encoded_data empty binary licence_file unsafe_path archive"
    assert counts == {"row": 7, "code:binary_suffix": 1, "code:link": 1} | {
        f"code:{name}": 1 for name in dropped.split()
    }
    rows = [outcome for outcome in repository if isinstance(outcome, Row)]
    assert {row.licence_declared for row in rows} == {"Apache-2.0"}
    assert {(row.repository, row.commit, row.date) for row in rows} == {("gauge", demo_code.COMMIT, "2026-01-05")}
    assert {row.programming_language for row in rows} == {"C", "JavaScript", "Makefile", "Markdown", "Python", "Shell"}
    for package, outcomes in zip(demo_code.PACKAGES, libraries, strict=True):
        assert {outcome.repository for outcome in outcomes if isinstance(outcome, Row)} == {package}
