# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ruled grid of values without labels, centred in their cells; the texts beside a narrow column with a sign."""

from collections.abc import Mapping

from demo.forms.pen import LEFT, PAGE_WIDTH, RIGHT, Pen

HOSPITAL = "东海大学附属第二医院"
NOT_PRINTED = ("outpatient_number", "bed_number", "inpatient_number")
_CELLS = (
    ("patient_name", "patient_sex", "patient_age"), ("accession_number", "patient_id", "exam_time"), ("department", "body_part", "report_time"),
)  # fmt: skip


def draw(pen: Pen, values: Mapping[str, str]) -> None:
    """Draw the form."""
    pen.text(PAGE_WIDTH / 2, 64, values["hospital_name"], 17, "centre", bold=True)
    pen.text(PAGE_WIDTH / 2, 88, values["report_kind"], 14, "centre")
    width, height = (RIGHT - LEFT) / 3, 26.0
    for row, names in enumerate(_CELLS):
        for column, name in enumerate(names):
            pen.box(LEFT + column * width, 104 + row * height, width, height)
            pen.text(LEFT + (column + 0.5) * width, 104 + row * height + 17, values[name], align="centre", room=width - 8)
    for top, bottom, sign, name in ((186, 520, "甲", "findings"), (520, 720, "乙", "impression")):
        pen.box(LEFT, top, RIGHT - LEFT, bottom - top)
        pen.text(LEFT + 8, top + 20, sign, 13, bold=True)
        pen.y = top + 4
        pen.lines(pen.broken(values[name], RIGHT - LEFT - 44, 11), LEFT + 36, 18, 11)
    pen.text(LEFT + 40, 744, values["reporting_doctor"])
    pen.text(LEFT + 240, 744, values["reviewing_doctor"])
    pen.text(LEFT, 806, "东海大学附属第二医院影像科 印制 请妥善保管", 8.5)
