# SPDX-License-Identifier: AGPL-3.0-or-later
"""CT series for a measurement: a sphere with noise, from a seed, each slice other noise, so that nothing is compressed better than a patient is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
from pydicom import FileDataset, dcmread
from pydicom.uid import generate_uid

from demo.head_ct import HeadCtStudy, uid_from, write_head_ct
from demo.voxels import Voxels

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


def write_series(folder: Path, seed: str, slices: int, side: int) -> CtSeries:
    """One axial series of a study and a patient of its own."""
    folder.mkdir(parents=True)
    image, random = _template(folder, side), np.random.default_rng([*seed.encode()])
    y, x = np.ogrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    image.StudyInstanceUID, image.SeriesInstanceUID = (generate_uid(entropy_srcs=["bench", seed, level]) for level in ("study", "series"))
    number_of_exam = hashlib.sha256(seed.encode()).hexdigest()[:10].upper()
    image.PatientID = image.AccessionNumber = number_of_exam
    files, uids = [], []
    for number in range(slices):
        depth = 2 * (number + 0.5) / slices - 1
        noise = random.integers(-_NOISE_HU, _NOISE_HU, (side, side), dtype=np.int16)
        hounsfield = np.where(x**2 + y**2 + depth**2 < 0.8, noise + 40, -1000)
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
    study = HeadCtStudy(
        patient_name="Bench^Head",
        patient_id="BENCH",
        patient_sex="O",
        patient_birth_date=date(1980, 5, 1),
        accession_number="BENCH",
        study_datetime=datetime(2026, 3, 5, 9, 30),
        study_instance_uid=uid_from("CloudFilm bench template"),
    )
    made = folder / "template"
    paths = write_head_ct(study, Voxels(np.zeros((3, side, side), np.int16), (1.0, 1.0, 1.0)), made)
    image = dcmread(next(path for path in paths if path.name.startswith("1-")))
    for path in made.iterdir():
        path.unlink()
    made.rmdir()
    return image
