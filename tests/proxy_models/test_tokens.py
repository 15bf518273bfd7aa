"""Token files of a whole corpus: nothing lost, nothing on both sides, the same again, and found by doc_id."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_models.__main__ import main
from proxy_models.tokens import tokenise as making
from proxy_models.tokens.corpus import Corpus
from proxy_models.tokens.heldout import SplitSettings
from proxy_models.tokens.streams import DomainStreams
from proxy_models.tokens.tokenise import TokenSettings, tokenise
from proxy_models.tokens.tokenizer import END
from proxy_models.tokens.tokens import MANIFEST, SPLITS, TokenFiles
from tests.proxy_models.made_corpus import Doc, documents, prose, publish

SPLIT = SplitSettings(min_heldout_documents=2, min_heldout_bytes=500)
SETTINGS = TokenSettings(vocabulary=400, split=SPLIT)
HOSTILE = "../ü x%"

DOCS = [
    *documents("web", 120, sites=40),
    *documents(HOSTILE, 50, words=30),
    *documents("wiki", 40, sites=1),
    *documents("tiny", 2),
    Doc("web", f"{END}{END} a text that ends itself {END}\0\u2028🙂", url="https://hostile.example.net/"),
    Doc("web", "", url="https://empty.example.net/"),
    *(Doc("web", f"{i} {prose(i, 40)}", f"https://linked{i}.example.net/", cluster="linked") for i in range(3)),
    *(Doc("wiki", f"{i} {prose(i, 40)}", cluster="kept together") for i in range(2)),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("made") / "data", DOCS)


@pytest.fixture(scope="module")
def files(data) -> TokenFiles:
    return tokenise(str(data), SETTINGS)


def content(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def published() -> list[Doc]:
    return [doc for doc in DOCS if doc.domain != "tiny"]


def sides(files: TokenFiles) -> dict[str, str]:
    found = [
        (doc_id, split)
        for domain in files.domains
        for split in SPLITS
        for doc_id in files.index(domain, split).column("doc_id").to_pylist()
    ]
    assert len(dict(found)) == len(found), "a document stands twice"
    return dict(found)


def test_every_document_is_where_it_is_said_to_be(files):
    """What a takedown relies on."""
    for doc in published():
        span = files.where(doc.doc_id)
        assert span.domain == doc.domain
        tokens = np.fromfile(span.file, files.manifest.dtype)[span.start : span.start + span.tokens].tolist()
        assert files.tokenizer.decode(tokens[:-1], skip_special_tokens=False) == doc.text
        assert tokens[-1] == files.end
        assert files.end not in tokens[:-1]


def test_every_document_of_a_mixed_domain_is_on_one_side_and_no_other_is(files):
    assert set(sides(files)) == {doc.doc_id for doc in published()}
    assert files.domains == (HOSTILE, "web", "wiki")
    assert files.left_out == {
        "tiny": "2 documents, {:,} bytes, of which 1 documents, {:,} bytes can be held out, 0 and 0 of them for "
        "the final test; needed are at least 2 documents and 500 bytes, half of them there".format(
            files.manifest.left_out["tiny"].split.bytes, files.manifest.left_out["tiny"].split.heldout_bytes
        )
    }


def test_no_site_and_no_cluster_stands_on_both_sides(files):
    side = sides(files)
    both: dict[str, set[str]] = {}
    for doc in published():
        for name in (doc.cluster, doc.url and doc.domain == "web" and doc.url.split("/")[2]):
            if name:
                both.setdefault(name, set()).add(side[doc.doc_id])
    assert "linked" in both
    assert [name for name, found in both.items() if len(found) > 1] == []
    assert files.manifest.domains["wiki"].split.broken_up == ("site site0.org",)
    assert files.manifest.domains["web"].split.broken_up == ()


def test_the_streams_are_what_the_manifest_counts(files):
    for domain in files.domains:
        for split in SPLITS:
            documents_ = files.train(domain) if split == "train" else files.heldout(domain, split)
            stream = getattr(files.manifest.domains[domain], split)
            assert len(documents_) == stream.documents
            assert documents_.starts[0] == 0
            assert documents_.starts[-1] == stream.tokens == len(documents_.tokens)
            assert (documents_.tokens[documents_.starts[1:] - 1] == files.end).all()
            assert np.count_nonzero(documents_.tokens == files.end) == len(documents_)
            assert documents_.bytes.sum() == stream.bytes
            assert documents_.tokens.max() < files.vocabulary
            if split != "train":
                each = np.add.reduceat(documents_.token_bytes[documents_.tokens], documents_.starts[:-1])
                assert (each == documents_.bytes).all()
            assert (np.diff(documents_.starts) == files.index(domain, split).column("tokens").to_numpy()).all()
    total = sum(len(doc.text.encode()) for doc in published())
    assert total == sum(getattr(e, split).bytes for e in files.manifest.domains.values() for split in SPLITS)


def test_the_manifest_lists_every_file_with_its_digest(files):
    listed = {file.name: file.sha256 for file in files.manifest.files()}
    there = content(files.folder)
    assert {name: there[name] for name in listed} == listed
    assert {name for name in there if name not in listed and not name.endswith(".receipt.json")} == {MANIFEST}


def test_a_second_run_does_nothing_and_another_folder_holds_the_same(files, data, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in files.folder.iterdir()}
    assert tokenise(str(data), SETTINGS) == files
    assert {path: path.stat().st_mtime_ns for path in files.folder.iterdir()} == before
    again = tokenise(str(data), SETTINGS, tmp_path)
    assert content(again.folder) == content(files.folder)
    assert again.sha256 == files.sha256


def test_how_the_corpus_is_sharded_decides_only_the_identity(files, tmp_path):
    other = tokenise(str(publish(tmp_path / "data", DOCS, rows_a_shard=7)), SETTINGS)
    assert other.sha256 != files.sha256
    same = {k: v for k, v in content(files.folder).items() if k != MANIFEST}
    assert {k: v for k, v in content(other.folder).items() if k != MANIFEST} == same


def test_a_killed_run_goes_on_where_it_was(files, data, tmp_path, monkeypatch):
    made = DomainStreams.made

    def dies(self: DomainStreams):
        if self.name == "web":
            raise KeyboardInterrupt
        return made(self)

    monkeypatch.setattr(DomainStreams, "made", dies)
    with pytest.raises(KeyboardInterrupt):
        tokenise(str(data), SETTINGS, tmp_path)
    (folder,) = tmp_path.iterdir()
    with pytest.raises(ValueError, match=r"has no manifest\.json"):
        TokenFiles.open(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(before) == 8  # the tokenizer, and of one domain six files and its receipt
    monkeypatch.undo()
    monkeypatch.setattr(making, "train", None)  # the tokenizer is there
    tokenise(str(data), SETTINGS, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert content(folder) == content(files.folder)


def test_a_domain_interrupted_in_the_middle_leaves_nothing_behind(data, tmp_path, monkeypatch):
    texts = DomainStreams._texts

    def dies(self: DomainStreams, waiting):
        for number, text in enumerate(texts(self, waiting)):
            if number == 10:
                raise KeyboardInterrupt
            yield text

    monkeypatch.setattr(DomainStreams, "_texts", dies)
    with pytest.raises(KeyboardInterrupt):
        tokenise(str(data), SETTINGS, tmp_path)
    assert [path.name for folder in tmp_path.iterdir() for path in folder.iterdir()] == ["tokenizer.json"]


def test_the_tokenizer_has_not_seen_what_is_held_out(files, tmp_path):
    """Other words of the same length on the held-out side: the same tokenizer."""
    side = sides(files)
    changed = [
        replace(doc, key=doc.key or doc.text, text="z" * len(doc.text.encode()))
        if side.get(doc.doc_id) in ("select", "final")
        else replace(doc, key=doc.key or doc.text)
        for doc in DOCS
    ]
    assert sum(doc.text.startswith("zzz") for doc in changed) > 10
    other = tokenise(str(publish(tmp_path / "data", changed)), SETTINGS)
    assert sides(other) == side
    assert other.manifest.tokenizer == files.manifest.tokenizer


def test_a_given_tokenizer_is_used_as_it_is_and_its_path_decides_nothing(files, data, tmp_path):
    path, copy = tmp_path / "mine.json", tmp_path / "copy.json"
    for each in (path, copy):
        each.write_bytes((files.folder / "tokenizer.json").read_bytes())
    given_one = tokenise(str(data), SETTINGS.model_copy(update={"tokenizer": str(path)}), tmp_path)
    assert given_one.folder != files.folder
    assert given_one.manifest.tokenizer == files.manifest.tokenizer
    assert [given_one.manifest.domains[d].train.file for d in files.domains] == [
        files.manifest.domains[d].train.file for d in files.domains
    ]
    again = making.plan(str(data), SETTINGS.model_copy(update={"tokenizer": str(copy)}), tmp_path)
    assert again.folder == given_one.folder


def test_a_large_vocabulary_is_written_in_four_bytes(files, data, tmp_path, monkeypatch):
    monkeypatch.setattr(making, "UINT16_VOCABULARY", 300)
    wide = tokenise(str(data), SETTINGS, tmp_path)
    assert wide.manifest.dtype == "uint32"
    for domain in files.domains:
        assert wide.train(domain).tokens.dtype == np.dtype("<u4")
        assert np.array_equal(wide.train(domain).tokens, files.train(domain).tokens)


@pytest.mark.parametrize(
    "change",
    [
        {"vocabulary": 401},
        {"sample_bytes": 99},
        {"split": SPLIT.model_copy(update={"seed": 1})},
        {"split": SPLIT.model_copy(update={"heldout_share": 0.2})},
    ],
)
def test_another_setting_is_another_folder(files, data, change):
    assert making.plan(str(data), SETTINGS.model_copy(update=change)).folder != files.folder


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 1000), min_size=1, max_size=8), st.integers(1, 3000))
def test_quotas_are_equal_where_there_is_enough(sizes, total):
    quotas = making._quotas(sizes, total)
    assert set(quotas) == set(sizes)
    assert sum(quotas.values()) == min(total, sum(sizes.values()))
    cut = [quotas[name] for name in sizes if quotas[name] < sizes[name]]
    if cut:
        assert max(cut) - min(cut) <= 1
        assert all(quotas[name] <= max(cut) for name in sizes)


def test_the_sample_is_cut_to_its_bytes(data, monkeypatch):
    order = making.plan(str(data), SETTINGS.model_copy(update={"sample_bytes": 2000}))
    monkeypatch.setattr(making, "SAMPLED_BYTES", 300)
    split = making._split(order)
    texts = list(making._sample(order, split, making._rows(order.corpus, split)))
    assert 1900 < sum(len(text.encode()) for text in texts) <= 2000
    assert max(len(text.encode()) for text in texts) == 300
    starts = Counter(text.split(" ")[0] for text in texts)
    assert starts["web"] >= 2
    assert starts["wiki"] >= 2


def test_what_is_not_there_is_said(files, data, tmp_path):
    with pytest.raises(KeyError, match="0123 is not in"):
        files.where("0123")
    with pytest.raises(ValueError, match=r"tiny is not among the domains .* 2 documents"):
        files.train("tiny")
    with pytest.raises(ValueError, match=r"books is not among the domains .* there are .*, web, wiki"):
        files.heldout("books", "final")
    with pytest.raises(ValueError, match="nothing is published there; python -m pipeline run"):
        tokenise(str(tmp_path), SETTINGS)
    with pytest.raises(ValueError, match="name a folder with --into"):
        tokenise("s3://bucket/run", SETTINGS)
    with pytest.raises(ValueError, match="--end names a token"):
        tokenise(str(data), SETTINGS.model_copy(update={"end": "</s>"}))
    with pytest.raises(ValueError, match=r"every domain .* is too small \(.*tiny: 2 documents"):
        tokenise(str(data), TokenSettings(split=SplitSettings(min_heldout_documents=1000)))


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_folder_is_not_opened(files, data, tmp_path, damage):
    folder = tokenise(str(data), SETTINGS, tmp_path).folder
    path = folder / "web.train.bin"
    size = path.stat().st_size
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-2])
        message = rf"web\.train\.bin has {size - 2:,} bytes, not {size:,}; remove the folder"
    else:
        path.unlink()
        message = r"web\.train\.bin is gone; remove the folder"
    with pytest.raises(ValueError, match=message):
        TokenFiles.open(folder)


def test_only_survivors_share_a_cluster(data):
    linked = Corpus.open(str(data)).shared_clusters()
    assert set(linked) == {doc.doc_id for doc in DOCS if doc.cluster}
    assert len(set(linked.values())) == 2


def test_the_command_says_what_it_made_and_that_it_is_made(data, tmp_path, capsys):
    options = ["--min-documents", "2", "--min-bytes", "500", "--vocabulary", "400", "--into", str(tmp_path)]
    assert main(["tokens", "--data", str(data), *options]) == 0
    first = capsys.readouterr().out
    assert "nothing to do" not in first
    assert "left out  tiny: 2 documents" in first
    assert main(["tokens", "--data", str(data), *options]) == 0
    assert "nothing to do" in capsys.readouterr().out
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / MANIFEST).read_bytes())["settings"]["min_heldout_documents"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tokens"], "--data"),
        (["tokens", "--data", "nowhere"], "nowhere: nothing is published there"),
        (["tokens", "--data", "nowhere", "--heldout-share", "0.7"], "heldout_share = 0.7"),
        (["tokens", "--data", "nowhere", "--vocabulary", "10"], "vocabulary = 10"),
    ],
)
def test_a_wrong_command_is_said_with_its_mend(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in " ".join(capsys.readouterr().err.split())
