"""Byte-level BPE: trained here or read from a tokenizer.json; text to tokens so that they say the text again.

What stands in a text is text: a document that contains `<|endoftext|>` letter by letter gets the tokens of these
letters, never the token that ends a document.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

Tokens = npt.NDArray[np.uint32]

END = "<|endoftext|>"
KNOWN_ENDS = (END, "<|end_of_text|>", "</s>", "<eos>", "[EOS]", "<|eos|>", "<｜end▁of▁sentence｜>")
"""Its names in tokenizer.json files in circulation: GPT-2 and Qwen, Llama 3, Llama 2, Gemma, others, DeepSeek."""

SMALLEST_VOCABULARY = 257  # every byte, and the end of a text
PIECE = 1 << 18
"""Characters that are encoded at once: 14 MB in one call took 2 GB, 150 bytes a character."""
GROUP = 1 << 20
"""Characters that are handed to the threads of the tokenizer together."""

PROBES = ("", " a", "a  b\t\n\n c ", "Ünï 漢字 العربية 🙂\u200d🧵 ½ﬁ", "\0\x1f\u2028\ufffd", "'s DON'T 12345 {}[]();")
"""What a tokenizer must give back unchanged, or it loses text and bits per byte count too little. All are in NFC, to
which Qwen's, for one, brings its texts: that much is let pass."""


def train(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """A byte-level BPE of at most `vocabulary` tokens (fewer where the texts have no more pairs that occur twice).

    Words are split as GPT-2 does; nothing is normalised and no space put in front. Token 0 is END. The result depends
    on the texts alone, not on their order or the number of threads.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    with _threads():
        tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def from_json(written: str, name: str) -> Tokenizer:
    """The tokenizer that `written` describes, set to read every text as text and whole; `name` is for the error.

    Raises ValueError where it is none, or where it does not give back what it is given.
    """
    try:
        tokenizer = Tokenizer.from_str(written)
    except Exception as error:
        if type(error) is not Exception:  # the library raises that very class for what is wrong with a file, no other
            raise
        raise ValueError(f"{name} is no tokenizer.json: {error}") from error
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for probe in PROBES:
        again = tokenizer.decode(tokenizer.encode(probe, add_special_tokens=False).ids, skip_special_tokens=False)
        if again != probe:
            raise ValueError(
                f"{name} loses text: {probe!r} comes back as {again!r}; give a byte-level tokenizer (GPT-2, Llama 3, "
                "Qwen), so that bits per byte count every byte"
            )
    return tokenizer


def end_of_text(tokenizer: Tokenizer, asked: str | None) -> int:
    """The id of the token that ends a document: `asked`, or the one known name that the tokenizer has.

    Raises ValueError where there is none or several, where it is not marked special, or where text could forge it.
    """
    special = {token.content: number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    found = [name for name in KNOWN_ENDS if name in special] if asked is None else [asked]
    if len(found) != 1 or found[0] not in special:
        what = (
            "no token is known to end a document"
            if not found
            else f"{' and '.join(found)}: one special token is needed"
        )
        raise ValueError(f"{what}; name it with --end. The tokenizer's special tokens: {', '.join(special) or 'none'}")
    if special[found[0]] in tokenizer.encode(f"{found[0]} x{found[0]}", add_special_tokens=False).ids:
        raise ValueError(f"{found[0]} can be written in a text by its letters; choose another --end")
    return special[found[0]]


def vocabulary_of(tokenizer: Tokenizer) -> int:
    """One more than the largest id: what a model's embedding needs, holes included."""
    return max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1


def token_bytes(tokenizer: Tokenizer) -> npt.NDArray[np.int64]:
    """(vocabulary,) UTF-8 bytes that each token stands for in a text; 0 for special ones and for holes.

    A byte-level token is written with one letter a byte. Of one that is not (Llama 2: "▁" for a space, "<0x0A>" for a
    byte) it is the size of what is written: near, where only a long document is cut by it.
    """
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    added = tokenizer.get_added_tokens_decoder()
    letters = set(pre_tokenizers.ByteLevel.alphabet())
    byte_level = all(letters.issuperset(token) for token, number in vocabulary.items() if number not in added)
    found = np.zeros(max(vocabulary.values()) + 1, np.int64)
    for token, number in vocabulary.items():
        if number in added:
            found[number] = 0 if added[number].special else len(token.encode())
        elif byte_level:
            found[number] = len(token)
        else:
            found[number] = 1 if re.fullmatch("<0x[0-9A-F]{2}>", token) else len(token.replace("▁", " ").encode())
    return found


def pieces(text: str, limit: int = PIECE) -> Iterator[str]:
    """`text` in pieces of at most `limit` characters, cut before a space or line feed that follows a word.

    There a word of GPT-2's splitting begins anyway, so the tokens are those of the whole text. Only where the second
    half of a piece has no such place (a million digits, Chinese without a line feed) is it cut between characters.
    A given tokenizer that puts a space before every text (Llama 2) puts one at each cut, too.
    """
    start = 0
    while len(text) - start > limit:
        end = start + limit
        for place in range(end, start + limit // 2, -1):
            if text[place] in " \n" and not text[place - 1].isspace():
                end = place
                break
        yield text[start:end]
        start = end
    if start < len(text) or not text:
        yield text[start:]


class Encoder:
    """Texts to tokens, many at a time on all cores, each ended by the end-of-text token."""

    def __init__(self, tokenizer: Tokenizer, end: int) -> None:
        self.tokenizer, self.end = tokenizer, end

    def __call__(self, texts: Iterable[str]) -> Iterator[Tokens]:
        """The tokens of each text, in order, (tokens,) uint32; the last is the end, and no other is.

        Holds GROUP characters and the largest text. Raises ValueError where a text forged the end.
        """
        parts: list[Tokens] = []
        for ids, is_last in self._encoded(texts):
            if (ids == self.end).any():
                raise ValueError(f"a text was given the end-of-text token {self.end}; use another tokenizer or --end")
            parts.append(ids)
            if is_last:
                yield np.concatenate([*parts, np.array([self.end], np.uint32)])
                parts = []

    def _encoded(self, texts: Iterable[str]) -> Iterator[tuple[Tokens, bool]]:
        """(tokens of a piece, whether its text ends with it)."""
        group: list[tuple[str, bool]] = []
        held = 0
        for text in texts:
            done = 0
            for piece in pieces(text):
                done += len(piece)
                held += len(piece)
                group.append((piece, done == len(text)))
                if held >= GROUP:
                    yield from self._flush(group)
                    group, held = [], 0
        yield from self._flush(group)

    def _flush(self, group: list[tuple[str, bool]]) -> Iterator[tuple[Tokens, bool]]:
        with _threads():
            found = self.tokenizer.encode_batch_fast([piece for piece, _ in group], add_special_tokens=False)
        for encoding, (_, is_last) in zip(found, group, strict=True):
            yield np.array(encoding.ids, np.uint32), is_last


@contextmanager
def _threads() -> Iterator[None]:
    """Let the tokenizer use all cores, or RAYON_NUM_THREADS; it would guess, and warn after a fork."""
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = before or "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TOKENIZERS_PARALLELISM"]
