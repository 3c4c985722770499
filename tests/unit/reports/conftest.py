# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report to read, a stamp to print, and pages made of lines of text."""

from collections.abc import Callable, Sequence

import pytest

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.stamp_drawing import Stamp
from cloudfilm.reports.text_layer import Character, PageText

PAGE_WIDTH, EM = 595.0, 10.0


@pytest.fixture
def report() -> ReportFields:
    return ReportFields(
        hospital_name="江州市第一人民医院",
        report_kind="CT检查报告单",
        modality="CT",
        patient_name="张建国",
        patient_sex="M",
        patient_age="58岁",
        patient_id="CT20260305017",
        department="神经内科",
        outpatient_number="MZ0098231",
        inpatient_number="ZY220193",
        bed_number="12床",
        accession_number="A2603050417",
        exam_time="2026-03-05T09:42",
        report_time="2026-03-05T10:31",
        body_part="头颅CT平扫",
        findings="双侧大脑半球对称，灰白质分界清晰。左侧基底节区见斑片状低密度影，大小约1.2cm×0.8cm，边界尚清，CT值约18HU，未见明显占位效应。\n"
        "脑室系统未见明显扩大，脑沟、脑裂稍增宽，中线结构居中。小脑及脑干未见明显异常密度影。\n颅骨骨质未见明显异常。",
        impression="1.左侧基底节区腔隙性脑梗死（陈旧性可能）。\n2.脑白质疏松，轻度脑萎缩。\n3.双侧上颌窦轻度炎症。建议结合临床，必要时MRI检查，"
        "并与既往影像资料对照，以明确病变性质及其变化情况。",
        reporting_doctor="李文静",
        reviewing_doctor="王志远",
    )


@pytest.fixture
def qr_stamp() -> Stamp:
    return Stamp("HTTPS://FILM.HOSPITAL.CN/Q/ABCDEFGHIJKLMNOPQRSTUVWXYZ", "7K3M-9QXF-2T8B")


@pytest.fixture
def page_of() -> Callable[..., PageText]:
    """Makes a page of lines; a tab in one is a column's width. `drawn` is the order of the stream where it is another."""

    def make(lines: Sequence[str], drawn: Sequence[str] | None = None) -> PageText:
        characters: list[Character] = []
        for row, line in enumerate(lines):
            x, top = 40.0, 40.0 + row * 18
            for text in line:
                width = 4 * EM if text == "\t" else EM / 2 if text.isascii() else EM
                if text.strip():
                    characters.append(Character(text, x, top, x + width, top + 12))
                x += width
        return PageText("\n".join(line.replace("\t", " ") for line in drawn or lines), tuple(characters), PAGE_WIDTH, 842.0)

    return make
