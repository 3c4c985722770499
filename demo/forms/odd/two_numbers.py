# SPDX-License-Identifier: AGPL-3.0-or-later
"""Familiar labels before other numbers: what is printed as 检查号 is a running number of the day, the exam's own stands behind 申请单号."""

from collections.abc import Mapping

from demo.forms.pen import LEFT, PAGE_WIDTH, RIGHT, Pen

HOSPITAL = "青河区妇幼保健院"
NOT_PRINTED = ("outpatient_number", "bed_number", "inpatient_number")


def draw(pen: Pen, values: Mapping[str, str]) -> None:
    """Draw the form."""
    pen.text(PAGE_WIDTH / 2, 64, values["hospital_name"], 17, "centre", bold=True)
    pen.text(PAGE_WIDTH / 2, 88, values["report_kind"], 14, "centre")
    running = f"{sum(map(ord, values['accession_number'])) % 900 + 100:03d}-{values['exam_time'][5:10]}"
    pairs = (
        ("姓名：", values["patient_name"]), ("性别：", values["patient_sex"]), ("年龄：", values["patient_age"]),
        ("检查号：", running), ("申请单号：", values["accession_number"]), ("登记号：", values["patient_id"]),
        ("科室：", values["department"]), ("部位：", values["body_part"]), ("检查时间：", values["exam_time"]),
    )  # fmt: skip
    third = (RIGHT - LEFT) / 3
    for number, (label, value) in enumerate(pairs):
        row, column = divmod(number, 3)
        pen.text(pen.text(LEFT + column * third, 116 + row * 20, label), 116 + row * 20, value, room=third - pen.width(label) - 4)
    pen.rule(170)
    pen.y = 174
    for heading, name in (("检查所见：", "findings"), ("诊断意见：", "impression")):
        pen.y += 22
        pen.text(LEFT, pen.y, heading, 12, bold=True)
        pen.lines(pen.broken(values[name], RIGHT - LEFT - 16, 11), LEFT + 8, 18, 11)
        pen.y += 6
    pen.text(pen.text(LEFT, 760, "报告医师："), 760, values["reporting_doctor"])
    pen.text(pen.text(LEFT + third, 760, "审核医师："), 760, values["reviewing_doctor"])
    pen.text(pen.text(LEFT + 2 * third, 760, "报告时间："), 760, values["report_time"])
