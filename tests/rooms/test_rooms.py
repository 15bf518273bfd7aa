"""Manifests are the only commit: what they say survives the disk, and two writers agree or are found out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rooms.manifest import Count, FileEntry, Manifest, Place, Shelf, commit, total
from pipeline.rooms.recipe import canonical, difference, recipe_of
from pipeline.rooms.version import RoomVersion, read_version, write_version
from pipeline.trouble import DeterminismError

names = st.text("abcxyz:_", min_size=1, max_size=8)
counts = st.lists(
    st.builds(Count, names, st.sampled_from(["kept", "dropped"]), names, *[st.integers(0, 2**50)] * 3), max_size=20
)


def manifest(recipe: str = "r" * 64, **changes) -> Manifest:
    entry = FileEntry("rows", "10_extracted/a.parquet", 3, "f" * 64, 1)
    given_ = {
        "room": "10_extracted",
        "shard": "web-00000",
        "recipe": recipe,
        "parts": {"input": "x"},
        "files": (entry,),
    }
    return Manifest(**(given_ | changes))


@given(counts)
def test_a_manifest_is_read_as_it_was_written(found):
    written = manifest(counts=tuple(found), facts={"domains": {"web": [1, 2]}})
    assert Manifest.from_bytes(written.to_bytes()) == written


@given(counts, st.randoms())
def test_totals_do_not_depend_on_order_and_lose_nothing(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    assert total(found) == total(shuffled)
    assert sum(c.docs for c in total(found)) == sum(c.docs for c in found)
    assert sum(c.raw_bytes for c in total(found)) == sum(c.raw_bytes for c in found)


def test_a_second_writer_with_equal_content_is_welcome(tmp_path):
    place = Place(str(tmp_path), "10_extracted", "web-00000", "r" * 64)
    assert place.committed() is None
    commit(place, manifest())
    assert commit(place, manifest()) == place.committed() == manifest()


def test_a_second_writer_with_other_content_is_a_determinism_error(tmp_path):
    place = Place(str(tmp_path), "10_extracted", "web-00000", "r" * 64)
    commit(place, manifest())
    with pytest.raises(DeterminismError, match="same recipe gave another result"):
        commit(place, manifest(counts=(Count("web", "kept", "kept", 1, 1, 1),)))
    assert place.committed() == manifest()


def test_a_shelf_finds_a_recipe_under_whatever_number_it_has(tmp_path):
    recipe = "ab" * 32
    commit(Place(str(tmp_path), "10_extracted", "web-00007", recipe), manifest(recipe, shard="web-00007"))
    shelf = Shelf(str(tmp_path), "10_extracted")
    found = shelf.get(recipe)
    assert found is not None and found.shard == "web-00007"
    assert shelf.get("cd" * 32) is None


def test_a_version_keeps_its_shards_order(tmp_path):
    version = RoomVersion.of("10_extracted", [("b.json", manifest()), ("a.json", manifest("q" * 64))])
    assert version.manifests == ("b.json", "a.json")
    assert read_version(str(tmp_path), write_version(str(tmp_path), version)) == version


def test_a_version_whose_shards_have_other_numbers_is_another(tmp_path):
    """Of equal recipes: a file before theirs is gone, so that every shard is one less."""
    versions = [
        RoomVersion.of("10_extracted", [(f"10_extracted/web-0000{n}.json", manifest(shard=f"web-0000{n}"))])
        for n in (1, 0)
    ]
    assert versions[0].recipe == versions[1].recipe
    names = [write_version(str(tmp_path), version) for version in versions]
    assert [read_version(str(tmp_path), name) for name in names] == versions
    assert [write_version(str(tmp_path), version) for version in versions] == names, "and may be written again"
    (tmp_path / names[0]).write_text("{}")
    with pytest.raises(DeterminismError, match="not what its name says"):
        write_version(str(tmp_path), versions[0])


def test_a_recipe_names_the_part_that_changed():
    one, parts = recipe_of({"input": [1], "steps": ["a"]})
    other, changed = recipe_of({"input": [1], "steps": ["b"]})
    assert one != other
    assert difference(parts, changed) == ["steps"]
    assert difference(parts, parts) == []


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"x": float("nan")})
    with pytest.raises(TypeError):
        canonical({"x": {1, 2}})
    assert canonical({"b": 1, "a": [True, None]}) == b'{"a":[true,null],"b":1}'
    assert json.loads(canonical({"ü": "ß"})) == {"ü": "ß"}
