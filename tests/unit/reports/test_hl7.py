# SPDX-License-Identifier: AGPL-3.0-or-later
"""HL7 messages: encodings, fields, acknowledgements, and pages laid out for a text."""

from __future__ import annotations

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudfilm.reports.combining import combine
from cloudfilm.reports.field_reading import FieldReading, ReportReading
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.hl7_message import MessageRefused, read_message
from cloudfilm.reports.hl7_report import report_of
from cloudfilm.reports.laid_out import lay_out

HEAD = "MSH|^~\\&|RIS|JIA|CF|CF|20260305103200||ORU^R01^ORU_R01|MSG1|P|2.5.1||||||"
BODY = (
    "PID|1||P1^^^JIA||Wang^XiaoMing~王^小明||19800501|F",
    "OBR|1|PL1|A1^RIS|CT1^头颅CT平扫|||20260305093000|||||||||||||||202603051032||CT|F",
    "OBX|1|TX|X^检查所见||第一行\\.br\\第二行 a\\T\\b||||||F",
    "OBX|2|FT|Y^印象||1. 一~2. 二||||||F",
)


def text(charset: str = "") -> str:
    return "\r".join([HEAD + charset, *BODY])


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("UNICODE UTF-8", "utf-8"), ("", "utf-8"), ("GB 18030-2000", "gb18030"), ("GBK", "gb18030"), ("", "gb18030"), ("UTF-8", "gb18030")],
)
def test_fields_come_out_readable_also_where_the_encoding_is_said_wrong(charset: str, encoding: str) -> None:
    report = report_of(read_message(text(charset).encode(encoding)))
    assert report.document is None
    assert report.fields == ReportFields(
        modality="CT", patient_name="王小明", patient_sex="F", patient_id="P1", accession_number="A1", exam_time="2026-03-05T09:30",
        report_time="2026-03-05T10:32", body_part="头颅CT平扫", findings="第一行\n第二行 a&b", impression="1. 一\n2. 二", report_status="F",
    )  # fmt: skip


def test_characters_that_end_in_a_separators_byte_are_not_split() -> None:
    """In GBK 鐋 ends in |, and others in ^, ~ and a backslash."""
    ending = [chr(code) for code in range(0x4E00, 0x9FA5) if chr(code).encode("gb18030")[-1:] in (b"|", b"^", b"~", b"\\")]
    assert len(ending) > 100
    message = read_message("\r".join([HEAD + "GB18030", *BODY]).replace("第一行", "".join(ending)).encode("gb18030"))
    assert (report_of(message).fields.findings or "").startswith("".join(ending))


def test_an_acknowledgement_names_the_message_and_is_in_its_encoding() -> None:
    answer = read_message(text("GB18030").encode("gb18030")).acknowledgement("AE", "请稍后|再试")
    assert b"MSA|AE|MSG1|" + "请稍后 再试".encode("gb18030") in answer


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_message_or_refused(content: bytes) -> None:
    try:
        message = read_message(content)
        message.acknowledgement("AR", "no")
        report_of(message)
    except MessageRefused:
        pass


def test_a_text_is_laid_out_so_that_it_can_be_read_and_always_alike() -> None:
    fields = ReportFields(patient_name="王小明", findings="所见 <b>&</b>\n" * 80, impression="印象")
    pdf = lay_out(fields, "甲医院")
    assert pdf == lay_out(fields, "甲医院")
    document = pypdfium2.PdfDocument(pdf)
    pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    assert len(pages) >= 2
    assert "甲医院" in pages[0]
    assert "所见 <b>&</b>" in pages[0]
    assert "印象" in pages[-1]


def read(confidence: float = 0.9, **fields: str) -> ReportReading:
    return ReportReading(ReportFields.from_json(fields), {name: FieldReading(value, confidence) for name, value in fields.items()})


def test_the_message_goes_before_the_paper_which_fills_what_it_left_open() -> None:
    combined = combine(read(patient_id="P 1", findings="read"), ReportFields(patient_id="p1", impression="said"))
    assert combined.contradiction is None
    assert combined.reading.fields == ReportFields(patient_id="p1", findings="read", impression="said")
    assert {name: one.confidence for name, one in combined.reading.readings.items()} == {
        "patient_id": 1.0,
        "findings": 0.9,
        "impression": 1.0,
    }


@pytest.mark.parametrize(
    ("field", "said"), [("patient_id", "the image number"), ("accession_number", "the exam number"), ("patient_name", "the patient's name")]
)
def test_a_contradiction_about_whose_it_is_is_named(field: str, said: str) -> None:
    combined = combine(read(**{field: "one"}), ReportFields.from_json({field: "other"}))
    assert combined.contradiction == f"the message and the paper differ in {said}"
    unsure = combine(read(0.7, **{field: "one"}), ReportFields.from_json({field: "other"}))
    assert (unsure.contradiction, getattr(unsure.reading.fields, field)) == (None, "other")


def test_numbers_that_were_said_need_no_witness() -> None:
    scanned = ReportReading(ReportFields(patient_id="P1"), {}, needs_witness=True)
    assert combine(scanned, ReportFields(patient_id="P1")).reading.needs_witness
    assert not combine(scanned, ReportFields(patient_id="P1", accession_number="A1")).reading.needs_witness


@pytest.mark.parametrize(
    ("obr_25", "obx_11", "status"),
    [("F", "F", "F"), ("", "", "F"), ("P", "P", "P"), ("R", "", "P"), ("C", "F", "C"), ("F", "C", "C"), ("X", "F", "X"), ("F", "D", "X"), ("F", "W", "X"), ("?", "", "F")],
)  # fmt: skip
def test_what_the_sender_says_of_the_version(obr_25: str, obx_11: str, status: str) -> None:
    message = (
        f"MSH|^~\\&|RIS|H|||20260305||ORU^R01|1|P|2.5.1\rPID|1||P1\rOBR|1||A1{'|' * 22}{obr_25}\rOBX|1|TX|GDT^所见||文字||||||{obx_11}\r"
    )
    assert report_of(read_message(message.encode())).fields.report_status == status


def test_a_withdrawal_needs_no_text_and_any_other_message_does() -> None:
    message = f"MSH|^~\\&|RIS|H|||20260305||ORU^R01|1|P|2.5.1\rPID|1||P1\rOBR|1||A1{'|' * 22}X\r"
    assert report_of(read_message(message.encode())).status == "X"
    with pytest.raises(MessageRefused):
        report_of(read_message(message.replace("X\r", "F\r").encode()))
