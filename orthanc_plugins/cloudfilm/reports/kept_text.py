# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text of a document's pages as it is kept: JSON, compressed. A document with too much text is not kept: no form is taught from it."""

import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cloudfilm.reports.reading_json import page_from_json
from cloudfilm.reports.taught_form import MOST_PAGES
from cloudfilm.reports.text_layer import PageText

MOST_CHARACTERS = 30_000
_SAME = 0.7  # of the characters


def truest_text(written: Sequence[Mapping[str, Any]], recognised: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of each page the text that it carries, where recognition sees the same there; else what was recognised. Pages as `page_to_json` gives them."""
    return [own if _says_the_same(own, seen) else seen for own, seen in zip(written, recognised, strict=True)]


def _says_the_same(own: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    letters, others = (Counter(one[0] for one in page["characters"]) for page in (own, seen))
    return (letters & others).total() >= _SAME * max(others.total(), 1)


def pack_text(pages: Sequence[Mapping[str, Any]]) -> bytes | None:
    """Pages as `page_to_json` gives them; `None` when they are too long to be kept, or empty."""
    characters = sum(len(page["characters"]) for page in pages)
    if not 0 < characters <= MOST_CHARACTERS or len(pages) > MOST_PAGES:
        return None
    return zlib.compress(json.dumps(pages, ensure_ascii=False, separators=(",", ":")).encode())


def unpack_text(kept: bytes) -> tuple[PageText, ...]:
    """The inverse of `pack_text`."""
    return tuple(page_from_json(page) for page in json.loads(zlib.decompress(kept)))
