"""The data dictionary, from the schemas themselves: `make docs` writes it, a test holds it against the code."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import fields

import pyarrow as pa

from pipeline.dedup.cuts.spans import CUT
from pipeline.dedup.schemas import CLUSTER, SHOWN_EDGE
from pipeline.duplicates import survivors
from pipeline.duplicates.cutting import ADDED
from pipeline.funnel import FUNNEL
from pipeline.kinds import SOURCES, STAGES
from pipeline.publishing import sorting
from pipeline.review.answers import ANSWER
from pipeline.rooms.quarantine import Quarantined
from pipeline.schema import DOCUMENT, LEDGER
from pipeline.shard.filter import AUDITED
from pipeline.sources.source import KILLED_WORKER
from pipeline.stage import Stage

HEAD = """# Data dictionary

Generated from the schemas (`make docs`); do not edit. Types are Arrow's. A count is an integer, so that rules compare
exactly; a share is for the query to say (`duplicate_line_count > 0.30 * line_count`).
"""


def dictionary() -> str:
    """The whole page as Markdown."""
    sections = [
        ("A document, as its source gives it (`10_extracted`)", DOCUMENT),
        ("A ledger row: what is gone from a room (`dropped`), followed by the signals measured so far", LEDGER),
        ("Added in the audit sample (`audit`)", pa.schema(AUDITED)),
        ("Added when published (`documents`)", pa.schema([sorting.DOMAIN, *survivors.WEIGHTS])),
        ("Added when published where parts of texts are taken out", ADDED),
        ("A member of a duplicate cluster (`duplicates`)", CLUSTER),
        ("A pair found to be near duplicates (`evidence`)", SHOWN_EDGE),
        ("A part of a text that is taken out (`cuts`)", CUT),
        ("A person's answer (`review/answers`)", ANSWER),
    ]
    parts = [HEAD]
    parts += [f"## {title}\n\n{_table(schema)}" for title, schema in sections]
    parts.append(f"## The funnel (`funnel`)\n\n{_funnel()}")
    parts.append(f"## A record that is left out (`quarantine.json`)\n\n{_quarantine()}")
    parts.append("## What the stages measure\n")
    for stage in STAGES:
        doc = (stage.__doc__ or "").strip().splitlines()[0]
        added = _table(stage.adds) if len(stage.adds) else f"Adds {_columns_of(stage)}.\n"
        parts.append(f"### `{stage.model_fields['kind'].default}`\n\n{doc}\n\n{added}")
    parts.append(f"## Natural keys\n\n{_sources()}")
    return "\n".join(parts)


def _columns_of(stage: type[Stage]) -> str:
    return "no column" if stage.added is Stage.added else "the columns of what its fields name"


def _table(schema: Iterable[pa.Field]) -> str:
    lines = ["| column | type | unit | null | meaning |", "|---|---|---|---|---|"]
    for f in schema:
        says = {key.decode(): value.decode() for key, value in (f.metadata or {}).items()}
        null = "yes" if f.nullable else "no"
        lines.append(f"| `{f.name}` | {f.type} | {says.get('unit', '')} | {null} | {says.get('meaning', '')} |")
    return "\n".join(lines) + "\n"


def _funnel() -> str:
    meaning = {
        "room": "room in which the fate was met",
        "source": "name of the source in the config",
        "reason": "`rule_set:rule`, or `kept`",
        "docs_in": "records that entered the room and met this fate; summed: all that entered",
        "docs_out": "of these, how many went on to the next room: all for `kept`, else 0",
        "raw_bytes": "bytes of the raw records",
        "text_bytes": "UTF-8 bytes of their text as it was when the fate was met",
        "outcome": "kept, dropped, merged, expanded, not_a_document",
    }
    lines = ["| column | type | meaning |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| `{f.name}` | {f.type} | {meaning[f.name]} |" for f in FUNNEL)]) + "\n"


def _quarantine() -> str:
    meaning = {
        "source": "name of the source in the config",
        "raw_path": "raw file, relative to the source's root; empty where files are joined",
        "place": "the part of the file, or of a join, that is one shard's",
        "kind": "`record` is not parsed; `row` was parsed and is not measured; `rest` is all behind so many records",
        "key": "natural key, of what is joined the group; of a rest the number of records before it",
        "room": "room in which the process died",
        "died": "what it died of",
        "intent": "hash of what reads it, and of a row what measures it: with another the entry does not count",
    }
    said = (
        f"Records that ended every process that read them: the reason in `dropped` is `{KILLED_WORKER}`, in "
        "`10_extracted`.\n"
    )
    lines = [said, "| field | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{field.name}` | {meaning[field.name]} |" for field in fields(Quarantined))]) + "\n"


def _sources() -> str:
    lines = [
        "`doc_id` is 128 bits of BLAKE2b over (source, natural key).",
        "",
        "| source | files | natural key |",
        "|---|---|---|",
    ]
    for source in SOURCES:
        kind, suffixes = source.model_fields["kind"].default, ", ".join(source.suffixes)
        lines.append(f"| `{kind}` | {suffixes} | {source.natural_keys} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(dictionary())
