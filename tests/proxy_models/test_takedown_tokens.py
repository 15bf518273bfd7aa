"""Token folders in a takedown: a new folder opens as any other and has every document but those that went."""

from __future__ import annotations

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.takedown import tokens as of_tokens
from proxy_models.tokens.heldout import SplitSettings
from proxy_models.tokens.tokenise import TokenSettings, tokenise
from proxy_models.tokens.tokens import SPLITS, TokenFiles
from tests.proxy_models.made_corpus import documents, publish

DOCS = [*documents("web", 60, sites=20), *documents("wiki", 30, sites=1)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    data = publish(tmp_path_factory.mktemp("made") / "data", DOCS)
    split = SplitSettings(min_heldout_documents=2, min_heldout_bytes=500)
    return data, tokenise(str(data), TokenSettings(vocabulary=400, split=split))


def texts(files: TokenFiles) -> dict[str, list[int]]:
    """The tokens of every document, by its id."""
    found = {}
    for domain in files.domains:
        for split in SPLITS:
            rows = files.index(domain, split).to_pylist()
            if not rows:
                continue
            stream = files.train(domain) if split == "train" else files.heldout(domain, split)
            for row in rows:
                span = files.where(row["doc_id"])
                assert (span.start, span.tokens) == (row["start"], row["tokens"])
                found[row["doc_id"]] = stream.tokens[span.start : span.start + span.tokens].tolist()
    return found


@settings(max_examples=8, deadline=None)
@given(chosen=st.sets(st.sampled_from([doc.doc_id for doc in DOCS]), min_size=1, max_size=12))
def test_what_is_left_is_as_it_was(made, chosen):
    data, old = made
    (name,) = of_tokens.cut(str(data), frozenset(chosen))
    new = TokenFiles.open(data / name)
    before = texts(old)
    assert texts(new) == {doc_id: tokens for doc_id, tokens in before.items() if doc_id not in chosen}
    for domain in new.manifest.domains.values():
        assert domain.train.tokens * 2 == domain.train.file.bytes
    others = frozenset({"f" * 32})
    assert of_tokens.cut(str(data), frozenset(chosen) | others) == [], "it has a twin, and the twin none of them"
    shutil.rmtree(data / name)
    assert of_tokens.cut(str(data), frozenset(chosen) | others) == [name], "named by what this folder held"
    shutil.rmtree(data / name)


def test_a_second_takedown_cuts_the_twin_and_not_what_it_is_made_of(made):
    data, old = made
    first, second = sorted(texts(old))[:2]
    (one,) = of_tokens.cut(str(data), frozenset({first}))
    (two,) = of_tokens.cut(str(data), frozenset({first, second}))
    assert texts(TokenFiles.open(data / two)).keys() == texts(old).keys() - {first, second}
    assert {each.name for each in (data / "50_tokens").iterdir()} == {old.folder.name, one[10:], two[10:]}
    for name in (one, two):
        shutil.rmtree(data / name)


def test_a_side_without_documents_says_what_to_do(made):
    data, old = made
    final = old.index("wiki", "final").column("doc_id").to_pylist()
    (name,) = of_tokens.cut(str(data), frozenset(final))
    new = TokenFiles.open(data / name)
    assert len(new.heldout("wiki", "select").tokens) == len(old.heldout("wiki", "select").tokens)
    with pytest.raises(ValueError, match=r"no document of wiki on the side 'final'.*run the pipeline again"):
        new.heldout("wiki", "final")
    shutil.rmtree(data / name)


def test_who_holds_a_document_is_named_and_its_folder_removed(made, tmp_path):
    data, old = made
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    run = copy / "60_trials/abc"
    run.mkdir(parents=True)
    (run / "recipe.json").write_text(json.dumps({"tokens": old.sha256}), encoding="utf-8")
    ids = frozenset(list(texts(old))[:2])
    found = list(of_tokens.holders(str(copy), ids))
    assert found == [("tokens", f"50_tokens/{old.folder.name}", 2), ("proxy run", "60_trials/abc", 2)]
    (twin,) = of_tokens.cut(str(copy), ids)
    assert of_tokens.remove(str(copy), frozenset()) == [f"50_tokens/{old.folder.name}"], "it was cut"
    assert [f"50_tokens/{each.name}" for each in (copy / "50_tokens").iterdir()] == [twin]
    assert not list(of_tokens.holders(str(copy), ids))
