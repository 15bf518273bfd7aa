"""What is redone after a change, and why: exactly the rooms that the change reaches."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from tests.e2e import drive

pytestmark = pytest.mark.cluster


@pytest.fixture
def copy(undisturbed, tmp_path):
    """A copy of the finished run to change."""
    config, data = undisturbed
    shutil.copytree(data, tmp_path / "data")
    return config, tmp_path / "data"


def new_manifests(data, before):
    """Rooms that hold more manifests than before."""
    return {room for room in drive.ROOMS if drive.committed(data, room) > before[room]}


def counted(data):
    return {room: drive.committed(data, room) for room in drive.ROOMS}


def test_a_second_run_does_nothing_and_says_so(copy):
    config, data = copy
    before = drive.digest(data)
    assert "Nothing to do" in drive.run_here(config, data)
    assert drive.digest(data) == before


def test_a_changed_rule_redoes_the_filter_and_what_it_changed(copy, raw, tmp_path):
    _, data = copy
    before = counted(data)
    config = drive.write_config(tmp_path, raw, least_words=120)
    explained = drive.run_here(config, data, "--explain")
    assert "rules size: size:words.when: word_count < 30" in explained and "20_filtered" in explained
    assert counted(data) == before, "--explain did work"
    drive.run_here(config, data)
    assert "10_extracted" not in new_manifests(data, before)
    assert "20_filtered" in new_manifests(data, before)


def test_a_changed_rule_that_changes_no_verdict_redoes_only_its_room(copy, raw, tmp_path):
    _, data = copy
    before = counted(data)
    config = drive.write_config(tmp_path, raw)
    config.write_text(config.read_text().replace("word_count < 30", "word_count < 29 + 1"))
    drive.run_here(config, data)
    # the filter's rows have the same digests under a new recipe, so of what comes after only the step starts again that
    # asks the rules of texts that lost parts
    assert new_manifests(data, before) == {"20_filtered", "31_duplicates", "versions"}
    new = [path.name for path in (data / "31_duplicates").glob("*.json")]
    assert len({name.partition(".")[0] for name in new}) == before["31_duplicates"], "no step of the whole corpus"


def test_a_changed_similarity_redoes_no_signature(copy, raw, tmp_path):
    _, data = copy
    before = counted(data)
    config = drive.write_config(tmp_path, raw)
    config.write_text(config.read_text().replace("dedup:\n", "dedup:\n  min_jaccard: 0.7\n"))
    drive.run_here(config, data)
    changed = new_manifests(data, before)
    assert "31_duplicates" in changed
    assert not changed & {"10_extracted", "20_filtered", "30_signatures"}


def test_moved_inputs_redo_nothing(copy, raw, tmp_path):
    _, data = copy
    shutil.copytree(raw, tmp_path / "elsewhere")
    before = counted(data)
    config = drive.write_config(tmp_path, tmp_path / "elsewhere")
    drive.run_here(config, data)
    assert new_manifests(data, before) == set()


def test_a_new_file_leaves_the_others_alone(copy, raw, tmp_path):
    _, data = copy
    shutil.copytree(raw, tmp_path / "more")
    first = sorted((tmp_path / "more" / "web").glob("*.warc.gz"))[0]
    shutil.copy(first, first.with_name("aaa-first.warc.gz"))
    before = counted(data)
    drive.run_here(drive.write_config(tmp_path, tmp_path / "more"), data)
    added = counted(data)["10_extracted"] - before["10_extracted"]
    assert added == 1, "the numbers of the shards moved; their recipes did not"
    with duckdb.connect(str(data / "riffle.duckdb"), read_only=True) as connection:
        same = connection.execute("select sum(docs_in) from funnel where reason = 'dedup:same_record'").fetchone()
    assert same is not None and same[0] > 0, "the copied archive holds the same records"


def test_the_plan_starts_nothing(undisturbed, tmp_path):
    config, _ = undisturbed
    printed = drive.run_here(config, tmp_path / "data", "--plan")
    assert "nothing has been started" in printed and "shards" in printed
    assert not (tmp_path / "data" / "10_extracted").exists()


def test_a_sample_is_a_subset_of_the_records(undisturbed, tmp_path):
    config, data = undisturbed
    drive.run_here(config, tmp_path / "a", "--sample", "20%")
    drive.run_here(config, tmp_path / "b", "--sample", "0.2")
    assert drive.digest(tmp_path / "a") == drive.digest(tmp_path / "b")

    def records(folder):
        ids = []
        for manifest in drive.manifests(folder, "10_extracted"):
            ids += [n for (n,) in duckdb.sql(f"select doc_id from '{folder / manifest.file('rows').name}'").fetchall()]
        return set(ids)

    sampled, everything = records(tmp_path / "a"), records(data)
    assert sampled < everything
    assert 0.1 < len(sampled) / len(everything) < 0.3


def test_a_new_file_and_a_changed_rule_extract_only_the_new_file(copy, raw, tmp_path):
    _, data = copy
    shutil.copytree(raw, tmp_path / "more")
    first = sorted((tmp_path / "more" / "web").glob("*.warc.gz"))[0]
    shutil.copy(first, first.with_name("aaa-first.warc.gz"))  # moves the number of every other shard
    before = counted(data)
    drive.run_here(drive.write_config(tmp_path, tmp_path / "more", least_words=40), data)
    assert counted(data)["10_extracted"] - before["10_extracted"] == 1
