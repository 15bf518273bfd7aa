"""Content that a page makes its parser run without the operator `Do`: a budget that counts drawn forms misses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def hidden_forms(mupdf: Any, page: Any) -> list[int]:
    """The object numbers of content streams that `page` (of the PDF) has besides its own, each once, in order.

    They are the appearances of its annotations; and of its resources tiling patterns, groups of soft masks and the
    glyphs of Type 3 fonts with what these may draw, drawn or not (ISO 32000-1: 12.5.5, 8.7.3, 11.6.5.3, 9.6.5).
    `mupdf`: the binding's module, of which the functions that count no references are used: what they give is read at
    once.
    """
    found: dict[int, None] = {}
    streams = _in_resources(mupdf, mupdf.pdf_page_resources(page).m_internal)
    notes = mupdf.ll_pdf_dict_gets(page.obj().m_internal, "Annots")
    for at in range(mupdf.ll_pdf_array_len(notes)):
        normal = _in(mupdf, mupdf.ll_pdf_array_get(notes, at), "AP", "N")
        streams += [normal] if mupdf.ll_pdf_is_stream(normal) else _values(mupdf, normal)
    for stream in streams:
        if mupdf.ll_pdf_is_stream(stream):
            found[mupdf.ll_pdf_to_num(stream)] = None
    return list(found)


def may_hide_pictures(mupdf: Any, resources: Any) -> bool:
    """Whether content with these resources may draw a picture without `Do` or `BI`; a shading counts as one.

    So may content without any, as it takes those of what draws it.
    """
    if resources is None or any(mupdf.ll_pdf_is_stream(stream) for stream in _in_resources(mupdf, resources)):
        return True
    return any(mupdf.ll_pdf_dict_gets(resources, kind) is not None for kind in ("Pattern", "Shading"))


def has_drawn_notes(mupdf: Any, page: Any) -> bool:
    """Whether `page` (of the PDF) has annotations besides links, which are not drawn."""
    notes = mupdf.ll_pdf_dict_gets(page.obj().m_internal, "Annots")
    kinds = [_in(mupdf, mupdf.ll_pdf_array_get(notes, at), "Subtype") for at in range(mupdf.ll_pdf_array_len(notes))]
    return any(mupdf.ll_pdf_to_name(kind) != "Link" for kind in kinds)


def _in_resources(mupdf: Any, resources: Any) -> list[Any]:
    """What resources hold that may be content: tiling patterns, groups of soft masks, glyphs of Type 3 fonts."""
    streams = [
        *_values(mupdf, mupdf.ll_pdf_dict_gets(resources, "Pattern")),
        *(_in(mupdf, state, "SMask", "G") for state in _values(mupdf, mupdf.ll_pdf_dict_gets(resources, "ExtGState"))),
    ]
    for font in _values(mupdf, mupdf.ll_pdf_dict_gets(resources, "Font")):
        if (glyphs := mupdf.ll_pdf_dict_gets(font, "CharProcs")) is not None:
            streams += [*_values(mupdf, glyphs), *_values(mupdf, _in(mupdf, font, "Resources", "XObject"))]
    return streams


def _in(mupdf: Any, value: Any, *keys: str) -> Any:
    """What stands in dictionaries within one another."""
    for key in keys:
        value = mupdf.ll_pdf_dict_gets(value, key)
    return value


def _values(mupdf: Any, dictionary: Any) -> Iterator[Any]:
    """Those of a dictionary; none where it is no dictionary."""
    return (mupdf.ll_pdf_dict_get_val(dictionary, at) for at in range(mupdf.ll_pdf_dict_len(dictionary)))
