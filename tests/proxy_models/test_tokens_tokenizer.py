"""Texts to tokens and back: every text comes back, none can end itself, and threads decide nothing."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from proxy_models.tokens import tokenizer as subject
from proxy_models.tokens.tokenizer import (
    END,
    Encoder,
    end_of_text,
    from_json,
    pieces,
    token_bytes,
    train,
    vocabulary_of,
)
from tests.conftest import ROOT
from tests.proxy_models.made_corpus import prose

TEXTS = [prose(seed, 400) for seed in range(20)]
MADE = from_json(train(TEXTS, 400).to_str(), "made")
END_ID = end_of_text(MADE, None)

hostile = st.lists(st.text() | st.sampled_from([END, "<|", "endoftext", "|>", "</s>", " ", "\n"]), max_size=8).map(
    "".join
)


@given(st.lists(hostile, max_size=6))
def test_every_text_comes_back_and_none_can_end_itself(texts):
    found = list(Encoder(MADE, END_ID)(texts))
    assert [MADE.decode(ids[:-1].tolist(), skip_special_tokens=False) for ids in found] == texts
    for ids in found:
        assert np.flatnonzero(ids == END_ID).tolist() == [len(ids) - 1]
    assert [int(token_bytes(MADE)[ids].sum()) for ids in found] == [len(text.encode()) for text in texts]
    for ids in found:
        assert ids.max() < vocabulary_of(MADE)


def test_the_end_is_known_when_the_tokenizer_is_read_again():
    """The library does not keep with the file that special tokens are read as text: `from_json` must."""
    assert END_ID in Tokenizer.from_str(MADE.to_str()).encode(f"a {END} b").ids
    assert END_ID not in from_json(MADE.to_str(), "again").encode(f"a {END} b").ids


@pytest.mark.parametrize(
    ("tokens", "sizes"),
    [
        ({"a": 0, "<0x0A>": 1, "Ġé": 2, "</s>": 4}, [1, 6, 2, 0, 0, 2]),  # a letter a byte, whatever it spells
        ({"a": 0, "<0x0A>": 1, "▁Ü": 2, "</s>": 4}, [1, 1, 3, 0, 0, 2]),
    ],
)
def test_what_a_token_stands_for_however_it_is_written(tokens, sizes):
    tokenizer = Tokenizer(models.BPE(tokens, []))
    tokenizer.add_special_tokens(["</s>"])
    tokenizer.add_tokens(["é"])
    assert token_bytes(tokenizer).tolist() == sizes


@given(hostile, st.integers(2, 9))
def test_pieces_are_the_text_and_not_too_long(text, limit):
    found = list(pieces(text, limit))
    assert "".join(found) == text
    assert all(0 < len(piece) <= limit for piece in found) or found == [""]


@given(
    st.lists(st.sampled_from(["sift", "gold", " ", "\n", "\u2028", "'s", "12", "...", "Ü"]), max_size=60).map("".join)
)
def test_cut_between_words_the_tokens_are_the_same(text):
    found = list(pieces(text, 40))
    if all(piece[0] in " \n" and not before[-1].isspace() for before, piece in itertools.pairwise(found)):
        cut = [i for piece in found for i in MADE.encode(piece).ids]
        assert cut == MADE.encode(text).ids


@pytest.mark.parametrize("text", ["漢字" * 300_000, "word " * 200_000, "7" * 300_000])
def test_a_document_larger_than_a_piece_is_one_document(text):
    before, ids, after = Encoder(MADE, END_ID)(["before", text, "after"])
    assert MADE.decode(ids.tolist()) == text
    assert [MADE.decode(x.tolist()) for x in (before, after)] == ["before", "after"]


def test_where_groups_end_decides_nothing(monkeypatch):
    expected = [ids.tolist() for ids in Encoder(MADE, END_ID)(TEXTS)]
    for group in (1, 3000, 5001):
        monkeypatch.setattr(subject, "GROUP", group)
        assert [ids.tolist() for ids in Encoder(MADE, END_ID)(TEXTS)] == expected


def test_the_order_of_the_texts_does_not_change_the_tokenizer():
    assert train(TEXTS, 400).to_str() == train(TEXTS[::-1], 400).to_str()


TRAINED = """
import hashlib
import itertools
from proxy_models.tokens.tokenizer import Encoder, end_of_text, from_json, train
from tests.proxy_models.made_corpus import prose
rare = [" ".join(f"{a}{b}" for a in "abcdefgh" for b in range(seed, seed + 90)) for seed in range(40)]
texts = [prose(seed, 3000) + words for seed, words in enumerate(rare)]
written = train(texts, 900).to_str()
made = from_json(written, "made")
ids = [i for found in Encoder(made, end_of_text(made, None))(texts) for i in found.tolist()]
print(hashlib.sha256(written.encode()).hexdigest(), hashlib.sha256(repr(ids).encode()).hexdigest())
"""


def test_threads_do_not_change_the_tokenizer_or_the_tokens():
    found = set()
    for parallel, threads in (("false", "1"), ("true", "1"), ("true", "4"), ("true", "4")):
        settings = {"TOKENIZERS_PARALLELISM": parallel, "RAYON_NUM_THREADS": threads}
        found.add(
            subprocess.check_output([sys.executable, "-c", TRAINED], cwd=ROOT, env=os.environ | settings, text=True)
        )
    assert len(found) == 1, found


def test_the_environment_is_left_as_it_was(monkeypatch):
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    list(Encoder(MADE, END_ID)(["a"]))
    assert "TOKENIZERS_PARALLELISM" not in os.environ


def test_a_tokenizer_cannot_be_larger_than_what_it_saw():
    assert vocabulary_of(train(["ab"], 1000)) == subject.SMALLEST_VOCABULARY


def test_the_trained_tokenizer_is_the_same_with_every_version():
    """A golden: a new version of the library that trains or writes otherwise shows here."""
    assert hashlib.sha256(train(TEXTS, 300).to_str().encode()).hexdigest() == GOLDEN


GOLDEN = "e2e4ae148f5b9cfe7163e8eb03fa321c948f78135300c2883c5bcd256735b960"


# --- a tokenizer that the user brings ---------------------------------------------------------------------------------


def brought(change=lambda tokenizer: None) -> str:
    tokenizer = Tokenizer.from_str(MADE.to_str())
    change(tokenizer)
    return tokenizer.to_str()


def test_truncation_padding_and_templates_of_a_given_tokenizer_are_not_used():
    def change(tokenizer: Tokenizer) -> None:
        tokenizer.enable_truncation(3)
        tokenizer.enable_padding(length=50)
        tokenizer.post_processor = processors.TemplateProcessing(f"{END} $A {END}", special_tokens=[(END, 0)])

    given_one = from_json(brought(change), "given")
    (ids,) = Encoder(given_one, END_ID)([TEXTS[0]])
    (expected,) = Encoder(MADE, END_ID)([TEXTS[0]])
    assert ids.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "mine is no tokenizer.json"),
        ("{}", "mine is no tokenizer.json"),
        (brought(lambda t: setattr(t, "normalizer", normalizers.Lowercase())), "mine loses text: .*comes back as"),
        (brought(lambda t: setattr(t, "pre_tokenizer", pre_tokenizers.Whitespace())), "mine loses text"),
        (brought(lambda t: setattr(t, "normalizer", normalizers.NFKC())), "mine loses text"),
    ],
)
def test_a_tokenizer_that_cannot_be_used(written, message):
    with pytest.raises(ValueError, match=message):
        from_json(written, "mine")


def test_a_tokenizer_that_composes_characters_is_let_pass():
    made = from_json(brought(lambda t: setattr(t, "normalizer", normalizers.NFC())), "qwen-like")
    assert made.decode(made.encode("u\u0308").ids) == "ü"


def special(*names: str) -> Tokenizer:
    bare = json.loads(MADE.to_str())
    bare["added_tokens"] = []
    bare["model"]["vocab"] = {("<no end>" if k == END else k): v for k, v in bare["model"]["vocab"].items()}
    tokenizer = Tokenizer.from_str(json.dumps(bare))
    tokenizer.add_special_tokens(list(names))
    return from_json(tokenizer.to_str(), "given")


def test_the_end_of_a_given_tokenizer_is_found_or_asked_for():
    assert end_of_text(special("</s>", "<pad>"), None) == vocabulary_of(MADE)
    assert end_of_text(special("<pad>", "<done>"), "<done>") == vocabulary_of(MADE) + 1
    with pytest.raises(ValueError, match=r"no token is known to end a document; name it with --end.*: <pad>"):
        end_of_text(special("<pad>"), None)
    with pytest.raises(ValueError, match="special tokens: none"):
        end_of_text(special(), None)
    with pytest.raises(ValueError, match=r"</s> and <eos>: one special token is needed"):
        end_of_text(special("<eos>", "</s>"), None)
    with pytest.raises(ValueError, match="gold: one special token is needed"):
        end_of_text(special("</s>"), "gold")


def test_an_end_that_is_no_special_token_is_refused():
    tokenizer = Tokenizer.from_str(special().to_str())
    tokenizer.add_tokens([AddedToken("</s>", special=False)])
    with pytest.raises(ValueError, match="no token is known to end a document"):
        end_of_text(from_json(tokenizer.to_str(), "given"), None)


def test_an_end_that_text_can_forge_is_refused():
    """In a model of words, the special token's letters are also a word."""
    words = Tokenizer(models.WordLevel({"<eos>": 0, "x": 1, "<unk>": 2}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.add_special_tokens(["<eos>"])
    words.encode_special_tokens = True
    with pytest.raises(ValueError, match="can be written in a text by its letters"):
        end_of_text(words, None)


def test_a_text_that_forges_the_end_all_the_same_stops_the_work():
    common = MADE.encode(" gold").ids[0]
    with pytest.raises(ValueError, match="was given the end-of-text token"):
        list(Encoder(MADE, common)(["more gold"]))


@pytest.mark.data
def test_every_language_comes_back(shared_data):
    with zipfile.ZipFile(shared_data("langid/udhr2.zip")) as archive:
        texts = [archive.read(name).decode("utf-8", "replace") for name in archive.namelist() if name.endswith(".txt")]
    assert len(texts) > 300
    for text, ids in zip(texts, Encoder(MADE, END_ID)(texts), strict=True):
        assert MADE.decode(ids.tolist()) == text
