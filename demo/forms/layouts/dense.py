# SPDX-License-Identifier: AGPL-3.0-or-later
"""A header of two crowded lines with half-width colons and single spaces, in small print."""

import random

from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, SIGNATURES, Wording

_ORDER = (HEADER[:6], HEADER[6:])


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.text(LEFT, pen.y + 20, wording.values["hospital_name"] + wording.values["report_kind"], 15, bold=True)
    pen.y += 30
    for row in _ORDER:
        pen.y += 15
        pen.text(LEFT, pen.y, " ".join(f"{label}{value}" for label, value in wording.pairs(row, ":")), 8.8)
    pen.y += 8
    pen.rule(pen.y)
    for name in ("findings", "impression"):
        pen.y += 8
        pen.lines(pen.broken(f"{wording.label(name)}{wording.values[name]}", RIGHT - LEFT, 10, indent=""), LEFT, 15, 10)
    pen.y += 26
    pen.text(RIGHT, pen.y, " ".join(f"{label}{value}" for label, value in wording.pairs(SIGNATURES, ":")), 9.5, "right")
