# SPDX-License-Identifier: AGPL-3.0-or-later
"""How one hospital words its form: which synonym for each label, how it writes a time, and how it puts colons."""

import random
from dataclasses import dataclass
from datetime import datetime

from cloudfilm.reports.fields import ReportFields
from demo.forms.vocabulary import EXAMS

SEXES = {"M": "男", "F": "女", "O": "未知"}
_LABELS: dict[str, tuple[str, ...]] = {
    "patient_name": ("姓名", "患者姓名", "病人姓名", "受检者"),
    "patient_sex": ("性别",),
    "patient_age": ("年龄",),
    "patient_id": ("影像号", "放射号", "患者ID", "病人编号", "影像编号"),
    "department": ("科室", "申请科室", "科别", "送检科室"),
    "outpatient_number": ("门诊号",),
    "inpatient_number": ("住院号",),
    "bed_number": ("床号", "病床号"),
    "accession_number": ("检查号", "检查编号", "检查流水号", "检查单号"),
    "exam_time": ("检查时间", "检查日期", "扫描时间"),
    "report_time": ("报告时间", "报告日期", "诊断时间"),
    "body_part": ("检查部位", "部位", "检查项目"),
    "reporting_doctor": ("报告医师", "报告医生", "诊断医师", "书写医师"),
    "reviewing_doctor": ("审核医师", "审核医生", "复核医师"),
}
ENGLISH = {
    "patient_name": "Name", "patient_sex": "Sex", "patient_age": "Age", "patient_id": "Patient ID", "department": "Dept.",
    "outpatient_number": "Outpatient No.", "inpatient_number": "Inpatient No.", "bed_number": "Bed No.", "accession_number": "Exam No.",
    "exam_time": "Exam Date", "report_time": "Report Date", "body_part": "Body Part", "reporting_doctor": "Reported by",
    "reviewing_doctor": "Verified by", "findings": "Findings", "impression": "Impression",
}  # fmt: skip
_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H时%M分", "%Y.%m.%d %H:%M")
HEADER = (
    "patient_name", "patient_sex", "patient_age", "patient_id", "accession_number", "department", "outpatient_number", "inpatient_number",
    "bed_number", "body_part", "exam_time",
)  # fmt: skip
SIGNATURES = ("reporting_doctor", "reviewing_doctor", "report_time")


@dataclass(frozen=True)
class Wording:
    """The printed labels and values of one form."""

    labels: dict[str, str]
    values: dict[str, str]

    def label(self, field: str, colon: str = "：", spaced: bool = False) -> str:
        """As it is printed; `spaced` fills two characters up to the width of three or four (姓  名)."""
        text = self.labels[field]
        return ("  ".join(text) if spaced and len(text) == 2 else text) + colon

    def bilingual(self, field: str, separator: str = " ") -> str:
        """Chinese and English: 姓名 Name, 姓名/Name."""
        return f"{self.labels[field]}{separator}{ENGLISH[field]}"

    def pairs(self, fields: tuple[str, ...], colon: str = "：", spaced: bool = False) -> list[tuple[str, str]]:
        """Labels with values."""
        return [(self.label(name, colon, spaced), self.values[name]) for name in fields]


def word(fields: ReportFields, kind: str, random_of: random.Random) -> Wording:
    """Choose words for a report of a kind (`demo.forms.vocabulary.EXAMS`)."""
    labels = {field: random_of.choice(words) for field, words in _LABELS.items()}
    labels["findings"] = random_of.choice(EXAMS[kind].findings_labels)
    labels["impression"] = random_of.choice(EXAMS[kind].impression_labels)
    pattern = random_of.choice(_TIMES)
    values = {field: value or "" for field, value in fields.to_json().items()}
    values["patient_sex"] = SEXES.get(values["patient_sex"], "")
    for name in ("exam_time", "report_time"):
        values[name] = datetime.fromisoformat(values[name]).strftime(pattern) if values[name] else ""
    return Wording(labels, values)
