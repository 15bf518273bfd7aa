"""The Arrow schemas in which rooms speak to one another; each column with its unit and meaning.

The data dictionary (docs/data-dictionary.md) and every check of columns come from here and from
what the stages declare they add.
"""

from __future__ import annotations

import hashlib

import pyarrow as pa

THE_CONFIG = "the config"  # where a licence is declared that the record itself does not state


def field(name: str, type_: pa.DataType, meaning: str, *, unit: str = "", nullable: bool = True) -> pa.Field:
    """A column that says what it means; `unit` is what one of it is ("words", "UTF-8 bytes", "1e-4")."""
    return pa.field(name, type_, nullable=nullable, metadata={"meaning": meaning, "unit": unit})


def doc_id_of(source: str, natural_key: str) -> str:
    """The identity of a record: 128 bits of BLAKE2b over (source, natural key), as 32 lower-case hex digits.

    The source's length is written before it, so that no two pairs share their bytes.
    """
    name = source.encode()
    raw = len(name).to_bytes(4, "big") + name + natural_key.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


# doc_id is hex text, not 16 raw bytes: it can be typed into a query, grepped in a ledger and read by every tool;
# zstd brings it back to about 17 bytes a row.
ORIGIN = [
    field("doc_id", pa.string(), "identity of the record: hash of (source, natural_key)", nullable=False),
    field("source", pa.string(), "name of the source in the config", nullable=False),
    field(
        "natural_key", pa.string(), "the record's own key within its source (see the table of sources)", nullable=False
    ),
    field("raw_path", pa.string(), "raw file, relative to the source's root", nullable=False),
    field("raw_offset", pa.int64(), "where the record starts in the raw file (rows: first is 0)", unit="bytes or rows"),
    field("raw_bytes", pa.int64(), "size of the raw record's payload as stored", unit="bytes", nullable=False),
]

PAGE = pa.struct(
    [
        pa.field("page", pa.int32()),  # from 1
        pa.field("route", pa.string()),  # text | ocr | none
        pa.field("layer", pa.string()),  # good | short | doubtful | bad | none | blank | failed: what the text layer is
        pa.field("reason", pa.string()),  # why it has no text
        pa.field("confidence", pa.int32()),  # 1e-4
        *(pa.field(name, pa.int32()) for name in ("characters", "lost", "hidden", "words", "pieces")),  # of the layer
        *(pa.field(name, pa.int32()) for name in ("text_share", "image_share")),  # of the page's area, 1e-4
        pa.field("by_ocr", pa.bool_()),  # whether the file's program recognises text
        pa.field("turn", pa.int32()),  # quarters clockwise by which its picture stood wrong
        pa.field("skew", pa.int32()),  # hundredths of a degree
    ]
)

DOCUMENT = pa.schema(
    [
        *ORIGIN,
        field("url", pa.string(), "address the record was fetched from; null where it has more than 16,384 characters"),
        field("title", pa.string(), "title that the record states, at most 4,096 characters of it"),
        field("date", pa.string(), "ISO 8601 date that the record states; of the capture where it states none"),
        field("language_hint", pa.string(), "language that the record declares (BCP 47), unverified"),
        field("charset", pa.string(), "character encoding the text was decoded from"),
        field("licence_declared", pa.string(), "licence that the source declares, unverified"),
        field(
            "licence_where", pa.string(), "where that licence is declared (a file, a header, the record, the config)"
        ),
        field("licence_quote", pa.string(), "the words that declare it, cut at 200 characters"),
        field(
            "licence_method", pa.string(), "how it is declared (rel, json-ld, words, ...); null: see the stage licence"
        ),
        field("licence_confidence", pa.int32(), "how sure that reading is; null: as sure as the method", unit="1e-4"),
        field("licence_start", pa.int64(), "where it stands in the page as UTF-8", unit="UTF-8 bytes"),
        field("licence_end", pa.int64(), "where it ends there, exclusive", unit="UTF-8 bytes"),
        field("label", pa.string(), "free label of the source (a column of a table, a folder); may choose the domain"),
        field("author", pa.string(), "who wrote it, as the record names them; what attribution asks for"),
        field("work", pa.string(), "the work that this is a copy of, in every source (arxiv:1706.03762, doi:...)"),
        field("repository", pa.string(), "repository that the file belongs to"),
        field("repository_path", pa.string(), "the file's path in its repository"),
        field("commit", pa.string(), "commit of the repository, where the record states one"),
        field("programming_language", pa.string(), "language of source code, as GitHub Linguist names it"),
        field("score", pa.int64(), "votes as the record counts them", unit="votes"),
        field("over_18", pa.bool_(), "whether the record is marked as not for minors"),
        field("parts", pa.int32(), "raw records that the text is made of", unit="records", nullable=False),
        field("removed_parts", pa.int32(), "further records that belong here and whose text is gone", unit="records"),
        field("pages", pa.int32(), "pages of the paginated original", unit="pages"),
        field("pages_without_text", pa.int32(), "of them those on which no text was found", unit="pages"),
        field("pages_by_ocr", pa.int32(), "of them those whose picture was read (OCR)", unit="pages"),
        field("ocr_confidence", pa.int32(), "mean confidence of what was read so, by its characters", unit="1e-4"),
        field("ocr_tokens", pa.int64(), "tokens that a server read and wrote for it", unit="tokens"),
        field("is_repaired", pa.bool_(), "whether the file was damaged, and read all the same"),
        field("opt_out_noindex", pa.bool_(), "whether the page asks robots not to index it; null: it says nothing"),
        field(
            "opt_out_noai", pa.bool_(), "whether it asks not to train models (noai, train-ai=n, ai-train=no, sentences)"
        ),
        field("opt_out_noimageai", pa.bool_(), "whether it asks not to train models on its images (noimageai)"),
        field(
            "opt_out_tdm",
            pa.bool_(),
            "whether it reserves the rights of text and data mining (TDM-Reservation, sentences)",
        ),
        field("tdm_policy", pa.string(), "address of the policy under which they may be had (TDM-Policy)"),
        field("directives_quote", pa.string(), "the words that say so, cut at 200 characters"),
        field("directives_as_of", pa.string(), "ISO 8601 time at which they were looked for: of the capture"),
        field("text", pa.large_string(), "the document's text", nullable=False),
        field("page_evidence", pa.list_(PAGE), "of each page: the way it was read, why, and what was measured"),
    ]
)
"""What a source's row becomes. Text is `large_string`: one batch may hold more than 2 GiB."""

LEDGER = pa.schema(
    [
        *ORIGIN,
        field("outcome", pa.string(), "dropped | merged | expanded", nullable=False),
        field("reason", pa.string(), "rule_set:rule that decided", nullable=False),
        field("survivor", pa.string(), "doc_id that stands for this record, where one does"),
        field("children", pa.int32(), "records that an expanded one became", unit="records"),
    ]
)
"""One row a record that is gone; a room's measured signals follow as further columns. Never text."""

FATE = ("outcome", "reason", "survivor", "children")
"""The columns of LEDGER that say what became of the record."""
