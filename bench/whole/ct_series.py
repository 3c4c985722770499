# SPDX-License-Identifier: AGPL-3.0-or-later
"""CT series for a measurement: a ball with noise, from a seed, each slice other noise, so that nothing is compressed better than a patient is.

Its middle is in every slice: viewers differ in the slice that they show first.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import FileDataset, dcmread
from pydicom.uid import generate_uid

from bench.study import write_axial

_NOISE_HU = 20


@dataclass(frozen=True, slots=True)
class CtSeries:
    """Files of one series, and where DICOMweb has them."""

    folder: Path
    files: tuple[Path, ...]
    accession_number: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uids: tuple[str, ...]

    @property
    def series_path(self) -> str:
        """Its path in DICOMweb."""
        return f"/studies/{self.study_instance_uid}/series/{self.series_instance_uid}"

    @property
    def instance_paths(self) -> list[str]:
        """Those of its instances."""
        return [f"{self.series_path}/instances/{uid}" for uid in self.sop_instance_uids]


def write_series(folder: Path, seed: str, slices: int, side: int, patient_name: str | None = None) -> CtSeries:
    """One axial series of a study and a patient of its own."""
    folder.mkdir(parents=True)
    image, random = _template(folder, side), np.random.default_rng([*seed.encode()])
    y, x = np.ogrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    image.StudyInstanceUID, image.SeriesInstanceUID = (generate_uid(entropy_srcs=["bench", seed, level]) for level in ("study", "series"))
    number_of_exam = hashlib.sha256(seed.encode()).hexdigest()[:10].upper()
    image.PatientID = image.AccessionNumber = number_of_exam
    image.PatientName = patient_name or image.PatientName
    files, uids = [], []
    for number in range(slices):
        depth = 2 * (number + 0.5) / slices - 1
        noise = random.integers(-_NOISE_HU, _NOISE_HU, (side, side), dtype=np.int16)
        hounsfield = np.where(x**2 + y**2 + 0.6 * depth**2 < 0.8, noise + 40, -1000)
        image.PixelData = (hounsfield - int(image.RescaleIntercept)).astype("<i2").tobytes()
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["bench", seed, str(number)])
        image.InstanceNumber = number + 1
        image.ImagePositionPatient = [-float(side) / 2, -float(side) / 2, float(number)]
        files.append(folder / f"{number:05}.dcm")
        uids.append(str(image.SOPInstanceUID))
        image.save_as(files[-1])
    return CtSeries(folder, tuple(files), number_of_exam, str(image.StudyInstanceUID), str(image.SeriesInstanceUID), tuple(uids))


def _template(folder: Path, side: int) -> FileDataset:
    """A slice as the demo writes it, without its pixels."""
    made = folder / "template"
    image = dcmread(write_axial(made, np.zeros((3, side, side), np.int16), "CloudFilm bench template")[0])
    shutil.rmtree(made)
    return image
