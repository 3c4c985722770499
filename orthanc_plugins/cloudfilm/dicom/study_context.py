# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an instance that is added to a study must have in common with it: the Patient, General Study and Patient Study modules. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

# PS3.3 §C.7.1.1, §C.7.2.1: of type 2 and present even when empty.
_ALWAYS = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID",
    "AccessionNumber",
)  # fmt: skip
# PS3.3 §C.7.1.1, §C.7.2.1, §C.7.2.2: as the images have them.
_WHERE_KNOWN = ("IssuerOfPatientID", "PatientBirthTime", "OtherPatientIDs", "OtherPatientNames", "StudyDescription", "PatientAge")


@dataclass(frozen=True, slots=True)
class StudyContext:
    """Values by keyword, in Unicode, as an instance of the study has them: wrong ones stay as wrong as they are there."""

    study_instance_uid: str
    values: Mapping[str, str]

    @classmethod
    def of_instance(cls, tags: Mapping[str, object]) -> StudyContext:
        """From Orthanc's ``/instances/{id}/simplified-tags`` of one of the study's images."""
        known = {keyword: value for keyword in (*_ALWAYS, *_WHERE_KNOWN) if isinstance(value := tags.get(keyword), str)}
        return cls(str(tags["StudyInstanceUID"]), known)

    def write_into(self, dataset: Dataset) -> None:
        """Set the attributes; the dataset is in Unicode (ISO_IR 192)."""
        dataset.SpecificCharacterSet = "ISO_IR 192"
        put(dataset, "StudyInstanceUID", self.study_instance_uid)
        for keyword in _ALWAYS:
            put(dataset, keyword, self.values.get(keyword, ""))
        for keyword in _WHERE_KNOWN:
            if self.values.get(keyword):
                put(dataset, keyword, self.values[keyword])


def put(dataset: Dataset, keyword: str, value: str) -> None:
    """Set an attribute to a value that is not ours to judge: what a device wrote wrongly is written as it is."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    dataset.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=config.IGNORE))
