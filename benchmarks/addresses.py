"""Addresses per CPU second of the stage url, with block lists of millions of domains and a list of words.

`python -m benchmarks.addresses [--addresses 200000] [--domains 5000000]` makes addresses and lists from a fixed seed
(no list is shipped), loads them in this process, and prints loading time, the lists' memory and the median of five
rounds. The stage is fed as a shard feeds it, a batch of BATCH_ROWS at a time; the lists are a folder like UT1's, of 70
categories with five files each; there are 20,000 words. Five addresses a host; 30 % have a query, 8 % tracking
parameters, 5 % escapes.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from pathlib import Path

import pyarrow as pa

from benchmarks.measure import median_and_range
from benchmarks.timing import cpu_seconds
from pipeline.rooms.tables import BATCH_ROWS
from pipeline.stages.block_lists import load
from pipeline.stages.url import Url
from pipeline.urls.sites import registrable

CATEGORIES = 70
WORDS = 20_000
TLDS = ["com", "com", "com", "org", "net", "de", "co.uk", "fr", "info", "github.io"]


def addresses(count: int, chosen: random.Random) -> list[str]:
    """`count` addresses of `count / 5` hosts."""
    hosts = [f"{chosen.choice(['www.', '', 'blog.'])}site{n}.{chosen.choice(TLDS)}" for n in range(count // 5 + 1)]
    made = []
    for _ in range(count):
        path = "/".join(
            chosen.choice(["news", "2024", "article", "p", "free-casino"]) for _ in range(chosen.randint(1, 4))
        )
        kind = chosen.random()
        query = f"?id={chosen.randint(1, 9999)}" if kind < 0.22 else "?b=2&utm_source=x&a=1" if kind < 0.30 else ""
        tail = f"/{chosen.randint(1, 999_999)}{'-caf%c3%a9' if kind > 0.95 else ''}.html{query}"
        made.append(f"https://{chosen.choice(hosts)}/{path}{tail}")
    return made


def write_lists(folder: Path, domains: int) -> None:
    """A folder of CATEGORIES; `domains` and 50,000 addresses are dealt out to them in turn."""
    for number in range(CATEGORIES):
        category = folder / f"category{number:02}"
        category.mkdir(parents=True)
        listed = "".join(f"listed{n}.example\n" for n in range(number, domains, CATEGORIES))
        category.joinpath("domains").write_text(listed)
        category.joinpath("urls").write_text("".join(f"site{n}.com/p/\n" for n in range(number, 50_000, CATEGORIES)))
        for unread in ("expressions", "usage", "very_restrictive_expression"):
            category.joinpath(unread).write_text("")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--addresses", type=int, default=200_000)
    parser.add_argument("--domains", type=int, default=5_000_000)
    asked = parser.parse_args()
    chosen = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "lists"
        write_lists(listed, asked.domains)
        words = Path(folder) / "words"
        words.write_text("".join(f"word{n}\n" for n in range(WORDS)) + "casino 2\n")
        stage = Url(block_lists=str(listed), words=str(words), spam_tlds=("info",))
        rows = pa.record_batch({"url": pa.array(addresses(asked.addresses, chosen), pa.string())})
        batches = [rows.slice(start, BATCH_ROWS) for start in range(0, rows.num_rows, BATCH_ROWS)]
        stage(rows.slice(0, 1000))  # compiles
        load(str(listed), ())
        (listed / "category00" / "urls").touch()  # read anew
        (loading,) = cpu_seconds(lambda: load(str(listed), ()), rounds=1)
        lists = load(str(listed), ())
        held = sum(part.nbytes for table in (lists.domains, lists.urls) for part in table)

        def judged() -> None:
            registrable.cache_clear()
            for batch in batches:
                stage(batch)

        rounds = cpu_seconds(judged)
    print(f"lists of {asked.domains:,} domains: loaded in {loading:.1f} CPU s, {held / 1e6:.0f} MB")
    rates = median_and_range([rows.num_rows / spent / 1000 for spent in rounds])
    print(f"{rates} thousand addresses a CPU second")
    print(f"{statistics.median(rounds) / len(batches) * 1e3:.1f} CPU ms a batch of {BATCH_ROWS:,}")


if __name__ == "__main__":
    main()
