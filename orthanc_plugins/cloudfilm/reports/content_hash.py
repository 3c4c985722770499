# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all pages of a document say and look like, as one hash: equal for a report that was printed again, whatever dates and identifiers the
printer put into the file. One different pixel or character, and it is another report."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence

from cloudfilm.reports.page_images import PageImage
from cloudfilm.reports.text_layer import PageText


def content_hash(pages: Sequence[PageText], images: Sequence[PageImage]) -> str:
    """
    SHA-256 in hex.

    Parameters
    ----------
    pages
        The text layer.
    images
        The pages as they were rendered, at 150 dpi for A4. The same pixels give the same WebP.
    """
    content = [
        ["".join(unicodedata.normalize("NFKC", page.stream).split()), image.width, image.height, hashlib.sha256(image.webp).hexdigest()]
        for page, image in zip(pages, images, strict=True)
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode("ascii")).hexdigest()
