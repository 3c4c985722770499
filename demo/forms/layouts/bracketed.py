# SPDX-License-Identifier: AGPL-3.0-or-later
"""Headings in 【】, values on lines to write on, all labels drawn before any value, and a full foot of the page."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import BOTTOM, LEFT, PAGE_HEIGHT, RIGHT, Pen
from demo.forms.wording import HEADER, SIGNATURES, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    parts.title(pen, wording)
    third = (RIGHT - LEFT) / 3
    values: list[tuple[float, float, str]] = []
    for number, (label, value) in enumerate(wording.pairs(HEADER)):
        row, column = divmod(number, 3)
        y = pen.y + 17 + row * 21
        end = pen.text(LEFT + 2 + column * third, y, label)
        pen.rule(y + 3, end, LEFT + (column + 1) * third - 8, 0.4)
        values.append((end + 3, y, value))
    for x, y, value in values:
        pen.text(x, y, value)
    pen.y += 21 * 4 + 12
    for name in ("findings", "impression"):
        pen.y += 22
        pen.text(LEFT + 2, pen.y, f"【{wording.labels[name]}】", 12, bold=True)
        pen.y += 3
        pen.lines(pen.broken(wording.values[name], RIGHT - LEFT - 16), LEFT + 10)
        pen.y += 6
    for column, (label, value) in enumerate(wording.pairs(SIGNATURES)):
        pen.text(pen.text(LEFT + 2 + column * third, BOTTOM - 30, label), BOTTOM - 30, value)
    pen.rule(BOTTOM - 18)
    pen.text(LEFT, BOTTOM - 6, "1. 本报告仅供临床医师参考，不作为法律依据。 2. 如有疑问请于七日内联系影像科。", 8)
    pen.text(LEFT, BOTTOM + 6, "打印时间：2026-11-30 10:00:00", 8)
    pen.text(RIGHT, PAGE_HEIGHT - 34, "第 1 页 / 共 1 页", 8, "right")
