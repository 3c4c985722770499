# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudfilm.dicom.person_name import display_name
from cloudfilm.dicom.study_summary import summarise_study
from cloudfilm.dicom.values import is_uid, parse_dicom_date, parse_dicom_time
from cloudfilm.orthanc_api.admission import Identity, Refused, read_identity
from tests.support.samples import ct_study, study_uid


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20260305", date(2026, 3, 5)), ("2026.03.05", date(2026, 3, 5)), ("20261305", None), ("", None), (None, None), ("2026", None)],
)
def test_dates(text: str | None, expected: date | None) -> None:
    assert parse_dicom_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("093005.123456", time(9, 30, 5)), ("0930", time(9, 30)), ("09", time(9)), ("235960", time(23, 59, 59)), ("9930", None), ("x", None)],
)
def test_times(text: str, expected: time | None) -> None:
    assert parse_dicom_time(text) == expected


@given(st.text())
def test_whatever_a_device_writes_is_a_value_or_none(text: str) -> None:
    parse_dicom_date(text)
    parse_dicom_time(text)
    display_name(text)
    is_uid(text)


@pytest.mark.parametrize(("uid", "expected"), [("1.2.840", True), ("1." * 32 + "1", False), ("1..2", False), ("1.2\n", False), ("", False)])
def test_uids(uid: str, expected: bool) -> None:
    assert is_uid(uid) is expected


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Wang^XiaoMing=王^小明", "王小明"),
        ("王^小明", "王小明"),
        ("Smith^John^Q", "John Q Smith"),
        ("欧阳^娜娜", "欧阳娜娜"),
        ("", ""),
        ("=^", ""),
    ],
)
def test_names_are_shown_as_people_say_them(name: str, shown: str) -> None:
    assert display_name(name) == shown


def test_a_study_is_summarised_from_orthancs_answers() -> None:
    study = {
        "ID": "abc",
        "MainDicomTags": {"StudyInstanceUID": "1.2", "StudyDate": "20260305", "StudyTime": "0930", "AccessionNumber": " A1\0 "},
        "PatientMainDicomTags": {"PatientID": "P1", "PatientName": "王^小明", "PatientBirthDate": "0"},
    }
    series = [
        {"MainDicomTags": {"Modality": "CT"}, "Instances": ["a", "b"]},
        {"MainDicomTags": {"Modality": "SR", "BodyPartExamined": "HEAD"}, "Instances": ["c"]},
    ]
    summary = summarise_study(study, series)
    assert (summary.accession_number, summary.modalities, summary.body_part) == ("A1", ["CT", "SR"], "HEAD")
    assert (summary.series_count, summary.instance_count, summary.patient_birth_date) == (2, 3, None)


def test_the_study_is_read_from_a_file_and_from_nothing_else(tmp_path: Path) -> None:
    content = ct_study(tmp_path, "unit", slices=1)[0].read_bytes()
    identity = read_identity(content)
    assert isinstance(identity, Identity)
    assert identity.study_instance_uid == study_uid("unit")
    for other in (b"", b"no DICOM at all" * 100, content[:200], content.replace(study_uid("unit").encode(), b"x" * len(study_uid("unit")))):
        assert isinstance(read_identity(other), Refused)
