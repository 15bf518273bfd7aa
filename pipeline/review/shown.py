"""A document as the page shows it: plain strings and numbers, the text in pieces, some of them marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pipeline.report.page.markup import cut, visible
from pipeline.review.answers import fingerprint
from pipeline.review.causes import CONTAMINATION, LICENCE
from pipeline.review.queue import Candidate
from pipeline.schema import DOCUMENT, FATE

START_BYTES, AROUND_BYTES, END_BYTES = 12_000, 600, 3_000
"""What is shown of a long text: its start, what stands around its middle and around each mark, its end."""
MAX_MARKS: Final = 20
MAX_VALUE: Final = 400  # characters of a signal or an address

Span = tuple[int, int]


def shown(candidate: Candidate, about: str, row: dict[str, Any]) -> dict[str, Any]:
    """What the page gets of a row, ready for JSON. The text is cut; the fingerprint is of all of it."""
    text: str = row["text"]
    utf8 = text.encode()
    marks = _marks(about, row, utf8)
    pieces, left_out = pieces_of(utf8, marks)
    return {
        "doc_id": candidate.doc_id,
        "fingerprint": fingerprint(text),
        "source": visible(candidate.source),
        "title": _short(row.get("title")),
        "url": _short(row.get("url") or row["natural_key"]),
        "pipeline": candidate.pipeline,
        "reason": visible(candidate.reason),
        "boundary": visible(candidate.cause.name),
        "distance": candidate.distance,
        "evidence": _evidence(about, row),
        "signals": _signals(row, candidate.cause.near),
        "is_code": row.get("programming_language") is not None,
        "pieces": [[visible(piece), marked] for piece, marked in pieces],
        "bytes": len(utf8),
        "left_out": left_out,
    }


def _short(value: str | None) -> str:
    return visible(cut(value or "", MAX_VALUE))


def _marks(about: str, row: dict[str, Any], utf8: bytes) -> list[Span]:
    """The spans of the text, in bytes, that speak for the verdict."""
    if about == CONTAMINATION:
        return [(hit["start"], hit["stop"]) for hit in row.get("contamination") or ()][:MAX_MARKS]
    quote = (row.get("licence_evidence") or "").encode() if about == LICENCE else b""
    at = utf8.find(quote) if quote else -1
    return [(at, at + len(quote))] if at >= 0 else []


def pieces_of(utf8: bytes, marks: Sequence[Span]) -> tuple[list[tuple[str, int]], int]:
    """(pieces, bytes left out). A piece is a string and 0: as it is, 1: marked, 2: how many bytes are left out here.

    Marks may overlap, be out of order or beyond the text. Where nothing is left out the pieces together are the text.
    """
    size = len(utf8)
    spans = _joined((_character(utf8, max(0, start)), _character(utf8, min(stop, size))) for start, stop in marks)
    kept: list[Span] = [(0, size)]
    if size > START_BYTES + END_BYTES + 2 * AROUND_BYTES:
        centres = [(size // 2, size // 2), *((start, min(stop, start + AROUND_BYTES)) for start, stop in spans)]
        around = [(max(0, a - AROUND_BYTES), min(size, b + AROUND_BYTES)) for a, b in centres]
        wanted = [(0, START_BYTES), (size - END_BYTES, size), *around]
        kept = _joined((_character(utf8, start), _character(utf8, stop)) for start, stop in wanted)
    pieces: list[tuple[str, int]] = []
    at = 0
    for start, stop in kept:
        if start > at:
            pieces.append((f"{start - at:,} bytes left out", 2))
        for begin, end, marked in _parts(start, stop, spans):
            pieces.append((utf8[begin:end].decode(), marked))
        at = stop
    return pieces, size - sum(stop - start for start, stop in kept)


def _character(utf8: bytes, at: int) -> int:
    """The first byte of the character that `at` stands in."""
    while 0 < at < len(utf8) and utf8[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Ascending, empty ones left out, those that touch as one."""
    found: list[Span] = []
    for start, stop in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _parts(start: int, stop: int, marks: Sequence[Span]) -> Iterable[tuple[int, int, int]]:
    at = start
    for begin, end in marks:
        low, high = max(begin, start), min(end, stop)
        if low >= high:
            continue
        if low > at:
            yield at, low, 0
        yield low, high, 1
        at = high
    if at < stop:
        yield at, stop, 0


def _evidence(about: str, row: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    if about == CONTAMINATION:
        return [
            visible(
                f"{hit['kind']}: {hit['part']} of {hit['benchmark']} {hit['item']}, {hit['score'] / 100:.0f} % of it"
            )
            for hit in (row.get("contamination") or ())[:MAX_MARKS]
        ]
    if about == LICENCE:
        named = (("licence_evidence", "licence_place"), ("directives_quote", "directives_as_of"))
        return [
            visible(f"“{cut(row[quote], MAX_VALUE)}”" + (f", {cut(row[place], MAX_VALUE)}" if row.get(place) else ""))
            for quote, place in named
            if row.get(quote)
        ]
    return []


def _signals(row: dict[str, Any], near: Sequence[str]) -> list[list[Any]]:
    """[name, value, whether it decides]: those of the boundary first, then what else was measured."""
    known = {*DOCUMENT.names, *FATE, *near, "room"}
    others = [name for name, value in row.items() if name not in known and not isinstance(value, list | None)]
    return [
        [name, visible(cut(_value(row[name]), MAX_VALUE)), name in near]
        for name in (*(name for name in near if name in row), *others)
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
