# SPDX-License-Identifier: AGPL-3.0-or-later
"""Study-level answers that the portal makes of Orthanc's index are those of DICOMweb's plugin, attribute by attribute."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from pydicom import dcmread
from pydicom.uid import MRImageStorage

from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, study_uid

ODD: dict[str, dict[str, Any]] = {
    "ixplain": {},
    "ixgroups": {
        "SpecificCharacterSet": "ISO_IR 192", "PatientName": "Li^Si=李^四=Li3^Si4", "ReferringPhysicianName": "=张^三", "PatientAge": "045Y",
        "TimezoneOffsetFromUTC": "+0800", "RequestingPhysician": "A^B\\C^D=丁", "RequestedProcedureDescription": "CT头", "OtherPatientIDs": "A\\\\B",
        "StudyDescription": "头颅 \\ 平扫", "AccessionNumber": "A\\B",
    },
    "ixempty": {"SpecificCharacterSet": "", "PatientName": "", "StudyDate": "", "StudyTime": "", "StudyID": "", "PatientSex": "", "AccessionNumber": ""},
    "ixtrailing": {"PatientName": "Wang^Wu=", "StudyTime": "101112.345", "StudyID": "  1 ", "ReferringPhysicianName": "Zhang^San\\"},
    # The same patient under another name: whichever the plugin takes, it is the same.
    "ixrenamed": {"PatientID": "Pixplain", "PatientName": "Another^Name", "PatientSex": "F"},
}  # fmt: skip
MISSING = (
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientBirthDate",
    "StudyDescription",
    "SpecificCharacterSet",
)
SEEDS = (*ODD, "ixmissing", "ixtwo")


@pytest.fixture(scope="module")
def client(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> requests.Session:
    """An integrator of 甲, which has studies with whatever can stand in their attributes."""
    folder = tmp_path_factory.mktemp("odd")
    paths = [path for seed, attributes in ODD.items() for path in change(ct_study(folder / seed, seed, slices=2), **attributes)]
    for path in ct_study(folder / "ixmissing", "ixmissing", slices=1):
        image = dcmread(path)
        for keyword in MISSING:
            if keyword in image:
                delattr(image, keyword)
        image.PatientName = "Missing^Much"
        image.save_as(path, enforce_file_format=True)
        paths.append(path)
    paths += ct_study(folder / "ixtwo", "ixtwo", slices=3)
    second = ct_study(folder / "ixtwo mr", "ixtwo mr", slices=1, study_seed="ixtwo")
    paths += change(second, PatientID="Pixtwo", AccessionNumber="Aixtwo", Modality="MR", SOPClassUID=MRImageStorage)
    for path in paths:
        assert instance.dcmtk("storescu", str(path)).returncode == 0
    uids = [study_uid(seed) for seed in SEEDS]
    wait_for(
        lambda: instance.sql("SELECT sum(instance_count) FROM study WHERE study_instance_uid = ANY(%s)", uids) == [(len(paths),)],
        what="all studies recorded",
    )
    return instance.client(instance.token("jia", "query"))


# What the index does not hold of a study makes the portal ask the plugin.
BEYOND = ["StationName"]


@pytest.mark.parametrize("fields", [[], ["all"], ["StudyDescription", "InstitutionName"]], ids=" ".join)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_index_and_the_plugin_say_the_same(client: requests.Session, seed: str, fields: list[str]) -> None:
    uid = study_uid(seed)
    ours = client.get("/dicom-web/studies", params={"StudyInstanceUID": uid, "includefield": fields}).json()
    plugins = client.get("/dicom-web/studies", params={"StudyInstanceUID": uid, "includefield": [*fields, *BEYOND]}).json()
    for dataset in plugins:
        dataset.pop("00081010", None)
    assert ours == plugins
    assert ours[0]["0020000D"]["Value"] == [uid]


def test_an_image_more_is_counted_at_once(instance: Instance, client: requests.Session, tmp_path_factory: pytest.TempPathFactory) -> None:
    def count() -> int:
        (study,) = client.get("/dicom-web/studies", params={"StudyInstanceUID": study_uid("ixgrows")}).json()
        return int(study["00201208"]["Value"][0])

    paths = ct_study(tmp_path_factory.mktemp("grows"), "ixgrows", slices=3)
    assert instance.dcmtk("storescu", *map(str, paths[:2])).returncode == 0
    wait_for(
        lambda: instance.sql("SELECT complete_at IS NOT NULL FROM study WHERE study_instance_uid = %s", study_uid("ixgrows")) == [(True,)],
        what="the study complete",
    )
    assert count() == 2
    assert instance.dcmtk("storescu", str(paths[2])).returncode == 0
    assert count() == 3
