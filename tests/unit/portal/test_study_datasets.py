# SPDX-License-Identifier: AGPL-3.0-or-later
"""A study's answer in DICOM JSON, made of what Orthanc's index holds as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cloudfilm.db.indexed_studies import IndexedStudy
from cloudfilm.dicom.search_keys import ALL_FIELDS, Level
from portal.api.study_datasets import dataset_of, is_known


@pytest.mark.parametrize(
    ("keyword", "tag", "text", "attribute"),
    [
        ("StudyDate", "00080020", "20260305", {"vr": "DA", "Value": ["20260305"]}),
        ("StudyDate", "00080020", "", {"vr": "DA"}),
        ("AccessionNumber", "00080050", "A\\B", {"vr": "SH", "Value": ["A", "B"]}),
        ("OtherPatientIDs", "00101000", "A\\\\B", {"vr": "LO", "Value": ["A", None, "B"]}),
        ("PatientName", "00100010", "Li^Si=李^四=Li3^Si4", {"vr": "PN", "Value": [{"Alphabetic": "Li^Si", "Ideographic": "李^四", "Phonetic": "Li3^Si4"}]}),
        ("PatientName", "00100010", "=李^四", {"vr": "PN", "Value": [{"Alphabetic": "", "Ideographic": "李^四"}]}),
        ("RequestingPhysician", "00321032", "A\\B", {"vr": "PN", "Value": [{"Alphabetic": "A"}, {"Alphabetic": "B"}]}),
    ],
)  # fmt: skip
def test_text_becomes_values(keyword: str, tag: str, text: str, attribute: dict[str, Any]) -> None:
    assert dataset_of(IndexedStudy({tag: text}), [keyword])[tag] == attribute


def test_only_what_was_asked_for_is_answered_and_what_is_missing_left_out() -> None:
    study = IndexedStudy({"0020000D": "1.2", "00100020": "P1", "00081030": "HEAD"}, ["CT", "MR"], 2, 5)
    assert dataset_of(study, ["StudyInstanceUID", "PatientID", "StudyTime"]) == {
        "0020000D": {"vr": "UI", "Value": ["1.2"]},
        "00100020": {"vr": "LO", "Value": ["P1"]},
        "00080061": {"vr": "CS", "Value": ["CT", "MR"]},
        "00081190": {"vr": "UR", "Value": ["/dicom-web/studies/1.2"]},
        "00201206": {"vr": "IS", "Value": [2]},
        "00201208": {"vr": "IS", "Value": [5]},
    }


def test_what_the_index_holds_of_a_study_is_known() -> None:
    assert is_known(ALL_FIELDS[Level.STUDIES])
    assert not is_known([*ALL_FIELDS[Level.STUDIES], "StationName"])


@pytest.mark.parametrize(("tags", "character_set"), [({}, "ISO_IR 192"), ({"00080005": ""}, "GB18030"), ({"00080005": "GBK"}, "GBK")])
def test_a_study_without_a_character_set_has_the_answers_or_orthancs_default(tags: dict[str, str], character_set: str) -> None:
    assert dataset_of(IndexedStudy(tags), ["SpecificCharacterSet"])["00080005"] == {"vr": "CS", "Value": [character_set]}


def test_orthancs_default_is_the_one_that_is_meant() -> None:
    assert '"DefaultEncoding": "Chinese"' in (Path(__file__).resolve().parents[3] / "orthanc.json").read_text(encoding="utf-8")
