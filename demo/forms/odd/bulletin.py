# SPDX-License-Identifier: AGPL-3.0-or-later
"""No label anywhere: who knows the form knows what stands where. Findings and impression have a box each, the doctors stand at the page's foot."""

from collections.abc import Mapping

from demo.forms.pen import LEFT, PAGE_WIDTH, RIGHT, Pen

HOSPITAL = "沙湾县人民医院"
NOT_PRINTED: tuple[str, ...] = ("outpatient_number", "inpatient_number", "bed_number")


def draw(pen: Pen, values: Mapping[str, str]) -> None:
    """Draw the form."""
    pen.text(PAGE_WIDTH / 2, 70, values["hospital_name"], 18, "centre", bold=True)
    pen.text(PAGE_WIDTH / 2, 96, values["report_kind"], 15, "centre", bold=True)
    pen.rule(108)
    for x, y, name in (
        (LEFT, 128, "patient_name"), (LEFT + 130, 128, "patient_sex"), (LEFT + 190, 128, "patient_age"), (LEFT + 290, 128, "department"),
        (LEFT, 150, "accession_number"), (LEFT + 190, 150, "patient_id"), (LEFT + 370, 150, "exam_time"), (LEFT, 172, "body_part"),
    ):  # fmt: skip
        pen.text(x, y, values[name])
    pen.rule(184)
    pen.y = 190
    pen.lines(pen.broken(values["findings"], RIGHT - LEFT - 8, 11), LEFT + 4, 18, 11)
    pen.rule(470)
    pen.y = 476
    pen.lines(pen.broken(values["impression"], RIGHT - LEFT - 8, 11), LEFT + 4, 18, 11)
    pen.rule(730)
    pen.text(LEFT, 750, values["reporting_doctor"])
    pen.text(LEFT + 160, 750, values["reviewing_doctor"])
    pen.text(RIGHT, 750, values["report_time"], align="right")
    pen.text(LEFT, 806, "地址电话见院内公示栏，复诊请携带此单。", 8.5)
