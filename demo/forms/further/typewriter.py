# SPDX-License-Identifier: AGPL-3.0-or-later
"""As an old system prints to a line printer: rows of one string each, columns filled with spaces, rules of dashes and equal signs, texts after their heading."""

import random

from demo.forms.pen import LEFT, PAGE_WIDTH, RIGHT, Pen
from demo.forms.wording import Wording

FONT = "STSong-Light"
LABELS = {
    "patient_id": ("影像号", "X光号", "ID"),
    "accession_number": ("检查号", "流水号"),
    "department": ("科别", "科室"),
    "body_part": ("部位", "检查项目"),
    "findings": ("所见", "检查所见", "影像描述"),
    "impression": ("诊断", "印象", "意见"),
    "reporting_doctor": ("报告人", "报告医生", "报告"),
    "reviewing_doctor": ("审核人", "审核医生", "审核"),
    "report_time": ("报告日期",),
}
_SIZE, _LEADING = 10.0, 16.0
_ROWS = (
    (("patient_name", 18), ("patient_sex", 10), ("patient_age", 14), ("department", 0)),
    (("outpatient_number", 20), ("inpatient_number", 20), ("bed_number", 0)),
    (("patient_id", 24), ("accession_number", 0)), (("body_part", 38), ("exam_time", 0)),
)  # fmt: skip


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    rule = random_of.choice("-=") * 84
    pen.text(PAGE_WIDTH / 2, 60, "  ".join(wording.values["hospital_name"]), 13, "centre")
    pen.text(PAGE_WIDTH / 2, 80, wording.values["report_kind"], 12, "centre")
    pen.y = 84
    pen.lines([rule], LEFT, _LEADING, _SIZE)
    for names in _ROWS:
        pen.lines(
            ["".join(_filled(f"{wording.label(name, ':')}{wording.values[name]}", width) for name, width in names)], LEFT, _LEADING, _SIZE
        )
    pen.lines([rule], LEFT, _LEADING, _SIZE)
    for name in ("findings", "impression"):
        text = wording.label(name, ":") + wording.values[name]
        pen.lines(pen.broken(text, RIGHT - LEFT - 10, _SIZE, indent=""), LEFT, _LEADING, _SIZE)
        pen.y += _LEADING / 2
    pen.lines([rule], LEFT, _LEADING, _SIZE)
    names = (("reporting_doctor", 22), ("reviewing_doctor", 22), ("report_time", 0))
    pen.lines(
        ["".join(_filled(f"{wording.label(name, ':')}{wording.values[name]}", width) for name, width in names)], LEFT, _LEADING, _SIZE
    )


def _filled(text: str, width: int) -> str:
    """Filled up with spaces to so many half-width characters."""
    taken = sum(1 if character.isascii() else 2 for character in text)
    return text + " " * max(width - taken, 2)
