# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words that hospitals print before a value, and where they stand in a line.

A label is recognised with any spaces between its characters (姓 名), with a translation after it (姓名 Name), in brackets (【影像所见】) and with a
colon of either width. Without a colon or brackets it must stand apart, as in a ruled table. Labels that belong to no field of ours are listed all
the same: they end the value before them, and 临床诊断 is not 诊断.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# An underscore stands for a space or nothing.
SYNONYMS: dict[str, str] = {
    "patient_name": "姓名 患者姓名 病人姓名 受检者姓名 受检者 Name Patient_Name",
    "patient_sex": "性别 患者性别 病人性别 Sex Gender",
    "patient_age": "年龄 患者年龄 病人年龄 Age",
    "patient_id": "影像号 影像编号 放射号 患者ID 病人ID 患者编号 病人编号 患者号 病人号 CT号 CT编号 MR号 MRI号 DR号 CR号 X线号 X光号 片号 超声号 Patient_ID Image_No.",
    "department": "科室 科别 申请科室 送检科室 就诊科室 临床科室 开单科室 Dept. Department",
    "outpatient_number": "门诊号 门诊编号 门诊ID Outpatient_No.",
    "inpatient_number": "住院号 住院编号 住院ID Inpatient_No. Admission_No.",
    "visit_number": "门诊/住院号 住院/门诊号 门诊号/住院号 住院号/门诊号 门诊住院号",
    "bed_number": "床号 床位 床位号 病床号 Bed_No. Bed",
    "accession_number": "检查号 检查编号 检查单号 检查流水号 检查ID Accession_Number Accession_No. Exam_No. Exam_ID",
    "exam_time": "检查时间 检查日期 检查日 扫描时间 扫描日期 摄片时间 摄片日期 拍片时间 拍片日期 Exam_Date Exam_Time Study_Date",
    "report_time": "报告时间 报告日期 诊断时间 诊断日期 Report_Date Report_Time",
    "body_part": "检查部位 部位 扫描部位 摄片部位 Body_Part",
    "exam_item": "检查项目 检查名称 项目名称",
    "exam_kind": "检查类型 检查类别 设备类型",
    "reporting_doctor": "报告医师 报告医生 诊断医师 诊断医生 书写医师 书写医生 报告者 报告人 报告大夫 Reported_by Radiologist Reporting_Doctor",
    "reviewing_doctor": "审核医师 审核医生 审核者 审核人 审核大夫 复核医师 复核医生 审签医师 主审医师 Verified_by Reviewed_by Approved_by",
    "findings": "检查所见 影像所见 影像学所见 超声所见 影像表现 影像学表现 检查表现 检查描述 影像描述 超声描述 放射学所见 CT所见 CT表现 MR所见 MR表现 MRI所见 MRI表现"
    " X线所见 X线表现 内镜所见 镜下所见 所见 Findings Imaging_Findings",
    "impression": "印象 诊断意见 诊断结论 影像诊断 影像学诊断 提示 诊断印象 检查印象 检查诊断 检查结论 检查提示 超声提示 超声诊断 放射学诊断 CT诊断 MR诊断 MRI诊断"
    " X线诊断 镜下诊断 内镜诊断 诊断 结论 Impression Conclusion Diagnosis",
    # The rest only ends what stands before it.
    "after_the_text": "打印时间 打印日期 审核时间 审核日期 签名 医师签名 医生签名 备注 检查医师 检查医生 检查技师 技师 记录者 记录员",
    "other": "报告编号 报告单号 报告号 临床诊断 临床印象 初步诊断 入院诊断 病史 临床病史 病史摘要 主诉 申请医师 申请医生 送检医师 送检医生 检查方法 检查技术 扫描方法 检查设备 设备 仪器"
    " 申请单号 申请时间 申请日期 登记号 登记时间 病历号 病案号 就诊卡号 就诊号 病区 费别 民族 职业 出生日期 身份证号 电话 联系电话 地址 送检日期 检查目的 对比剂 检查状态"
    " 病人来源 患者来源 患者类型 病人类型",
}  # fmt: skip
BLOCKS = frozenset({"findings", "impression"})
AFTER_THE_TEXT = frozenset({"reporting_doctor", "reviewing_doctor", "report_time", "after_the_text"})

_FIELD_OF = {re.sub(r"[_.]", "", synonym).upper(): field for field, synonyms in SYNONYMS.items() for synonym in synonyms.split()}
_CHINESE = [synonym for synonyms in SYNONYMS.values() for synonym in synonyms.split() if not synonym.isascii()]
_ENGLISH = [synonym for synonyms in SYNONYMS.values() for synonym in synonyms.split() if synonym.isascii()]


def _spelled(synonyms: list[str], between: str = r"\s*") -> str:
    in_order = sorted(synonyms, key=len, reverse=True)
    return "|".join(between.join(map(re.escape, synonym.replace("_", ""))).replace(r"\.", r"\.?") for synonym in in_order)


_TRANSLATED = rf"(?:\s*[/／|(（]?\s*(?:{_spelled(_ENGLISH)}|[A-Za-z][A-Za-z.' ]{{0,28}}(?=\s*[)）:：]))\s*[)）]?)?"
_TRANSLATED_APART = rf"(?:\s*[/／|(（]?\s*(?:{_spelled(_ENGLISH)})\s*[)）]?)?"
_WORD = rf"{_spelled(_CHINESE)}|{_spelled(_ENGLISH)}"
# A label may follow directly on a value that ends with one of these (性别:男年龄:45岁), and on no other Chinese character.
_BEFORE = r"(?:(?<![\u4e00-\u9fffA-Za-z/])|(?<=[男女岁月天日床科区室]))"
_WITH_COLON = re.compile(rf"{_BEFORE}({_WORD}){_TRANSLATED}\s*[:：]", re.IGNORECASE)
_IN_BRACKETS = re.compile(rf"[【\[〔「［〖]\s*({_WORD}){_TRANSLATED_APART}\s*[】\]〕」］〗]\s*[:：]?", re.IGNORECASE)
_APART = re.compile(rf"(?:^|(?<=\s))({_WORD}){_TRANSLATED_APART}(?=\s|$)", re.IGNORECASE)
_TIGHT = re.compile(
    rf"(?<=[\u4e00-\u9fffA-Za-z0-9])({_spelled([word for word in _CHINESE if len(word) > 1 and _FIELD_OF[word.upper()] not in BLOCKS])})\s*[:：]",
    re.IGNORECASE,
)
_BROKEN = re.compile(rf"(?:^|(?<=\s))({_spelled(_CHINESE)})(?=\s|[:：])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Label:
    """
    A label in a line: the field that it names, and the characters `start` to `end` (its colon included) that it takes up.

    `is_marked` tells whether a colon or brackets mark it as one.
    """

    field: str
    start: int
    end: int
    is_marked: bool = True


def find_labels(line: str) -> tuple[Label, ...]:
    """The labels in one line of text, from left to right. Headings of a block of text count only at the beginning of the line."""
    return tuple(label for label in all_labels(line) if label.field not in BLOCKS or not line[: label.start].strip())


def all_labels(line: str) -> tuple[Label, ...]:
    """The labels in one line of text, headings anywhere among them."""
    found: list[Label] = []
    for pattern, is_marked in ((_IN_BRACKETS, True), (_WITH_COLON, True), (_APART, False)):
        for match in pattern.finditer(line):
            if all(match.end() <= label.start or match.start() >= label.end for label in found):
                found.append(Label(_field_of(match[1]), match.start(), match.end(), is_marked))
    found += _labels_within_values(line, found)
    return tuple(sorted(found, key=lambda label: label.start))


def _labels_within_values(line: str, found: Sequence[Label]) -> list[Label]:
    """Labels that follow on a value without a space (姓名:韩刚性别:男); without a label before them in the phrase, 监护人姓名: is another label."""
    within: list[Label] = []
    for match in _TIGHT.finditer(line):
        known = [*found, *within]
        before = max((label.end for label in known if label.end <= match.start()), default=None)
        if before is None or any(match.start() < label.end and label.start < match.end() for label in known):
            continue
        if "\t" not in line[before : match.start()].strip() and line[before : match.start()].strip():
            within.append(Label(_field_of(match[1]), match.start(), match.end(), is_marked=False))
    return within


def is_label(text: str) -> bool:
    """Whether a text is a label and nothing else."""
    return _plain(text) in _FIELD_OF


def mend_broken_labels(stream: str) -> str:
    """Put the labels together again that a narrow table cell broke over two lines (门诊 / 号)."""

    def mended(match: re.Match[str]) -> str:
        return re.sub(r"\s", "", match[0]) if "\n" in match[0] else match[0]

    return _BROKEN.sub(mended, stream)


def _field_of(text: str) -> str:
    return _FIELD_OF[_plain(text)]


def _plain(text: str) -> str:
    return re.sub(r"[\s.]", "", text).upper()
