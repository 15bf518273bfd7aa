"""Bits per byte of texts under a model: what a mixture is judged by, comparable whatever the tokeniser.

A text is scored behind a context, in windows that slide by half a window: each of its tokens is scored once and sees
the whole of what comes before, or at least as many tokens as a window has beyond its slide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from proxy_models.model.decoder import Decoder
from proxy_models.model.numerics import ROWS
from proxy_models.tokens.documents import Documents

BATCH_TOKENS: Final = 4096  # of windows that a member scores at once; no result depends on it
LEAST_TEXTS: Final = 8  # of a domain that has text for more: its loss is then no single document's, and has an error
LOGITS: Final = 2**28  # of all members at once, in float32: 1 GiB, and as much again for their logarithms


@dataclass(frozen=True)
class Text:
    """Tokens of which those from `first` on are scored, at least one, behind those before as context.

    tokens: (n,) int64. first: 1 to n - 1. bytes: size in UTF-8 of what the scored tokens stand for, at least 1.
    """

    tokens: npt.NDArray[np.int64]
    first: int
    bytes: int

    def __post_init__(self) -> None:
        assert 1 <= self.first < len(self.tokens)
        assert self.bytes >= 1


@dataclass(frozen=True)
class Window:
    """One pass of the model: it reads tokens[start : stop - 1] of a text and is scored on tokens[scored : stop]."""

    text: int
    start: int
    scored: int
    stop: int


@dataclass(frozen=True)
class Scores:
    """Bits and bytes of each text, in order: (texts,) float64 and int64."""

    bits: npt.NDArray[np.float64]
    bytes: npt.NDArray[np.int64]

    @property
    def bits_per_byte(self) -> float:
        """All bits over all bytes: the length of the whole as a code, so that long texts count for more."""
        return float(self.bits.sum() / self.bytes.sum())

    def standard_error(self) -> float | None:
        """Of `bits_per_byte` as a ratio of sums over a sample of texts.

        sqrt(n / (n - 1) * sum((bits - ratio * bytes)^2)) / sum(bytes), the linearised variance (Cochran, Sampling
        Techniques, 3rd edition, section 2.11, without the finite population). None with fewer than two texts.
        """
        residuals = self.bits - self.bits_per_byte * self.bytes
        n = len(residuals)
        if n < 2:
            return None
        return math.sqrt(n / (n - 1) * float((residuals**2).sum())) / float(self.bytes.sum())


def held_out_texts(domain: str, documents: Documents, *, domain_bytes: int) -> list[Text]:
    """The first documents of a domain, up to the one that reaches `domain_bytes` of text, each behind the end token.

    Documents stand in published order, a shuffle, so the first are a sample. Of one document no more is scored than
    1 / LEAST_TEXTS of `domain_bytes`: a longer one is cut at the last token within it (its first token stays), or a
    single book would be the domain and have no error. A document's own end token is scored, too, at no bytes: the whole
    is then a code that can be read back. Documents without text are passed over. Raises ValueError where no text is
    left, or one must be cut and `documents` do not say what its tokens stand for.
    """
    texts: list[Text] = []
    end = documents.tokens[-1:].astype(np.int64)
    most, taken = max(1, domain_bytes // LEAST_TEXTS), 0
    for index in range(len(documents)):
        if taken >= domain_bytes:
            break
        size, start = int(documents.bytes[index]), documents.starts[index]
        stop = documents.starts[index + 1]
        if size > most:
            if documents.token_bytes is None:
                raise ValueError(
                    f"a held-out document of {domain} has {size:,} bytes, of which {most:,} are scored: its Documents "
                    "need token_bytes to be cut by"
                )
            ahead = np.asarray(documents.tokens[start : min(stop, start + most + 1)], np.int64)  # no token is empty
            sizes = documents.token_bytes[ahead].cumsum()
            count = max(1, int(np.searchsorted(sizes, most, side="right")))
            stop, size = start + count, int(sizes[count - 1])
        if size and stop > start:
            tokens = np.asarray(documents.tokens[start:stop], np.int64)
            texts.append(Text(np.concatenate((end, tokens)), 1, size))
            taken += size
    if not texts:
        raise ValueError(f"no held-out document of {domain} has any text; leave it out of what is scored")
    return texts


def windows(texts: Iterable[Text], positions: int) -> Iterator[Window]:
    """How texts are cut for a model of that many positions, at least 2; the first window is full before any slides."""
    slide = positions // 2
    for index, text in enumerate(texts):
        scored, n = text.first, len(text.tokens)
        while scored < n:
            stop = min(n, max(scored + slide, positions + 1 if scored == text.first else 0))
            yield Window(index, max(0, stop - 1 - positions), scored, stop)
            scored = stop


@torch.no_grad()
def score(model: Decoder, texts: Sequence[Text], *, batch_tokens: int = BATCH_TOKENS) -> list[Scores]:
    """The bits of each text under each member: minus the sum of log2 of what it gives each token scored.

    The model runs in its weights' float32 on any device, also where it was trained in less; sums are float64.
    """
    plain, device = model.plain(), model.embedding.device
    bits = np.zeros((model.members, len(texts)))
    rows_most = max(1, ROWS // model.members)
    for batch in _batches(sorted(windows(texts, model.config.sequence), key=_length), batch_tokens, rows_most):
        longest = _length(batch[-1])
        inputs = np.zeros((len(batch), longest), np.int64)  # what fills a row stands behind what is read: causality
        rows, columns, targets = [], [], []
        for row, window in enumerate(batch):
            tokens = texts[window.text].tokens
            inputs[row, : _length(window)] = tokens[window.start : window.stop - 1]
            targets.append(tokens[window.scored : window.stop])
            columns.append(np.arange(window.scored, window.stop) - 1 - window.start)
            rows.append(np.full(window.stop - window.scored, row))
        row_of, column_of, target = (
            torch.from_numpy(np.concatenate(one)).to(device) for one in (rows, columns, targets)
        )
        hidden = plain.hidden(torch.from_numpy(inputs).to(device).expand(model.members, -1, -1))
        most = max(1, LOGITS // (model.members * model.config.vocabulary))
        parts = [slice(start, start + most) for start in range(0, len(target), most)]
        nats = torch.cat(
            [_nats(plain.logits(hidden[:, row_of[part], column_of[part]]), target[part]) for part in parts], dim=1
        )
        of_text = np.array([window.text for window in batch])[np.concatenate(rows)]
        np.add.at(bits.T, of_text, nats.T.cpu().numpy().astype(np.float64) / math.log(2))
    sizes = np.array([text.bytes for text in texts], np.int64)
    return [Scores(one, sizes) for one in bits]


def _nats(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(members, n) what the targets (n,) cost under `logits` (members, n, V)."""
    return logits.logsumexp(-1) - logits.gather(-1, target.expand(len(logits), -1)[..., None])[..., 0]


def _length(window: Window) -> int:
    return window.stop - 1 - window.start


def _batches(ordered: Sequence[Window], tokens: int, rows: int) -> Iterator[Sequence[Window]]:
    """Runs of windows, shortest first, of at most so many tokens with what fills them, and so many rows; or of one."""
    start = 0
    for index, window in enumerate(ordered):
        count = index + 1 - start
        if count > rows or (count > 1 and count * _length(window) > tokens):
            yield ordered[start:index]
            start = index
    if ordered:
        yield ordered[start:]
