# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report as instances of its study: valid, repeatable, recognised as ours."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset

from cloudfilm.dicom.own_instances import own_identity
from cloudfilm.dicom.study_context import StudyContext
from cloudfilm.reports.encapsulated_pdf import encapsulated_pdf
from cloudfilm.reports.kept_instances import KeptReport
from cloudfilm.reports.text_sr import text_sr
from tests.support.samples import FIELDS

STUDY = StudyContext.of_instance({
    "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.1", "PatientName": "Wang^XiaoMing=王^小明", "PatientID": "P1", "PatientSex": "M",
    "PatientBirthDate": "19800501", "AccessionNumber": "A1", "StudyDate": "20260305", "StudyTime": "093000", "StudyID": "1",
    "StudyDescription": "头颅CT平扫", "PatientAge": "046Y", "OtherPatientIDsSequence": [{}], "Modality": "CT",
})  # fmt: skip
REPORT = KeptReport(UUID(int=7), "甲医院", FIELDS, b"%PDF-1.7 odd number of bytes", datetime(2026, 3, 5, 10, 32))
BUILDERS = [encapsulated_pdf, text_sr]
type Builder = Callable[[KeptReport, StudyContext], bytes]


def read(file: bytes) -> FileDataset:
    return dcmread(io.BytesIO(file))


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    "report",
    [
        REPORT,
        replace(REPORT, is_attested=True),
        replace(REPORT, fields=replace(FIELDS, findings=None, reporting_doctor=None, reviewing_doctor=None, report_kind=None)),
    ],
)
def test_it_is_valid_by_dciodvfy(tmp_path: Path, build: Builder, report: KeptReport) -> None:
    path = tmp_path / "kept.dcm"
    path.write_bytes(build(report, STUDY))
    program = Path(sys.executable).parent / "dciodvfy"
    verified = subprocess.run([program, path], capture_output=True, check=False)
    said = (verified.stdout + verified.stderr).decode("utf-8", "replace")
    assert verified.returncode == 0
    assert "Error" not in said
    assert "EncapsulatedPDF" in said or "BasicTextSR" in said


def test_dciodvfy_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = read(text_sr(REPORT, STUDY))
    del broken.CompletionFlag
    broken.save_as(tmp_path / "broken.dcm")
    program = Path(sys.executable).parent / "dciodvfy"
    verified = subprocess.run([program, tmp_path / "broken.dcm"], capture_output=True, check=False)
    assert b"Error" in verified.stdout + verified.stderr


@pytest.mark.parametrize("build", BUILDERS)
def test_the_same_values_give_the_same_bytes(build: Builder) -> None:
    assert build(REPORT, STUDY) == build(REPORT, STUDY)


@pytest.mark.parametrize("build", BUILDERS)
def test_patient_and_study_are_the_images(build: Builder) -> None:
    kept = read(build(REPORT, STUDY))
    for keyword, value in STUDY.values.items():
        assert str(kept[keyword].value) == value
    assert kept.SpecificCharacterSet == "ISO_IR 192"


def test_what_a_device_wrote_wrongly_stays_as_it_is() -> None:
    wrong = StudyContext(STUDY.study_instance_uid, {**STUDY.values, "PatientBirthDate": "1980.5.1x", "AccessionNumber": "A" * 30})
    kept = read(encapsulated_pdf(REPORT, wrong))
    assert (kept.PatientBirthDate, kept.AccessionNumber) == ("1980.5.1x", "A" * 30)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    ("change", "another"),
    [({"report_id": UUID(int=8)}, True), ({"completed_at": datetime(2026, 3, 6)}, True), ({}, False)],
)
def test_another_version_is_another_instance(build: Builder, change: dict[str, object], another: bool) -> None:
    first, second = read(build(REPORT, STUDY)), read(build(replace(REPORT, **change), STUDY))  # type: ignore[arg-type]
    assert (first.SOPInstanceUID != second.SOPInstanceUID) is another


def test_versions_of_one_kind_share_a_series_and_kinds_do_not() -> None:
    other_words = replace(REPORT, fields=replace(FIELDS, impression="未见骨折。"))
    first, second, document = read(text_sr(REPORT, STUDY)), read(text_sr(other_words, STUDY)), read(encapsulated_pdf(REPORT, STUDY))
    assert first.SeriesInstanceUID == second.SeriesInstanceUID != document.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert read(encapsulated_pdf(other_words, STUDY)).SOPInstanceUID == document.SOPInstanceUID


def test_only_what_the_hospital_stated_counts_as_verified() -> None:
    read_by_machine, stated = read(text_sr(REPORT, STUDY)), read(text_sr(replace(REPORT, is_attested=True), STUDY))
    assert (read_by_machine.VerificationFlag, "VerifyingObserverSequence" in read_by_machine) == ("UNVERIFIED", False)
    assert (stated.VerificationFlag, str(stated.VerifyingObserverSequence[0].VerifyingObserverName)) == ("VERIFIED", "张建国")


@pytest.mark.parametrize("build", BUILDERS)
def test_ours_is_recognised_and_what_only_claims_to_be_is_not(build: Builder) -> None:
    ours = read(build(REPORT, STUDY))
    identity = own_identity(ours)
    assert identity is not None
    assert (identity.report_id, identity.sop_instance_uid) == (REPORT.report_id, ours.SOPInstanceUID)
    ours.SOPInstanceUID = "1.2.3.4"
    assert own_identity(ours) is None
