# SPDX-License-Identifier: AGPL-3.0-or-later
"""The program that recognises the text of pages in pictures of them and reads the report: limits first, then the work, one answer.

It needs far more memory than the process that opens the document, and so it is another one, which sees no document: only grey pixels.
"""

import io
import json
import sys
from typing import Any

import numpy as np
from PIL import Image

from cloudfilm.reports.form_teaching import read_with_forms
from cloudfilm.reports.framing import read_frames, write_frames
from cloudfilm.reports.limits import DocumentLimits, limit_this_process
from cloudfilm.reports.reading_json import page_from_json, page_to_json, reading_to_json
from cloudfilm.reports.taught_form import form_from_json
from cloudfilm.reports.text_lines import text_lines


def main() -> None:
    """Answer the one request on the standard input."""
    request, *pictures = read_frames(sys.stdin.buffer)
    document = json.loads(request)
    limit_this_process(DocumentLimits(**document["limits"]))
    from cloudfilm.reports.recognition import recognise_page

    pages = [page_from_json(page) for page in document["pages"]]
    lines: dict[int, dict[str, Any]] = {}
    for place, picture in zip(document["places"], pictures, strict=True):
        pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("L"), dtype=np.uint8)
        width, height = pages[place].displayed_size
        pages[place] = recognise_page(pixels, width, height)
        lines[place] = text_lines(pages[place], width, height).to_json()
    reading, _ = read_with_forms(pages, [form_from_json(form) for form in document["forms"]])
    answer = {"reading": reading_to_json(reading), "pages": [page_to_json(page) for page in pages], "lines": lines}
    write_frames(sys.stdout.buffer, [json.dumps(answer).encode()])


if __name__ == "__main__":
    main()
