# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parts that most forms have: the title, a heading with its text, the row of doctors, the line at the foot of the page."""

from collections.abc import Callable

from demo.forms.pen import BOTTOM, LEFT, PAGE_HEIGHT, PAGE_WIDTH, RIGHT, Pen
from demo.forms.wording import SIGNATURES, Wording


def title(pen: Pen, wording: Wording, size: float = 18.0) -> None:
    """The hospital's name and the report's kind, centred."""
    pen.text(PAGE_WIDTH / 2, pen.y + 20, wording.values["hospital_name"], size, "centre", bold=True)
    pen.text(PAGE_WIDTH / 2, pen.y + 46, wording.values["report_kind"], size - 3, "centre", bold=True)
    pen.y += 62


def texts(pen: Pen, wording: Wording, colon: str = "：", size: float = 11.0, indent: str = "　　") -> None:
    """Findings and impression, each under its heading."""
    for name in ("findings", "impression"):
        pen.room(60)
        pen.y += 22
        pen.text(LEFT + 2, pen.y, wording.label(name, colon), size + 1, bold=True)
        pen.y += 3
        pen.lines(pen.broken(wording.values[name], RIGHT - LEFT - 16, size, indent), LEFT + 10, 18, size)
        pen.y += 8


def signatures(pen: Pen, wording: Wording, y: float = BOTTOM - 18, colon: str = "：") -> None:
    """The doctors and the time of the report in three columns above the page's foot."""
    pen.rule(y - 16)
    third = (RIGHT - LEFT) / 3
    for column, (label, value) in enumerate(wording.pairs(SIGNATURES, colon)):
        end = pen.text(LEFT + 2 + column * third, y, label)
        pen.text(end, y, value)


def foot(note: str, page: Callable[[int], str]) -> Callable[[Pen], None]:
    """The foot of every page: a note on the left and the page's number on the right."""

    def draw(pen: Pen) -> None:
        pen.text(LEFT, PAGE_HEIGHT - 34, note, 8.5)
        pen.text(RIGHT, PAGE_HEIGHT - 34, page(pen.page), 8.5, "right")

    return draw
