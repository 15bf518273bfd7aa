"""Raw input for the demo in the format of Stack Exchange's dumps: two made-up sites about moving data.

    sieves.example.com/Posts.xml    plain, with its byte order mark: the first questions
    gravel.example.com.7z           as such dumps are downloaded: bzip2 in 7z, with a Badges.xml before Posts.xml
    cut.example.com/Posts.xml       a dump that breaks off in a row

Planted in the first: an answer whose question is missing (stackexchange:no_question), an answer and a question that say
nothing (stackexchange:empty), a tag wiki with its excerpt and a nomination (not documents), a row whose XML is broken
(stackexchange:bad_xml), one that is there twice (stackexchange:repeated_record), and posts under three licences. In the
second: stackexchange:other_file. In the third: stackexchange:broken_file. The texts stand in
configs/demo_texts/stackexchange.
"""

from __future__ import annotations

import bz2
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import yaml

TEXTS = Path(__file__).parent.parent.parent / "configs" / "demo_texts" / "stackexchange" / "posts.yaml"
FIRST_SITE = 4  # so many questions stand in the first dump, the others in the second
_LICENCES = ("CC BY-SA 4.0", "CC BY-SA 3.0", "CC BY-SA 4.0")
_LINE_END = {"\n": "&#xA;", "\r": "&#xD;"}


def files() -> dict[str, bytes]:
    """The dumps, by their names."""
    questions = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    first, second = _site(questions[:FIRST_SITE]), _site(questions[FIRST_SITE:])
    planted = [
        _row(Id=900, PostTypeId=2, ParentId=899, Score=1, Body="<p>An answer to what was deleted.</p>"),
        _row(Id=901, PostTypeId=2, ParentId=1, Score=0, Body="<p> </p>"),
        _row(Id=902, PostTypeId=1, Score=-3, Title="(no text)", Tags="<parquet>", Body=""),
        _row(Id=903, PostTypeId=4, Score=0, Body="For questions about the Parquet file format."),
        _row(Id=904, PostTypeId=5, Score=0, Body="<p>Parquet stores tables column by column.</p>"),
        _row(Id=905, PostTypeId=6, Score=2, Body="<p>I would like to help as a moderator.</p>"),
        '  <row Id="906" PostTypeId="1" Title="Broken Body="&lt;p&gt;quotes&lt;/p&gt;" />\r\n',
        first[0],
    ]
    cut = _table([*second[:1], _row(Id=950, PostTypeId=1, Score=4, Body="<p>This one was never written to its")])
    return {
        "sieves.example.com/Posts.xml": _table([*first, *planted]).encode(),
        "gravel.example.com.7z": _archive(
            {"Badges.xml": b"\xef\xbb\xbf<badges>\r\n</badges>", "Posts.xml": _table(second).encode()}
        ),
        "cut.example.com/Posts.xml": cut.encode()[:-40],
    }


def _table(rows: Sequence[str]) -> str:
    return '\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n' + "".join(rows) + "</posts>"


def _site(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows of questions and answers; each post has the next number, as on a site."""
    rows, number = [], 0
    for question in questions:
        asked = number = number + 1
        answers = list(question["answers"])
        accepted = [asked + at for at, answer in enumerate(answers, 1) if answer.get("accepted")]
        stated: dict[str, object] = {"Id": asked, "PostTypeId": 1}
        if accepted:
            stated["AcceptedAnswerId"] = accepted[0]
        stated |= _post(asked, question) | {
            "Title": question["title"],
            "Tags": "".join(f"<{tag}>" for tag in question["tags"]),
            "AnswerCount": len(answers),
        }
        rows.append(_row(**stated))
        for answer in answers:
            number += 1
            rows.append(_row(Id=number, PostTypeId=2, ParentId=asked, **_post(number, answer)))
    return rows


def _post(number: int, post: Mapping[str, Any]) -> dict[str, object]:
    day = f"20{15 + number % 3 * 2}-03-{number:02}"
    return {
        "CreationDate": f"{day}T10:00:00.000",
        "Score": post["score"],
        "Body": post["body"],
        "OwnerUserId": 40 + number * 7 % 13,
        "ContentLicense": _LICENCES[number % 3],
    }


def _row(**attributes: object) -> str:
    values = (f"{name}={quoteattr(str(value), _LINE_END)}" for name, value in attributes.items())
    return f"  <row {' '.join(values)} />\r\n"


# --- 7z (7zFormat.txt of the LZMA SDK): one folder, packed with bzip2, whose bytes are the same everywhere ---


def _archive(members: Mapping[str, bytes]) -> bytes:
    packed = bz2.compress(b"".join(members.values()))
    sizes = [len(content) for content in members.values()]
    names = b"".join(name.encode("utf-16-le") + b"\0\0" for name in members)
    checksums = b"".join(zlib.crc32(content).to_bytes(4, "little") for content in members.values())
    header = b"".join(
        [
            b"\x01\x04",
            b"\x06" + _number(0) + _number(1) + b"\x09" + _number(len(packed)) + b"\0",
            b"\x07\x0b" + _number(1) + b"\0" + _number(1) + b"\x03\x04\x02\x02",  # a coder of three bytes: bzip2
            b"\x0c" + _number(sum(sizes)) + b"\0",
            b"\x08\x0d" + _number(len(sizes)) + b"\x09" + b"".join(map(_number, sizes[:-1])),
            b"\x0a\x01" + checksums + b"\0\0",
            b"\x05" + _number(len(sizes)) + b"\x11" + _number(len(names) + 1) + b"\0" + names + b"\0\0",
        ]
    )
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\x04" + zlib.crc32(start).to_bytes(4, "little") + start + packed + header


def _number(value: int) -> bytes:
    """A number as 7z writes it: the first byte's leading ones tell how many bytes follow."""
    for more in range(8):
        if value < 1 << (7 * more + 7):
            first = (0xFF00 >> more & 0xFF) | value >> (8 * more)
            return bytes([first]) + (value & (1 << 8 * more) - 1).to_bytes(more, "little")
    return b"\xff" + value.to_bytes(8, "little")
