# SPDX-License-Identifier: AGPL-3.0-or-later
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter, Transformation

from cloudfilm.reports.extraction import extract_fields, read_report
from cloudfilm.reports.field_reading import SURE
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.text_layer import PageText, read_text_layer
from demo.report_form import LAYOUTS, make_report_pdf

PageOf = Callable[..., PageText]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_field_of_a_form_is_read(report: ReportFields, layout: str) -> None:
    assert extract_fields(read_text_layer(make_report_pdf(report, layout, hospital_logo=True))) == report


@pytest.mark.parametrize("layout", LAYOUTS)
def test_findings_that_flow_to_a_second_page_are_read_whole(report: ReportFields, layout: str) -> None:
    long = replace(report, findings="\n".join([report.findings or ""] * 10))
    pages = read_text_layer(make_report_pdf(long, layout))
    assert len(pages) == 2
    assert extract_fields(pages) == long


@pytest.mark.parametrize("layout", LAYOUTS)
def test_values_left_blank_on_paper_stay_unknown(report: ReportFields, layout: str) -> None:
    sparse = replace(
        report, inpatient_number=None, bed_number=None, department=None, reviewing_doctor=None, exam_time=None, accession_number=None
    )
    assert extract_fields(read_text_layer(make_report_pdf(sparse, layout))) == sparse


def test_an_ultrasound_report_is_read_by_its_own_headings(report: ReportFields) -> None:
    ultrasound = replace(report, report_kind="超声检查报告单", modality="US", body_part="肝胆胰脾")
    assert extract_fields(read_text_layer(make_report_pdf(ultrasound, "lines"))) == ultrasound


def test_colons_of_both_widths_and_spaces_inside_labels_are_read(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["姓　　名:张 三\t性 别：女\t年龄：3岁2月", "检 查 号 : A-17\t影像号：P００１"])])
    assert (fields.patient_name, fields.patient_sex, fields.patient_age) == ("张三", "F", "3岁2月")
    assert (fields.accession_number, fields.patient_id) == ("A-17", "P001")


def test_labels_that_follow_each_other_without_a_space_are_read(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["姓名:李四 性别:男年龄:45岁科室:外科"])])
    assert (fields.patient_name, fields.patient_sex, fields.patient_age, fields.department) == ("李四", "M", "45岁", "外科")


@pytest.mark.parametrize("heading", ["检查所见", "影像所见", "超声所见", "影像表现"])
@pytest.mark.parametrize("conclusion", ["印象", "诊断意见", "诊断结论", "影像诊断", "提示", "诊断印象"])
def test_headings_have_synonyms(page_of: PageOf, heading: str, conclusion: str) -> None:
    fields = extract_fields([page_of(["姓名：李四", f"{heading}：", "双肺清晰。", f"{conclusion}：未见异常。", "报告医师：王五"])])
    assert (fields.findings, fields.impression, fields.reporting_doctor) == ("双肺清晰。", "未见异常。", "王五")


def test_a_clinical_diagnosis_is_not_the_impression(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["姓名：李四\t临床诊断：肺炎？", "影像所见：双肺清晰。", "诊断意见：未见异常。"])])
    assert fields.impression == "未见异常。"


def test_a_label_inside_the_findings_does_not_end_them(page_of: PageOf) -> None:
    fields = extract_fields(
        [page_of(["姓名：李四\t检查部位：胸部", "影像所见：", "部位：左肺上叶见结节。", "边缘光整。", "诊断意见：", "结节。"])]
    )
    assert fields.findings == "部位：左肺上叶见结节。\n边缘光整。"
    assert fields.body_part == "胸部"


def test_superscripts_and_punctuation_stay_as_the_doctor_wrote_them(page_of: PageOf) -> None:
    text = "①白细胞10⁹/L；范围（2×3）cm²，b值800。"
    assert extract_fields([page_of(["影像所见：", text])]).findings == text


def test_a_label_broken_by_a_narrow_cell_is_read_from_the_stream(page_of: PageOf) -> None:
    page = page_of(["姓名：李四", "门诊\tMZ17", "号"], drawn=["姓名：李四", "门诊", "号 MZ17"])
    assert extract_fields([page]).outpatient_number == "MZ17"


def test_findings_beside_a_heading_at_half_height_are_read_whole(page_of: PageOf) -> None:
    lines = ["姓名：李四", "\t双肺纹理清晰。", "影像所见\t心影不大。", "\t纵隔居中。", "诊断意见\t未见异常。", "报告医师：王五"]
    drawn = ["姓名：李四", "影像所见", "双肺纹理清晰。", "心影不大。", "纵隔居中。", "诊断意见", "未见异常。", "报告医师：王五"]
    assert extract_fields([page_of(lines, drawn)]).findings == "双肺纹理清晰。\n心影不大。\n纵隔居中。"


@pytest.mark.parametrize("label", ["影像号", "检查号"])
def test_readings_that_contradict_each_other_give_no_identifying_number(page_of: PageOf, label: str) -> None:
    fields = extract_fields([page_of([f"姓名：李四\t{label}：A1"], drawn=[f"姓名：李四 {label}：A2"])])
    assert (fields.patient_id, fields.accession_number) == (None, None)


def test_two_reports_in_one_document_give_no_identifying_number(report: ReportFields) -> None:
    other = replace(report, patient_name="王小明", patient_id="CT20260305018", accession_number="A2603050418")
    pages = (*read_text_layer(make_report_pdf(report)), *read_text_layer(make_report_pdf(other)))
    fields = extract_fields(pages)
    assert (fields.patient_id, fields.accession_number) == (None, None)


def test_text_that_lies_off_the_page_is_not_read(report: ReportFields) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_report_pdf(replace(report, patient_id=None, accession_number=None)))))
    hidden = PdfReader(io.BytesIO(make_report_pdf(report))).pages[0]
    writer.pages[0].merge_transformed_page(hidden, Transformation().translate(700, 0), expand=False)
    target = io.BytesIO()
    writer.write(target)
    (page,) = read_text_layer(target.getvalue())
    assert all(0 <= character.left <= page.width_points for character in page.characters)


def test_a_report_number_above_the_title_is_not_the_title(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["江州市人民医院", "DR检查报告单", "报告编号：0017", "姓名：李四"])])
    assert (fields.report_kind, fields.modality) == ("DR检查报告单", "DX")


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text("双肺纹理增多紊乱未见异常心影纵隔居中结节约", min_size=2, max_size=150).map(lambda text: text + "。"),
        min_size=1,
        max_size=6,
    )
)
def test_paragraphs_of_any_length_come_back_as_they_were(report: ReportFields, texts: list[str]) -> None:
    numbered = "\n".join(f"{number}.{text}" for number, text in enumerate(texts, 1))
    written = replace(report, findings="\n".join(texts), impression=numbered)
    assert extract_fields(read_text_layer(make_report_pdf(written, "lines"))) == written


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("姓名：: 影像号检查所见诊断\t第1页共A。", max_size=30), max_size=8), st.lists(st.text(max_size=20), max_size=4))
def test_no_text_makes_the_extraction_fail(page_of: PageOf, lines: list[str], strange: list[str]) -> None:
    extract_fields([page_of(lines, drawn=strange), page_of(strange, drawn=lines)])


def test_a_shared_number_is_an_inpatients_when_there_is_a_bed(page_of: PageOf) -> None:
    assert extract_fields([page_of(["门诊/住院号：Z1\t床号：3"])]).inpatient_number == "Z1"
    assert extract_fields([page_of(["门诊/住院号：Z1\t床号："])]).outpatient_number == "Z1"


def test_hospital_and_kind_may_share_a_line_of_spaced_characters(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["江 州 市 人 民 医 院 磁 共 振 检 查 报 告 单", "姓名：李四"])])
    assert (fields.hospital_name, fields.report_kind, fields.modality) == ("江州市人民医院", "磁共振检查报告单", "MR")


def test_a_page_without_labels_gives_empty_fields(page_of: PageOf) -> None:
    assert extract_fields([page_of(["今天下午开会，请带好资料。", "谢谢。"])]).is_empty
    assert extract_fields([]).is_empty


def test_values_joined_behind_one_label_are_taken_apart(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["姓名：张三  性别/年龄：男/45岁  检查号：A123456", "报告医师/审核医师：李四/王五"])])
    assert (fields.patient_name, fields.patient_sex, fields.patient_age) == ("张三", "M", "45岁")
    assert (fields.reporting_doctor, fields.reviewing_doctor) == ("李四", "王五")


def test_a_label_that_nobody_knows_ends_the_value_before_it(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["检查部位：胸部CT平扫  体检批次：春季  检查号：A123456"])])
    assert (fields.body_part, fields.accession_number) == ("胸部CT平扫", "A123456")


@pytest.mark.parametrize(("heading", "conclusion"), [("冠脉CTA所见", "冠脉CTA诊断意见"), ("骨显像表现", "核医学印象")])
def test_a_heading_is_known_by_its_ending(page_of: PageOf, heading: str, conclusion: str) -> None:
    reading = read_report([page_of(["姓名：张三", f"{heading}：", "未见狭窄。", f"{conclusion}：", "未见异常。"])])
    assert (reading.fields.findings, reading.fields.impression) == ("未见狭窄。", "未见异常。")
    assert reading.readings["impression"].confidence < SURE


@pytest.mark.parametrize("line", ["临床表现：头痛三天", "病史描述：高血压", "术前诊断：胆囊结石"])
def test_what_the_ward_wrote_is_no_heading(page_of: PageOf, line: str) -> None:
    fields = extract_fields([page_of(["姓名：张三", line, "检查所见：", "未见异常。", "诊断意见：", "正常。"])])
    assert (fields.findings, fields.impression) == ("未见异常。", "正常。")


def test_a_sub_heading_in_the_findings_stays_in_them(page_of: PageOf) -> None:
    fields = extract_fields(
        [page_of(["姓名：张三", "检查所见：", "平扫所见：", "右肺结节。", "增强表现：", "明显强化。", "印象：", "肺癌待排。"])]
    )
    assert fields.findings is not None
    assert "".join(fields.findings.split()) == "平扫所见：右肺结节。增强表现：明显强化。"


def test_a_number_without_a_label_that_we_know_is_kept_for_matching(page_of: PageOf) -> None:
    reading = read_report(
        [
            page_of(
                [
                    "某某医院",
                    "NO.20260011223",
                    "姓名：张三  影像号：P100001  电话：05718888888",
                    "受理编号：B2026001122  检查日期：2026-03-05  医保卡号：330100200",
                    "邮编：310000  咨询热线：88886666",
                ]
            )
        ]
    )
    assert set(reading.unplaced) == {"20260011223", "B2026001122"}


def test_a_result_below_the_impression_is_not_lost(page_of: PageOf) -> None:
    fields = extract_fields(
        [page_of(["姓名：张三", "镜下所见：", "黏膜充血。", "镜下诊断：", "慢性胃炎。", "幽门螺杆菌：阳性", "建议：根除治疗。"])]
    )
    assert fields.impression == "慢性胃炎。\n幽门螺杆菌：阳性\n建议：根除治疗。"


def test_boxes_for_positive_and_negative_end_the_impression(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["姓名：张三", "镜下诊断：", "慢性胃炎。", "检查结果：□阳性 ☑阴性"])])
    assert fields.impression == "慢性胃炎。"


def test_a_heading_that_is_known_by_name_goes_before_one_that_only_ends_so(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["姓名：张三", "安全提示：", "无", "检查所见：", "未见异常。", "诊断意见：", "正常。"])])
    assert (fields.findings, fields.impression) == ("未见异常。", "正常。")


def test_advice_without_an_impression_stays_with_the_findings(page_of: PageOf) -> None:
    fields = extract_fields([page_of(["姓名：张三", "检查所见：", "右肺结节。", "建议：三个月后复查。"])])
    assert (fields.findings, fields.impression) == ("右肺结节。\n建议：三个月后复查。", None)


def test_a_value_that_follows_its_label_without_a_space_is_read_and_not_sure(page_of: PageOf) -> None:
    reading = read_report(
        [page_of(["姓名张三 性别女\t年龄45岁", "科室骨科 检查号A20260001", "检查所见：", "科室内未见异常。", "报告医师李四 审核医师王五"])]
    )
    fields = reading.fields
    assert (fields.patient_name, fields.patient_sex, fields.patient_age, fields.department) == ("张三", "F", "45岁", "骨科")
    assert (fields.accession_number, fields.reporting_doctor, fields.reviewing_doctor) == ("A20260001", "李四", "王五")
    assert fields.findings == "科室内未见异常。"
    assert reading.readings["accession_number"].confidence < SURE
