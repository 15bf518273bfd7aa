"""C4Lines and RefinedWebLines: one table a stage, line by line, and what they leave of a text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from pipeline.extraction.post_html import post_text
from pipeline.stage import Stage
from pipeline.stages.lines import C4Lines, RefinedWebLines
from pipeline.stages.normalise import Normalise


def after(stage: Stage, text: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = stage(pa.record_batch({"text": pa.array([text], pa.large_string())})).to_pylist()
    return rows[0]


KEPT = "This line has more than five words and ends well."


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("These are exactly five words.", "These are exactly five words."),
        ("These are only four.", None),
        ("This line has no mark at its very end", None),
        ("This line trails off in the end...", None),
        ("This line trails off in the end…", None),
        ('He said it was a "good idea"', 'He said it was a "good idea"'),
        ("Why would anybody cross the river?", "Why would anybody cross the river?"),
        ("Please enable JavaScript to see this page.", None),
        ("We have a Privacy Policy that you should read.", None),
        ("This site uses cookies to work as it should.", None),
        ("The river was high [1] that morning.[23]", "The river was high that morning."),
        ("History of the old town[edit] and its river.", "History of the old town and its river."),
        ("The year [2019] and x[] = y stay here.", "The year [2019] and x[] = y stay here."),
        ("One word of length " + "x" * 1000 + " stays here.", "One word of length " + "x" * 1000 + " stays here."),
        ("One word of length " + "x" * 1001 + " goes here.", None),
    ],
)
def test_c4_line_by_line(line: str, left: str | None) -> None:
    found = after(C4Lines(), f"{KEPT}\n{line}\n\n{KEPT}")
    assert found["text"] == "\n".join([KEPT, *([left] if left else []), "", KEPT])
    assert found["c4_removed_line_count"] == (left is None)
    assert found["c4_removed_word_count"] == (len(line.split()) if left is None else 0)


def test_c4_without_terminal_punctuation_is_fineweb() -> None:
    stage = C4Lines(terminal_punctuation=False, min_words=3)
    found = after(stage, "No mark here\nTwo words\nMind the cookie policy")
    assert (found["text"], found["c4_removed_line_count"], found["c4_removed_word_count"]) == ("No mark here", 1 + 1, 6)


@pytest.mark.parametrize(
    ("line", "left", "flagged"),
    [
        ("An ordinary line of text.", "An ordinary line of text.", 0),
        ("BUY NOW AND SAVE", None, 4),
        ("ABcd", None, 1),
        ("ABC def ghi", "ABC def ghi", 0),
        ("ABCD EF ghi jkl", "ABCD EF ghi jkl", 0),
        ("ABCD EFG hij klm", None, 4),
        ("12 / 34 (56)", None, 4),
        ("- * -", "- * -", 0),
        ("3 likes", None, 2),
        ("1.2k Comments", None, 2),
        ("Comments (17)", None, 2),
        ("She likes 3 rivers", "She likes 3 rivers", 0),
        ("Home", None, 1),
        ("Sign in | the news of the town", "the news of the town", 8),
        ("Read more...", None, 2),
        ("The river rises again. Read more…", "The river rises again.", 6),
        ("You have 2 items in cart today", "You have today", 7),
        ("a b c d e f g h read more", "a b c d e f g h", 10),
        ("a b c d e f g h i read more", "a b c d e f g h i read more", 0),
    ],
)
def test_refinedweb_line_by_line(line: str, left: str | None, flagged: int) -> None:
    found = after(RefinedWebLines(), f"{KEPT}\n{line}")
    assert found["text"] == "\n".join([KEPT, *([left] if left else [])])
    assert found["refinedweb_flagged_word_count"] == flagged
    assert found["refinedweb_word_count"] == 10 + len(line.split())


@pytest.mark.parametrize("stage", [C4Lines(), RefinedWebLines()], ids=lambda stage: stage.kind)
def test_what_is_left_is_in_normal_form(stage: Stage) -> None:
    text = f"Menu\n\n{KEPT}\n\nHome\n\nNews\n\n{KEPT}\n\nHome"
    left = after(stage, text)["text"]
    assert left == f"{KEPT}\n\n{KEPT}" == after(Normalise(), left)["text"]
    assert after(stage, "Home\n\nNews")["text"] == ""


CODE = "x = [1]\n\nif x:\n    go()"
FENCES = [
    (f"```\n{CODE}\n```", True),
    (f"```python\n{CODE}\n```  ", True),
    (f"````\n```\n{CODE}\n````", True),
    (f"```\n{CODE}\n`````", True),
    (f"```\n{CODE}", False),  # nothing ends it
    (f"```\n{CODE}\n``", False),
    (f"``\n{CODE}\n``", False),
    (f"```a`b\n{CODE}\nx```", False),
    (f"- ```\n{CODE}\n  ```", True),
    (f"> ```\n{CODE}\n> ```", True),
    (f"> ```\n{CODE}\n```", False),
]


@pytest.mark.parametrize(("block", "stays"), FENCES)
@pytest.mark.parametrize("stage", [C4Lines(), RefinedWebLines()], ids=lambda stage: stage.kind)
def test_code_in_fences_is_not_prose(stage: Stage, block: str, stays: bool) -> None:
    found = after(stage, f"Gone\n{KEPT}\n{block}\n{KEPT}\nGone")
    assert (found["text"] == f"{KEPT}\n{block}\n{KEPT}") == stays
    assert found["text"].startswith(KEPT) and found["text"].endswith(KEPT)


@pytest.mark.parametrize("stage", [C4Lines(), RefinedWebLines()], ids=lambda stage: stage.kind)
@pytest.mark.parametrize(
    "html",
    [
        "<ol><li><p>Run this before you go on:</p><pre>npm install foo\n\nx = 1</pre></li></ol>",
        "<ul><li><pre>x = 1\ny</pre></li></ul>",
        "<blockquote><ul><li><pre>npm i</pre></li></ul></blockquote>",
        "<ul><li><ul><li><pre>npm i</pre></li></ul></li></ul>",
    ],
)
def test_code_in_lists_and_quotes_stays(stage: Stage, html: str) -> None:
    text = post_text(html)
    code = text[text.index("```") :]
    assert after(stage, text)["text"].endswith(code)


def test_the_fence_of_one_text_does_not_reach_into_the_next() -> None:
    texts = [f"{KEPT}\n```\nx", "y\n```", f"```\nz\n```\n{KEPT}"]
    batch = pa.record_batch({"text": pa.array(texts, pa.large_string())})
    assert C4Lines()(batch)["text"].to_pylist() == [KEPT, "", texts[2]]
