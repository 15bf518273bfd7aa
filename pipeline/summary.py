"""What a person sees in the terminal: the plan, the explanation, the result, the status, one document's trace."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import funnel, journal, ledger, plan, reports, side_by_side, storage
from pipeline.config import SOURCES
from pipeline.extraction import html
from pipeline.raw_record import raw_record
from pipeline.rooms import COUNTED, EXTRACTED, PUBLISHED, Current
from pipeline.runner import Failures
from pipeline.sources.pdf import Pdf
from pipeline.sources.source import InputFile, NotADocument, Piece, Row, Source
from pipeline.survey import Prepared, is_done
from pipeline.trouble import ConfigError

REASONS_SHOWN = 8
TRACEBACKS_SHOWN = 5


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


# --- before a run -----------------------------------------------------------------------------------------------------


def plan_table(prepared: Prepared) -> RenderableType:
    """Shards, bytes, estimated time and disk by source, before anything starts."""
    table = Table(title=f"Plan of {prepared.config.run} in {prepared.order.data}")
    for name in ("source", "files", "shards", "of them done", "bytes to read", "CPU time", "disk"):
        table.add_column(name, justify="left" if name == "source" else "right")
    rates = _rates(prepared.order.data)
    cpu_s = disk = 0.0
    for name, source in prepared.config.sources.items():
        mine = [s for s in prepared.standings if s.shard.source == name]
        todo = sum(s.shard.bytes for s in mine if s.next_room is not None)
        seconds = todo / 1e6 * rates.get(name, source.reader.cpu_s_per_mb)
        needed = todo * source.reader.disk_per_byte
        files = sum(known.input.source == name for known in prepared.inputs)
        done = sum(s.next_room is None for s in mine)
        table.add_row(name, str(files), str(len(mine)), str(done), _size(todo), _duration(seconds), _size(needed))
        cpu_s, disk = cpu_s + seconds, disk + needed
    workers = max(1, prepared.order.workers)
    basis = "the rates of earlier runs here" if rates else "rates measured on another machine"
    return Group(
        table,
        f"about {_duration(cpu_s / workers)} on {workers} workers and {_size(disk)} of disk, by {basis}; "
        "nothing has been started",
    )


def _rates(data: str) -> dict[str, float]:
    """CPU seconds a MB of raw file, by source, as the journal of this folder knows them."""
    return {name: cpu_s / (size / 1e6) for name, (cpu_s, size) in journal.by_source(data).items() if size}


def explanation(prepared: Prepared) -> RenderableType:
    """What would be done and which part of the recipe asks for it, alike shards in one line."""
    groups: dict[tuple[str, str, str], list[plan.Standing]] = {}
    for standing in prepared.standings:
        groups.setdefault((standing.shard.source, standing.next_room or "", standing.why), []).append(standing)
    table = Table(title="What would be done, and why")
    for name in ("source", "shards", "from room", "why"):
        table.add_column(name, justify="right" if name == "shards" else "left")
    for (source, room, why), found in sorted(groups.items()):
        table.add_row(source, str(len(found)), room or "nothing", escape(why))
    if is_done(prepared):
        return Group(table, "rooms 31 and 40: nothing to do; the published version has this recipe")
    if any(standing.next_room for standing in prepared.standings):
        return Group(table, "rooms 31 and 40 follow, where what they read turns out to have changed")
    return Group(
        table, "rooms 31 and 40 follow: nothing finished here has these dedup, audit, publish settings and code"
    )


def nothing_to_do() -> str:
    """The run is finished already."""
    return "Nothing to do: this run is finished, and neither inputs nor config have changed."


# --- after a run ------------------------------------------------------------------------------------------------------


def result(data: str) -> RenderableType:
    """Per source: records and bytes in, published, CPU time and rate; what went for which reason; what to look at."""
    rows = funnel.funnel_rows(funnel.versions(data))
    table = Table(title="The run in one table")
    for name in ("source", "records in", "bytes in", "published", "share", "text out", "CPU", "MB/CPU s"):
        table.add_column(name, justify="left" if name == "source" else "right", no_wrap=True)
    gone = Table(title="Gone, by reason")
    for name in ("source", "reason", "records", "share"):
        gone.add_column(name, justify="left" if name in ("source", "reason") else "right", no_wrap=True)
    cpu = journal.by_source(data)
    for source in sorted({row["source"] for row in rows}):
        mine = [row for row in rows if row["source"] == source]
        first = [row for row in mine if row["room"] == EXTRACTED]
        last = [row for row in mine if row["room"] == PUBLISHED]
        records, size = sum(r["docs_in"] for r in first), sum(r["raw_bytes"] for r in first)
        kept, text = sum(r["docs_in"] for r in last), sum(r["text_bytes"] for r in last)
        seconds, _ = cpu.get(source, (0.0, 0))
        rate = f"{size / 1e6 / seconds:.1f}" if seconds else "-"
        share = f"{kept / records:.1%}" if records else "-"
        table.add_row(source, f"{records:,}", _size(size), f"{kept:,}", share, _size(text), _duration(seconds), rate)
        for name, count in _reasons(mine):
            gone.add_row(source, escape(name), f"{count:,}", f"{count / records:.1%}")
            source = ""  # noqa: PLW2901 - said once
        gone.add_section()
    return Group(table, gone)


def _reasons(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """The commonest reasons, the rest in one line."""
    gone = sorted((r for r in rows if r["outcome"] != "kept"), key=lambda r: (-r["docs_in"], r["reason"]))
    rest = gone[REASONS_SHOWN:]
    named = [(r["reason"], r["docs_in"]) for r in gone[:REASONS_SHOWN]]
    return [*named, (f"{len(rest)} other reasons", sum(r["docs_in"] for r in rest))] if rest else named


def where(data: str) -> str:
    """Where the results lie and what to ask of them; lines to copy."""
    ask = f"python -m pipeline query --data {shlex.quote(data)}"
    return (
        f"\nfunnel report   {storage.join(data, reports.FUNNEL_PAGE)}\n"
        f"Parquet         {storage.join(data, PUBLISHED)}/  (its README.md is the dataset card)\n"
        f"DuckDB          {storage.join(data, reports.DATABASE)}\n"
        f'ask next        {ask} "select reason, sum(docs_in) as n from funnel group by 1 order by n desc"\n'
        f'                {ask} "select reason, url, text[:80] from audit order by hash(doc_id) limit 20"'
    )


def funnel_table(data: str) -> RenderableType:
    """The whole funnel: a row a room, source and reason."""
    table = Table(title=f"Funnel of {data}")
    for name in ("room", "source", "reason", "documents", "raw bytes", "text bytes"):
        table.add_column(name, justify="left" if name in ("room", "source", "reason") else "right")
    before = ("", "")
    for row in funnel.funnel_rows(funnel.versions(data)):
        here = (row["room"], row["source"])
        room, source = here if here != before else ("", "")
        style = "bold" if row["outcome"] == "kept" else ""
        table.add_row(
            room,
            source,
            escape(row["reason"]),
            f"{row['docs_in']:,}",
            _size(row["raw_bytes"]),
            _size(row["text_bytes"]),
            style=style,
        )
        before = here
    return table


def failures(error: Failures) -> str:
    """What failed, with tracebacks of bugs, and what to do next."""
    lines = []
    for failure in error.failures[:TRACEBACKS_SHOWN]:
        lines.append(f"[bold red]{failure.kind}[/] in {escape(failure.name)}: {escape(failure.error)}")
        if failure.kind == "bug":
            lines.append(escape(failure.traceback))
    if len(error.failures) > TRACEBACKS_SHOWN:
        lines.append(
            f"... and {len(error.failures) - TRACEBACKS_SHOWN} more, all in the run's journal/ and failed/ folders"
        )
    bugs = sum(f.kind == "bug" for f in error.failures)
    lines.append(f"{len(error.failures)} shards failed ({bugs} with a bug); all others are finished and kept.")
    if bugs and not error.remembered:
        lines.append("A bug repeats itself: mend it, then give the same command again.")
    elif bugs:
        lines.append(
            "A bug repeats itself, so these shards are skipped until --retry-failed: mend it, then give that flag."
        )
    else:
        lines.append("Give the same command again to resume.")
    return "\n".join(lines)


# --- at any time ------------------------------------------------------------------------------------------------------


def status(data: str) -> RenderableType:
    """How far the latest run is, by its journal; alive, finished, failed or dead."""
    known = journal.runs(data)
    if not known:
        raise FileNotFoundError(f"{data}: no run has left a journal here; is --data the folder of a run?")
    events = list(journal.events(data, known[-1]))
    last, started = events[-1], events[0]
    age = time.time() - last["at"]
    done = sum(event["event"] == "done" for event in events)
    beats = [event for event in events if event["event"] == "beat" and "step" in event]
    if last["event"] == "finished":
        state = f"finished {_duration(age)} ago, after {_duration(last['at'] - started['at'])}"
    elif last["event"] == "failed":
        state = f"failed {_duration(age)} ago: {escape(str(last.get('error', '')))}"
    elif age < journal.DEAD_AFTER_S:
        state = f"running for {_duration(time.time() - started['at'])}"
    else:
        state = f"dead: silent for {_duration(age)}; give the same `run` command again to resume"
    lines = [f"run {known[-1]}: {state}", f"{done} tasks finished in this run; config {started.get('config', '?')}"]
    if beats and last["event"] not in ("finished", "failed"):
        beat = beats[-1]
        share = beat["bytes"] / beat["bytes_total"] if beat.get("bytes_total") else 0
        began = next(event["at"] for event in events if event.get("step") == beat["step"])
        left = (beat["at"] - began) * (1 - share) / share if share else 0
        lines.append(
            f"step {beat['step']}: {beat['done']} of {beat['total']}, {share:.0%}, about {_duration(left)} left in it"
        )
    lines.append(_published(Current.read(data)))
    return "\n".join(lines)


def _published(current: Current | None) -> str:
    if current is None or PUBLISHED not in current.rooms:
        return "published: none yet"
    of = "" if current.sample >= 1 else f", a sample of {current.sample:.3g}"
    left = "" if current.finished else "; its reports are not written: give the same `run` command again"
    return f"published: version {current.run[:12]}{of}, queryable meanwhile{left}"


def trace(data: str, doc_id: str) -> RenderableType:
    """One document in every room that knows it. Raises ConfigError for what is no doc_id or is not in the run."""
    if not doc_id or set(doc_id) - set("0123456789abcdef") or len(doc_id) > 32:
        raise ConfigError(f"{doc_id}: a doc_id is up to 32 lower-case hex digits")
    tables: list[RenderableType] = []
    read_again: set[str] = set()
    rooms = funnel.versions(data)
    with funnel.connect(data, rooms=rooms) as connection:
        for view in ("dropped", "duplicates", "documents", "audit"):
            found = connection.execute(f"select * from {view} where starts_with(doc_id, ?) limit 20", [doc_id])
            names = [column[0] for column in found.description or ()]
            for row in found.fetchall():
                table = Table(title=view, show_header=False)
                for name, value in zip(names, row, strict=True):
                    if value is not None:
                        text = str(value)
                        table.add_row(name, escape(text if len(text) < 2000 else text[:2000] + " ..."))
                tables.append(table)
                member = dict(zip(names, row, strict=True))
                if member.get("raw_offset") is not None and member["doc_id"] not in read_again:
                    read_again.add(member["doc_id"])
                    tables += _raw(data, member)
                if view == "duplicates" and member["reason"] is not None:
                    pair = side_by_side.pair_of(data, rooms, connection, member)
                    tables += [side_by_side.shown(pair)] if pair else []
    if not tables:
        raise ConfigError(
            f"{doc_id}: no such document among published, dropped and audited ones; {', '.join(COUNTED)} were asked"
        )
    return Group(*tables)


def _raw(data: str, member: dict[str, Any]) -> list[RenderableType]:
    """The raw record of a document, read again; nothing where its file or the config has moved."""
    found = raw_record(data, *(member[name] for name in ("source", "raw_path", "raw_offset", "raw_bytes", "doc_id")))
    if found is None:
        return []
    table = Table(title="raw record, read again", show_header=False)
    verified = "its record id gives this doc_id" if found.verified else "no id in it"
    for name, value in (
        ("file", found.path),
        ("offset", f"{found.offset:,}"),
        ("bytes", f"{found.bytes:,}"),
        ("sha256", found.sha256),
        ("identity", verified),
        ("begins", found.beginning),
    ):
        table.add_row(name, escape(value))
    return [table]


OUTCOMES = {Row: "kept", NotADocument: "not_a_document", **ledger.OUTCOMES}


def extracted(file: str, kind: str | None = None, ocr: str | None = None) -> Iterator[dict[str, Any]]:
    """What a source makes of one file: every record and its outcome; of an HTML page what extraction finds.

    `ocr` of PDFs: never, auto or always; auto where it is None. Without a kind the source is told by the file's name.
    Raises ConfigError where it cannot be.
    """
    if not storage.exists(file):
        raise ConfigError(f"{file}: no such file")
    if kind is None and file.lower().endswith((".html", ".htm", ".xhtml")):
        page = html.extract(storage.read_bytes(file), url=None, charset=None)
        yield {name: getattr(page, name) for name in page.__dataclass_fields__}
        return
    reader = _reader(file, kind)
    if isinstance(reader, Pdf):
        reader = Pdf.model_validate({"ocr": ocr or "auto"})
    elif ocr is not None:
        raise ConfigError(f"--ocr is for PDFs; {file} is read as {reader.kind}")
    size, _ = storage.size_and_tag(file)
    path = "/".join(file.split("/")[-2:])  # some sources tell a site by the folder
    piece = Piece(InputFile(path, size, storage.digest(file)))
    with storage.open_input(file) as stream:
        for outcome in reader.read(piece, stream):
            values = {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
            yield {"outcome": OUTCOMES[type(outcome)], **{k: v for k, v in values.items() if v is not None}}


def _reader(file: str, kind: str | None) -> Source:
    kinds: dict[str, Source] = {source().kind: source() for source in SOURCES}
    if kind is not None:
        if kind not in kinds:
            raise ConfigError(f"--kind {kind}: there are {', '.join(kinds)}")
        return kinds[kind]
    name = file.lower()
    fits = {
        k: max((len(s) for s in source.suffixes if s and name.endswith(s)), default=0) for k, source in kinds.items()
    }
    best = [k for k, length in fits.items() if length == max(fits.values()) > 0]
    if len(best) != 1:
        raise ConfigError(f"{file}: its name does not tell what it is; give --kind: {', '.join(best or kinds)}")
    return kinds[best[0]]
