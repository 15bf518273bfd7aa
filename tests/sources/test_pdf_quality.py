"""How well pages are read: error rates on pages made from known texts, and what the demo's files become.

The texts are the project's own; the digest says which, so that the floors cannot move with them unseen.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import random
from pathlib import Path

import pytest

from pipeline.demo import pdf as demo_pdf
from pipeline.sources.pdf.source import Pdf
from pipeline.sources.source import Dropped, InputFile, Outcome, Piece, Row

TEXTS = sorted(demo_pdf.TEXTS.glob("*.md"))
DIGEST = "6bd4d088199d13fed5dbbe6ec04b03d9e7b8088b22fe2bb0840100f21d8cfe27"
MAX_WORD_ERRORS = 0.0005  # of the words; measured in November 2026: none in 1,463
MIN_WORDS = 1_400


def outcome(content: bytes, path: str = "a.pdf") -> Outcome:
    [found] = Pdf().read(Piece(InputFile(path, len(content), "d")), io.BytesIO(content))
    return found


def word_errors(expected: str, found: str) -> tuple[int, int]:
    """Words to change, to add or to take away, and the words there are; a break between paragraphs is a word."""
    words, own = expected.replace("\n\n", " ¶ ").split(), found.replace("\n\n", " ¶ ").split()
    steps = difflib.SequenceMatcher(None, words, own, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for kind, a, b, c, d in steps if kind != "equal"), len(words)


@pytest.mark.parametrize("kind", ["one column", "two columns", "two columns drawn out of order"])
def test_error_rates_on_known_pages(kind: str) -> None:
    order = random.Random(1)
    errors = total = 0
    for path in TEXTS:
        title, paragraphs = demo_pdf._title_and_paragraphs(path.stem)
        if kind == "one column":
            pages = demo_pdf.one_column(title, paragraphs)
        else:
            pages = demo_pdf.two_columns(title, paragraphs, head="A running head")
        if kind.endswith("order"):
            for page in pages:
                order.shuffle(page)
        found = outcome(demo_pdf.document(pages, {}))
        assert isinstance(found, Row)
        wrong, words = word_errors("\n\n".join([f"# {title}", *paragraphs]), found.text)
        errors, total = errors + wrong, total + words
    assert total >= MIN_WORDS
    assert errors <= MAX_WORD_ERRORS * total


def test_the_texts_of_the_floors_are_those_measured() -> None:
    assert hashlib.sha256(b"".join(path.read_bytes() for path in TEXTS)).hexdigest() == DIGEST


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("papers/settling-ponds.pdf", (None, False, "en")),
        ("papers/2601.00000v2.pdf", ("arxiv:2601.00000", False, "en")),
        ("papers/2601.99002v1.pdf", ("arxiv:2601.99002", False, "en")),
        ("guides/field-guide.pdf", (None, True, "en")),
        ("guides/scan.pdf", "pdf:no_text_layer"),
        ("guides/locked.pdf", "pdf:encrypted"),
        ("guides/broken.pdf", "pdf:broken"),
        ("guides/cut.pdf", "pdf:truncated"),
        ("guides/not-found.pdf", "pdf:not_pdf"),
    ],
)
def test_the_demos_files_end_as_its_docstring_says(name: str, expected: object) -> None:
    found = outcome(demo_pdf.files()[name], name)
    if isinstance(found, Dropped):
        assert found.reason == expected
    else:
        assert isinstance(found, Row)
        assert (found.work, found.is_repaired, found.language_hint) == expected
        assert len(found.text.split()) > 350
    assert name in (demo_pdf.__doc__ or "")


def test_the_demo_is_small_and_the_same_each_time() -> None:
    files = demo_pdf.files()
    assert files == demo_pdf.files()
    assert sum(map(len, files.values())) < 1_000_000
    assert "pymupdf" not in Path(demo_pdf.__file__).read_text(encoding="utf-8").split('"""')[2]
