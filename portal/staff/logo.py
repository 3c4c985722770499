# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hospital's logo: whatever picture is handed in is decoded within limits and written anew as a small PNG, so that nothing else of it is kept."""

from __future__ import annotations

import io
import warnings

from PIL import Image, UnidentifiedImageError

MOST_BYTES = 1024 * 1024
MOST_PIXELS = 4_000_000
LARGEST = (480, 160)
_FORMATS = ("PNG", "JPEG", "WEBP")


class LogoRefused(Exception):
    """The picture cannot be taken; ``fault`` is ``large``, ``pixels`` or ``format``."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def encoded_logo(content: bytes) -> bytes:
    """A PNG of at most 480x160 pixels.

    Raises
    ------
    LogoRefused
        It is larger than 1 MB or 4 megapixels, or no PNG, JPEG or WebP.
    """
    if len(content) > MOST_BYTES:
        raise LogoRefused("large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=_FORMATS)
            if picture.width * picture.height > MOST_PIXELS:
                raise LogoRefused("pixels")
            picture.load()
            clean = picture.convert("RGBA")
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        raise LogoRefused("format") from None
    clean.thumbnail(LARGEST)
    bare = Image.new("RGBA", clean.size)
    bare.paste(clean)
    target = io.BytesIO()
    bare.save(target, "PNG", optimize=True)
    return target.getvalue()
