# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from cloudfilm.reports.fields import ReportFields


def test_fields_survive_json(report: ReportFields) -> None:
    assert ReportFields.from_json(report.to_json()) == report


def test_names_that_are_not_fields_are_ignored_and_missing_ones_are_none() -> None:
    assert ReportFields.from_json({"patient_name": "张三", "blood_type": "A"}) == ReportFields(patient_name="张三")


def test_a_field_that_is_not_text_is_refused_by_its_name() -> None:
    with pytest.raises(TypeError, match="patient_id"):
        ReportFields.from_json({"patient_id": 7})


def test_a_title_alone_does_not_make_a_report() -> None:
    assert ReportFields(hospital_name="某医院", report_kind="CT报告").is_empty
    assert not ReportFields(findings="双肺清晰。").is_empty
