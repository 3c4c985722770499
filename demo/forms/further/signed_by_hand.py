# SPDX-License-Identifier: AGPL-3.0-or-later
"""Doctors of the first and second line, with words about signing; the name typed beside or above a signature; advice and a note under the impression."""

import random
from dataclasses import replace

from cloudfilm.reports.fields import ReportFields
from demo.forms.layouts import parts
from demo.forms.pen import LEFT, PAGE_WIDTH, RIGHT, Pen, red_seal, scribble
from demo.forms.wording import HEADER, Wording

LABELS = {
    "patient_name": ("姓　名", "患者姓名"),
    "patient_id": ("放射编号", "影像编号", "影像号"),
    "accession_number": ("检查编号", "检查号"),
    "department": ("就诊科室", "临床科室"),
    "body_part": ("检查部位及方法", "检查部位"),
    "findings": ("影像学表现", "放射学表现", "影像所见"),
    "impression": ("影像学意见", "影像诊断意见", "诊断意见"),
    "reporting_doctor": ("报告医师签名", "报告医生签字", "初诊医师", "撰写医师", "报告医师（签章）"),
    "reviewing_doctor": ("审核医师签名", "审核医生签字", "复诊医师", "审阅医师", "审核医师（签章）"),
    "report_time": ("签发时间", "报告时间", "报告日期"),
}

_ADVICE = "建议：请结合临床病史及其他检查，必要时进一步检查。"


def as_printed(fields: ReportFields, _: random.Random) -> ReportFields:
    """The doctor's advice is a part of what the patient is told."""
    return replace(fields, impression=f"{fields.impression}\n{_ADVICE}")


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.footer = parts.foot("★温馨提示：请妥善保管此报告，复查时携带。咨询电话见门诊大厅。", lambda page: f"{page}/1")
    parts.title(pen, wording)
    pen.rule(pen.y, width=1.6)
    third = (RIGHT - LEFT) / 3
    for number, (label, value) in enumerate(wording.pairs(HEADER)):
        row, column = divmod(number, 3)
        end = pen.text(LEFT + column * third, pen.y + 17 + row * 19, label, 9.5)
        pen.text(end, pen.y + 17 + row * 19, value, 9.5, room=third - (end - LEFT - column * third) - 4)
    pen.y += 19 * 4 + 6
    pen.rule(pen.y, width=1.6)
    impression = wording.values["impression"].removesuffix(f"\n{_ADVICE}")
    parts.texts(pen, replace(wording, values=wording.values | {"impression": impression}))
    pen.y += 16
    pen.text(LEFT + 10, pen.y, _ADVICE, 10.5)
    pen.y += 44
    for column, name in enumerate(("reporting_doctor", "reviewing_doctor")):
        end = pen.text(LEFT + 40 + column * 240, pen.y, wording.label(name))
        end = pen.text(end + 4, pen.y, wording.values[name])
        scribble(pen, end + 8, pen.y, random_of)
    pen.text(LEFT + 40, pen.y + 26, wording.label("report_time") + wording.values["report_time"])
    red_seal(pen, PAGE_WIDTH - 110, pen.y + 30, "影像诊断专用章")
