# SPDX-License-Identifier: AGPL-3.0-or-later
"""Boxes to tick for the patient's sex and where the patient comes from, urgent or not, positive or not: as characters, or drawn."""

import random
from dataclasses import replace

from cloudfilm.reports.fields import ReportFields
from demo.forms.layouts import parts
from demo.forms.pen import LEFT, PAGE_HEIGHT, RIGHT, Pen
from demo.forms.wording import Wording

FONT = "WenQuanYi"
LABELS = {
    "patient_id": ("影像号", "病人编号"),
    "accession_number": ("检查号", "检查流水号"),
    "findings": ("影像学所见", "检查所见"),
    "impression": ("影像学诊断", "诊断结论"),
    "reporting_doctor": ("报告医师", "诊断医师"),
    "reviewing_doctor": ("审核医师", "复核医师"),
}


def as_printed(fields: ReportFields, _: random.Random) -> ReportFields:
    """The sex is always one of the two boxes."""
    return replace(fields, patient_sex=fields.patient_sex or "M")


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    style = random_of.choice(("☑□", "■□", "√□", "drawn"))
    parts.title(pen, wording)
    pen.rule(pen.y)
    third = (RIGHT - LEFT) / 3
    rows = (
        ("patient_name", "patient_sex", "patient_age"), ("patient_id", "accession_number", "department"),
        ("outpatient_number", "inpatient_number", "bed_number"), ("body_part", "exam_time"),
    )  # fmt: skip
    for row, names in enumerate(rows):
        y = pen.y + 18 + row * 19
        for column, name in enumerate(names):
            x = pen.text(LEFT + column * third, y, wording.label(name))
            if name == "patient_sex":
                _boxes(pen, x, y, ("男", "女"), wording.values[name], style)
            else:
                pen.text(x, y, wording.values[name])
    y = pen.y + 18 + 4 * 19
    x = _boxes(
        pen,
        pen.text(LEFT, y, "病人来源："),
        y,
        ("门诊", "住院", "急诊", "体检"),
        "住院" if wording.values["inpatient_number"] else "门诊",
        style,
    )
    _boxes(pen, pen.text(x + 20, y, "检查状态："), y, ("平诊", "急诊"), "平诊", style)
    pen.y = y + 8
    pen.rule(pen.y)
    parts.texts(pen, wording)
    pen.y += 18
    _boxes(pen, pen.text(LEFT, pen.y, "检查结果："), pen.y, ("阳性", "阴性"), random_of.choice(("阳性", "阴性")), style)
    parts.signatures(pen, wording)


def _boxes(pen: Pen, x: float, y: float, choices: tuple[str, ...], ticked: str, style: str) -> float:
    for choice in choices:
        if style == "drawn":
            pen.box(x + 2, y - 8, 8, 8)
            if choice == ticked:
                path = pen.canvas.beginPath()
                path.moveTo(x + 3, PAGE_HEIGHT - y + 4)
                path.lineTo(x + 5.5, PAGE_HEIGHT - y + 1)
                path.lineTo(x + 11, PAGE_HEIGHT - y + 9)
                pen.canvas.drawPath(path)
            x = pen.text(x + 12, y, choice) + 6
        else:
            x = pen.text(x, y, f"{style[0] if choice == ticked else style[1]}{choice} ")
    return x
