"""PDF files for the demo, written by hand: a small writer of pages in Helvetica, and what is planted among them.

    papers/settling-ponds.pdf      two columns with a running head, page numbers and broken words: published
    papers/2601.00000v2.pdf        one column, arXiv's stamp in the margin (no such paper): work arxiv:2601.00000
    papers/2601.99002v1.pdf        a short version of a paper whose LaTeX is in `arxiv`: a copy of the work
    guides/field-guide.pdf         its table of contents is cut off: published all the same, is_repaired
    guides/scan.pdf                a picture of a page and no text: dropped, pdf:no_text_layer
    guides/locked.pdf              needs a password: dropped, pdf:encrypted
    guides/broken.pdf              a header and no page: dropped, pdf:broken
    guides/cut.pdf                 stops before its pages: dropped, pdf:truncated
    guides/not-found.pdf           a web server's apology: dropped, pdf:not_pdf

The format is that of ISO 32000-1; nothing here needs a PDF library. Equal texts give equal bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TEXTS = Path(__file__).parent.parent.parent / "configs" / "demo_texts" / "pdf"
PAGE = (595, 842)  # points: A4
LEADING = 1.2  # ems between two lines
# Widths of Helvetica's characters from the space to the tilde, in thousandths of an em (Adobe's metrics of the base
# fonts); what is beyond is taken for 556.
_WIDTHS = [
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556),
    *(556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667),
    *(556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556),
    *(556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722),
    *(500, 500, 500, 334, 260, 334, 584),
]
_BREAK = re.compile(r"(?<=[aeiouy])(?=[bcdfghklmnpqrstvwz][aeiouy])")
_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")  # ISO 32000-1, 7.6.3.3


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: where it begins, in points from the lower left corner, its size, and whether it runs upwards."""

    x: float
    y: float
    size: float
    text: str
    is_upwards: bool = False
    spacing: float = 0.0  # points added to each space


def files() -> dict[str, bytes]:
    """The demo's files by their names; see the module's text."""
    ponds, counting, distinct, guide = map(
        _title_and_paragraphs, ("settling-ponds", "counting-twice", "copies/counting-distinct-words", "field-guide")
    )
    papers = two_columns(*ponds, head="Notes from the Claim, volume 3")
    preprint, paper = one_column(*counting), one_column(*distinct)
    preprint[0].append(Line(28, 260, 20, "arXiv:2601.00000v2 [cs.DB] 5 Jan 2026", is_upwards=True))
    paper[0].append(Line(28, 260, 20, "arXiv:2601.99002v1 [cs.DS] 5 Jan 2026", is_upwards=True))
    sound = document(one_column(*guide), {"Title": guide[0], "CreationDate": "D:20260105"})
    return {
        "papers/settling-ponds.pdf": document(papers, {"Title": ponds[0], "Author": "The Riffle authors"}),
        "papers/2601.00000v2.pdf": document(preprint, {"CreationDate": "D:20260105120000Z"}),
        "papers/2601.99002v1.pdf": document(paper, {"CreationDate": "D:20260105130000Z"}),
        "guides/field-guide.pdf": sound[: sound.rindex(b"xref\n0 ")],
        "guides/scan.pdf": scan(),
        "guides/locked.pdf": document(one_column(*guide), {}, password="sesame"),
        "guides/broken.pdf": b"%PDF-1.4\n" + b"nothing to see here\n" * 40 + b"%%EOF\n",
        "guides/cut.pdf": sound[:200],
        "guides/not-found.pdf": b"<!DOCTYPE html>\n<html><body><h1>404</h1><p>Not here.</p></body></html>\n",
    }


def one_column(title: str, paragraphs: Sequence[str]) -> list[list[Line]]:
    """Pages of one column of 11 points, first lines indented, page numbers below."""
    pages = [[Line(PAGE[0] / 2 - width(title, 16) / 2, 770, 16, title)]]
    y = 735.0
    for line in set_lines(paragraphs, 435, 11):
        if y < 80:
            pages.append([])
            y = 770.0
        pages[-1].append(Line(80 + line.x, y, line.size, line.text, spacing=line.spacing))
        y -= LEADING * 11
    return [[*lines, Line(294, 40, 9, str(number))] for number, lines in enumerate(pages, 1)]


def two_columns(title: str, paragraphs: Sequence[str], *, head: str) -> list[list[Line]]:
    """Short pages of two columns of 10 points under a title, with a running head and page numbers."""
    pages: list[list[Line]] = []
    lines = list(set_lines(paragraphs, 230, 10))
    while lines:
        top = 740.0 if pages else 700.0
        page = [] if pages else [Line(PAGE[0] / 2 - width(title, 18) / 2, 740, 18, title)]
        for x in (60, 305):
            rows = int((top - 600) // (LEADING * 10))
            for row, line in enumerate(lines[:rows]):
                y = top - row * LEADING * 10
                page.append(Line(x + line.x, y, line.size, line.text, spacing=line.spacing))
            lines = lines[rows:]
        pages.append(page)
    return [
        [Line(60, 800, 8, head), *page, Line(60, 40, 8, "Riffle demo"), Line(500, 40, 8, f"Page {number}")]
        for number, page in enumerate(pages, 11)
    ]


def set_lines(paragraphs: Sequence[str], measure: float, size: float) -> Iterator[Line]:
    """Lines justified to `measure` points; x is the indentation of a first line. Long words are broken at the end."""
    for paragraph in paragraphs:
        words = paragraph.split()[::-1]
        x = 1.2 * size
        line: list[str] = []
        while words:
            room = measure - x - width(" ".join([*line, ""]), size)
            word = words.pop()
            if width(word, size) <= room:
                line.append(word)
                continue
            head = _broken(word, room, size)
            if head:
                line.append(f"{head}-")
                words.append(word[len(head) :])
            elif line:
                words.append(word)
            else:
                line.append(word)
            text = " ".join(line)
            spaces = max(text.count(" "), 1)
            yield Line(x, 0, size, text, spacing=max(measure - x - width(text, size), 0) / spaces)
            x, line = 0.0, []
        if line:
            yield Line(x, 0, size, " ".join(line))


def width(text: str, size: float) -> float:
    """In points."""
    return sum(_WIDTHS[ord(char) - 32] if 32 <= ord(char) < 127 else 556 for char in text) * size / 1000


def document(pages: Sequence[Sequence[Line]], info: Mapping[str, str], *, password: str | None = None) -> bytes:
    """A PDF of pages of text, with the entries of its information dictionary; locked where a password is given."""
    contents = [b"".join(map(_drawn, page)) for page in pages]
    kids = " ".join(f"{5 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< " + b" ".join(b"/%s (%s)" % (key.encode(), _escaped(value)) for key, value in info.items()) + b" >>",
    ]
    lock = _Lock(password) if password is not None else None
    for at, content in enumerate(contents):
        number = 6 + 2 * at
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE[0]} {PAGE[1]}] /Contents {number} 0 R "
            "/Resources << /Font << /F 3 0 R >> >> >>".encode()
        )
        objects.append(_stream(b"", lock.locked(number, content) if lock else content))
    return _file(objects, lock.dictionary() if lock else b"", has_info=True)


def scan() -> bytes:
    """A page that an image of grey bars covers."""
    columns, rows = 400, 560
    bars = b"".join((b"\xff" * 50 if row % 14 < 8 else b"\xc0" + b"\0" * 48 + b"\x03") for row in range(rows))
    image = (
        f"/Type /XObject /Subtype /Image /Width {columns} /Height {rows} /ColorSpace /DeviceGray /BitsPerComponent 1"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE[0]} {PAGE[1]}] /Contents 4 0 R "
        "/Resources << /XObject << /I 5 0 R >> >> >>".encode(),
        _stream(b"", f"q {PAGE[0]} 0 0 {PAGE[1]} 0 0 cm /I Do Q".encode()),
        _stream(image.encode(), bars),
    ]
    return _file(objects, b"", has_info=False)


class _Lock:
    """RC4 with a key of 40 bits, revision 2 of the standard security handler (ISO 32000-1, 7.6.3)."""

    def __init__(self, password: str) -> None:
        padded = (password.encode() + _PADDING)[:32]
        self._identity = hashlib.md5(padded, usedforsecurity=False).digest()
        self._owner = _rc4(hashlib.md5(padded, usedforsecurity=False).digest()[:5], padded)
        rights = (-4 & 0xFFFFFFFF).to_bytes(4, "little")
        self._key = hashlib.md5(padded + self._owner + rights + self._identity, usedforsecurity=False).digest()[:5]

    def locked(self, number: int, content: bytes) -> bytes:
        key = self._key + number.to_bytes(3, "little") + b"\0\0"
        return _rc4(hashlib.md5(key, usedforsecurity=False).digest()[:10], content)

    def dictionary(self) -> bytes:
        user = _rc4(self._key, _PADDING)
        return (
            b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<%s> <%s>]"
            % tuple(value.hex().encode() for value in (self._owner, user, self._identity, self._identity))
        )  # fmt: skip


def _rc4(key: bytes, content: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in content:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def _drawn(line: Line) -> bytes:
    turn = b"0 1 -1 0" if line.is_upwards else b"1 0 0 1"
    where = f"{line.x:.2f} {line.y:.2f} Tm /F {line.size:g} Tf {line.spacing:.3f} Tw".encode()
    return b"BT %s %s (%s) Tj ET\n" % (turn, where, _escaped(line.text))


def _escaped(text: str) -> bytes:
    return re.sub(rb"([\\()])", rb"\\\1", text.encode("cp1252", "replace"))


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def _file(objects: Sequence[bytes], trailer: bytes, *, has_info: bool) -> bytes:
    content = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    info = b"/Info 4 0 R " if has_info else b""
    content += b"trailer\n<< /Size %d /Root 1 0 R %s%s >>\n" % (len(objects) + 1, info, trailer)
    return bytes(content + b"startxref\n%d\n%%%%EOF\n" % start)


def _broken(word: str, room: float, size: float) -> str:
    """As much of a long word as fits with a hyphen, broken between a vowel and a consonant; or nothing."""
    if len(word) < 8 or not word.isalpha():
        return ""
    places = [place.start() for place in _BREAK.finditer(word) if 3 <= place.start() <= len(word) - 3]
    return next((word[:at] for at in reversed(places) if width(word[:at] + "-", size) <= room), "")


def _title_and_paragraphs(name: str) -> tuple[str, list[str]]:
    heading, _, text = (TEXTS / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    return heading.removeprefix("# "), [" ".join(part.split()) for part in text.strip().split("\n\n")]
