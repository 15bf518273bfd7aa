"""`trace` of a whole id finds what a search of all rooms finds, and of published documents reads a shard a domain."""

from __future__ import annotations

from contextlib import contextmanager

from pipeline import funnel
from pipeline.inspection import trace
from pipeline.rooms.names import PUBLISHED

EACH = 6
"""Documents a room, outcome and source that are looked at."""


def test_a_whole_id_is_told_as_a_search_of_all_rooms_tells_it(undisturbed, monkeypatch):
    data = str(undisturbed[1])
    rooms = funnel.versions(data)
    first = f"qualify row_number() over (partition by all_of.kind order by doc_id) <= {EACH}"
    with funnel.connect(data) as connection:
        ids = [
            doc_id
            for (doc_id,) in connection.execute(
                "select doc_id from (select doc_id, ['dropped', room, outcome, source] as kind from dropped union all "
                "select doc_id, ['kept', domain, source, (cluster_size > 1)::varchar] from documents union all "
                f"select doc_id, ['copy', reason] from duplicates) as all_of {first}"
            ).fetchall()
        ]
    assert len(ids) > 100
    monkeypatch.setattr(trace, "DOCUMENTS_SHOWN", 10**6)
    of_all = trace._begins(data, rooms, "")  # one search for all of them
    for doc_id in ids:
        everywhere = of_all[doc_id]
        found = trace._whole(data, rooms, doc_id)[doc_id]
        assert trace.verdict(found) == trace.verdict(everywhere), doc_id
        assert found == {view: row for view, row in everywhere.items() if view in found}
        assert ("dropped" in found) == ("dropped" in everywhere)
    some = ids[0][:1]
    assert trace._begins(data, rooms, some) == {doc_id: of_all[doc_id] for doc_id in of_all if doc_id.startswith(some)}


def test_of_a_published_document_without_a_copy_a_shard_of_each_domain_is_read(undisturbed, monkeypatch):
    data = str(undisturbed[1])
    rooms = funnel.versions(data)
    with funnel.connect(data, asked="documents") as connection:
        alone = "select doc_id from documents where cluster_size = 1 order by doc_id limit 5"
        ids = [doc_id for (doc_id,) in connection.execute(alone).fetchall()]
        (domains,) = connection.execute("select count(distinct domain) from documents").fetchone()
    read: list[tuple[str, int]] = []
    connect = funnel.connect

    @contextmanager
    def counted(data, path=":memory:", *, asked=None, rooms=None):
        read.append((asked, len(rooms[PUBLISHED].files["rows"])))
        with connect(data, path, asked=asked, rooms=rooms) as connection:
            yield connection

    monkeypatch.setattr(funnel, "connect", counted)
    for doc_id in ids:
        read.clear()
        trace.trace(data, doc_id)
        ((asked, shards),) = read
        assert asked == "documents"
        assert shards <= domains < len(rooms[PUBLISHED].files["rows"])
