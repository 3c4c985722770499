# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from portal.staff.logo import LARGEST, LogoRefused, encoded_logo


def picture(size: tuple[int, int] = (900, 300), form: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(target, form, **options)
    return target.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_it_becomes_a_small_png(form: str) -> None:
    logo = Image.open(io.BytesIO(encoded_logo(picture(form=form))))
    assert (logo.format, logo.size) == ("PNG", LARGEST)
    red, green, _, opaque = logo.convert("RGBA").getpixel((10, 10))  # type: ignore[misc]
    assert (abs(red - 200) < 8, abs(green - 30) < 8, opaque) == (True, True, 255)


def test_nothing_but_its_pixels_is_kept() -> None:
    said = PngInfo()
    said.add_text("Comment", "<script>hidden</script>")
    assert b"script" not in encoded_logo(picture(pnginfo=said) + b"<script>behind</script>")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "format"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "format"),
        (picture(form="GIF"), "format"),
        (picture()[:-60], "format"),
        (picture((3000, 2000)), "pixels"),
        (b"x" * (1024 * 1024 + 1), "large"),
    ],
)
def test_anything_else_is_refused(content: bytes, fault: str) -> None:
    with pytest.raises(LogoRefused) as refused:
        encoded_logo(content)
    assert refused.value.fault == fault


def test_a_bomb_is_not_unpacked() -> None:
    header = picture((10, 10))
    place = header.index(b"IHDR")
    head = b"IHDR" + (60000).to_bytes(4, "big") * 2 + header[place + 12 : place + 17]
    with pytest.raises(LogoRefused):
        encoded_logo(header[:place] + head + zlib.crc32(head).to_bytes(4, "big") + header[place + 21 :])
