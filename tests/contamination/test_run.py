"""A run that drops, cuts and marks: the reasons are in the ledger, and the funnel balances."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline import funnel
from pipeline.__main__ import main
from tests.contamination.made import PAGE, SUMS, folder

CONFIG = """
run: decontaminated
sources:
  web:
    reader: {{kind: text}}
    inputs: {inputs}
filter:
  - {{kind: contamination_cut, benchmarks: {benchmarks}, kinds: [verbatim]}}
  - {{kind: contamination, benchmarks: {benchmarks}}}
  - kind: rules
    name: contamination
    rules:
      - {{drop: "contamination:numbers_changed", when: "contamination_kind = 'numbers_changed'"}}
"""


OTHER = (
    "Bees sleep in the hollow pear tree behind the mill, and the miller leaves them half of their honey every autumn."
)


def test_a_run_drops_cuts_and_marks(tmp_path: Path) -> None:
    ferry, rolls = (row["question"] for row in SUMS)
    texts = {
        "clean": PAGE,
        "cut": f"{OTHER}\n{ferry}\n{PAGE[:90]}",
        "dropped": ferry.replace("14", "77") + PAGE[:50],
        "marked": f"{PAGE[50:]}{rolls.upper()}",
    }
    inputs = tmp_path / "in.jsonl"
    inputs.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in texts.items()))
    config = tmp_path / "run.yaml"
    config.write_text(CONFIG.format(inputs=inputs, benchmarks=folder()))
    data = str(tmp_path / "data")
    assert main(["run", "--config", str(config), "--data", data, "--workers", "0"]) == 0
    with funnel.connect(data) as connection:
        kept = connection.sql("select text, contamination_kind, contamination from documents order by text").fetchall()
        dropped = connection.sql("select reason, contamination from dropped").fetchall()
    assert {text: kind for text, kind, _ in kept} == {
        PAGE: "none",
        f"{OTHER}\n{PAGE[:90].strip()}": "none",
        texts["marked"]: "reformatted",
    }
    ((reason, evidence),) = dropped
    assert (reason, evidence[0]["item"], evidence[0]["part"]) == ("contamination:numbers_changed", "s1", "question")
    assert "text" not in evidence[0]
