# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which pages must be recognised in a picture because their text cannot be read, and those pictures."""

import io
import re
from collections.abc import Sequence

import pypdfium2  # type: ignore[import-untyped, unused-ignore]
from PIL import Image

from cloudfilm.reports.labels import all_labels
from cloudfilm.reports.page_lines import lines_by_place
from cloudfilm.reports.text_layer import PageText

DPI = 200
LARGEST_PICTURE = 6_000_000  # pixels
MOST_PICTURES = 8  # pages of one document
_FAINTEST_INK = 40  # grey levels
_FEWEST_CHARACTERS = 12
_READABLE_SHARE = 0.85
_READABLE = re.compile(
    r"[\x20-\x7e\u00b0-\u00b9\u00d7\u00f7±·Α-ω℃\u2010-\u2027\u2030-\u205e\u2070-\u209f\u2150-\u22ff\u2460-\u24ff\u25a0-\u26ff"
    r"\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
)


def pages_to_recognise(pages: Sequence[PageText]) -> tuple[int, ...]:
    """
    The places of the pages whose text layer says nothing: none, a few characters, unreadable ones.

    A document without a single label on any page is recognised whole: its text may be there and be wrong, as where a font does not say which
    characters its glyphs are.
    """
    if not any(all_labels(line.text) for number, page in enumerate(pages, 1) for line in lines_by_place(page, number)):
        return tuple(range(len(pages)))[:MOST_PICTURES]
    return tuple(place for place, page in enumerate(pages) if not has_readable_text(page))[:MOST_PICTURES]


def has_readable_text(page: PageText) -> bool:
    """Whether the text layer has enough characters, and such as a report is written in."""
    text = "".join(character.text for character in page.characters)
    return len(text) >= _FEWEST_CHARACTERS and len(_READABLE.findall(text)) >= _READABLE_SHARE * len(text)


def pictures_of(pdf: bytes, places: Sequence[int]) -> dict[int, bytes]:
    """
    Those pages by their places, in grey levels as PNG, `DPI` dots to the inch; without the ones that are blank.

    A page that would have more than `LARGEST_PICTURE` pixels is made smaller.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()
        images = {place: _picture(document[place]) for place in places}
    finally:
        document.close()
    return {place: _png(image) for place, image in images.items() if not _is_blank(image)}


def _picture(page: pypdfium2.PdfPage) -> Image.Image:
    width, height = page.get_size()
    scale = min(DPI / 72, (LARGEST_PICTURE / (width * height)) ** 0.5)
    image: Image.Image = page.render(scale=scale).to_pil().convert("L")
    return image


def _is_blank(image: Image.Image) -> bool:
    darkest, lightest = (int(level) for level in image.getextrema())  # type: ignore[arg-type]
    return lightest - darkest < _FAINTEST_INK


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG", compress_level=1)
    return target.getvalue()
