"""A whole run over data sets of the Hugging Face Hub, from a server that misbehaves: the same bytes as from a disk."""

from __future__ import annotations

import random
from collections import Counter

from pipeline import run as running
from pipeline.planning import survey
from pipeline.storage import patience
from tests import hub_server
from tests.e2e import drive
from tests.hub_server import REPOSITORY, Fault

MOST_FAULTS = 4
FAULTS = (Fault.UNAVAILABLE, Fault.LIMITED, Fault.RESET, Fault.CUT)


def test_a_run_over_a_faulty_hub_equals_one_on_a_disk(undisturbed, raw, tmp_path, monkeypatch):
    _, data = undisturbed
    monkeypatch.setattr(patience, "pause", lambda seconds: None)
    config = drive.write_config(tmp_path, raw)
    config.write_text(config.read_text().replace(str(raw), f"hf://datasets/{REPOSITORY}"))
    met: Counter[str] = Counter()
    faults: Counter[str] = Counter()

    def choose(target: str) -> Fault:
        """At most four faults a file, whoever asks and when: five tries outlast them. Its client retries listings."""
        chance = random.Random(f"{target} {met[target]}")
        fault = chance.choice(FAULTS) if chance.random() < 0.3 and "/tree/" not in target else Fault.NONE
        met[target] += 1
        faults[target] += fault is not Fault.NONE
        return fault if faults[target] <= MOST_FAULTS else Fault.NONE

    with hub_server.served(monkeypatch) as hub:
        hub.files["main"] = {str(p.relative_to(raw)): p.read_bytes() for p in sorted(raw.rglob("*")) if p.is_file()}
        hub.choose = choose
        running.execute(survey.prepare(survey.Order(str(config), str(tmp_path / "run"), 0)))
        large = [path for path in hub.files["main"] if hub.is_large(path)]
    assert sum(faults.values()) > 5, "the Hub was hardly asked"
    assert drive.digest(tmp_path / "run") == drive.digest(data)
    assert large
