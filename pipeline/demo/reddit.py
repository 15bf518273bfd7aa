"""Raw input for the demo in the format of Pushshift's dumps: a made-up subreddit about making corpora.

    RS_2024-03.zst    submissions, a JSON object a line
    RC_2024-03.zst    their comments, which say by `link_id` what they belong to

Planted: a submission that is nothing but a link (reddit:no_text), one whose text and comment are removed, and two
removed comments in other threads (reddit:removed), comments of AutoModerator (reddit:left_out) and of a submission in
neither file (reddit:no_submission), an advertisement (reddit:promoted), a line that was cut (reddit:bad_json), a line
of another table (reddit:not_reddit), one that is there twice (reddit:repeated_record), an empty one; further a
submission that is marked over_18 and one of a low score, for the rules. Numbers stand as strings in some records, as
in the dumps. The texts stand in configs/demo_texts/reddit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
import zstandard

TEXTS = Path(__file__).parent.parent.parent / "configs" / "demo_texts" / "reddit" / "threads.yaml"
SUBREDDIT = "corpusmaking"
_FIRST_SECOND = 1_709_280_000  # 2024-03-01


def files() -> dict[str, bytes]:
    """The two dumps, by their names."""
    threads = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    submissions = [_submission(number, thread) for number, thread in enumerate(threads)]
    comments = [
        _comment(number, at, comment, thread["comments"])
        for number, thread in enumerate(threads)
        for at, comment in enumerate(thread["comments"], 1)
    ]
    advertisement = _submission(90, {"title": "Buy sieves", "score": 0, "author": "ad", "selftext": "The best sieves."})
    lost = {"author": "late", "score": 2, "body": "An answer to a submission of last month."}
    return {
        "RS_2024-03.zst": _dump(
            [
                *map(_line, submissions),
                _line(advertisement | {"promoted": True}),
                _line(submissions[0]),
                b"",
                _line({"display_name": SUBREDDIT, "subscribers": 31}),
                _line(submissions[1])[:200],
            ]
        ),
        "RC_2024-03.zst": _dump([*map(_line, comments), _line(_comment(91, 1, lost, []))]),
    }


def _submission(number: int, thread: Mapping[str, Any]) -> dict[str, object]:
    id_ = f"1b{number:04}"
    address = f"/r/{SUBREDDIT}/comments/{id_}/"
    seconds = _FIRST_SECOND + 3_600 * number
    return {
        "id": id_,
        "name": f"t3_{id_}",
        "title": _escaped(thread["title"]),
        "selftext": _escaped(thread["selftext"]),
        "is_self": bool(thread["selftext"]),
        "url": f"https://www.reddit.com{address}" if thread["selftext"] else "https://handbook.example/sieves",
        "author": thread["author"],
        "score": thread["score"],
        "over_18": thread.get("over_18", False),
        "created_utc": str(seconds) if number % 2 else seconds,
        "edited": False,
        "num_comments": len(thread.get("comments", [])),
        "permalink": address,
        "subreddit": SUBREDDIT,
        "subreddit_id": "t5_demo",
    }


def _comment(number: int, at: int, comment: Mapping[str, Any], siblings: Sequence[object]) -> dict[str, object]:
    link = f"t3_1b{number:04}"
    seconds = _FIRST_SECOND + 3_600 * number + 60 * at
    assert comment.get("to", 0) <= len(siblings)
    return {
        "id": _number(number, at),
        "link_id": link,
        "parent_id": f"t1_{_number(number, comment['to'])}" if "to" in comment else link,
        "author": comment["author"],
        "body": _escaped(comment["body"]),
        "score": comment["score"],
        "created_utc": str(seconds) if at % 2 else seconds,
        "edited": seconds + 90 if at % 3 == 0 else False,
        "subreddit": SUBREDDIT,
    }


def _number(number: int, at: int) -> str:
    return f"kt{number:02}{at:02}"


def _escaped(text: str) -> str:
    """The Markdown as the API sends it."""
    return text.rstrip("\n").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(record: Mapping[str, object]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def _dump(lines: Sequence[bytes]) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(b"\n".join(lines) + b"\n")
