# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hospital with foreign patients: the label in English above or before the Chinese one, values centred in their cells, names in capital letters too."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import BOTTOM, LEFT, PAGE_WIDTH, RIGHT, Pen
from demo.forms.wording import ENGLISH, HEADER, SIGNATURES, Wording

LABELS = {
    "patient_name": ("姓名",),
    "patient_id": ("影像号", "病历号"),
    "accession_number": ("检查号", "检查编号"),
    "department": ("科室",),
    "findings": ("影像所见", "检查所见"),
    "impression": ("诊断印象", "影像诊断"),
}
_ENGLISH = ENGLISH | {
    "patient_name": "Patient Name", "patient_id": "MRN", "accession_number": "Accession No.", "department": "Department",
    "body_part": "Examination", "exam_time": "Date of Exam", "report_time": "Date of Report", "reporting_doctor": "Radiologist",
    "reviewing_doctor": "Reviewed by", "findings": "FINDINGS", "impression": "IMPRESSION",
}  # fmt: skip


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    is_stacked = random_of.random() < 0.5
    pen.footer = parts.foot("Confidential 内部资料 注意保密", lambda page: f"Page {page} / 1")
    parts.title(pen, wording, 16)
    pen.text(PAGE_WIDTH / 2, pen.y, "RADIOLOGY REPORT", 10, "centre")
    pen.y += 12
    half, height = (RIGHT - LEFT) / 2, 28.0 if is_stacked else 20.0
    for number, name in enumerate(HEADER):
        row, column = divmod(number, 2)
        x, y = LEFT + column * half, pen.y + row * height
        if is_stacked:
            pen.box(x, y, half, height)
            pen.text(x + 4, y + 11, _ENGLISH[name], 8)
            pen.text(x + 4, y + 23, wording.labels[name], 9.5)
            pen.text(x + 90 + (half - 90) / 2, y + 18, wording.values[name], 10, "centre")
        else:
            pen.text(pen.text(x, y + 14, f"{_ENGLISH[name]} {wording.label(name)}", 9) + 3, y + 14, wording.values[name], 9.5)
    pen.y += height * 6 + 6
    for name in ("findings", "impression"):
        pen.y += 24
        pen.text(LEFT, pen.y, f"{_ENGLISH[name]} {wording.label(name)}", 11.5, bold=True)
        pen.y += 3
        pen.lines(pen.broken(wording.values[name], RIGHT - LEFT - 16), LEFT + 10)
    third = (RIGHT - LEFT) / 3
    for column, name in enumerate(SIGNATURES):
        x = LEFT + column * third
        pen.text(x, BOTTOM - 30, f"{_ENGLISH[name]} {wording.label(name)}", 8.5)
        pen.text(x, BOTTOM - 16, wording.values[name], 9)
