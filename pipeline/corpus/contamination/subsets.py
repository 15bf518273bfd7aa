"""Of every benchmark the records of which a corpus holds nothing, and those that could not be looked for."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections import Counter, defaultdict

from pipeline import storage
from pipeline.contamination.benchmarks import field_map
from pipeline.contamination.index import Index
from pipeline.contamination.items import benchmark_of, records

_HIT, _CLEAN, _TOO_SHORT = "", "clean", "too_short"
_UNSAFE = re.compile(r"^\.|^$|[%\\\x00-\x1f]")


def write_subsets(
    benchmarks: str, fields: str | None, output: str, index: Index, closest: dict[int, str]
) -> Counter[str]:
    """Write `clean/` and `too_short/`; returns by benchmark how many records have no item (they are in the latter).

    `closest` has the numbers of the items that were found. Files of benchmarks that an earlier check told of, and this
    one does not, are removed.
    """
    short, names = set(index.too_short), field_map(fields)
    of_file: defaultdict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    lines: dict[tuple[str, str], list[bytes]] = {}
    for number, item in enumerate(index.items):
        folder = _HIT if number in closest else _TOO_SHORT if number in short else _CLEAN
        of_file[item.file][item.row] = (folder, item.benchmark)
        lines |= {(each, item.benchmark): [] for each in (_CLEAN, _TOO_SHORT)}
    unusable = Counter[str]()
    for file, rows in of_file.items():
        for row, record in records(benchmarks, file):
            if row in rows:
                folder, benchmark = rows[row]
            else:
                folder, benchmark = _TOO_SHORT, benchmark_of(file, record, names.of(file))
                unusable[benchmark] += 1
            if folder != _HIT:
                line = json.dumps(record, ensure_ascii=False, default=str) + "\n"
                lines.setdefault((folder, benchmark), []).append(line.encode())
    written = set()
    for (folder, benchmark), held in lines.items():
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
            stream.writelines(held)
        written.add(_path(folder, benchmark))
        storage.replace(storage.join(output, _path(folder, benchmark)), packed.getvalue())
    for benchmark in _earlier(output):
        for path in {_path(_CLEAN, benchmark), _path(_TOO_SHORT, benchmark)} - written:
            storage.remove(storage.join(output, path))
    return unusable


def _path(folder: str, benchmark: str) -> str:
    """Another path for every name, below `folder` whatever the name."""
    parts = (_UNSAFE.sub(lambda found: f"%{found[0].encode().hex()}", part) for part in benchmark.split("/"))
    return f"{folder}/{'/'.join(parts)}.jsonl.gz"


def _earlier(output: str) -> list[str]:
    """The benchmarks that the summary of an earlier check names; none where there is none."""
    path = storage.join(output, "summary.json")
    if not storage.exists(path):
        return []
    try:
        told = json.loads(storage.read_bytes(path))
        return [str(one["name"]) for one in told["benchmarks"]]
    except (ValueError, KeyError, TypeError):  # somebody else's
        return []
