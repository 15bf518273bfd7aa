"""What a source makes of one file is told as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from pipeline.__main__ import app

PARAGRAPH = "The river rose in the night, and by morning the lower meadows were under water. " * 3


def test_a_page_and_what_it_says_of_its_licence_are_one_line(tmp_path: Path) -> None:
    page = tmp_path / "a page.html"
    page.write_text(
        f"<title>A flood</title><p>{PARAGRAPH}<footer>Copyright 2024 A. Miller, "
        "<a rel=license href=https://creativecommons.org/licenses/by/4.0/>CC BY 4.0</a></footer>"
    )
    done = CliRunner().invoke(app, ["extract", str(page)])
    assert done.exit_code == 0, done.output
    (line,) = map(json.loads, done.stdout.splitlines())
    assert (line["title"], line["text"]) == ("A flood", PARAGRAPH.strip())
    assert "https://creativecommons.org/licenses/by/4.0/" in [each["said"] for each in line["licences"]]
