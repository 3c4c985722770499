# SPDX-License-Identifier: AGPL-3.0-or-later
"""Long findings on several pages, each with the title, a short header and its number."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    third = (RIGHT - LEFT) / 3

    def rows(fields: tuple[str, ...]) -> None:
        parts.title(pen, wording)
        pen.rule(pen.y)
        for number, (label, value) in enumerate(wording.pairs(fields)):
            row, column = divmod(number, 3)
            pen.text(pen.text(LEFT + 2 + column * third, pen.y + 17 + row * 19, label), pen.y + 17 + row * 19, value)
        pen.y += 19 * -(-len(fields) // 3) + 6
        pen.rule(pen.y)

    pen.header = lambda _: rows(("patient_name", "patient_id", "accession_number"))
    pen.footer = parts.foot("本报告仅供临床医师参考，签字有效。", lambda page: f"第 {page} 页")
    rows(HEADER)
    parts.texts(pen, wording, size=12)
    parts.signatures(pen, wording)
