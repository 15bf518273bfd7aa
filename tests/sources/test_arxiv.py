"""The e-print door: a table of (bytes, outcome) for every reason, laws on broken bytes, and the real papers.

`GOLDEN_WRITE=1 pytest tests/sources/test_arxiv.py` writes the golden anew; it refuses where the outcomes changed under
the same version.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import tracemalloc
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.demo.arxiv import files
from pipeline.sources.arxiv.eprint import MAX_MEMBERS
from pipeline.sources.arxiv.source import Arxiv
from pipeline.sources.source import Dropped, Expanded, InputFile, NotADocument, Outcome, Piece, Row
from pipeline.trouble import EnvironmentTrouble
from tests.made_stream import MadeStream

GOLDEN = Path(__file__).parent.parent / "golden" / "arxiv.json"
WRITE = os.environ.get("GOLDEN_WRITE") == "1"
PAPER = b"\\documentclass{a}\\begin{document}Text of $x$.\\end{document}"


def tar(content: dict[str, bytes], format_: int = tarfile.USTAR_FORMAT) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=format_) as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return sink.getvalue()


def pax(**said: str) -> bytes:
    """An extended header, for the member that follows."""
    entry = tarfile.TarInfo("x")
    entry.pax_headers = said
    return entry.tobuf(tarfile.PAX_FORMAT)[:1024]


def with_size(field: bytes, content: bytes) -> bytes:
    """The archive with another size in its first header, whose checksum is right."""
    block = bytearray(content[:512])
    block[124:136], block[148:156] = field.ljust(12, b"\0"), b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + content[512:]


def packed(**content: bytes) -> bytes:
    return gzip.compress(tar({name.replace("__", "."): data for name, data in content.items()}), mtime=0)


def outcomes(content: bytes, path: str = "1706.03762.tar.gz", **fields: Any) -> list[Outcome]:
    file = InputFile(path, len(content), hashlib.sha256(content).hexdigest())
    return list(Arxiv(**fields).read(Piece(file), io.BytesIO(content)))


def brief(outcome: Outcome) -> str:
    return outcome.text if isinstance(outcome, Row) else outcome.reason


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (packed(a__tex=PAPER), "Text of $x$."),
        (tar({"a.tex": PAPER}), "Text of $x$."),
        (gzip.compress(PAPER, mtime=0), "Text of $x$."),
        (PAPER, "Text of $x$."),
        (gzip.compress(tar({"a.tex": PAPER})[:-1024]), "Text of $x$."),  # no end of archive: gzip says it is whole
        (gzip.compress(tar({"d/" + "n" * 120 + ".tex": PAPER}, tarfile.GNU_FORMAT)), "Text of $x$."),
        (gzip.compress(tar({"d/" + "é" * 120 + ".tex": PAPER}, tarfile.PAX_FORMAT)), "Text of $x$."),
        (gzip.compress(PAPER[:20]) + gzip.compress(PAPER[20:]), "Text of $x$."),
        (gzip.compress(PAPER, mtime=0) + b"\0\0rest", "Text of $x$."),
        (packed(a__tex=PAPER)[:-1], "arxiv:broken_archive"),
        (packed(a__tex=PAPER)[:40], "arxiv:broken_archive"),
        (packed(a__tex=PAPER)[:-8] + b"\0" * 8, "arxiv:broken_archive"),
        (gzip.compress(tar({"a.tex": PAPER})[:530]), "arxiv:broken_archive"),
        (gzip.compress(tar({"a.tex": PAPER})[:1024] + b"x" * 512), "arxiv:broken_archive"),
        (gzip.compress(b"%PDF-1.5 ..."), "arxiv:pdf_only"),
        (packed(a__pdf=b"%PDF-1.5", b__eps=b"%!PS"), "arxiv:no_tex"),
        (gzip.compress(b"%!PS-Adobe"), "arxiv:no_tex"),
        (gzip.compress(b"a\0\\b"), "arxiv:no_tex"),
        (gzip.compress(b""), "arxiv:no_tex"),
        (b"", "arxiv:no_tex"),
        (b"no TeX at all", "arxiv:no_tex"),
        (packed(a__tex=b"\\documentclass{a}\\begin{document}\\vspace{1cm}\\end{document}"), "arxiv:no_text"),
        (gzip.compress(b"%auto-ignore\nThis paper has been withdrawn."), "arxiv:withdrawn"),
        (packed(withdrawn__txt=b"This submission was withdrawn by the author."), "arxiv:withdrawn"),
        (
            gzip.compress(b"\\documentclass{a}\\begin{document}The paper is withdrawn: an error.\\end{document}"),
            "arxiv:withdrawn",
        ),
        (
            gzip.compress(b"\\documentclass{a}\\begin{document}The troops were withdrawn.\\end{document}"),
            "The troops were withdrawn.",
        ),
        (
            packed(main__tex=b"\\documentclass{a}\n% section 2 of this paper was removed, see v1\n"
                   b"\\begin{document}\\input{intro}\\end{document}", intro__tex=b"Every group is nice. " * 80),
            "Every group is nice. " * 79 + "Every group is nice.",
        ),
        (packed(a__tex=b"\\documentclass{a}\n% This paper was withdrawn.\n\\begin{document}\\end{document}"),
         "arxiv:withdrawn"),
        (gzip.compress(b"\\documentclass{a}\\begin{document}\\def\\a{\\a\\a}\\a"), "resource:latex_expansion"),
        (gzip.compress(b"\\documentclass{a}" + b"x" * (8 << 20)), "resource:latex_bytes"),
        (gzip.compress(b"x" * ((32 << 20) + 1)), "resource:latex_bytes"),
        (gzip.compress(tar({f"{n}.eps": b"" for n in range(MAX_MEMBERS + 1)}), 1), "resource:members"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_eprint(content: bytes, expected: str) -> None:
    [outcome] = outcomes(content)
    assert brief(outcome) == expected
    assert outcome.raw_bytes == len(content)
    if not isinstance(outcome, NotADocument):
        assert (outcome.natural_key, outcome.raw_offset) == ("1706.03762", 0)


EMPTY_FIRST = tar({"a.tex": b"", "b.tex": PAPER})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pax(path="b.tex") + tar({"a.pdf": PAPER}), "Text of $x$."),
        (pax(comment="5 path=evil.pdf\n") + tar({"a.tex": PAPER}), "Text of $x$."),
        (pax(size=str(len(PAPER))) + with_size(b"0", tar({"a.tex": PAPER})), "Text of $x$."),
        (pax(comment="8 size=0\n") + tar({"a.tex": PAPER}), "Text of $x$."),
        (pax(size=str(len(PAPER))) + tar({"n" * 120 + ".tex": PAPER}, tarfile.GNU_FORMAT), "Text of $x$."),
        (pax(size="9" * 19) + EMPTY_FIRST, "arxiv:broken_archive"),
        (with_size(b"\x80" + len(PAPER).to_bytes(11), tar({"a.tex": PAPER})), "Text of $x$."),
        (with_size(b"\x80" + (1 << 80).to_bytes(11), EMPTY_FIRST), "arxiv:broken_archive"),
        (with_size(b"\xff" * 12, EMPTY_FIRST), "arxiv:broken_archive"),
        (with_size(b"zzzz", EMPTY_FIRST), "arxiv:broken_archive"),
        (with_size(b"8", EMPTY_FIRST), "arxiv:broken_archive"),
        (with_size(b"", EMPTY_FIRST), "Text of $x$."),
    ],
)
def test_names_and_sizes_of_members(content: bytes, expected: str) -> None:
    assert [brief(o) for o in outcomes(content)] == [expected]
    *_, last, archive = map(brief, outcomes(content, "arXiv_src_1706_001.tar"))
    assert (last, archive) == (expected, "arxiv:bulk_archive")


def test_budgets_of_bytes_are_inclusive() -> None:
    content = packed(a__tex=PAPER)
    assert [brief(o) for o in outcomes(content, max_record_bytes=len(content))] == ["Text of $x$."]
    assert [brief(o) for o in outcomes(content, max_record_bytes=len(content) - 1)] == ["resource:record_bytes"]
    assert [brief(o) for o in outcomes(content, max_unpacked_bytes=10240)] == ["Text of $x$."]
    assert [brief(o) for o in outcomes(content, max_unpacked_bytes=10239)] == ["resource:record_bytes"]


def test_a_bomb_is_not_held() -> None:
    bomb = gzip.compress(tar({"a.eps": bytes(100 << 20), "b.tex": PAPER}), 1)
    tracemalloc.start()
    try:
        found = [brief(o) for o in (*outcomes(bomb), *outcomes(bomb, max_unpacked_bytes=50 << 20))]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == ["Text of $x$.", "resource:record_bytes"]
    assert peak < 64 << 20


def test_what_a_row_says() -> None:
    tex = b"\\documentclass{a}\\title{T}\\author{A. Bee}\\begin{document}x\n\nThis article is licensed under a " + (
        b"Creative Commons Attribution-ShareAlike 4.0 licence.\\end{document}"
    )
    content = packed(sub__tex=tex)
    [row] = outcomes(content, "2301.00001v2.tar.gz")
    assert row == Row(
        natural_key="2301.00001v2",
        raw_offset=0,
        raw_bytes=len(content),
        text="# T\n\nx\n\nThis article is licensed under a Creative Commons Attribution-ShareAlike 4.0 licence.",
        url="https://arxiv.org/abs/2301.00001",
        title="T",
        date="2023-01",
        charset="utf-8",
        licence_declared="CC-BY-SA-4.0",
        licence_where="sub.tex",
        licence_quote="This article is licensed under a Creative Commons Attribution-ShareAlike 4.0 licence.",
        author="A. Bee",
        work="arxiv:2301.00001",
    )
    [row] = outcomes(content, "any.tar.gz")
    assert isinstance(row, Row)
    assert (row.natural_key, row.url, row.work, row.date) == (hashlib.sha256(content).hexdigest(), None, None, None)


BULK = {
    "1706/1706.00001.gz": packed(a__tex=PAPER),
    "1706/1706.00002.pdf": b"%PDF-1.5",
    "1706/1706.00003.gz": gzip.compress(PAPER, mtime=0),
    "1706/other.gz": gzip.compress(PAPER, mtime=0),
    "1706/1706.00004.gz": gzip.compress(b"%auto-ignore"),
}


def test_a_bulk_archive() -> None:
    content = tar(BULK)
    found = outcomes(content, "arXiv_src_1706_001.tar")
    digest = hashlib.sha256(content).hexdigest()
    assert [brief(o) for o in found] == [
        *("Text of $x$.", "arxiv:pdf_only", "Text of $x$.", "Text of $x$.", "arxiv:withdrawn", "arxiv:bulk_archive"),
    ]
    assert found[-1] == Expanded("arxiv:bulk_archive", digest, 0, len(content), 5)
    keys = [o.natural_key for o in found if not isinstance(o, NotADocument)]
    offset = content.rindex(BULK["1706/other.gz"])
    assert keys == ["1706.00001", "1706.00003", f"{digest}@{offset}", "1706.00004", digest]
    assert outcomes(content, "renamed.tar") == found
    for o in found[:-1]:
        if isinstance(o, Row | Dropped):
            assert content[o.raw_offset : o.raw_offset + o.raw_bytes] in BULK.values()


def test_an_identifier_twice_in_a_bulk_archive() -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in ("1706/1706.00001.gz", "1706/1706.00001.gz", "1706"):
            member = tarfile.TarInfo(name)
            data = b"" if name == "1706" else gzip.compress(PAPER, mtime=0)
            member.type, member.size = (tarfile.DIRTYPE if name == "1706" else tarfile.REGTYPE), len(data)
            archive.addfile(member, io.BytesIO(data))
    found = outcomes(sink.getvalue(), "arXiv_src_1706_001.tar")
    assert [brief(o) for o in found] == ["Text of $x$.", "arxiv:repeated_record", "arxiv:bulk_archive"]
    assert isinstance(found[-1], Expanded)
    assert found[-1].children == 2


@given(at=st.integers(0, 10240))
@settings(max_examples=60, deadline=None)
def test_a_cut_bulk_archive_keeps_what_stood_before(at: int) -> None:
    content = tar(BULK)
    path = "arXiv_src_1706_001.tar"
    whole, cut = outcomes(content, path), outcomes(content[:at], path)
    *kept, last = cut
    assert isinstance(last, Expanded)
    assert last.children == len(kept)
    keys = [o.natural_key for o in cut if not isinstance(o, NotADocument)]
    assert len(keys) == len(set(keys))
    end = len(content.rstrip(b"\0")) // 512 * 512 + 1024  # the last member and one block of zeros
    if at < end:
        assert brief(kept.pop()) == "arxiv:broken_archive"
    digests = {hashlib.sha256(content[:at]).hexdigest(), hashlib.sha256(content).hexdigest()}
    for before, after in zip(whole, kept, strict=False):
        assert brief(before) == brief(after)
        if not isinstance(before, NotADocument) and before.natural_key.split("@")[0] not in digests:
            assert before == after


def test_a_bulk_archive_in_pieces_is_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    content = tar(BULK)
    file = InputFile("arXiv_src_1706_001.tar", len(content), hashlib.sha256(content).hexdigest())
    whole = list(Arxiv().read(Piece(file), io.BytesIO(content)))
    for size, count in ((1, 5), (1000, 5), (2000, 3), (1 << 20, 1)):
        monkeypatch.setattr("pipeline.sources.arxiv.source.PIECE_BYTES", size)
        pieces = Arxiv().split(file, io.BytesIO(content))
        assert len(pieces) == count
        assert [o for piece in pieces for o in Arxiv().read(piece, io.BytesIO(content))] == whole
    assert Arxiv().split(InputFile("a.tar.gz", 1, ""), io.BytesIO(b"")) == [Piece(InputFile("a.tar.gz", 1, ""))]


@pytest.mark.parametrize("path", ["1706.03762.tar.gz", "x.gz", "x.tar", "arXiv_src_1706_001.tar"])
@given(content=st.binary(max_size=600) | st.builds(lambda a, b: tar({"1706/a.gz": a}) + b, st.binary(), st.binary()))
@settings(max_examples=40, deadline=None)
def test_any_bytes_end_in_outcomes(path: str, content: bytes) -> None:
    found = outcomes(content, path)
    assert found == outcomes(content, path)
    assert found
    keys = [o.natural_key for o in found if not isinstance(o, NotADocument)]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"(arxiv|resource):[a-z_]+", o.reason) for o in found if not isinstance(o, Row))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damage_in_an_eprint_is_one_outcome(data: st.DataObject) -> None:
    content = bytearray(packed(a__tex=PAPER, b__eps=b"%!PS" * 50, c__sty=b"\\newcommand{\\x}{y}"))
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[at] ^= data.draw(st.integers(1, 255))
    [outcome] = outcomes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    assert isinstance(outcome, Row | Dropped | NotADocument)


@pytest.mark.parametrize("path", ["1706.03762.gz", "arXiv_src_1706_001.tar"])
def test_short_reads_change_nothing_and_trouble_passes_through(path: str) -> None:
    content = gzip.compress(PAPER, mtime=0)
    content = tar({"1706/1706.00001.gz": content}) if path.endswith(".tar") else content
    piece = Piece(InputFile(path, len(content), hashlib.sha256(content).hexdigest()))
    stream = MadeStream(content, most=7)
    assert list(Arxiv().read(piece, stream)) == outcomes(content, path)
    for nth in range(1, stream.reads, 5):
        with pytest.raises(EnvironmentTrouble, match="the store is away"):
            list(Arxiv().read(piece, MadeStream(content, most=7, fails_at=nth)))


def test_the_demo_plants_its_reasons() -> None:
    assert files() == files()
    found = {name: [brief(o) for o in outcomes(content, name)] for name, content in files().items()}
    assert [briefs[0] for name, briefs in sorted(found.items()) if name >= "2601.99003" and name < "a"] == [
        *("arxiv:withdrawn", "arxiv:broken_archive", "arxiv:no_tex", "resource:latex_expansion"),
    ]
    assert found["arXiv_src_2601_001.tar"][1:] == ["arxiv:pdf_only", "arxiv:bulk_archive"]
    for name in ("2601.99001.tar.gz", "2601.99002.gz"):
        [text] = found[name]
        assert len(text.split()) > 400
        assert not residue(text)


_FORMULA = re.compile(r"```.*?```|`[^`\n]+`|\$\$.*?\$\$|(?<!\\)\$.*?(?<!\\)\$", re.DOTALL)


def residue(text: str) -> list[str]:
    """Commands outside of formulas and code, and dollar signs without a partner."""
    return re.findall(r"\\[a-zA-Z]+|(?<!\\)\$", _FORMULA.sub("", text))


def summary(found: list[Outcome]) -> dict[str, Any]:
    counts = Counter("row" if isinstance(outcome, Row) else outcome.reason for outcome in found)
    digest = hashlib.sha256()
    for outcome in found:
        fields = {k: v for k, v in asdict(outcome).items() if v is not None}  # columns of other sources are null
        digest.update(json.dumps(fields, sort_keys=True).encode() + b"\n")
    return {"outcomes": dict(sorted(counts.items())), "sha256": digest.hexdigest()}


@pytest.fixture(scope="module")
def real(shared_data: Any) -> dict[str, list[Outcome]]:
    """The outcomes of every e-print of the shared data, by name."""
    return {path.name: outcomes(path.read_bytes(), path.name) for path in sorted(shared_data("arxiv").iterdir())}


@pytest.mark.data
def test_real_papers_give_what_they_gave(real: dict[str, list[Outcome]]) -> None:
    observed = {"version": Arxiv.version, "files": {name: summary(found) for name, found in real.items()}}
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {"version": None, "files": {}}
    if WRITE and golden != observed:
        known = {name: observed["files"].get(name) for name in golden["files"]}
        if golden["version"] == Arxiv.version and known != golden["files"]:
            pytest.fail("the outcomes changed under the same version: raise Arxiv.version")
        GOLDEN.write_text(json.dumps(observed, indent=1, sort_keys=True) + "\n")
        golden = observed
    assert observed == golden


@pytest.mark.data
def test_real_papers_leave_no_markup_behind(real: dict[str, list[Outcome]]) -> None:
    for name, found in real.items():
        [row] = found
        assert isinstance(row, Row), name
        assert residue(row.text) == [], name
        assert not re.search(r" [,.;](?:\s|$)|\( ?\)|\[ ?\]|\?\?", _FORMULA.sub("x", row.text)), name


@pytest.mark.data
def test_numbers_are_those_of_the_printed_papers(real: dict[str, list[Outcome]]) -> None:
    text = {name: row.text for name, [row] in real.items() if isinstance(row, Row)}
    attention, mistral = text["1706.03762.tar.gz"], text["2310.06825.tar.gz"]
    for line in ("#### 3.2.1 Scaled Dot-Product Attention", "### 5.4 Regularization", "## 7 Conclusion"):
        assert f"\n{line}\n" in attention
    assert "described in section 3.2." in attention
    assert "\nbig | 6 | 1024 | 4096 | 16 | | | 0.3 | | 300K | 4.33 | 26.4 | 213\n" in attention
    assert "d_{\\text{model}}^{-0.5} \\cdot \\min({step\\_num}^{-0.5}" in attention
    assert "such as [17, 18] and [9]" in attention
    assert "\nTable 3: Comparison of Chat models." in mistral
    assert "shown in Figure 6" not in mistral
    assert "as illustrated in Figure 6." in mistral
    assert "(1.1) Theorem: Fix a symplectic four-manifold $X$" in text["0106220.tar.gz"]
    assert "the net (1.1a) (cf. [11, Definition 2.63])" in text["0005057.tar.gz"]
