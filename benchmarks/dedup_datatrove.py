"""datatrove's four stages of MinHash deduplication; run with an interpreter that has datatrove.

    .peers/datatrove/bin/python dedup_datatrove.py FOLDER BUCKETS HASHES

FOLDER/documents/0.jsonl holds {"id": "0", "text": ...} a line. Prints, as JSON, CPU seconds from the first stage to the
last file, and for every cluster the documents that were kept and removed. Imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter


def stages(folder: Path, config: MinhashConfig) -> list[tuple[list[PipelineStep], int]]:
    """The pipeline and the number of tasks of each stage, as datatrove's examples/minhash_deduplication.py has them."""
    signed, paired, clustered = (str(folder / name) for name in ("signatures", "buckets", "clusters"))
    read = JsonlReader(str(folder / "documents"))
    plain = {"compression": None}
    removing = MinhashDedupFilter(
        clustered, exclusion_writer=JsonlWriter(str(folder / "removed"), **plain), load_cluster_ids=True
    )
    return [
        ([read, MinhashDedupSignature(signed, config=config)], 1),
        ([MinhashDedupBuckets(signed, paired, config=config)], config.num_buckets),
        ([MinhashDedupCluster(paired, clustered, config=config, save_cluster_id=True)], 1),
        ([read, removing, JsonlWriter(str(folder / "kept"), **plain)], 1),
    ]


def main() -> None:
    folder = Path(sys.argv[1])
    config = MinhashConfig(num_buckets=int(sys.argv[2]), hashes_per_bucket=int(sys.argv[3]))
    began = sum(os.times()[:4])
    for number, (pipeline, tasks) in enumerate(stages(folder, config)):
        logs = str(folder / f"logs{number}")
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=logs).run()
    cpu_s = sum(os.times()[:4]) - began
    clusters: dict[int, dict[str, list[int]]] = defaultdict(lambda: {"kept": [], "removed": []})
    for fate in ("kept", "removed"):
        for path in sorted((folder / fate).glob("*.jsonl")):
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
                cluster = row["metadata"].get("minhash_cluster_id")
                if cluster is not None and cluster >= 0:
                    clusters[cluster][fate].append(int(row["id"]))
    sys.stdout.write("\n" + json.dumps({"cpu_s": cpu_s, "clusters": list(clusters.values())}))


if __name__ == "__main__":
    main()
