# SPDX-License-Identifier: AGPL-3.0-or-later
"""One label for several values (性别/年龄：男/45岁), grey labels, a barcode beside the number, the hospital's second name under its first."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import LEFT, PAGE_WIDTH, RIGHT, Pen
from demo.forms.wording import Wording

LABELS = {
    "patient_id": ("影像号", "病人ID"),
    "accession_number": ("检查号", "检查编号"),
    "department": ("申请科室", "科室"),
    "exam_time": ("检查日期时间", "检查日期"),
    "report_time": ("报告日期时间", "报告日期"),
    "findings": ("影像学表现", "影像所见"),
    "impression": ("影像学诊断", "诊断/印象", "印象及建议"),
    "reporting_doctor": ("报告医师", "报告者"),
    "reviewing_doctor": ("审核医师", "审核者"),
}


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    values = wording.values
    pen.text(PAGE_WIDTH / 2, 62, values["hospital_name"], 17, "centre", bold=True)
    pen.text(PAGE_WIDTH / 2, 78, "（江州医学院临床教学基地）", 9, "centre")
    pen.text(PAGE_WIDTH / 2, 100, values["report_kind"], 14, "centre", bold=True)
    _barcode(pen, RIGHT - 110, 40, random_of)
    half, y, ward = (RIGHT - LEFT) / 2, 122.0, values["inpatient_number"] or values["outpatient_number"]
    cells = (
        ("姓名", values["patient_name"]), ("性别/年龄", f"{values['patient_sex']}/{values['patient_age']}"),
        (wording.labels["patient_id"], values["patient_id"]), (wording.labels["accession_number"], values["accession_number"]),
        ("门诊/住院号", ward), (f"{wording.labels['department']}/床号", " / ".join(filter(None, (values["department"], values["bed_number"])))),
        (wording.labels["body_part"], values["body_part"]), (wording.labels["exam_time"], values["exam_time"]),
    )  # fmt: skip
    for number, (label, value) in enumerate(cells):
        row, column = divmod(number, 2)
        pen.canvas.setFillGray(0.35)
        end = pen.text(LEFT + column * half, y + row * 19, label + "：", 9.5)
        pen.canvas.setFillGray(0)
        pen.text(end, y + row * 19, value)
    pen.y = y + 19 * 4
    pen.rule(pen.y)
    parts.texts(pen, wording)
    pen.y += 30
    pen.text(RIGHT, pen.y, f"报告医师/审核医师：{values['reporting_doctor']}/{values['reviewing_doctor'] or '—'}", align="right")
    pen.text(RIGHT, pen.y + 20, wording.label("report_time") + values["report_time"], align="right")


def _barcode(pen: Pen, left: float, top: float, random_of: random.Random) -> None:
    x = left
    while x < left + 100:
        width = random_of.choice((0.8, 1.6, 2.4))
        pen.box(x, top, width, 22, fill=0)
        x += width + random_of.choice((0.8, 1.6, 2.4))
