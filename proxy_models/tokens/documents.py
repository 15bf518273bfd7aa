"""Tokenised documents in memory or on disk: what is trained on and what a loss is measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Documents:
    """Documents one after another, each ended by the end-of-text token.

    tokens: (n,) of an unsigned type, possibly memory-mapped. starts: (documents + 1,) int64, where each begins; the
    last is n. bytes: (documents,) int64, size of each text in UTF-8: what bits per byte are counted by. token_bytes:
    (vocabulary,) int64, what each token stands for, by which a held-out document is cut; None where none is to be.
    """

    tokens: npt.NDArray[np.unsignedinteger]
    starts: npt.NDArray[np.int64]
    bytes: npt.NDArray[np.int64]
    token_bytes: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.bytes)
