"""Text to signature: our kernel beside the peers', and how far each estimate is from the exact similarity.

    python benchmarks/dedup_kernel.py TEXTS.parquet K CONTENDER    # one measurement, as JSON on stdout

is what `dedup.py` starts, a process a measurement, with whichever Python has the contender. Shingles are five words,
lower case. The peers get lists of strings and make their shingles in Python, as their users do; gaoya splits and
lower-cases in Rust itself, and puts the signature into its index too.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ["RAYON_NUM_THREADS"] = "1"  # before the peers are imported: one core's work

NGRAM = 5


def shingled(texts: list[str]) -> list[list[str]]:
    """The shingles of each text, as the peers take them."""
    found = []
    for text in texts:
        words = text.lower().split()
        found.append([" ".join(words[i : i + NGRAM]) for i in range(max(1, len(words) - NGRAM + 1))])
    return found


def riffle(scheme: str) -> Callable[[Any, int], object]:
    """Our kernel over an Arrow column."""
    from pipeline.dedup.minhash import signatures

    return lambda column, k: signatures(column, k=k, ngram=NGRAM, scheme=scheme)  # type: ignore[arg-type]


def datasketch_bulk() -> Callable[[list[str], int], object]:
    """datasketch's MinHash.bulk, its documented way for many sets."""
    from datasketch import MinHash

    def run(texts: list[str], k: int) -> object:
        return MinHash.bulk([[shingle.encode() for shingle in held] for held in shingled(texts)], num_perm=k)

    return run


def rensa(kind: str) -> Callable[[list[str], int], object]:
    """rensa's bulk functions: R-MinHash, its sparse variant (rho) and C-MinHash."""
    import rensa

    made = {
        "R": lambda sets, k: rensa.RMinHash.digest_matrix_from_token_sets(sets, k, 42),
        "rho": lambda sets, k: rensa.RMinHash.digest_matrix_from_token_sets_rho(sets, k, 42),
        "C": lambda sets, k: rensa.CMinHash.digests_from_token_sets(sets, k, 42),
    }[kind]
    return lambda texts, k: made(shingled(texts), k)


def gaoya() -> Callable[[list[str], int], object]:
    """gaoya's index over its own word shingles; there is no way to the signature alone."""
    from gaoya.minhash import MinHashStringIndex

    def run(texts: list[str], k: int) -> object:
        index = MinHashStringIndex(32, 0.8, 32, k // 32, None, "word", True, (NGRAM, NGRAM), "vec")
        for number, text in enumerate(texts):
            index.insert_document(number, text)
        return index

    return run


CONTENDERS: dict[str, Callable[[], Callable[[Any, int], object]]] = {
    "riffle fss": lambda: riffle("fss"),
    "riffle affine32": lambda: riffle("affine32"),
    "datasketch bulk": datasketch_bulk,
    "rensa R-MinHash": lambda: rensa("R"),
    "rensa R-MinHash rho": lambda: rensa("rho"),
    "rensa C-MinHash": lambda: rensa("C"),
    "gaoya": gaoya,
}


def main(path: str, k: int, contender: str) -> None:
    """Documents per CPU second, after a warm-up on a few documents (compilation, imports)."""
    import pyarrow.parquet as pq

    column = pq.read_table(path)["text"].combine_chunks()
    ours = contender.startswith("riffle")
    texts = column if ours else column.slice(0, len(column) // 8).to_pylist()
    run = CONTENDERS[contender]()
    run(texts[:20], k)
    began = time.process_time()
    run(texts, k)
    json.dump({"documents": len(texts), "cpu_s": time.process_time() - began}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
