"""Tokens of the reference experiment in one file, to be carried to a GPU: train, select and final of each domain."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline import storage
from proxy_models.tokens.documents import Documents

FILE: Final = "prepared.npz"
MOST_BYTES: Final = 45 * 2**20  # what can be carried to a machine that is lent
SPLITS: Final = ("train", "select", "final")
PARTS: Final = ("tokens", "starts", "bytes")


@dataclass(frozen=True)
class Prepared:
    """Documents by domain of each split; the size of the vocabulary; sha256 of the file."""

    train: Mapping[str, Documents]
    select: Mapping[str, Documents]
    final: Mapping[str, Documents]
    vocabulary: int
    sha256: str

    @property
    def natural(self) -> dict[str, int]:
        """Tokens to train on, by domain in sorted order."""
        return {name: len(self.train[name].tokens) for name in sorted(self.train)}

    @staticmethod
    def read(folder: Path) -> Prepared:
        """Raises ValueError where the file is missing, or is not one that `write` left whole."""
        path = folder / FILE
        again = f"python -m proxy_models.reference prepare --tokens ... --into {folder}"
        if not path.exists():
            raise ValueError(f"{path} is missing: {again}")
        wrong = (
            f"{path} is no prepared file of this version, or not all of one; carry it over again, or make it: {again}"
        )
        if not zipfile.is_zipfile(path):  # numpy would take it for a pickle
            raise ValueError(wrong)
        try:
            with np.load(path, allow_pickle=False) as held:
                about = json.loads(str(held["about"]))
                sizes = held["token_bytes"]
                splits = {
                    split: {
                        name: Documents(**{part: held[f"{split}/{name}/{part}"] for part in PARTS}, token_bytes=sizes)
                        for name in about["domains"]
                    }
                    for split in SPLITS
                }
        except (zipfile.BadZipFile, KeyError) as error:
            raise ValueError(wrong) from error
        return Prepared(**splits, vocabulary=about["vocabulary"], sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def write(
    splits: Mapping[str, Mapping[str, Documents]],
    token_bytes: npt.NDArray[np.int64],
    source: str,
    folder: Path,
) -> Path:
    """The file. token_bytes: (vocabulary,), what each token stands for.

    Raises ValueError for a vocabulary beyond two bytes a token, and for more than can be carried.
    """
    vocabulary = len(token_bytes)
    if vocabulary > 2**16:
        raise ValueError(f"a vocabulary of {vocabulary:,} needs more than two bytes a token")
    arrays: dict[str, Any] = {"token_bytes": token_bytes}
    for split in SPLITS:
        for name, of in splits[split].items():
            tokens = np.asarray(of.tokens).astype(np.uint16)
            arrays |= {f"{split}/{name}/tokens": tokens, f"{split}/{name}/starts": of.starts}
            arrays[f"{split}/{name}/bytes"] = of.bytes
    size = sum(one.nbytes for one in arrays.values())
    if size > MOST_BYTES:
        raise ValueError(f"{size / 2**20:.0f} MiB of tokens are more than {MOST_BYTES / 2**20:.0f}: take --most-tokens")
    about = {"domains": sorted(splits["train"]), "vocabulary": vocabulary, "source": source}
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{FILE}"
    with draft.open("wb") as stream:
        np.savez(stream, about=np.array(json.dumps(about, sort_keys=True)), **arrays)
    storage.replace(str(folder / FILE), draft.read_bytes())
    draft.unlink()
    return folder / FILE


def first(of: Documents, tokens: int) -> Documents:
    """The first whole documents of at least `tokens` tokens, or all: documents are in a global shuffle."""
    count = min(int(np.searchsorted(of.starts, tokens)), len(of))
    return Documents(of.tokens[: of.starts[count]], of.starts[: count + 1], of.bytes[:count])
