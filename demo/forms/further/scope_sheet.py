# SPDX-License-Identifier: AGPL-3.0-or-later
"""An endoscopy report: pictures in a column on the right, organs as sub-headings of the findings, biopsy, pathology and advice below the diagnosis."""

import random
from dataclasses import replace

from cloudfilm.reports.fields import ReportFields
from demo.forms.layouts import parts
from demo.forms.pen import BOTTOM, LEFT, RIGHT, Pen, gray_picture, scribble
from demo.forms.wording import Wording

KINDS = ("endoscopy",)
NOT_PRINTED = ("report_time", "reviewing_doctor")
LABELS = {
    "patient_id": ("病人ID", "ID号"),
    "accession_number": ("检查号", "内镜号"),
    "department": ("科室", "申请科室"),
    "body_part": ("检查部位", "检查项目"),
    "findings": ("内镜所见", "镜下所见", "胃镜所见"),
    "impression": ("内镜诊断", "镜下诊断", "内镜提示"),
    "reporting_doctor": ("检查医师", "检查医生", "操作医师", "内镜医师", "医生签名", "医师签名"),
    "exam_time": ("检查日期", "检查时间"),
}
_ROWS = (
    ("patient_name", "patient_sex", "patient_age"), ("accession_number", "patient_id"), ("department", "outpatient_number", "inpatient_number"),
    ("bed_number", "body_part"),
)  # fmt: skip
_TEXT_WIDTH = RIGHT - LEFT - 150

_ADVICE = "建议：忌烟酒，定期复查。"


def as_printed(fields: ReportFields, _: random.Random) -> ReportFields:
    """The doctor's advice is a part of what the patient is told."""
    return replace(fields, impression=f"{fields.impression}\n{_ADVICE}")


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    parts.title(pen, wording)
    for row, names in enumerate(_ROWS):
        width = (RIGHT - LEFT) / len(names)
        for column, name in enumerate(names):
            end = pen.text(LEFT + column * width, pen.y + 16 + row * 18, wording.label(name))
            pen.text(end, pen.y + 16 + row * 18, wording.values[name], room=width - 60)
    pen.y += 18 * len(_ROWS) + 4
    pen.rule(pen.y)
    pen.text(LEFT, pen.y + 18, f"插镜途径：经口　　麻醉方式：静脉麻醉　　内镜型号：GIF-{random_of.choice(('HQ290', 'H260'))}", 9.5)
    top = pen.y + 28
    for number in range(4):
        pen.image(gray_picture(random_of.randrange(1000)), RIGHT - 130, top + number * 100, 130, 92)
    pen.y = top + 4
    for name in ("findings", "impression"):
        pen.y += 16
        pen.text(LEFT, pen.y, wording.label(name), 11, bold=True)
        pen.lines(pen.broken(wording.values[name].removesuffix(f"\n{_ADVICE}"), _TEXT_WIDTH, 10.5), LEFT, 17, 10.5)
        pen.y += 6
    for line in (f"活检部位：{random_of.choice(('胃窦2块', '无'))}", "病理诊断：", _ADVICE):
        pen.y += 18
        pen.text(LEFT, pen.y, line, 10.5)
    y = BOTTOM - 24
    end = pen.text(LEFT + 120, y, wording.label("reporting_doctor"))
    end = pen.text(end, y, wording.values["reporting_doctor"])
    scribble(pen, end + 20, y, random_of)
    pen.text(RIGHT, y, wording.label("exam_time") + wording.values["exam_time"], align="right")
