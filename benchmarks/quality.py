"""How well fastText tells quality and topics on real data: `python benchmarks/quality.py [FOLDER] [--data DIR]`.

FOLDER (default ../shared/data) is read by our own sources, English documents without near-duplicates. Quality: positive
are Wikipedia, a Stack Exchange site, arXiv and presidents' speeches; negative are web pages of four collections and
Reddit. Topic: AG News beside short texts that a language model wrote, mapped to the same four labels. Cards, logs and
what the commands print lie in DIR (data/quality); a dated result is written to benchmarks/results.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from measure import hardware, load, measure

HERE = Path(__file__).parent
ROOT = HERE.parent
SOURCES = {
    "web": ("commoncrawl", "web"),
    "crawl": ("commoncrawl", "warc/dolma_cc_sample-0000.warc.gz"),
    "arxiv": ("arxiv", "arxiv"),
    "wikipedia": ("wikipedia", "wikipedia"),
    "stackexchange": ("stackexchange", "stackexchange"),
    "reddit": ("reddit", "reddit"),
}
POSITIVES = ("wikipedia", "stackexchange", "arxiv")
WEB_PAGES = ("wcxb_dev", "trafilatura_eval", "mozilla_readability")
TOPICS = {  # of the written texts -> of AG News
    "sports": "sports", "business": "business", "finance": "business", "technology": "technology",
    "science": "technology", "politics": "world", "military": "world",
}  # fmt: skip
AG_NEWS = {"1": "world", "2": "sports", "3": "business", "4": "technology"}


def run_config(shared: Path) -> dict[str, Any]:
    """A run whose published corpus the quality model is trained on."""
    return {
        "run": "quality",
        "sources": {
            name: {"reader": {"kind": kind}, "inputs": str(shared / inputs)} for name, (kind, inputs) in SOURCES.items()
        },
        "filter": [
            {"kind": "normalise"},
            {"kind": "language"},
            {
                "kind": "rules",
                "name": "language",
                "rules": [{"drop": "language:not_english", "when": "language <> 'en' or language_score < 6500"}],
            },
        ],
        "dedup": {"min_jaccard": 0.8},
    }


def quality_config(corpus: Path, speeches: Path) -> dict[str, Any]:
    """Four positive and five negative sources."""

    def published(name: str, label: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "label": label, "input": f"{corpus}/{name}-*.parquet", "site": "url", **more}

    sources = [published(name, "positive") for name in POSITIVES]
    sources.append({"name": "speeches", "label": "positive", "input": str(speeches)})
    for name in WEB_PAGES:
        page = published("web", "negative", where={"raw_path": f"{name}.warc.gz"})
        sources.append(page | {"name": name})
    sources += [published("crawl", "negative"), published("reddit", "negative", limit=800)]
    return {"task": "quality", "sources": sources}


def write_speeches(shared: Path, folder: Path) -> None:
    """Inaugural and State of the Union addresses as text files, one a speech."""
    for name in ("nltk_inaugural", "nltk_state_union"):
        with zipfile.ZipFile(shared / "books" / f"{name}.zip") as packed:
            for member in packed.namelist():
                if member.endswith(".txt"):
                    path = folder / member
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(packed.read(member).decode("latin-1"), encoding="utf-8")


def written_texts(shared: Path) -> Iterator[dict[str, str]]:
    """The texts whose topics all map to one of the four labels."""
    for part in ("train", "dev", "test"):
        with gzip.open(shared / "labelled" / f"dolma_topic_{part}.jsonl.gz", "rt", encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                labels = {TOPICS.get(topic.strip()) for topic in row["metadata"]["topics"].split(",")}
                if len(labels) == 1 and None not in labels:
                    yield {"text": row["text"], "topic": str(labels.pop())}


def topic_config(shared: Path, data: Path) -> dict[str, Any]:
    """AG News, and the texts written by a model."""
    rows = list(written_texts(shared))
    (data / "written.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    news = []
    for number, label in AG_NEWS.items():
        with gzip.open(shared / "labelled" / "ag_news_test.csv.gz", "rt", encoding="utf-8") as stream:
            news += [f"{line.rstrip()},{label}\n" for line in stream if line.startswith((f"{number},", f'"{number}",'))]
    (data / "news.csv").write_text("".join(news), encoding="utf-8")
    return {
        "task": "topic",
        "sources": [
            {
                "name": "news",
                "input": f"{data}/news.csv",
                "columns": ["number", "title", "text", "topic"],
                "label_column": "topic",
            },
            {"name": "written", "input": f"{data}/written.jsonl", "label_column": "topic"},
        ],
    }


def train(name: str, config: dict[str, Any], data: Path) -> list[str]:
    """Train by the command; the result as lines of Markdown."""
    path, log = data / f"{name}.yaml", data / f"{name}.log"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = ["-m", "classifiers", "train", "--config", str(path), "--output", str(data / name)]
    cost = measure([sys.executable, *command], ROOT, log)
    shown = log.read_text(encoding="utf-8").split("Sources", 1)[1].split("model.bin", 1)[0].rsplit("\n", 1)[0]
    taken = f"{cost.cpu_s:.0f} CPU seconds, {cost.max_rss_bytes / 2**20:.0f} MiB"
    return [f"## {name}", "", taken, "", "```", "Sources" + shown.rstrip(), "```", ""]


def speed(data: Path) -> str:
    """Documents a CPU second of the two stages' common work, on the corpus's web pages."""
    path = next((data / "corpus" / "40_published").glob("web-*.parquet"))
    card = json.loads((data / "quality" / "card.json").read_bytes())
    script = (
        "import sys, time\nimport pyarrow.parquet as pq\nfrom pipeline.stages.quality import Quality\n"
        "stage = Quality(model=sys.argv[1], sha256=sys.argv[2])\n"
        "batch = pq.read_table(sys.argv[3], columns=['text']).combine_chunks().to_batches()[0]\n"
        "stage(batch)\nbegan = time.process_time()\n"
        "for _ in range(5): stage(batch)\n"
        "print(round(5 * batch.num_rows / (time.process_time() - began)))\n"
    )
    model = str(data / "quality" / "model.bin")
    measure([sys.executable, "-c", script, model, card["sha256"], str(path)], ROOT, data / "speed.log")
    rows = pq.read_metadata(path).num_rows
    return f"`quality` over {rows} web pages: {(data / 'speed.log').read_text().strip()} documents a CPU second"


def main(shared: Path, data: Path) -> None:
    """Run everything and write the result."""
    data.mkdir(parents=True, exist_ok=True)
    run = data / "run.yaml"
    run.write_text(yaml.safe_dump(run_config(shared)), encoding="utf-8")
    command = ["-m", "pipeline", "run", "--config", str(run), "--data", str(data / "corpus"), "--workers", "0"]
    measure([sys.executable, *command], ROOT, data / "run.log")
    write_speeches(shared, data / "speeches")
    found = train("quality", quality_config(data / "corpus" / "40_published", data / "speeches"), data)
    found += train("topic", topic_config(shared, data), data)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    head = [f"# Classifiers on real data, {today}", "", "`python benchmarks/quality.py`", "", *hardware()]
    lines = [*head, f"load over 1 and 5 minutes: {load()}", "", speed(data), "", *found]
    result = HERE / "results" / f"{today}-quality.md"
    result.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    print(result)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "quality")
    arguments = parser.parse_args()
    main(arguments.folder, arguments.data)
