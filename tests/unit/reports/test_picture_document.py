# SPDX-License-Identifier: AGPL-3.0-or-later
"""A picture becomes a document: each of its pages one, seen as it was."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image

from cloudfilm.reports.picture_document import document_of
from cloudfilm.reports.refusal import DocumentRefused


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (200, 280), pages: int = 1, **options: object) -> bytes:
    image = Image.new(mode, size)
    image.paste(Image.new(mode, (size[0] // 2, size[1]), "white"))
    target = BytesIO()
    more = {"save_all": True, "append_images": [image] * (pages - 1)} if pages > 1 else {}
    image.save(target, kind, **more, **options)  # type: ignore[arg-type]
    return target.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "1"), ("TIFF", "L"), ("TIFF", "1")]
)  # fmt: skip
def test_a_picture_is_a_page_that_looks_the_same(kind: str, mode: str) -> None:
    document = pypdfium2.PdfDocument(document_of(picture(kind, mode)))
    assert len(document) == 1
    page = document[0].render(scale=0.5).to_pil().convert("L")
    assert page.height / page.width == pytest.approx(1.4, abs=0.01)
    if mode != "CMYK":
        assert (page.getpixel((20, 20)), page.getpixel((page.width - 20, 20))) == (255, 0)


def test_every_page_of_a_tiff_is_there_and_a_wide_page_lies_on_its_side() -> None:
    document = pypdfium2.PdfDocument(document_of(picture("TIFF", size=(300, 200), pages=3)))
    assert len(document) == 3
    assert document[0].get_size()[0] == pytest.approx(842, abs=1)


def test_the_same_picture_gives_the_same_document() -> None:
    assert document_of(picture("PNG")) == document_of(picture("PNG"))


def test_a_photograph_that_says_how_it_is_turned_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    document = pypdfium2.PdfDocument(document_of(picture("JPEG", size=(280, 200), exif=exif)))
    width, height = document[0].get_size()
    assert height > width


def test_what_is_no_picture_is_left_as_it_is() -> None:
    assert document_of(b"%PDF-1.4") == b"%PDF-1.4"


def bomb() -> bytes:
    """A PNG of 40,000 x 40,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [bomb(), picture("PNG")[:200], b"\xff\xd8\xff\xe0junk", picture("TIFF", size=(9, 9), pages=60), picture("PNG", size=(1, 900))],
)
def test_a_hostile_picture_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(DocumentRefused):
        document_of(content)
