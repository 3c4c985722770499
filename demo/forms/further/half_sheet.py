# SPDX-License-Identifier: AGPL-3.0-or-later
"""An ultrasound report on half a sheet across (A5 landscape): two pictures in a row, a dense header, headings before the text on its first line."""

import random

from reportlab.lib.pagesizes import A5, landscape

from demo.forms.pen import PAGE_HEIGHT, Pen, gray_picture
from demo.forms.wording import Wording

KINDS = ("ultrasound", "dr", "endoscopy", "mammography")
NOT_PRINTED = ("outpatient_number",)
LABELS = {
    "patient_name": ("姓名", "患者姓名"),
    "patient_id": ("ID号", "登记号", "影像号"),
    "accession_number": ("检查号", "检查编号"),
    "department": ("科室", "送检科室"),
    "inpatient_number": ("住院号",),
    "body_part": ("检查部位", "检查项目"),
    "findings": ("超声所见", "超声描述", "检查所见"),
    "impression": ("超声提示", "诊断提示", "检查提示"),
    "reporting_doctor": ("报告医生", "诊断医生", "检查医生"),
    "reviewing_doctor": ("审核医生", "审核"),
    "report_time": ("报告时间",),
}
_WIDTH, _HEIGHT = landscape(A5)
_LEFT, _RIGHT = 30.0, _WIDTH - 30.0


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.canvas.setPageSize((_WIDTH, _HEIGHT))
    pen.canvas.translate(0, _HEIGHT - PAGE_HEIGHT)
    pen.text(_WIDTH / 2, 30, f"{wording.values['hospital_name']}{wording.values['report_kind']}", 14, "centre", bold=True)
    pen.rule(37, _LEFT, _RIGHT)
    quarter = (_RIGHT - _LEFT) / 4
    rows = (
        (("patient_name", 1.0), ("patient_sex", 1.0), ("patient_age", 1.0), ("bed_number", 1.0)),
        (("accession_number", 2.0), ("patient_id", 1.2), ("inpatient_number", 0.8)),
        (("department", 1.3), ("body_part", 1.5), ("exam_time", 1.0)),
    )
    for row, columns in enumerate(rows):
        x, y = _LEFT, 51.0 + row * 14
        for name, width in columns:
            end = pen.text(x, y, wording.label(name, random_of.choice(":：")), 8.5)
            pen.text(end, y, wording.values[name], 8.5, room=width * quarter - (end - x) - 4)
            x += width * quarter
    pen.rule(85, _LEFT, _RIGHT)
    for number in range(2):
        pen.image(gray_picture(random_of.randrange(1000)), _WIDTH / 2 - 150 + number * 155, 90, 145, 105)
    pen.y = 200
    for name in ("findings", "impression"):
        first = wording.label(name, ":") + wording.values[name]
        pen.lines(pen.broken(first, _RIGHT - _LEFT, 9, indent=""), _LEFT, 12.5, 9)
        pen.y += 4
    y = _HEIGHT - 34
    pen.rule(y - 11, _LEFT, _RIGHT)
    end = pen.text(_LEFT, y, wording.label("reporting_doctor", ":"), 8.5)
    pen.text(end, y, wording.values["reporting_doctor"], 8.5)
    end = pen.text(_LEFT + 150, y, wording.label("reviewing_doctor", ":"), 8.5)
    pen.text(end, y, wording.values["reviewing_doctor"], 8.5)
    pen.text(_RIGHT, y, wording.label("report_time", ":") + wording.values["report_time"], 8.5, "right")
    pen.text(_LEFT, y + 13, "此报告仅供临床医生参考，医生签字后生效", 7.5)
