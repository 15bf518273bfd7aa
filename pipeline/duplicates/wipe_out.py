"""The alarm before publishing: a source that deduplication takes away almost whole is looked at by a person first."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pipeline.config import Config
from pipeline.duplicates import cutting
from pipeline.duplicates.steps import Duplicates
from pipeline.duplicates.survivors import ShardOfRoom
from pipeline.rooms.manifest import Manifest, total
from pipeline.rooms.names import PUBLISHED
from pipeline.rooms.tables import beginning
from pipeline.rooms.version import Current
from pipeline.storage.asking import files_of, spilling, table
from pipeline.trouble import ConfigError

CLUSTERS, MEMBERS = 10, 3


class WipedOut(ConfigError):
    """A source lost more than its share to deduplication; the message shows its clusters and what to do."""


def check(
    config: Config, path: str, numbered: Sequence[ShardOfRoom], found: Duplicates, shares: Sequence[Manifest]
) -> None:
    """Raises WipedOut where a source lost more than `config.wipe_out` allows; `path` is the config's.

    `shares` are the commits of the shards in room 31, in the order of `numbered`.
    """
    alarm = config.wipe_out
    told = []
    sums = total(count for share in shares for count in share.counts)
    for source in config.sources:
        counts = [count for count in sums if count.source == source]
        entered = sum(count.docs for count in counts)
        gone = sum(count.docs for count in counts if count.outcome != "kept")
        fell = sum(count.docs for count in counts if count.reason.startswith(cutting.AFTER_CUT))
        limit = alarm.max_share_of.get(source, alarm.max_share)
        if entered >= alarm.min_documents and gone > limit * entered:
            told.append(
                f"source {source}: {gone:,} of {entered:,} documents ({gone / entered:.1%}) are duplicates"
                + (f", or fell by a rule once parts were cut ({fell:,})" if fell else "")
                + f", more than the {limit:.0%} of wipe_out; nothing has been published. Its largest clusters:\n"
                + "\n".join(_clusters([job for job in numbered if job.shard.source == source], found))
                + f"\nIf these are copies, allow it in {path} with\n"
                f"    wipe_out: {{max_share_of: {{{source}: 1.0}}}}\n"
                "and give the same command again: nothing is done twice. If they are pages of one template, raise "
                "dedup.min_jaccard, or take the template out of the text with a rule or a stage. All of them:\n"
                f"    {_question(numbered[0].shard.data, found)}"
            )
    if told:
        raise WipedOut("\n".join(told))


def _question(data: str, found: Duplicates) -> str:
    """How to ask for all clusters: `query` shows what was published before, where anything was."""
    sql = "select cluster, count(*) as documents from {} group by 1 order by 2 desc limit 50"
    current = Current.read(data)
    asked = "duplicates"
    if current is not None and PUBLISHED in current.rooms:
        files = files_of(data, [manifest.file("clusters").name for manifest in found.manifests])
        asked = f"read_parquet({files})"
    return f"python -m pipeline query --data {shlex.quote(data)} {shlex.quote(sql.format(asked))}"


def _clusters(mine: Sequence[ShardOfRoom], found: Duplicates) -> list[str]:
    """A paragraph for each of the largest clusters, by how many documents of these shards go."""
    data = mine[0].shard.data
    files = [manifest.file("clusters").name for manifest in found.manifests]
    columns = "shard as number, row, doc_id, reason, survivor, cluster"
    query = f"""
        select cluster, count(*) as documents, (list(doc_id order by number, row))[:{MEMBERS}],
               min((number, row)), arg_min(survivor, (number, row))
        from {table(data, files, columns)} where reason is not null and list_contains(?, number)
        group by cluster order by documents desc, cluster limit {CLUSTERS}
    """
    with spilling(data) as connection:
        rows = connection.execute(query, [[job.number for job in mine]]).fetchall()
    names = {job.number: job.filtered.file("rows").name for job in mine}
    lines = []
    for _, documents, members, (number, row), survivor in rows:
        more = ", ..." if documents > len(members) else ""
        lines.append(f"  {documents:,} gone, {survivor} stays: {', '.join(members)}{more}")
        lines.append(f"      {beginning(data, names[number], row)}")
    return lines
