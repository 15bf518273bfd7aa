"""Posts and dumps of a made site, and outcomes in brief."""

from __future__ import annotations

import io
from xml.sax.saxutils import quoteattr

from pipeline.sources.source import InputFile, Outcome, Piece, Row
from pipeline.sources.stackexchange.source import StackExchange

PATH = "tea.example.com/Posts.xml"


def read(content: bytes, path: str = PATH, **fields: object) -> list[Outcome]:
    source = StackExchange(**fields)
    return list(source.read(Piece(InputFile(path, len(content), "d")), io.BytesIO(content)))


def row(**attributes: object) -> str:
    return f"  <row {' '.join(f'{name}={quoteattr(str(value))}' for name, value in attributes.items())} />\r\n"


def dump(*rows: str) -> bytes:
    head = '\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n'
    return (head + "".join(rows) + "</posts>").encode()


def question(number: int = 1, **more: object) -> str:
    fields = {"CreationDate": "2020-01-01T00:00:00.000", "Body": "<p>q</p>", "Title": "T", "Score": 3, "OwnerUserId": 7}
    return row(Id=number, PostTypeId=1, **{**fields, **more})


def answer(number: int, of: int = 1, **more: object) -> str:
    fields = {"CreationDate": "2020-01-02T00:00:00.000", "Body": f"<p>a{number}</p>", "Score": 0, "OwnerUserId": 8}
    return row(Id=number, PostTypeId=2, ParentId=of, **{**fields, **more})


def brief(outcomes: list[Outcome]) -> list[str]:
    return ["row" if isinstance(outcome, Row) else outcome.reason for outcome in outcomes]
