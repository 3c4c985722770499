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
_DARK, _LEAST_INK = 160, 0.001  # a grey level, and the share of a page that is darker: a rule across it is less
_FEWEST_CHARACTERS = 12
_READABLE_SHARE = 0.85
_READABLE = re.compile(
    r"[\x20-\x7e\u00b0-\u00b9\u00d7\u00f7±·Α-ω℃\u2010-\u2027\u2030-\u205e\u2070-\u209f\u2150-\u22ff\u2460-\u24ff\u25a0-\u26ff"
    r"\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
)


def pages_to_recognise(pages: Sequence[PageText], is_known_form: bool = False) -> tuple[int, ...]:
    """
    The places of the pages whose text layer says nothing: none, a few characters, unreadable ones.

    A document without a single label on any page is recognised whole: its text may be there and be wrong, as where a font does not say which
    characters its glyphs are. A taught form that was recognised says that the text is right.
    """
    if not is_known_form and not any(
        all_labels(line.text) for number, page in enumerate(pages, 1) for line in lines_by_place(page, number)
    ):
        return tuple(range(len(pages)))[:MOST_PICTURES]
    return tuple(place for place, page in enumerate(pages) if not has_readable_text(page))[:MOST_PICTURES]


def has_readable_text(page: PageText) -> bool:
    """Whether the text layer has enough characters, and such as a report is written in."""
    text = "".join(character.text for character in page.characters)
    return len(text) >= _FEWEST_CHARACTERS and len(_READABLE.findall(text)) >= _READABLE_SHARE * len(text)


def pictures_of(pdf: bytes, pages: Sequence[PageText], places: Sequence[int]) -> dict[int, bytes]:
    """
    Those pages by their places, in grey levels as PNG, `DPI` dots to the inch; without the ones on which there is nothing but their text.

    A page that would have more than `LARGEST_PICTURE` pixels is made smaller.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()
        images = {place: _picture(document[place]) for place in places}
    finally:
        document.close()
    return {place: _png(image) for place, image in images.items() if _has_more_than_text(image, pages[place])}


def _picture(page: pypdfium2.PdfPage) -> Image.Image:
    width, height = page.get_size()
    scale = min(DPI / 72, (LARGEST_PICTURE / (width * height)) ** 0.5)
    image: Image.Image = page.render(scale=scale).to_pil().convert("L")
    return image


def _has_more_than_text(image: Image.Image, page: PageText) -> bool:
    """Whether there is ink beside the characters that can be read."""
    rest = image.copy()
    if len(page.characters) < _FEWEST_CHARACTERS and not page.skew:
        scale = image.width / page.width_points
        for one in page.characters:
            if _READABLE.fullmatch(one.text):
                rest.paste(255, (round(one.left * scale), round(one.top * scale), round(one.right * scale), round(one.bottom * scale)))
    histogram = rest.histogram()
    return sum(histogram[:_DARK]) > _LEAST_INK * image.width * image.height


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG", compress_level=1)
    return target.getvalue()
