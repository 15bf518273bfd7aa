"""The pictures of a page: none is asked of the parser where it cannot draw any, and none is missed for that."""

from __future__ import annotations

import pymupdf
import pytest

from pipeline.extraction.pdf import extract

PICTURE = "/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8"
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 600 800]"
SHADING = (
    "<</ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 600 0] /Extend [true true]"
    " /Function <</FunctionType 2 /Domain [0 1] /C0 [0] /C1 [1] /N 1>>>>"
)
PLACE = b"q 600 0 0 800 0 0 cm /P Do Q"
INLINE = b"q 600 0 0 800 0 0 cm BI /W 2 /H 2 /CS /G /BPC 8 ID \x00\x40\x80\xff EI Q"


def drawn(kind: str) -> bytes:
    """A page with a word and a picture over all of it, that stands where `kind` says."""
    with pymupdf.open() as document:
        page = document.new_page(width=600, height=800)
        page.insert_text((72, 72), "Word")
        picture, form, outer = (document.get_new_xref() for _ in range(3))
        for number, what, content in (
            (picture, PICTURE, b"\x00\x40\x80\xff"),
            (form, f"{FORM} /Resources <</XObject <</P {picture} 0 R>>>>", PLACE),
            (outer, f"{FORM} /Resources <</XObject <</F {form} 0 R>>>>", b"/F Do"),
        ):
            document.update_object(number, f"<<{what}>>")
            document.update_stream(number, content)
        named, content, resources = "", b"", ""
        match kind:
            case "picture":
                named, content = f"/P {picture} 0 R", PLACE
            case "form":
                named, content = f"/F {outer} 0 R", b"/F Do"
            case "form without resources":
                document.update_object(outer, f"<<{FORM}>>")
                document.update_stream(outer, PLACE)
                named, content = f"/F {outer} 0 R /P {picture} 0 R", b"/F Do"
            case "inline":
                content = INLINE
            case "inline in a form":
                document.update_object(outer, f"<<{FORM} /Resources <<>>>>")
                document.update_stream(outer, INLINE)
                named, content = f"/F {outer} 0 R", b"/F Do"
            case "shading":
                resources, content = f"/Shading <</S {SHADING}>>", b"/S sh"
            case "annotation":
                note = document.get_new_xref()
                document.update_object(
                    note, f"<</Type /Annot /Subtype /Stamp /Rect [0 0 600 800] /F 4 /AP <</N {outer} 0 R>>>>"
                )
                document.xref_set_key(page.xref, "Annots", f"[{note} 0 R]")
            case "link":
                link = "<</Type /Annot /Subtype /Link /Rect [0 0 600 800] /A <</S /URI /URI (http://a.example)>>>>"
                document.xref_set_key(page.xref, "Annots", f"[{link}]")
        kept = document.xref_get_key(page.xref, "Resources/Font")[1]
        objects = f"<</Font {kept} /XObject <<{named}>> {resources}>>"
        document.xref_set_key(page.xref, "Resources", objects)
        stream = document.get_new_xref()
        document.update_object(stream, "<<>>")
        document.update_stream(stream, content or b" ")
        own = document.xref_get_key(page.xref, "Contents")[1].strip("[]")
        document.xref_set_key(page.xref, "Contents", f"[{own} {stream} 0 R]")
        return bytes(document.tobytes())


@pytest.mark.parametrize(
    "kind",
    [
        "picture",
        "form",
        "form without resources",
        "inline",
        "inline in a form",
        "shading",
        "annotation",
        "link",
        "none",
    ],
)
def test_a_picture_is_found_wherever_it_stands(kind: str) -> None:
    content = drawn(kind)
    with pymupdf.open(stream=content, filetype="pdf") as document:
        has_any = bool(document[0].get_image_info())
    assert has_any == (kind not in ("link", "none"))
    [page] = extract(content, ocr="never").pages
    assert (page.facts.image_share > 0.9) == has_any
