"""The embedded default's raw input: `python -m pipeline.demo.shards FOLDER` writes it, in seconds and offline.

    FOLDER/web/pydoc-0000.warc.gz ..   pages made of the installation's own documentation, some pages of ours among them
    FOLDER/docs/                       documents written for this project, as .md, .txt, .jsonl.zst and .parquet
    FOLDER/code/ pdf/ reddit/ stackexchange/ wikipedia/ arxiv/
                                       input of the other sources; the modules beside this one say what is planted
    FOLDER/planted.json                what was planted in web/ and docs/, where, and what must become of it

Equal installations get equal bytes. Tables have the columns id, title, date, label, licence and text. `planted.json`
is a list of {name, fate, reason, records: [{source, raw_path, raw_offset, natural_key}]}; keys of table rows hold for
a reader with `id_column: id`. Fates: `published` (every record is), `one_published` (exactly one of them is, the others
are its duplicates), `dropped` (each, for `reason`), `not_a_document` (counted under `reason`, in no ledger).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pipeline.demo import arxiv, code, pdf, reddit, stackexchange, wikipedia
from pipeline.demo.pages import Page, installation_pages, rendered, text_blocks
from pipeline.demo.warc import Archive, Capture

OTHERS = {
    "code": code,
    "pdf": pdf,
    "reddit": reddit,
    "stackexchange": stackexchange,
    "wikipedia": wikipedia,
    "arxiv": arxiv,
}
TEXTS = Path(__file__).parent.parent.parent / "configs" / "demo_texts"
WEB_SHARDS = 4
DATE = "2026-01-05"
LICENCE = "Apache-2.0"  # of the texts in TEXTS
_HANDBOOK = "handbook.example"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a raw record stands: file within the source's folder, byte offset or row, and natural key."""

    source: str
    raw_path: str
    raw_offset: int
    natural_key: str


@dataclass(frozen=True, slots=True)
class Planted:
    """Records put there on purpose, and what must become of them (see the module's text)."""

    name: str
    fate: str
    reason: str | None
    records: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class WebPlant:
    """Captures put there on purpose; all of them go into one shard, in this order."""

    name: str
    fate: str
    reason: str | None
    captures: tuple[Capture, ...]


def write_demo_shards(folder: Path) -> None:
    """Write raw shards and `planted.json` under `folder`; files that are there with the same bytes are not touched.

    Raises FileNotFoundError where the sources of the standard library are not installed.
    """
    files: dict[str, bytes] = {}
    planted = [*_web(files), *_docs(files)]
    for source, module in OTHERS.items():
        files |= {f"{source}/{name}": content for name, content in module.files().items()}
    files["planted.json"] = (json.dumps([asdict(each) for each in planted], indent=1) + "\n").encode()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


def _web(files: dict[str, bytes]) -> Iterator[Planted]:
    pages = sorted(installation_pages(), key=lambda page: hashlib.sha256(page.url.encode()).digest())
    plants = list(_web_plants())
    for shard in range(WEB_SHARDS):
        name = f"pydoc-{shard:04}.warc.gz"
        own = plants[shard::WEB_SHARDS]
        captures = [_capture(page) for page in pages[shard::WEB_SHARDS]]
        for plant in own:  # among the others, not all at the end
            middle = len(captures) // 2
            captures[middle:middle] = plant.captures
        archive = Archive(name)
        archive.add_all(captures)
        files[f"web/{name}"] = archive.content()
        for plant in own:
            places = tuple(_web_place(archive, capture) for capture in plant.captures)
            yield Planted(plant.name, plant.fate, plant.reason, places)


def _web_place(archive: Archive, capture: Capture) -> Place:
    if capture.is_cut:  # all that is known of it is behind which sound record it stood: its request
        offset = archive.requests[capture.url]
        return Place("web", archive.name, offset, f"{hashlib.sha256(archive.content()).hexdigest()}@{offset}-")
    return Place("web", archive.name, archive.answers[capture.url], archive.record_ids[capture.url])


def _capture(page: Page, *, charset: str = "utf-8") -> Capture:
    return Capture(page.url, rendered(page).encode(charset), f"text/html; charset={charset}")


def _article(name: str, *, path: str | None = None, every: int = 0) -> Page:
    """A page of ours; with every `every`-th word replaced by another one, where that is not 0."""
    title, text = _title_and_text(TEXTS / "web" / f"{name}.md")
    language = {".de": "de", ".zh": "zh"}.get(Path(name).suffix, "en")
    text = reworded(text, every) if every else text
    path = path or f"/articles/{name.partition('.')[0]}"
    return Page(_HANDBOOK, path, title, tuple(text_blocks(text)), licence=LICENCE, language=language)


def reworded(text: str, every: int) -> str:
    """`text` with every `every`-th word replaced by "indeed", and white space as it was."""
    parts = re.split(r"(\s+)", text)
    for at in range(2 * (every - 1), len(parts), 2 * every):
        parts[at] = "indeed"
    return "".join(parts)


def _web_plants() -> Iterator[WebPlant]:
    article = _capture(_article("changing-formats"))
    twin = Capture(f"https://{_HANDBOOK}/print/changing-formats", article.body)
    yield WebPlant("exact_duplicate", "one_published", None, (article, twin))
    near = _capture(_article("first-crawl", path="/archive/first-crawl", every=100))
    yield WebPlant("near_duplicate", "one_published", None, (_capture(_article("first-crawl")), near))
    far = _capture(_article("running-a-mirror", path="/archive/running-a-mirror", every=14))
    yield WebPlant("half_alike", "published", None, (_capture(_article("running-a-mirror")), far))
    latin = _capture(_article("cafe-corpus"), charset="iso-8859-1")
    yield WebPlant("latin_1", "published", None, (latin,))
    chinese = rendered(_article("corpus.zh")).replace("<head>", '<head>\n<meta charset="gb18030">').encode("gb18030")
    undeclared = Capture(f"https://{_HANDBOOK}/articles/corpus", chinese, "text/html")
    yield WebPlant("gb18030", "dropped", "language:not_english", (undeclared,))
    yield WebPlant("other_language", "dropped", "language:not_english", (_capture(_article("datenblatt.de")),))
    cut = Capture(f"https://{_HANDBOOK}/cut", article.body, is_cut=True)
    yield WebPlant("broken_record", "dropped", "commoncrawl:broken_archive", (cut,))
    script = (
        "<!DOCTYPE html><html><head><title>App</title><script>start()</script></head><body><div id=app></div></body>"
    )
    no_text = Capture(f"https://{_HANDBOOK}/app", script.encode())
    yield WebPlant("no_text", "dropped", "commoncrawl:no_text", (no_text,))
    only_frame = _capture(Page(_HANDBOOK, "/empty", "", ()))
    # of a page of links no text is main text: what little is taken is in no language
    yield WebPlant("only_navigation", "dropped", "language:not_english", (only_frame,))
    yield from _no_documents(article)


def _no_documents(article: Capture) -> Iterator[WebPlant]:
    missing = Capture(f"https://{_HANDBOOK}/gone", b"<html><body>Not here.</body></html>", status="404 Not Found")
    yield WebPlant("not_found", "not_a_document", "commoncrawl:status_4xx", (missing,))
    image = Capture(f"https://{_HANDBOOK}/logo.png", _grey_png(64), "image/png")
    yield WebPlant("image", "not_a_document", "commoncrawl:media_type_image", (image,))
    again = Capture(f"{article.url}?again", article.body, is_revisit=True)
    yield WebPlant("revisit", "not_a_document", "commoncrawl:revisit", (again,))


def _grey_png(side: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    header = side.to_bytes(4) * 2 + bytes([8, 0, 0, 0, 0])  # 8 bits of grey, not interlaced
    rows = zlib.compress((b"\0" + b"\x80" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _docs(files: dict[str, bytes]) -> Iterator[Planted]:
    for folder in ("handbook", "notes"):
        for path in sorted((TEXTS / folder).iterdir()):
            files[f"docs/{folder}/{path.name}"] = path.read_bytes()
    files["docs/notes/scan.txt"] = _grey_png(64)
    plain = [name.removeprefix("docs/") for name in files if name.startswith("docs/")]
    foreign = [name for name in plain if Path(name).stem.endswith((".de", ".fr"))]
    own = [name for name in plain if name not in [*foreign, "notes/scan.txt"]]
    yield _planted("own_files", "published", None, own)
    yield _planted("other_language_files", "dropped", "language:not_english", foreign)
    yield _planted("binary_file", "dropped", "text:binary", ["notes/scan.txt"])
    yield from _json_lines(files)
    yield from _table(files)


def _planted(name: str, fate: str, reason: str | None, paths: Sequence[str]) -> Planted:
    return Planted(name, fate, reason, tuple(Place("docs", path, 0, path) for path in paths))


def _json_lines(files: dict[str, bytes]) -> Iterator[Planted]:
    rows = _rows("articles")
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    broken = len(lines) // 2
    lines.insert(broken, lines[0][:100])
    name = "articles.jsonl.zst"
    content = zstandard.ZstdCompressor(level=3).compress("".join(line + "\n" for line in lines).encode())
    files[f"docs/{name}"] = content
    by_row = f"{hashlib.sha256(content).hexdigest()}#{broken}"
    yield Planted("bad_json", "dropped", "text:bad_json", (Place("docs", name, broken, by_row),))
    kept = [Place("docs", name, at + (at >= broken), str(row["id"])) for at, row in enumerate(rows)]
    yield Planted("own_lines", "published", None, tuple(kept))


def _table(files: dict[str, bytes]) -> Iterator[Planted]:
    own = _rows("recipes")
    blank = {"id": "recipes/blank", "title": "Blank", "text": " \n"}
    missing: dict[str, str | None] = {"id": "recipes/missing", "title": "Missing", "text": None}
    names = ("id", "title", "date", "label", "licence", "text")
    schema = pa.schema([(name, pa.string()) for name in names])
    sink = io.BytesIO()
    rows: list[Mapping[str, str | None]] = [*own, blank, missing]
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema), sink, compression="zstd")
    name = "recipes.parquet"
    files[f"docs/{name}"] = sink.getvalue()
    places = [Place("docs", name, at, str(row["id"])) for at, row in enumerate(rows)]
    yield Planted("own_rows", "published", None, tuple(places[:-2]))
    yield Planted("empty_text", "dropped", "text:empty", (places[-2],))
    yield Planted("null_text", "dropped", "text:no_text_field", (places[-1],))


def _rows(folder: str) -> list[dict[str, str]]:
    rows = []
    for path in sorted((TEXTS / folder).iterdir()):
        title, text = _title_and_text(path)
        key = f"{folder}/{path.stem}"
        rows.append({"id": key, "title": title, "date": DATE, "label": folder, "licence": LICENCE, "text": text})
    return rows


def _title_and_text(path: Path) -> tuple[str, str]:
    heading, _, text = path.read_text(encoding="utf-8").partition("\n")
    return heading.removeprefix("# "), text.strip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the demo's raw shards.")
    parser.add_argument("folder", type=Path, help="where to; made if it is not there")
    write_demo_shards(parser.parse_args().folder)
