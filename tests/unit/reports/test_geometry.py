# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where labels and values stand to each other, on pages made of lines of text."""

from collections.abc import Callable

import pytest

from cloudfilm.reports.extraction import extract_fields, read_report
from cloudfilm.reports.labels import find_labels
from cloudfilm.reports.text_layer import PageText

PageOf = Callable[..., PageText]


def place_only(page: PageText) -> PageText:
    """The page without the order in which it was drawn."""
    return PageText("", page.characters, page.width_points, page.height_points)


def test_values_below_their_labels_are_read_by_column(page_of: PageOf) -> None:
    page = place_only(page_of(["姓名\t性别\t检查号", "李四\t女　\tA17", "影像所见：双肺清晰。"]))
    fields = extract_fields([page])
    assert (fields.patient_name, fields.patient_sex, fields.accession_number) == ("李四", "F", "A17")


def test_labels_with_no_values_below_stay_empty(page_of: PageOf) -> None:
    fields = extract_fields([place_only(page_of(["门诊号：\t住院号：\t床号：", "姓名：李四", "影像所见：双肺清晰。"]))])
    assert (fields.outpatient_number, fields.inpatient_number, fields.bed_number) == (None, None, None)
    assert fields.patient_name == "李四"


def test_two_columns_of_text_are_read_one_after_the_other(page_of: PageOf) -> None:
    lines = [
        "姓名：李四",
        "影像所见：\t诊断意见：",
        "双肺清晰。　　\t未见异常。",
        "心影不大。　　\t请复查。",
        "报告医师：王五\t报告时间：2026-03-05",
    ]
    page = place_only(page_of(lines))
    columns = PageText("", tuple(page.characters), page.width_points, page.height_points)
    fields = extract_fields([columns])
    assert fields.reporting_doctor == "王五"
    assert fields.report_time == "2026-03-05"


def test_a_heading_at_half_the_height_of_its_text_is_read_without_the_stream(page_of: PageOf) -> None:
    lines = ["姓名：李四", "\t双肺纹理清晰。", "影像所见\t心影不大。", "\t纵隔居中。", "", "诊断意见\t未见异常。", "报告医师：王五"]
    fields = extract_fields([place_only(page_of(lines))])
    assert (fields.findings, fields.impression) == ("双肺纹理清晰。\n心影不大。\n纵隔居中。", "未见异常。")


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("姓名 Name：李四", ["patient_name"]),
        ("姓名/Name: 李四  性别(Sex): 女", ["patient_name", "patient_sex"]),
        ("检查号Exam No.：A1", ["accession_number"]),
        ("检查号 Order Ref：A1", ["accession_number"]),
        ("【影像所见】", ["findings"]),
        ("[印象]：未见异常", ["impression"]),
        ("Patient ID: P1", ["patient_id"]),
        ("姓名:李四性别:女检查号:A1", ["patient_name", "patient_sex", "accession_number"]),
        ("监护人姓名：王五", []),
        ("临床诊断：肺炎", ["other"]),
        ("双肺姓名", []),
    ],
)
def test_labels_in_a_line(line: str, fields: list[str]) -> None:
    assert [label.field for label in find_labels(line)] == fields


def test_a_seal_and_the_foot_of_the_page_are_no_part_of_the_text(page_of: PageOf) -> None:
    page = place_only(
        page_of(["姓名：李四", "影像所见：双肺清晰。", "诊断意见：未见异常。", "报告专用章", "本报告仅供临床医师参考\t- 1 -"])
    )
    assert extract_fields([page]).impression == "未见异常。"


def test_a_value_that_looks_like_none_of_its_kind_is_not_sure(page_of: PageOf) -> None:
    readings = read_report([page_of(["姓名：李四\t年龄：见附页\t检查号：A17"])]).readings
    assert readings["patient_age"].confidence < 0.8 <= readings["patient_name"].confidence


def test_two_times_on_two_pages_are_not_sure(page_of: PageOf) -> None:
    pages = [page_of(["姓名：李四", "报告时间：2026-03-05", "影像所见：双肺清晰。"]), page_of(["报告时间：2026-03-06"])]
    assert read_report(pages).readings["report_time"].confidence < 0.8
