"""From the published corpus to token files: split, a tokenizer trained on the training side, tokens domain by domain.

Three passes over the rows: lengths and addresses decide what is held out; a sample of what is not trains the tokenizer
(unless one is given); then every text is encoded and written as it comes. Memory is that of the split (36 bytes a
document), of the sample's distinct words and of one row group. A domain that is finished is not made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field
from tokenizers import Tokenizer

from pipeline import storage
from pipeline.progress.progress import Progress
from pipeline.rooms.recipe import hashed, libraries, recipe_of, schema_of
from pipeline.rooms.tables import WRITER, text_bytes
from proxy_models.tokens.corpus import Corpus
from proxy_models.tokens.heldout import Roll, Split, SplitSettings
from proxy_models.tokens.streams import INDEX_ROWS, DomainStreams
from proxy_models.tokens.tokenizer import SMALLEST_VOCABULARY, Encoder, end_of_text, from_json, train, vocabulary_of
from proxy_models.tokens.tokens import (
    INDEX,
    MANIFEST,
    TOKENIZER,
    Domain,
    DType,
    File,
    LeftOut,
    Manifest,
    TokenFiles,
    written,
)

ROOM = "50_tokens"
VERSION = 2  # raise it when this module, or what it calls, may write other bytes for the same recipe
RECIPE_DIGITS = 12

SAMPLED_BYTES = 100_000
"""Of one document, for training the tokenizer: no book or log file outweighs a thousand pages."""
UINT16_VOCABULARY = 65_535
STALE_DRAFT_S = 86_400.0
"""A draft that nobody has written to for a day is one of the dead: a domain's files are written to all the time."""


class TokenSettings(BaseModel):
    """How a corpus becomes tokens.

    tokenizer: path or URL of a tokenizer.json; None trains one of `vocabulary` tokens on `sample_bytes` of the training
    texts, as much of each domain where it has that much. end: the token that ends a document of a given tokenizer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokenizer: str | None = None
    end: str | None = None
    vocabulary: Annotated[int, Field(ge=SMALLEST_VOCABULARY)] = 8192
    """Small, because a proxy of a few million parameters would spend them on its embedding."""
    sample_bytes: Annotated[int, Field(ge=1)] = 100_000_000
    split: SplitSettings = SplitSettings()


@dataclass(frozen=True)
class Plan:
    """What is to be made, and where; `given` is the tokenizer.json, where the user has one."""

    corpus: Corpus
    settings: TokenSettings
    given: str | None
    parts: dict[str, Any]
    folder: Path

    @property
    def is_done(self) -> bool:
        """Whether a run has committed these tokens."""
        return (self.folder / MANIFEST).exists()


def plan(data: str, settings: TokenSettings, into: Path | None = None) -> Plan:
    """Look at the corpus of the run folder `data` and name the folder of its tokens, `into`/<recipe>.

    into: a local folder, because training maps the files into memory; DATA/50_tokens where `data` is local. Raises
    ValueError where nothing is published, where the tokenizer cannot be used, and for a URL without `into`.
    """
    if into is None and storage.is_remote(data):
        raise ValueError(f"{data} is remote, and training reads tokens from a local disk: name a folder with --into")
    corpus = Corpus.open(data)
    given = None
    if settings.tokenizer is not None:
        given = storage.read_bytes(settings.tokenizer).decode()
        end_of_text(from_json(given, settings.tokenizer), settings.end)
    elif settings.end is not None:
        raise ValueError("--end names a token of the tokenizer.json that --tokenizer gives; a trained one has its own")
    trained = {"vocabulary": settings.vocabulary, "sample": [settings.sample_bytes, SAMPLED_BYTES]}
    parts = {
        "published": corpus.published,
        "duplicates": corpus.duplicates,
        "tokenizer": trained if given is None else [hashed(given), settings.end],
        "split": settings.split.model_dump(),
        "version": [VERSION, WRITER, INDEX_ROWS, schema_of(INDEX)],
        "libraries": _libraries(),
    }
    return Plan(corpus, settings, given, parts, (into or Path(data, ROOM)) / recipe_of(parts)[0][:RECIPE_DIGITS])


def tokenise(data: str, settings: TokenSettings, into: Path | None = None) -> TokenFiles:
    """The token files of the corpus of a run folder: made, resumed, or as they are.

    Raises as `plan` does, and ValueError where every domain is too small to hold anything out.
    """
    order = plan(data, settings, into)
    if not order.is_done:
        _make(order)
    return TokenFiles.open(order.folder)


def _make(order: Plan) -> None:
    storage.sweep_drafts(str(order.folder), STALE_DRAFT_S)
    split = _split(order)
    kept = [name for name, facts in split.domains.items() if facts.left_out is None]
    if not kept:
        reasons = "; ".join(f"{name}: {facts.left_out}" for name, facts in split.domains.items())
        raise ValueError(f"every domain of {order.corpus.data} is too small ({reasons})")
    rows = _rows(order.corpus, split)
    tokenizer, file = _tokenizer(order, split, {name: rows[name] for name in kept})
    end = end_of_text(tokenizer, order.settings.end)
    vocabulary = vocabulary_of(tokenizer)
    dtype: DType = "uint16" if vocabulary <= UINT16_VOCABULARY else "uint32"
    domains = {}
    with Progress("tokenise", sum(order.corpus.bytes[name] for name in kept)) as progress:
        for name in kept:
            encoder, side = Encoder(tokenizer, end), split.side[rows[name]]
            streams = DomainStreams(order.corpus, order.folder, name, side, encoder, dtype, progress)
            domains[name] = Domain(**streams.made(), split=split.domains[name])
    manifest = _manifest(order, file, (vocabulary, end, dtype), domains, split)
    storage.put_if_absent(str(order.folder / MANIFEST), written(manifest))


def _manifest(
    order: Plan, tokenizer: File, ids: tuple[int, int, DType], domains: dict[str, Domain], split: Split
) -> Manifest:
    """The commit; ids: vocabulary, end of text, dtype of the streams."""
    recipe, parts = recipe_of(order.parts)
    return Manifest(
        recipe=recipe,
        parts=parts,
        settings=order.settings.model_dump(exclude={"tokenizer", "split"}) | order.settings.split.model_dump(),
        libraries=_libraries(),
        published=order.corpus.published,
        duplicates=order.corpus.duplicates,
        tokenizer=tokenizer,
        vocabulary=ids[0],
        end=ids[1],
        dtype=ids[2],
        domains=domains,
        left_out={
            name: LeftOut(reason=facts.left_out, split=facts)
            for name, facts in split.domains.items()
            if facts.left_out is not None
        },
    )


def _libraries() -> dict[str, str]:
    return libraries({"pyarrow", "publicsuffixlist", "tokenizers"})


# --- the split, and the tokenizer -------------------------------------------------------------------------------------


def _split(order: Plan) -> Split:
    corpus = order.corpus
    roll = Roll(corpus.shards, corpus.shared_clusters())
    with Progress("hold out", sum(corpus.bytes.values())) as progress:
        for domain in corpus.shards:
            for batch in corpus.batches(domain, ["doc_id", "url", "repository", "text"]):
                ids, urls, repositories = (batch.column(n).to_pylist() for n in ("doc_id", "url", "repository"))
                sizes = text_bytes(batch).to_pylist()
                roll.add(domain, ids, urls, repositories, sizes)
                progress.advance(sum(sizes))
    return roll.split(order.settings.split)


def _rows(corpus: Corpus, split: Split) -> dict[str, slice]:
    """Which documents of the split are each domain's, in published order."""
    ends = np.cumsum([corpus.documents[domain] for domain in corpus.shards]).tolist()
    assert ends[-1] == len(split.heldout), "the manifests count other rows than the files hold"
    return {domain: slice(end - corpus.documents[domain], end) for domain, end in zip(corpus.shards, ends, strict=True)}


def _tokenizer(order: Plan, split: Split, rows: dict[str, slice]) -> tuple[Tokenizer, File]:
    """The tokenizer as its file says it, given or trained on the domains in `rows`; then its file is in place."""
    path = order.folder / TOKENIZER
    if order.given is not None:
        text = order.given
    elif path.exists():  # of a run that was killed later: files appear whole
        text = path.read_text(encoding="utf-8")
    else:
        text = train(_sample(order, split, rows), order.settings.vocabulary).to_str(pretty=False)
    with storage.Draft(str(path)) as draft:
        draft.file.write(text.encode())
        entry = draft.publish()
    return from_json(text, str(path)), File(name=entry.name, bytes=entry.bytes, sha256=entry.sha256)


def _sample(order: Plan, split: Split, rows: dict[str, slice]) -> Iterator[str]:
    """Beginnings of training texts: as many bytes of each domain, where it has them.

    Published rows are in a global shuffle, so that the first of a domain are a sample of it.
    """
    sizes = np.where(split.heldout, 0, np.minimum(split.bytes, SAMPLED_BYTES))
    quotas = _quotas({name: int(sizes[mine].sum()) for name, mine in rows.items()}, order.settings.sample_bytes)
    with Progress("train the tokenizer", sum(quotas.values())) as progress:
        for name, mine in rows.items():
            left, row = quotas[name], mine.start
            for batch in order.corpus.batches(name, ["text"]):
                if not left:
                    break
                training = batch.filter(pa.array(~split.heldout[row : row + batch.num_rows]))
                row += batch.num_rows
                for value in training.column("text"):
                    raw = bytes(value.as_buffer()[: min(SAMPLED_BYTES, left)])
                    left -= len(raw)
                    progress.advance(len(raw))
                    if raw:
                        yield raw.decode("utf-8", "ignore")


def _quotas(sizes: dict[str, int], total: int) -> dict[str, int]:
    """`total` in equal parts; what a small domain does not fill goes to the larger ones."""
    quotas, left = {}, total
    for waiting, name in enumerate(sorted(sizes, key=lambda name: (sizes[name], name)), -len(sizes)):
        quotas[name] = min(sizes[name], left // -waiting)
        left -= quotas[name]
    return quotas
