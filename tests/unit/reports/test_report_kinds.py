# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every kind of report comes out: what its title is, and which modality it names."""

from collections.abc import Callable

import pytest

from cloudfilm.reports.extraction import extract_fields
from cloudfilm.reports.form_teaching import make_form, read_with_forms
from cloudfilm.reports.taught_form import Area
from cloudfilm.reports.text_layer import PageText

TITLES = {
    "CT检查报告单": "CT", "多层螺旋CT检查报告单": "CT", "冠状动脉CTA检查报告": "CT", "口腔CBCT检查报告单": "CT", "计算机体层摄影报告单": "CT",
    "MR检查报告单": "MR", "磁共振成像诊断报告": "MR", "MRCP检查报告单": "MR", "核磁检查报告": "MR", "头颅MRA报告单": "MR",
    "DR检查报告单": "DX", "数字X线摄影检查报告": "DX", "X线检查报告单": "DX", "普通放射检查报告单": "DX", "胸片检查报告单": "DX", "DR影像诊断书": "DX",
    "CR检查报告单": "CR", "计算机X线摄影报告": "CR",
    "乳腺X线检查报告单": "MG", "乳腺钼靶检查报告": "MG", "乳腺数字X线摄影报告单": "MG", "乳腺DR摄影报告": "MG", "乳腺摄影检查报告单": "MG",
    "彩色超声检查报告单": "US", "超声心动图报告": "US", "彩色多普勒检查报告单": "US", "彩超检查单": "US", "B超检查报告单": "US",
    "电子胃镜检查报告单": "ES", "电子肠镜检查报告": "ES", "支气管镜检查报告单": "ES", "电子喉镜检查报告": "ES", "膀胱镜检查报告单": "ES", "宫腔镜检查报告单": "ES",
    "内镜诊断报告单": "ES",
    "PET-CT检查报告单": None, "PET/MR检查报告单": None, "SPECT检查报告单": None, "骨密度检查报告单": None, "DSA检查报告单": None,
    "上消化道钡餐造影报告单": None, "子宫输卵管造影报告单": None, "超声内镜检查报告单": None, "肺功能检查报告单": None, "心电图报告单": None, "检查报告单": None,
}  # fmt: skip
ENGLISH = {
    "CT Report": "CT", "MRI Report": "MR", "X-Ray Report": "DX", "Mammography Report": "MG", "Ultrasound Examination Report": "US",
    "Gastroscopy Report": "ES", "Bone Densitometry Report": None, "Project Report": None,
}  # fmt: skip


def lines(title: str) -> list[str]:
    return [
        "江州市第一人民医院", title, "姓名：张建国\t性别：男\t年龄：58岁", "影像号：P0012345\t检查号：A2603050417\t检查时间：2026-03-05 09:42",
        "检查所见：", "未见明显异常。", "诊断意见：", "未见明显异常。", "报告医师：李文静",
    ]  # fmt: skip


@pytest.mark.parametrize("title", [*TITLES, *ENGLISH])
def test_the_general_reader_tells_the_kind(page_of: Callable[..., PageText], title: str) -> None:
    fields = extract_fields([page_of(lines(title))])
    assert (fields.report_kind, fields.modality) == (title, (TITLES | ENGLISH)[title])


@pytest.mark.parametrize("title", TITLES)
def test_so_does_a_taught_form_that_says_where_the_title_is(page_of: Callable[..., PageText], title: str) -> None:
    page = page_of(lines(title))
    areas = [Area("report_kind", 1, (38, 56, 400, 72)), Area("patient_name", 1, (70, 74, 104, 90))]
    form = make_form([page], areas, name="form")
    reading, recognised = read_with_forms([page], [form])
    assert recognised is not None
    assert (reading.fields.report_kind, reading.fields.modality) == (title, TITLES[title])


@pytest.mark.parametrize(("kind", "modality"), [("US", "US"), ("MG", "MG"), ("ES", "ES"), ("other", None)])
def test_a_form_of_one_kind_goes_before_its_title(page_of: Callable[..., PageText], kind: str, modality: str | None) -> None:
    page = page_of(lines("CT检查报告单"))
    form = make_form([page], [Area("patient_name", 1, (70, 74, 104, 90))], name="form", kind=kind)
    assert read_with_forms([page], [form])[0].fields.modality == modality
