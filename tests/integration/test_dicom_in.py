# SPDX-License-Identifier: AGPL-3.0-or-later
"""A modality's side: DCMTK's clients against the running server."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from cloudfilm.dicom.preflight import Flaw
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, study_uid


def test_a_registered_modality_is_answered_on_c_echo(instance: Instance) -> None:
    assert instance.dcmtk("echoscu").returncode == 0


def test_an_unregistered_modality_is_refused(instance: Instance, tmp_path: Path) -> None:
    assert instance.dcmtk("echoscu", aet="NOBODY").returncode != 0
    paths = ct_study(tmp_path, "unregistered", slices=1)
    assert instance.dcmtk("storescu", str(paths[0]), aet="NOBODY").returncode != 0
    assert instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s", study_uid("unregistered")) == []


def test_another_called_ae_title_is_refused(instance: Instance) -> None:
    assert instance.dcmtk("echoscu", "-aec", "ORTHANC").returncode != 0


def test_what_a_modality_sends_is_recorded_as_its_hospitals(instance: Instance, stored_study: str) -> None:
    row = instance.sql(
        "SELECT hospital_id, patient_id, patient_name, accession_number, study_date::text, modalities, body_part, series_count, instance_count,"
        " study_description FROM study WHERE study_instance_uid = %s",
        stored_study,
    )[0]
    assert row == ("jia", "Pstored", "Wang^XiaoMing=王^小明", "Astored", "2026-03-05", ["CT"], "HEAD", 1, 3, "头颅CT平扫")


@pytest.mark.parametrize("character_set", ["GB18030", "GBK", "ISO_IR 192"])
def test_chinese_names_come_out_readable_in_every_character_set(instance: Instance, tmp_path: Path, character_set: str) -> None:
    seed = f"charset {character_set}"
    paths = ct_study(tmp_path, seed, slices=1, character_set=character_set)
    assert instance.dcmtk("dcmsend", *map(str, paths)).returncode == 0
    name = wait_for(
        lambda: instance.sql("SELECT patient_name FROM study WHERE study_instance_uid = %s AND recorded_at IS NOT NULL", study_uid(seed))
    )
    assert name == [("Wang^XiaoMing=王^小明",)]


def test_another_hospital_cannot_add_to_a_study(instance: Instance, stored_study: str, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "intruder", slices=1, study_seed="stored")
    answer = instance.dcmtk("storescu", "-v", str(paths[0]), aet="MR2")
    assert "0x0124" in answer.stderr + answer.stdout or "NotAuthorized" in answer.stderr + answer.stdout, answer.stderr
    assert instance.sql("SELECT hospital_id, instance_count FROM study WHERE study_instance_uid = %s", stored_study) == [("jia", 3)]


def test_later_instances_are_counted_and_the_study_is_complete_again(instance: Instance, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "grows", slices=4)
    select = "SELECT instance_count FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL"
    assert instance.dcmtk("storescu", *map(str, paths[:2])).returncode == 0
    wait_for(lambda: instance.sql(select, study_uid("grows")) == [(2,)])
    assert instance.dcmtk("storescu", *map(str, paths[2:])).returncode == 0
    wait_for(lambda: instance.sql(select, study_uid("grows")) == [(4,)])


def test_a_modality_of_another_hospital_keeps_its_ae_title(instance: Instance) -> None:
    result = instance.admin("modality", "add", "--hospital", "yi", "--aet", "CT1", "--host", "127.0.0.1", check=False)
    assert result.returncode != 0
    assert "belongs to another hospital" in result.stderr
    assert instance.sql("SELECT hospital_id FROM modality WHERE aet = 'CT1'") == [("jia",)]


def test_sequences_nested_too_deeply_are_refused_and_the_server_lives(instance: Instance, tmp_path: Path) -> None:
    inner = Dataset()
    for _ in range(100):
        outer = Dataset()
        outer.RequestAttributesSequence = [inner]
        inner = outer
    path = change(ct_study(tmp_path, "nested by modality", slices=1), RequestAttributesSequence=[inner])[0]
    answer = instance.dcmtk("storescu", "-v", str(path))
    assert "0xc000" in (answer.stderr + answer.stdout).lower(), answer.stderr
    kept = "SELECT reason, sender FROM set_aside WHERE hospital_id = 'jia' AND content_sha256 IS NOT NULL AND sop_instance_uid = %s"
    assert instance.sql(kept, str(dcmread(path).SOPInstanceUID)) == [(Flaw.TOO_DEEP.value, "CT1")]
    assert instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s", study_uid("nested by modality")) == []
    assert instance.dcmtk("echoscu").returncode == 0
