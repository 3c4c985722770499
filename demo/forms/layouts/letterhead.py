# SPDX-License-Identifier: AGPL-3.0-or-later
"""A letterhead with an emblem, two pictures of the exam, a signature by hand and a red seal over the doctors' names."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import BOTTOM, LEFT, PAGE_WIDTH, RIGHT, Pen, gray_picture, red_seal, scribble
from demo.forms.wording import HEADER, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.footer = parts.foot("地址：健康路18号  电话：0000-8888888", lambda page: f"第{page}页")
    pen.image(gray_picture(random_of.randrange(1000), 60, 60), LEFT, pen.y, 44, 44)
    parts.title(pen, wording)
    pen.rule(pen.y, width=1.6)
    third = (RIGHT - LEFT) / 3
    for number, (label, value) in enumerate(wording.pairs(HEADER)):
        row, column = divmod(number, 3)
        pen.text(pen.text(LEFT + 2 + column * third, pen.y + 17 + row * 19, label), pen.y + 17 + row * 19, value)
    pen.y += 19 * 4 + 8
    for number in range(2):
        pen.image(gray_picture(random_of.randrange(1000)), PAGE_WIDTH / 2 - 170 + 180 * number, pen.y, 160, 120)
    pen.y += 126
    parts.texts(pen, wording)
    parts.signatures(pen, wording)
    scribble(pen, LEFT + 118, BOTTOM - 18, random_of)
    red_seal(pen, RIGHT - 40, BOTTOM - 62, "报告专用章")
