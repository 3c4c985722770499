# SPDX-License-Identifier: AGPL-3.0-or-later
"""The program that recognises the text of a film: limits first, then the work, one answer. It sees grey pixels only."""

import io
import json
import sys

import numpy as np
from PIL import Image

from cloudfilm.reports.framing import read_frames, write_frames
from cloudfilm.reports.limits import DocumentLimits, limit_this_process


def main() -> None:
    """Answer the one request on the standard input: lines of text with the score of their worst character."""
    request, *sheets = read_frames(sys.stdin.buffer)
    limit_this_process(DocumentLimits(**json.loads(request)))
    from cloudfilm.reports.recognition import recognise_lines

    lines = []
    for sheet in sheets:
        pixels = np.asarray(Image.open(io.BytesIO(sheet)).convert("L"), dtype=np.uint8)
        for line in recognise_lines(pixels):
            text = "".join(one.text for one in line.characters)
            if text:
                lines.append((text, min(one.score for one in line.characters)))
    write_frames(sys.stdout.buffer, [json.dumps(lines).encode()])


if __name__ == "__main__":
    main()
