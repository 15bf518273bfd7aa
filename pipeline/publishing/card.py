"""What a published corpus says of itself: a card for people, Croissant metadata for programs.

Both are made from manifests alone. Whom to name for what is under a licence of Creative Commons stands beside the
shards, a file each: `attribution/`, see `publish`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from pipeline import funnel, storage
from pipeline.licences.expression import ids_in
from pipeline.licences.statements.declared import normal_form
from pipeline.licences.taxonomy import CLASSES, UNKNOWN
from pipeline.publishing.licence_counts import OTHER, class_declared
from pipeline.report.report import PublishedDomain
from pipeline.rooms.manifest import Manifest, read_manifests
from pipeline.rooms.names import EXTRACTED, PUBLISHED
from pipeline.rooms.recipe import canonical
from pipeline.rooms.tables import schema_of_file
from pipeline.rooms.version import RoomVersion

CARD: Final = "40_published/README.md"
CROISSANT: Final = "40_published/croissant.json"
LICENCES_SHOWN: Final = 20
LICENCES_TOLD: Final = 10_000
"""Of a domain: what sources declare may be any text, another in each document; what is beyond counts as OTHER."""
_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{name: f"cr:{name}" for name in (
        "citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format",
        "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references",
        "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
    )},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}  # fmt: skip
"""The context of Croissant 1.0 (docs.mlcommons.org/croissant/docs/croissant-spec.html, appendix 1)."""


def write(data: str, name: str, rooms: dict[str, RoomVersion], published: list[PublishedDomain]) -> None:
    """Write both; they decide nothing and can be made again."""
    storage.replace(storage.join(data, CARD), dataset_card(name, rooms, published).encode())
    files = rooms[PUBLISHED].files.get("rows", [])
    schema = schema_of_file(data, files[0]) if files else pa.schema([])
    storage.replace(storage.join(data, CROISSANT), canonical(croissant(name, rooms[PUBLISHED], published, schema)))


def write_again(data: str) -> bool:
    """Write both for the current version, under the name they have; False where there are none."""
    try:
        name = json.loads(storage.read_bytes(storage.join(data, CROISSANT)))["name"]
    except FileNotFoundError:
        return False
    rooms = funnel.versions(data)
    write(data, name, rooms, published_domains(read_manifests(data, rooms[PUBLISHED].manifests)))
    return True


def published_domains(manifests: Iterable[Manifest]) -> list[PublishedDomain]:
    """The published corpus by domain, from the manifests of its shards."""
    domains: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        domains.setdefault(manifest.facts["domain"], []).append(manifest)
    result = []
    for domain, mine in sorted(domains.items()):
        licences: dict[str, int] = {}
        classes: dict[str, str] = {}
        for manifest in mine:
            for licence, (docs, _) in manifest.facts["licences"].items():
                licences[licence] = licences.get(licence, 0) + docs
            classes |= manifest.facts.get("licence_classes", {})  # a shard of before there were any has none
            if len(licences) > 2 * LICENCES_TOLD:
                licences = _most_frequent(licences)
                classes = {licence: category for licence, category in classes.items() if licence in licences}
        licences = _most_frequent(licences)
        counts = [count for manifest in mine for count in manifest.counts if count.outcome == "kept"]
        result.append(
            PublishedDomain(
                domain,
                sum(c.docs for c in counts),
                sum(c.text_bytes for c in counts),
                len(mine),
                dict(sorted(licences.items())),
                {licence: classes[licence] for licence in sorted(licences) if licence in classes},
            )
        )
    return result


def _most_frequent(licences: dict[str, int]) -> dict[str, int]:
    """LICENCES_TOLD of them; the others together as OTHER."""
    ranked = sorted(licences.items(), key=lambda item: (item[0] == OTHER, -item[1], item[0]))
    kept = dict(ranked[:LICENCES_TOLD])
    rest = sum(docs for _, docs in ranked[LICENCES_TOLD:])
    return kept | {OTHER: kept.get(OTHER, 0) + rest} if rest else kept


def dataset_card(name: str, rooms: dict[str, RoomVersion], published: list[PublishedDomain]) -> str:
    """The card of the published corpus: what it is, counts and licences by domain, why records went."""
    rows = funnel.funnel_rows(rooms)
    entered = sum(row["docs_in"] for row in rows if row["room"] == EXTRACTED)
    files = _by_domain(rooms[PUBLISHED])
    lines = [
        "---",
        f"pretty_name: {json.dumps(name)}",
        "configs:",
        *(line for d in published for line in _card_files(d.domain, files.get(d.domain, []))),
        "---",
        "",
        f"# {name}",
        "",
        f"{sum(d.docs for d in published):,} documents, {sum(d.text_bytes for d in published):,} bytes of text, out of "
        f"{entered:,} raw records. Rows are in a global shuffle (keyed hash of `doc_id`); each names its raw record "
        "(`raw_path`, `raw_offset`, `natural_key`).",
        "",
        f"Recipe of this version: `{rooms[PUBLISHED].recipe}`",
        "",
        "| domain | documents | bytes of text | shards | licences (documents) |",
        "|---|---:|---:|---:|---|",
        *(f"| {d.domain} | {d.docs:,} | {d.text_bytes:,} | {d.shards} | {_most(d.licences)} |" for d in published),
        "",
        *_licence_table(published),
        "## Why records are not here",
        "",
        "| room | source | reason | records |",
        "|---|---|---|---:|",
        *(
            f"| {row['room']} | {row['source']} | {_cell(row['reason'])} | {row['docs_in']:,} |"
            for row in rows
            if row["outcome"] != "kept"
        ),
        "",
    ]
    return "\n".join(lines)


def _card_files(domain: str, files: Sequence[str]) -> list[str]:
    """The files of a domain in this version, by name: a pattern would take older versions along."""
    return [f"- config_name: {json.dumps(domain)}", "  data_files:", *(f"  - {name}" for name in files)]


def _most(licences: Mapping[str, int]) -> str:
    most = sorted(licences.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{_cell(name)} ({count:,})" for name, count in most[:LICENCES_SHOWN]]
    rest = most[LICENCES_SHOWN:]
    return ", ".join([*named, f"{len(rest)} others ({sum(count for _, count in rest):,})"] if rest else named)


def _cell(text: str) -> str:
    """What a record says, as one cell of a Markdown table."""
    return re.sub(r"([\\|`<>*_\[\]])", r"\\\1", " ".join(text.split()))[:200]


def _licence_table(published: Sequence[PublishedDomain]) -> Iterator[str]:
    """Documents and shares by class, and the licences of each, the most open first."""
    classes: dict[str, Counter[str]] = {}
    for domain in published:
        for name, count in domain.licences.items():
            category = domain.licence_classes.get(name) or class_declared(name)
            classes.setdefault(category, Counter())[name] += count
    yield "## Licences"
    yield ""
    yield "| class | documents | licences (documents) |"
    yield "|---|---:|---|"
    for name in sorted(classes, key=CLASSES.index):
        yield f"| {name} | {classes[name].total():,} | {_most(classes[name])} |"
    yield ""
    yield (
        "Each document names its licence with the evidence, where the config has the stage `licence`; else it is what "
        "the source declares, unverified. `unknown` is never a permission. `attribution/` names title, author, address "
        "and licence of every document under a licence of Creative Commons that asks for it."
    )
    yield ""


def croissant(name: str, version: RoomVersion, published: Sequence[PublishedDomain], schema: pa.Schema) -> Any:
    """Croissant 1.0 metadata: a set of files and a record set a domain, columns with their meaning, licences."""
    files = _by_domain(version)
    counts: Counter[str] = Counter()
    for domain in published:
        counts.update(domain.licences)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": f"{sum(d.docs for d in published):,} documents in {len(published)} domains, published by recipe "
        f"{version.recipe}; each names its raw record and its licence.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "version": "1.0.0",
        "license": list(_licence_addresses(counts)),
        "distribution": [
            {
                "@type": "cr:FileSet",
                "@id": f"files-{domain.domain}",
                "name": f"files-{domain.domain}",
                "description": f"shards of the domain {domain.domain}",
                "encodingFormat": "application/x-parquet",
                "includes": files.get(domain.domain, []),
            }
            for domain in published
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": domain.domain,
                "name": domain.domain,
                "description": f"{domain.docs:,} documents",
                "key": {"@id": f"{domain.domain}/doc_id"},
                "field": list(_fields(domain.domain, schema)),
            }
            for domain in published
        ],
    }


def _licence_addresses(counts: Mapping[str, int]) -> Iterator[str]:
    """Each licence of the corpus once, by its page on the SPDX list, or by its name; UNKNOWN where any is not known."""
    forms = {normal_form(name) for name in counts} or {None}
    ids = {each for form in forms if form is not None for each in ids_in(form)}
    yield from (
        each if each.startswith("LicenseRef-") else f"https://spdx.org/licenses/{each}.html" for each in sorted(ids)
    )
    if None in forms:
        yield UNKNOWN


def _fields(domain: str, schema: pa.Schema) -> Iterator[dict[str, Any]]:
    for column in schema:
        kind = _data_type(column.type)
        if kind is None:
            continue
        meaning = (column.metadata or {}).get(b"meaning", b"").decode()
        yield {
            "@type": "cr:Field",
            "@id": f"{domain}/{column.name}",
            "name": column.name,
            "description": meaning or column.name,
            "dataType": kind,
            "source": {"fileSet": {"@id": f"files-{domain}"}, "extract": {"column": column.name}},
        }


def _data_type(kind: pa.DataType) -> str | None:
    """Croissant's name of a flat type; None for nested ones, which are evidence."""
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind):
        return "sc:Float"
    return "sc:Text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else None


def _by_domain(version: RoomVersion) -> dict[str, list[str]]:
    """The names of the published shards in their room, by domain."""
    found: dict[str, list[str]] = {}
    for name in version.files.get("rows", []):
        file = name.rpartition("/")[2]
        found.setdefault(file.rsplit("-", 3)[0], []).append(file)  # DOMAIN-00000-of-00001.RECIPE.parquet
    return found
