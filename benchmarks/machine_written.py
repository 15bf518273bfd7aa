"""What the data at hand can teach of machine-written text: `python -m benchmarks.machine_written --into FOLDER`.

Machine-written: 6,087 texts of one generator (gpt-3.5-turbo-0125) in six styles and thirty topics; the styles stand as
sources, the topics as sites. By people: news of 2004, posts of 2013, speeches 1945 to 2005, film reviews of the
nineties, cut to passages of whole sentences as long as the generator's texts. Leaves the labelled sources, the model
and its card in the folder, and prints three more figures:

    topic matched   sports, business, science: the generator's texts of the topic against news of the topic, a model
                    that saw neither that topic nor, in the second column, any news
    false alarms    the share of people's texts of collections that no model saw (pages, articles) at or above a
                    threshold
    speed           texts and MB a CPU second of the stage
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import re
import statistics
import time
import zipfile
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import zstandard

from classifiers import train
from classifiers.card.card import MODEL_NAME, Card
from classifiers.evaluation import machine_written_evaluation, scorers
from classifiers.evaluation.scorers import Scorer
from classifiers.labelled.corpus import Corpus
from classifiers.metrics import auc
from classifiers.settings import FastTextSettings, LabelledSource, Settings
from pipeline.stages.machine_written import MachineWritten

SHARED = Path("../shared/data")
STYLES = ("formal", "informal", "technical", "poetic", "baby talk", "dialogue between two people")
TOPICS = {"sports": ("sports", "2"), "business": ("business", "3"), "science": ("technology", "4")}
MOST = 1000  # of each source
THRESHOLDS = (5000, 9000)
ROUNDS = 5
_SENTENCES = re.compile(r"(?<=[.!?])\s+")

Row = dict[str, str]


def generated(shared: Path) -> list[Row]:
    """text, style, topics; the site is the set of topics."""
    found = []
    for part in ("train", "dev", "test"):
        with gzip.open(shared / f"labelled/dolma_topic_{part}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                found.append({"text": row["text"], **row["metadata"], "site": row["metadata"]["topics"]})
    return found


def news(shared: Path) -> Iterator[Row]:
    with gzip.open(shared / "labelled/ag_news_test.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for topic, _, text in csv.reader(lines):
            yield {"text": text.replace("\\", " "), "topics": topic}


def posts(shared: Path) -> Iterator[Row]:
    with (shared / "reddit/RS_2013-08.zst").open("rb") as raw:
        stream = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(raw)
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            row = json.loads(line)
            if row.get("selftext"):
                yield {"text": row["selftext"], "site": row["subreddit"]}


def zipped(path: Path, *, detached: bool) -> Iterator[Row]:
    """The text files of an archive; `detached`: a blank before every mark is taken out."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".txt") and "README" not in name:
                text = archive.read(name).decode("latin-1")
                yield {"text": re.sub(r" ([.,!?;:)'])", r"\1", text) if detached else text, "site": name}


def pages(shared: Path) -> Iterator[Row]:
    with gzip.open(shared / "web/wcxb_dev.gold.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield {"text": row["text"]}


def articles(shared: Path) -> Iterator[Row]:
    for line in (shared / "neardup/articles_1000.txt").read_text(encoding="utf-8", errors="replace").splitlines():
        yield {"text": line.partition(" ")[2]}


def passages(rows: Iterable[Row], lengths: list[int], each: int) -> Iterator[Row]:
    """Up to `each` passages of whole sentences of every row, at least as long as one of `lengths`, drawn by a hash."""
    for row in rows:
        sentences = _SENTENCES.split(" ".join(row["text"].split()))
        at = 0
        for _ in range(each):
            draw = int.from_bytes(
                blake2b(f"{at}{row['text']}".encode("utf-8", "replace"), digest_size=8).digest(), "big"
            )
            wanted, taken = lengths[draw % len(lengths)], ""
            while at < len(sentences) and len(taken) < wanted - 30:
                taken = f"{taken} {sentences[at]}".strip()
                at += 1
            if wanted - 30 <= len(taken) <= wanted + 200:
                yield row | {"text": taken}


def write(folder: Path, name: str, rows: Iterable[Row]) -> Path:
    path = folder / f"{name}.jsonl"
    lines = (json.dumps({"site": None, "topics": "", **row}) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def settings(folder: Path, shared: Path) -> Settings:
    """The labelled sources, written into `folder`."""
    machine = generated(shared)
    lengths = sorted(len(row["text"]) for row in machine)
    people: dict[str, Iterator[Row]] = {
        "news": passages(news(shared), lengths, 1),
        "posts": passages(posts(shared), lengths, 1),
        "speeches": passages(zipped(shared / "books/nltk_state_union.zip", detached=False), lengths, 40),
        "reviews": passages(zipped(shared / "labelled/nltk_movie_reviews.zip", detached=True), lengths, 1),
    }
    sources = []
    for style in STYLES:
        name = f"gpt35_{style.split()[0]}"
        path = write(folder, name, (row for row in machine if row["style"] == style))
        sources.append(LabelledSource(name=name, label="positive", input=str(path), site="site", limit=MOST))
    for name, rows in people.items():
        site = "site" if name in ("posts", "speeches") else None
        path = write(folder, name, rows)
        sources.append(LabelledSource(name=name, label="negative", input=str(path), site=site, limit=MOST))
    return Settings(
        task="machine_written",
        sources=tuple(sources),
        fasttext=FastTextSettings(buckets=2**16, min_count=3),
        replicas=200,
    )


def topic_matched(
    corpus: Corpus, topics: dict[str, str], scorer: Scorer, topic: tuple[str, str], *, unseen: bool
) -> tuple[float, int, int]:
    """AUC of the generator's texts of a topic against news of it, by a model without the topic (and without news)."""
    names = np.array([one.name for one in corpus.sources])[corpus.source]
    mine = np.array([topics.get(line, "") for line in corpus.lines])
    machine = np.char.startswith(names, "gpt35") & np.array([topic[0] in each.split(",") for each in mine])
    by_people = (names == "news") & (mine == topic[1])
    held = machine | by_people
    trained = ~held & corpus.apart(held) & ~(unseen & (names == "news"))
    scores = (scorer(trained, held)[:, corpus.labels.index("positive")] * 10_000).astype(np.int64)
    return auc(scores[machine[held]], scores[by_people[held]]), int(machine.sum()), int(by_people.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--into", type=Path, required=True)
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    wanted = settings(given.into, given.shared)
    card = train.train(wanted, given.into / "model", print)
    corpus, _ = train.read(wanted, lambda line: None)
    _tell_topics(corpus, wanted, given.into)
    model = given.into / "model" / MODEL_NAME
    _tell_alarms(MachineWritten(model=str(model), sha256=card.sha256), given.shared, wanted, given.into)
    _tell_card(card)


def _tell_topics(corpus: Corpus, wanted: Settings, folder: Path) -> None:
    topics = {}
    for source in wanted.sources:
        for line in (folder / f"{source.name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            topics[train.inputs.prepare(row["text"].encode("utf-8", "replace"))] = row["topics"]
    words, manner = scorers.fasttext(corpus, wanted.fasttext, wanted.seed), machine_written_evaluation.by_manner(corpus)
    kinds = {"words": words, "manner": manner, "pooled": machine_written_evaluation.pooled(corpus, words, manner)}
    for topic, pair in TOPICS.items():
        for name, scorer in kinds.items():
            seen, machine, people = topic_matched(corpus, topics, scorer, pair, unseen=False)
            unseen, _, _ = topic_matched(corpus, topics, scorer, pair, unseen=True)
            print(f"{topic} ({machine} and {people} texts), {name}: news seen {seen:.3f}, news unseen {unseen:.3f}")


def _tell_alarms(stage: MachineWritten, shared: Path, wanted: Settings, folder: Path) -> None:
    lengths = sorted(len(row["text"]) for row in generated(shared))
    for name, rows in {"pages": pages(shared), "articles": articles(shared)}.items():
        whole = [row["text"] for row in rows][:2000]
        cut = [row["text"] for row in passages(({"text": text} for text in whole), lengths, 1)]
        for kind, texts in (("whole", whole), ("cut", cut)):
            batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
            scores = stage(batch)["machine_written_score"].to_numpy()
            shares = ", ".join(f"{np.mean(scores >= least):.3f} at {least}" for least in THRESHOLDS)
            print(f"{name}, {kind} ({len(texts)}): {shares}")
    batch = pa.RecordBatch.from_pydict({"text": pa.array([row["text"] for row in pages(shared)], pa.large_string())})
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        stage(batch)
        taken.append(time.process_time() - began)
    seconds, size = statistics.median(taken), batch["text"].nbytes
    print(f"speed: {len(batch) / seconds:,.0f} pages, {size / seconds / 1e6:.1f} MB a CPU second")


def _tell_card(card: Card) -> None:
    for line in card.verdicts:
        print(line)
    assert card.quality is not None
    for name, one in card.quality.beside.items():
        print(f"{name}: left out {one.left_out}, in source {one.in_source}")
    for row in card.quality.thresholds:
        print(row)


if __name__ == "__main__":
    main()
