"""What people answered: rows of ANSWER, a Parquet file a session, each answer durable before the next is asked.

    review/answers/<who>.<about>.<session>.parquet

Rows are only ever appended, and none holds a text. What counts is a person's last word on a document and its text:
`withdrawn` takes the word before it back. A session writes its own file alone, so that people, and a person in two
windows, do not overwrite one another.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from classifiers.models.trained_on import key_of
from pipeline import storage
from pipeline.schema import field
from pipeline.trouble import ConfigError

FOLDER: Final = "review/answers"
KEEP, DROP, UNSURE, WITHDRAWN = "keep", "drop", "unsure", "withdrawn"
ANSWERS: Final = (KEEP, DROP, UNSURE)
NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
MAX_SECONDS: Final = 86_400

ANSWER = pa.schema(
    [
        field("doc_id", pa.string(), "the document", nullable=False),
        field("fingerprint", pa.string(), "128 bits of BLAKE2b of the text that was shown, in hex", nullable=False),
        field("source", pa.string(), "its source", nullable=False),
        field("about", pa.string(), "quality | licence | contamination | machine_written", nullable=False),
        field("answer", pa.string(), "keep | drop | unsure | withdrawn (the one before)", nullable=False),
        field("who", pa.string(), "the name that the person gave", nullable=False),
        field("when", pa.timestamp("us", "UTC"), "when it was answered", nullable=False),
        field("seconds", pa.int32(), "how long it was looked at", unit="s", nullable=False),
        field(
            "pipeline", pa.string(), "keep | drop: on which side of the boundary the pipeline had it", nullable=False
        ),
        field("reason", pa.string(), "its fate in that run: kept, or the rule that dropped it", nullable=False),
        field("boundary", pa.string(), "the rule or the conflict that it was shown for", nullable=False),
        field(
            "distance", pa.int32(), "how far it was from there, see docs/how-to/review.md", unit="1e-4", nullable=False
        ),
        field("run", pa.string(), "recipe of the run", nullable=False),
        field("blind", pa.bool_(), "whether the pipeline's verdict was hidden until the answer", nullable=False),
    ]
)
_SEEN = pa.schema(list(ANSWER)[:-1])
"""Files of before there was `blind`: the verdict was seen."""


@dataclass(frozen=True)
class Answer:
    """A row of ANSWER."""

    doc_id: str
    fingerprint: str
    source: str
    about: str
    answer: str
    who: str
    when: datetime
    seconds: int
    pipeline: str
    reason: str
    boundary: str
    distance: int
    run: str
    blind: bool = False


def fingerprint(text: str) -> str:
    """By which a text is known again: what the classifiers call its key, in hex."""
    return key_of(text.encode()).hex()


def files(data: str) -> list[str]:
    """The names of all answer files, relative to the run's folder."""
    return [f"{FOLDER}/{name}" for name in storage.list_names(storage.join(data, FOLDER)) if name.endswith(".parquet")]


def read(data: str) -> list[Answer]:
    """Every row, in the order of time. ConfigError names a file that holds anything else."""
    found = [answer for name in files(data) for answer in _read(data, name)]
    return sorted(found, key=lambda answer: (answer.when, answer.who, answer.doc_id))


def _read(data: str, name: str) -> Iterator[Answer]:
    path = storage.join(data, name)
    mend = "nothing was read; move that file away to go on without its answers"
    content = storage.read_bytes(path)
    try:
        # in this thread alone: one of Arrow's that lets go of a Python buffer while the command ends would abort it
        table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    except (pa.ArrowException, OSError) as error:  # OSError: what Arrow says of pages that are damaged
        raise ConfigError(f"{path}: not Parquet, or damaged ({error}); {mend}") from error
    if table.schema.names == _SEEN.names and table.schema.types == _SEEN.types:
        table = table.append_column(ANSWER.field("blind"), pa.array([False] * table.num_rows, pa.bool_()))
    if table.schema.names != ANSWER.names or table.schema.types != ANSWER.types:
        raise ConfigError(f"{path}: its columns are not those of answers; {mend}")
    rows = table.to_pylist()
    for number, row in enumerate(rows):
        if None in row.values() or row["answer"] not in (*ANSWERS, WITHDRAWN) or row["pipeline"] not in (KEEP, DROP):
            raise ConfigError(f"{path}: row {number} is no answer; {mend}")
        yield Answer(**row)


def standing(answers: Iterable[Answer]) -> list[Answer]:
    """Of each person, subject and text the last word, given in the order of time; none where it was withdrawn."""
    last: dict[tuple[str, str, str, str], Answer] = {}
    for answer in answers:
        key = (answer.who, answer.about, answer.doc_id, answer.fingerprint)
        last.pop(key, None)  # so that the order is that of the last words
        last[key] = answer
    return [answer for answer in last.values() if answer.answer != WITHDRAWN]


class Session:
    """A person's answers of one sitting: `add` returns when the answer is on disk."""

    def __init__(self, data: str, who: str, about: str) -> None:
        """Takes the next free name; ConfigError for a `who` that is no name."""
        if not NAME.fullmatch(who):
            raise ConfigError(
                f"--as {who or '(nobody)'}: letters without accents, digits, _ and -, at most 64; initials will do"
            )
        number = 1
        while not storage.put_if_absent(storage.join(data, self._named(who, about, number)), _file([])):
            number += 1
        self.data, self.name = data, self._named(who, about, number)

    @staticmethod
    def _named(who: str, about: str, number: int) -> str:
        return f"{FOLDER}/{who}.{about}.{number:04}.parquet"

    def rows(self) -> list[Answer]:
        """What the file holds: a purge may have taken rows out, or the file."""
        return list(_read(self.data, self.name)) if storage.exists(storage.join(self.data, self.name)) else []

    def add(self, answer: Answer) -> None:
        """Append. Times ascend, whatever the clock does."""
        rows = self.rows()
        if rows and answer.when <= rows[-1].when:
            answer = replace(answer, when=rows[-1].when + timedelta(microseconds=1))
        storage.replace(storage.join(self.data, self.name), _file([*rows, answer]))

    def close(self) -> None:
        """Remove the file of a session without an answer."""
        if not self.rows():
            storage.remove(storage.join(self.data, self.name))


def now() -> datetime:
    """The time, as ANSWER has it."""
    return datetime.now(UTC)


def _file(rows: Iterable[Answer]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows], ANSWER), sink, compression="zstd")
    return sink.getvalue()


def held(data: str, ids: frozenset[str]) -> list[tuple[str, int]]:
    """The answer files that speak of these documents, and in how many rows."""
    counts = [(name, sum(answer.doc_id in ids for answer in _read(data, name))) for name in files(data)]
    return [(name, count) for name, count in counts if count]


def forget(data: str, ids: Iterable[str]) -> list[str]:
    """Remove every row of these documents; the names of the files that had one."""
    wanted = frozenset(ids)
    changed = []
    for name in files(data) if wanted else ():
        rows = list(_read(data, name))
        left = [row for row in rows if row.doc_id not in wanted]
        if len(left) == len(rows):
            continue
        path = storage.join(data, name)
        if left:
            storage.replace(path, _file(left))
        else:
            storage.remove(path)
        changed.append(name)
    return changed
