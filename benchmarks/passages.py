"""Repeated passages: MB of text a CPU second, and what is found of planted ones and of all there are.

`python benchmarks/passages.py [--data ../shared/data] [--megabytes 20] [--planted 2000]` takes the main text of
real pages and articles, cuts it into documents of about 2.7 kB, each once, and plants passages of 20 to 200 words
of one half of them between two words of the other. It prints, as medians of five rounds: the kernel alone (text to
anchors), then all steps from texts to spans with their files; then recall and precision of the cut words against
windows compared exactly (Karp, Miller and Rosenberg 1972: the classes of 32 words by doubling, two of which make a
window of 50), which know neither anchors nor hashes of windows; and how many planted passages, by length, are cut
in one of their places.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from dedup_texts import pages
from numpy.typing import NDArray

from pipeline.dedup.course import CUTTING, Course
from pipeline.dedup.cut_settings import Passages
from pipeline.dedup.cuts import matches
from pipeline.dedup.cuts.passages import anchor_keys, windows_of
from pipeline.dedup.cuts.repeated import frequent_of_shard
from pipeline.dedup.hashing.words import characters, most_words, write_words
from pipeline.dedup.room import carry_out, write_batches
from pipeline.dedup.schemas import CLUSTER, addresses
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.tasks import FILTERED, Totals

LENGTH = 50
PIECE = 430  # words of a document
SHARDS = 4
ROUNDS = 5
SETTINGS = Deduplication(passages=Passages(min_words=LENGTH))
LENGTHS = (20, 40, 49, 50, 51, 60, 80, 120, 200)
Planted = tuple[int, int, int, int, int]
"""(document, first word, document of the copy, first word of it, words); words are what white space parts."""


def documents(data: Path, size: int, planted: int, chosen: random.Random) -> tuple[list[str], list[Planted]]:
    """Documents of about `size` bytes together, and where copies of passages of other documents stand in them."""
    articles = (data / "neardup" / "articles_1000.txt").read_text(encoding="utf-8").splitlines()
    texts = pages(data / "web") + [line.partition(" ")[2] for line in articles]
    held = [[word for word in text.split() if any(map(str.isalnum, word))] for text in texts]
    pieces = [words[at : at + PIECE] for words in held for at in range(0, len(words), PIECE)]
    chosen.shuffle(pieces)
    total, kept = 0, []
    for piece in pieces:
        if total < size:
            kept.append(piece)
            total += len(" ".join(piece).encode())
    half = len(kept) // 2
    where = []
    for target in chosen.sample(range(half, len(kept)), min(planted, len(kept) - half)):
        source, length = chosen.randrange(half), chosen.choice(LENGTHS)
        if len(kept[source]) >= length:
            start = chosen.randrange(len(kept[source]) - length + 1)
            at = chosen.randrange(len(kept[target]) + 1)
            kept[target][at:at] = kept[source][start : start + length]
            where.append((source, start, target, at, length))
    return [" ".join(piece) for piece in kept], where


def median(task: Callable[[], object], rounds: int = ROUNDS) -> float:
    """CPU seconds of the task, after a first time that compiles."""
    task()
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        task()
        spent.append(time.process_time() - start)
    return statistics.median(spent)


def word_hashes(text: str) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    out, begins = np.empty(most_words(len(data)), np.uint64), np.empty(most_words(len(data)), np.int64)
    count = write_words(data, characters(), out, begins, np.empty(len(out), np.int64))
    return out[:count], begins[:count]


def exact_windows(texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(class of the window that begins at each word, document of each word); a class of its own where none begins.

    Words are compared as hashes of 64 bits; all else is exact.
    """
    hashes = [word_hashes(text)[0] for text in texts]
    document = np.repeat(np.arange(len(texts)), [len(held) for held in hashes])
    _, rank = np.unique(np.concatenate(hashes), return_inverse=True)
    rank = rank.astype(np.int64)
    size = 1
    while size * 2 <= LENGTH:
        rank, size = paired(rank, document, size, 2 * size), 2 * size
    return paired(rank, document, LENGTH - size, LENGTH), document


def paired(rank: NDArray[np.int64], document: NDArray[np.int64], apart: int, length: int) -> NDArray[np.int64]:
    """The classes of `length` words in a row, from those of fewer words at `apart`."""
    count = len(rank)
    inside = np.zeros(count, dtype=np.bool_)
    inside[: max(0, count - length + 1)] = document[: max(0, count - length + 1)] == document[length - 1 :]
    second = np.full(count, -1, dtype=np.int64)
    second[inside] = rank[np.flatnonzero(inside) + apart]
    _, classes = np.unique(rank * (count + 1) + second, return_inverse=True)
    classes = classes.astype(np.int64)
    classes[~inside] = classes.max() + 1 + np.arange((~inside).sum())
    return classes


def spans(folder: Path, files: list[str], totals: Totals) -> tuple[dict[str, list[str]], float]:
    """All steps over `files`; returns what each wrote, and the CPU seconds of all."""
    clusters = str(folder / "clusters.parquet")
    write_batches(clusters, iter(()), CLUSTER)
    written = {FILTERED: files, "clusters": [clusters]}
    course = Course(totals, SETTINGS)
    start = time.process_time()
    for step in course.cutting():
        course.tell(step, *carry_out(step, written, course.totals, SETTINGS, str(folder)))
    return written, time.process_time() - start


def batch_of(texts: list[str], first: int) -> pa.RecordBatch:
    ids = [f"{first + number:032x}" for number in range(len(texts))]
    return pa.record_batch(
        {
            "doc_id": pa.array(ids),
            "source": pa.repeat("web", len(texts)),
            "work": pa.nulls(len(texts), pa.string()),
            "text": pa.array(texts, pa.large_string()),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--planted", type=int, default=2000)
    asked = parser.parse_args()
    chosen = random.Random(11)
    texts, planted = documents(asked.data, int(asked.megabytes * 1e6), asked.planted, chosen)
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{len(texts):,} documents, {size:.1f} MB, {len(planted):,} planted passages")
    whole = batch_of(texts, 0)
    batches = [whole.slice(start, 1024) for start in range(0, whole.num_rows, 1024)]
    assert SETTINGS.passages is not None
    passages = SETTINGS.passages
    kernel = median(lambda: anchor_keys(batches, passages))
    alone = median(lambda: [word_hashes(text) for text in texts])
    print(f"text to words alone, document by document: {size / alone:.0f} MB a CPU second")
    print(f"text to anchors: {size / kernel:.0f} MB a CPU second; {len(anchor_keys(batches, passages)):,} anchors")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cuts = [len(texts) * i // SHARDS for i in range(SHARDS + 1)]
        files = []
        for shard in range(SHARDS):
            files.append(str(folder / f"filtered.{shard}.parquet"))
            part = pa.Table.from_batches([batch_of(texts[cuts[shard] : cuts[shard + 1]], cuts[shard])])
            pq.write_table(part, files[-1], row_group_size=1024)
        totals = Totals(SHARDS, len(texts))
        spans(folder, files, totals)
        rounds = [spans(folder, files, totals)[1] for _ in range(ROUNDS)]
        written, _ = spans(folder, files, totals)
        held = sum(Path(path).stat().st_size for step in CUTTING & set(written) for path in written[step])
        rows = {step: sum(pq.read_metadata(path).num_rows for path in written[step]) for step in written}
        marked = mark(texts, [found_in(written, shard, whole, cuts) for shard in range(SHARDS)], cuts)
    print(f"texts to spans, with files: {size / statistics.median(rounds):.0f} MB a CPU second")
    shown = ("anchors", "repeated", "windows", "passages", "cuts")
    print(f"  rows: {', '.join(f'{step} {rows[step]:,}' for step in shown)}")
    print(f"  {held / len(texts):.0f} bytes a document on disk")
    compared(texts, planted, marked)


def found_in(written: dict[str, list[str]], shard: int, whole: pa.RecordBatch, cuts: list[int]) -> matches.Found:
    """The passages of one shard, as its last step finds them."""
    assert SETTINGS.passages is not None
    part = whole.slice(cuts[shard], cuts[shard + 1] - cuts[shard])
    windows = windows_of(part, frequent_of_shard(written["repeated"], shard)[0], (0, 1 << 64), SETTINGS.passages)
    best = matches.best_of_shard(written["passages"], shard)
    return matches.passages(windows, addresses(shard, windows.document), best, LENGTH)


def mark(texts: list[str], found: list[matches.Found], cuts: list[int]) -> NDArray[np.bool_]:
    """Which words of all texts are cut."""
    counts = np.array([len(word_hashes(text)[0]) for text in texts])
    starts = np.concatenate([[0], np.cumsum(counts)])
    marked = np.zeros(starts[-1], dtype=np.bool_)
    for shard, passages in enumerate(found):
        for row, word, words in zip(passages.document, passages.word, passages.words, strict=True):
            first = starts[cuts[shard] + row] + word
            marked[first : first + words] = True
    return marked


def compared(texts: list[str], planted: list[Planted], marked: NDArray[np.bool_]) -> None:
    """Print recall and precision against exact windows, and of planted copies by length."""
    start = time.process_time()
    classes, document = exact_windows(texts)
    spent = time.process_time() - start
    order = sorted(range(len(texts)), key=lambda number: (-len(texts[number].encode()), number))
    place = np.empty(len(texts), dtype=np.int64)
    place[order] = np.arange(len(texts))
    starts = np.concatenate([[0], np.cumsum(np.bincount(document, minlength=len(texts)))])
    word = np.arange(len(document)) - starts[document]
    by_class = np.lexsort((word, place[document], classes))
    first_of = np.ones(len(by_class), dtype=np.bool_)
    first_of[1:] = classes[by_class][1:] != classes[by_class][:-1]
    best = by_class[np.maximum.accumulate(np.where(first_of, np.arange(len(by_class)), 0))]
    overlaps = (document[best] == document[by_class]) & (word[by_class] - word[best] < LENGTH)
    repeats = by_class[~first_of & ~overlaps]
    expected = np.zeros(len(document) + 1, dtype=np.int64)
    np.add.at(expected, repeats, 1)
    np.add.at(expected, repeats + LENGTH, -1)
    truth = np.cumsum(expected)[:-1] > 0
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"exact windows ({size / spent:.1f} MB a CPU second): {truth.sum():,} words to cut; cut {marked.sum():,}")
    print(f"  recall {(truth & marked).sum() / truth.sum():.6f}, precision {(truth & marked).sum() / marked.sum():.6f}")
    for length in LENGTHS:
        shares = [held(texts, marked, starts, one) for one in planted if one[-1] == length]
        print(
            f"  planted {length:>3} words: {sum(share == 1 for share in shares):>4} of {len(shares)} cut in one place"
        )


def held(texts: list[str], marked: NDArray[np.bool_], starts: NDArray[np.int64], planted: Planted) -> float:
    """Of the words of a planted passage the share that is cut in one of its two documents."""
    source, start, target, at, words = planted
    parts = []
    for number, first in ((source, start), (target, at)):
        split = texts[number].split()
        before = len(word_hashes(" ".join(split[:first]))[0])
        count = len(word_hashes(" ".join(split[first : first + words]))[0])
        parts.append(marked[starts[number] + before : starts[number] + before + count])
    return float((parts[0] | parts[1]).mean())


if __name__ == "__main__":
    main()
