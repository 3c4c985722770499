# SPDX-License-Identifier: AGPL-3.0-or-later
"""Values on drawn lines, or between typed underscores; a whole row of labels and values is one string, kept apart by spaces and without colons."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import BOTTOM, LEFT, RIGHT, Pen
from demo.forms.wording import Wording

LABELS = {
    "patient_id": ("影像号", "放射号", "ID号"),
    "accession_number": ("检查号", "检查序号"),
    "department": ("科别", "申请科室"),
    "findings": ("影像表现", "影像所见"),
    "impression": ("诊断意见", "影像诊断"),
    "reporting_doctor": ("报告医师", "报告医生"),
    "reviewing_doctor": ("审核医师", "审核医生"),
    "report_time": ("报告日期",),
}
_ROWS = (
    ("patient_name", "patient_sex", "patient_age", "bed_number"), ("department", "outpatient_number", "inpatient_number"),
    ("patient_id", "accession_number"), ("body_part", "exam_time"),
)  # fmt: skip


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    is_typed = random_of.random() < 0.4
    parts.title(pen, wording, 17)
    for row, names in enumerate(_ROWS):
        y = pen.y + 18 + row * 22
        if is_typed:
            pen.text(LEFT, y, "  ".join(f"{wording.label(name)}__{wording.values[name]}__" for name in names))
            continue
        x = LEFT
        for name in names:
            x = pen.text(x, y, f"{wording.label(name, colon='')} ")
            end = pen.text(x, y, f" {wording.values[name]}  ")
            pen.rule(y + 3, x, max(end, x + 40), 0.5)
            x = max(end, x + 40) + 6
    pen.y += 22 * len(_ROWS) + 4
    parts.texts(pen, wording, colon=random_of.choice(("：", "")))
    y = BOTTOM - 20
    x = LEFT + 150
    for name in ("reporting_doctor", "reviewing_doctor"):
        x = pen.text(x, y, f"{wording.label(name, colon='')} ")
        pen.text(x, y, wording.values[name])
        pen.rule(y + 3, x - 2, x + 70, 0.5)
        x += 86
    pen.text(RIGHT, y + 20, f"{wording.label('report_time', colon='')} {wording.values['report_time']}", align="right")
