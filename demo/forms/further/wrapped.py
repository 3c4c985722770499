# SPDX-License-Identifier: AGPL-3.0-or-later
"""A header of three columns in which a long department, body part or hospital's name goes on on the next line, in a ruled table or without one."""

import random
from dataclasses import replace

from cloudfilm.reports.fields import ReportFields
from demo.chinese_lines import chinese_lines
from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import Wording

LABELS = {
    "patient_id": ("影像号", "患者编号"),
    "accession_number": ("检查号", "检查单号"),
    "department": ("申请科室", "开单科室", "科室"),
    "body_part": ("检查部位", "检查项目"),
    "exam_time": ("检查时间",),
    "report_time": ("报告时间",),
}
KINDS = ("ct", "mr", "ultrasound", "dr")
_PARTS = {
    "ct": ("胸部CT平扫+三维重建，上腹部CT平扫+增强，盆腔CT平扫", "头颅CT平扫，颈椎CT平扫+三维重建"),
    "mr": ("颅脑MR平扫+增强+DWI，颈部血管MRA，颈椎MR平扫", "腰椎MR平扫，双侧骶髂关节MR平扫+脂肪抑制"),
    "ultrasound": ("肝胆胰脾彩超，双肾、输尿管、膀胱彩超，甲状腺及颈部淋巴结彩超",),
    "dr": ("胸部正侧位，腰椎正侧位及双斜位，骨盆正位",),
}
_DEPARTMENTS = ("呼吸与危重症医学科二病区（东院区）", "急诊科", "肝胆胰脾外科及肝移植中心一病区", "神经内科")
_ROWS = (
    ("patient_name", "patient_sex", "patient_age"), ("department", "bed_number", "inpatient_number"), ("patient_id", "accession_number", "outpatient_number"),
    ("body_part", "exam_time"),
)  # fmt: skip
_LEADING, _SIZE = 14.0, 10.0


def as_printed(fields: ReportFields, random_of: random.Random) -> ReportFields:
    """Long values."""
    kind = {"CT": "ct", "MR": "mr", "US": "ultrasound", "DX": "dr"}[fields.modality or "CT"]
    return replace(fields, body_part=random_of.choice(_PARTS[kind]), department=random_of.choice(_DEPARTMENTS))


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    is_ruled, hangs = random_of.random() < 0.5, random_of.random() < 0.5
    colon = random_of.choice(("：", "")) if is_ruled else "："
    parts.title(pen, wording)
    pen.y += 4
    for names in _ROWS:
        width = (RIGHT - LEFT) / len(names)
        lines_of: dict[str, list[str]] = {}
        for name in names:
            label_width = 60.0 if is_ruled or hangs else pen.width(wording.label(name, colon), _SIZE)
            lines_of[name] = chinese_lines(wording.values[name], width - label_width - 10, lambda line: pen.width(line, _SIZE)) or [""]
        height = max(map(len, lines_of.values())) * _LEADING + 8
        for column, name in enumerate(names):
            x = LEFT + column * width
            end = pen.text(x + 4, pen.y + 15, wording.label(name, colon), _SIZE)
            start = x + 64 if is_ruled or hangs else end
            if is_ruled:
                pen.box(x, pen.y, width, height)
                pen.box(x, pen.y, 60, height)
            for number, line in enumerate(lines_of[name]):
                pen.text(start, pen.y + 15 + number * _LEADING, line, _SIZE)
        pen.y += height
    parts.texts(pen, wording)
    parts.signatures(pen, wording)
