"""A finished run with documents on both sides of every boundary, made once a process; the texts are hostile."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from pathlib import Path

from pipeline.__main__ import main

HOSTILE = '<script>document.title = "taken"</script><img src=x onerror="document.title = 1"> \u202e moc.live &amp; '
ITEM = "Natalia sold clips to forty eight of her friends in April and then she sold half as many clips in May at noon"
WORDS = "The river rose in the night and nobody in the town of number {} had seen the like of it before or since."
CONFIG = """
run: asked
sources:
  notes: {{reader: {{kind: text, id_column: id, licence_column: licence}}, inputs: {raw}/notes}}
  pages: {{reader: {{kind: text, id_column: id}}, inputs: {raw}/pages, licence: MIT}}
filter:
  - {{kind: licence, allow: [permissive, unknown, conflicting]}}
  - {{kind: statistics}}
  - kind: rules
    name: length
    rules:
      - {{drop: "length:short", when: "word_count < 50"}}
  - {{kind: contamination, benchmarks: {raw}/benchmarks}}
audit: {{one_in: 1, floor: 100}}
"""
_HELD = tempfile.TemporaryDirectory(prefix="riffle-review-")


def text(number: int, words: int) -> str:
    """A text of so many words, unlike any other's."""
    return " ".join(f"w{number}x{place}" for place in range(words - 1)) + " end."


def rows() -> list[dict[str, str]]:
    """46 to 53 words: four on each side of 50; hostile, huge, contaminated and of doubtful licence."""
    made = [{"id": f"n{words}", "text": text(words, words), "licence": "MIT"} for words in range(46, 54)]
    made.append({"id": "hostile", "text": HOSTILE + text(1, 47), "licence": "MIT"})
    made.append({"id": "huge", "text": text(2, 200_000), "licence": "MIT"})
    made.append({"id": "leaked", "text": f"{text(3, 60)} {ITEM}? {text(4, 60)}", "licence": "MIT"})
    made.append({"id": "strange", "text": text(5, 70), "licence": "Terms of Nowhere"})
    return made


@functools.cache
def _run() -> Path:
    folder = Path(_HELD.name)
    raw = folder / "raw"
    for name in ("notes", "pages", "benchmarks/exam"):
        (raw / name).mkdir(parents=True)
    (raw / "notes/n.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    pages = [{"id": f"p{words}", "text": text(100 + words, words)} for words in (48, 49, 50, 51)]
    (raw / "pages/p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in pages), encoding="utf-8")
    item = {"question": ITEM + "?", "answer": "72"}
    (raw / "benchmarks/exam/test.jsonl").write_text(json.dumps(item) + "\n", encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(raw=raw), encoding="utf-8")
    assert main(["run", "--config", str(config), "--data", str(folder / "data"), "--workers", "0"]) == 0
    return folder / "data"


def run(folder: Path) -> Path:
    """A copy of the run's folder, to be changed at will."""
    shutil.copytree(_run(), folder / "data")
    return folder / "data"
