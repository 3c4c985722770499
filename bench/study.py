# SPDX-License-Identifier: AGPL-3.0-or-later
"""The study that is measured with: a sphere with noise in the form of a head CT, from a seed, so that nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom import dcmread

from demo.head_ct import HeadCtStudy, uid_from, write_head_ct
from demo.voxels import Voxels

_SLICES, _SIDE = 12, 256


@dataclass(frozen=True, slots=True)
class BenchStudy:
    """Files, and the paths of their instances in DICOMweb (``/studies/…/series/…/instances/…``)."""

    files: tuple[Path, ...]
    instance_paths: tuple[str, ...]


def write_study(folder: Path, slices: int = _SLICES, side: int = _SIDE) -> BenchStudy:
    """16 bits; 256x256 unless told: 131 kB a frame."""
    z, y, x = np.ogrid[-1 : 1 : slices * 1j, -1 : 1 : side * 1j, -1 : 1 : side * 1j]
    noise = np.random.default_rng(1).integers(-20, 20, (slices, side, side))
    head = np.where(z**2 + y**2 + x**2 < 0.8, 40 + noise, -1000).astype(np.int16)
    axial = write_axial(folder, head, "CloudFilm bench")
    return BenchStudy(tuple(axial), tuple(map(_dicomweb_path, axial)))


def write_axial(folder: Path, hounsfield: npt.NDArray[np.int16], name: str) -> list[Path]:
    """The demo's study of these voxels (slices, rows, columns; 1 mm), of which the axial series is kept. ``name`` gives its UIDs."""
    study = HeadCtStudy(
        patient_name="Bench^Head",
        patient_id="BENCH",
        patient_sex="O",
        patient_birth_date=date(1980, 5, 1),
        accession_number="BENCH",
        study_datetime=datetime(2026, 3, 5, 9, 30),
        study_instance_uid=uid_from(name),
    )
    axial = [path for path in write_head_ct(study, Voxels(hounsfield, (1.0, 1.0, 1.0)), folder) if path.name.startswith("1-")]
    for path in set(folder.iterdir()) - set(axial):
        path.unlink()
    return axial


def _dicomweb_path(path: Path) -> str:
    image = dcmread(path, stop_before_pixels=True)
    return f"/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}/instances/{image.SOPInstanceUID}"
