# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film as a Secondary Capture Image (PS3.3 §A.8.1). Pure: the same film in the same study gives the same bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import numpy as np
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from cloudfilm.dicom.study_context import StudyContext

_NAMESPACE = UUID("b2a1f3c0-5a0e-5d53-8f0e-3f6b7a0f6d0b")
_SERIES_NUMBER = 90_010  # behind the images
_DESCRIPTION = "胶片 Film"


@dataclass(frozen=True, slots=True)
class FilmIdentity:
    """Which film, and what is known of its patient where no study is there yet: all empty where nothing is."""

    film_id: UUID
    hospital_id: str
    accession_number: str = ""
    patient_id: str = ""
    patient_name: str = ""

    @property
    def own_study(self) -> str:
        """StudyInstanceUID of the study that the film begins: another identity is another study, the films of one exam are one."""
        if self.accession_number and self.patient_id:
            return _uid("study", self.hospital_id, self.accession_number, self.patient_id)
        return _uid("study", self.hospital_id, str(self.film_id), self.accession_number, self.patient_id, self.patient_name)

    def study_context(self, printed_at: datetime) -> StudyContext:
        """A study of nothing but films. Without a patient's number it gets one that is nobody's."""
        values = {
            "PatientID": self.patient_id or f"FILM-{str(self.film_id)[:8].upper()}",
            "PatientName": self.patient_name,
            "AccessionNumber": self.accession_number,
            "StudyDate": f"{printed_at:%Y%m%d}",
            "StudyTime": f"{printed_at:%H%M%S}",
            "StudyDescription": _DESCRIPTION,
        }
        return StudyContext(self.own_study, values)


def sop_instance_uid_of(film_id: UUID, study_instance_uid: str) -> str:
    """Of the film in this study."""
    return _uid("instance", str(film_id), study_instance_uid)


def series_instance_uid_of(station: str, study_instance_uid: str) -> str:
    """All films of a station in a study are one series."""
    return _uid("series", station, study_instance_uid)


def secondary_capture(film_id: UUID, page: bytes, printed_at: datetime, station: str, study: StudyContext) -> bytes:
    """
    The instance as a file.

    Parameters
    ----------
    page
        PNG.
    printed_at
        The hospital's local time.
    """
    picture = Image.open(io.BytesIO(page))
    pixels = np.asarray(picture.convert("RGB" if picture.mode == "RGB" else "L"))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = sop_instance_uid_of(film_id, study.study_instance_uid)  # type: ignore[assignment]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    instance = FileDataset(io.BytesIO(), {}, file_meta=meta, preamble=b"\0" * 128)
    study.write_into(instance)
    instance.SOPClassUID, instance.SOPInstanceUID = SecondaryCaptureImageStorage, meta.MediaStorageSOPInstanceUID
    instance.SeriesInstanceUID, instance.SeriesNumber = series_instance_uid_of(station, study.study_instance_uid), _SERIES_NUMBER
    instance.Modality, instance.SeriesDescription = "OT", _DESCRIPTION
    instance.ConversionType, instance.SecondaryCaptureDeviceManufacturer = "DF", "CloudFilm"
    instance.StationName = station[:16]
    instance.ImageType = ["DERIVED", "SECONDARY"]
    instance.InstanceNumber = int(f"{printed_at:%H%M%S}")
    instance.ContentDate = instance.DateOfSecondaryCapture = instance.SeriesDate = f"{printed_at:%Y%m%d}"
    instance.ContentTime = instance.TimeOfSecondaryCapture = f"{printed_at:%H%M%S}"
    instance.PatientOrientation = ""
    instance.BurnedInAnnotation = "YES"
    instance.Laterality = ""
    instance.Rows, instance.Columns = pixels.shape[:2]
    instance.BitsAllocated, instance.BitsStored, instance.HighBit, instance.PixelRepresentation = 8, 8, 7, 0
    instance.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        instance.PlanarConfiguration = 0
    instance.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    content = pixels.tobytes()
    instance.PixelData = content + b"\0" * (len(content) % 2)
    target = io.BytesIO()
    instance.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _uid(*parts: str) -> str:
    return f"2.25.{uuid5(_NAMESPACE, chr(10).join(parts)).int}"
