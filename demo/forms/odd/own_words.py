# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels in words of the hospital's own, in two columns; what is under the text moves with its length."""

from collections.abc import Mapping

from demo.forms.pen import LEFT, PAGE_WIDTH, RIGHT, Pen

HOSPITAL = "北辰医学影像诊断中心"
NOT_PRINTED: tuple[str, ...] = ()
_WORDS = (
    ("客户：", "patient_name"), ("男女：", "patient_sex"), ("岁数：", "patient_age"), ("影像流水：", "patient_id"), ("单据编码：", "accession_number"),
    ("来自：", "department"), ("门诊卡：", "outpatient_number"), ("病房编码：", "inpatient_number"), ("铺位：", "bed_number"),
    ("做了什么：", "body_part"), ("何时做：", "exam_time"),
)  # fmt: skip


def draw(pen: Pen, values: Mapping[str, str]) -> None:
    """Draw the form."""
    pen.text(LEFT, 66, values["hospital_name"], 16, bold=True)
    pen.text(RIGHT, 66, values["report_kind"], 13, "right")
    pen.rule(76)
    for number, (label, name) in enumerate(_WORDS):
        row, column = divmod(number, 2)
        end = pen.text(LEFT + column * 260, 98 + row * 20, label)
        pen.text(end + 3, 98 + row * 20, values[name])
    pen.rule(212)
    pen.y = 216
    for heading, name in (("我们看到", "findings"), ("我们认为", "impression")):
        pen.y += 22
        pen.text(LEFT, pen.y, heading, 12, bold=True)
        pen.y += 2
        pen.lines(pen.broken(values[name], RIGHT - LEFT - 24, 11), LEFT + 12, 18, 11)
        pen.y += 6
    pen.y += 40
    pen.text(pen.text(LEFT, pen.y, "撰写："), pen.y, values["reporting_doctor"])
    pen.text(pen.text(LEFT + 170, pen.y, "把关："), pen.y, values["reviewing_doctor"])
    pen.text(pen.text(LEFT + 330, pen.y, "完成于："), pen.y, values["report_time"])
    pen.text(PAGE_WIDTH / 2, 806, "如有疑问请与前台联系", 8.5, "centre")
