# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels in Chinese and English."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import BOTTOM, LEFT, PAGE_WIDTH, RIGHT, Pen
from demo.forms.wording import HEADER, SIGNATURES, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.footer = parts.foot("本报告仅供参考 For clinical reference only", lambda page: f"Page {page} of 1")
    separator, colon = random_of.choice((" ", "/", "")), random_of.choice(("：", ":"))
    parts.title(pen, wording)
    pen.text(PAGE_WIDTH / 2, pen.y, "DIAGNOSTIC IMAGING REPORT", 9, "centre")
    pen.y += 10
    half = (RIGHT - LEFT) / 2
    for number, name in enumerate(HEADER):
        row, column = divmod(number, 2)
        x, y = LEFT + 2 + column * half, pen.y + 16 + row * 18
        pen.text(pen.text(x, y, wording.bilingual(name, separator) + colon, 9.5) + 2, y, wording.values[name], 10)
    pen.y += 18 * 6 + 6
    pen.rule(pen.y)
    for name in ("findings", "impression"):
        pen.y += 24
        pen.text(LEFT + 2, pen.y, wording.bilingual(name, separator) + colon, 11.5, bold=True)
        pen.y += 3
        pen.lines(pen.broken(wording.values[name], RIGHT - LEFT - 16), LEFT + 10)
    third = (RIGHT - LEFT) / 3
    for column, name in enumerate(SIGNATURES):
        x = LEFT + 2 + column * third - 8 * (column == 2)
        end = pen.text(x, BOTTOM - 18, wording.bilingual(name, separator) + colon, 8.5)
        pen.text(end, BOTTOM - 18, wording.values[name], 8.5)
