# SPDX-License-Identifier: AGPL-3.0-or-later
"""No colons: labels and values stand apart in four columns, as an old report system prints them."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, SIGNATURES, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    parts.title(pen, wording)
    third = (RIGHT - LEFT) / 3
    for number, (label, value) in enumerate(wording.pairs(HEADER, colon="")):
        row, column = divmod(number, 3)
        pen.text(LEFT + column * third, pen.y + 17 + row * 20, label)
        pen.text(LEFT + column * third + 66, pen.y + 17 + row * 20, value, 10, room=third - 76)
    pen.y += 20 * 4 + 8
    parts.texts(pen, wording, colon="")
    pen.y += 30
    for column, (label, value) in enumerate(wording.pairs(SIGNATURES, colon="")):
        pen.text(LEFT + column * third, pen.y, label)
        pen.text(LEFT + column * third + 62, pen.y, value, 10)
