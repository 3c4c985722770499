# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small exams as MR, radiography, ultrasound and mammography send them, for looking at how they hang: what matters are the attributes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalXRayImageStorageForPresentation,
    MRImageStorage,
    UltrasoundImageStorage,
    generate_uid,
)

from tests.support.picture_series import colour_clip, new_instance, save, set_pixels

# SeriesNumber, SeriesDescription, brightness of skull, brain and ventricles; the localizer comes first, as a scanner numbers it.
MR_SERIES = ((1, "3-plane loc", 500, 400, 300), (2, "T1 轴位", 900, 600, 250), (3, "T2 轴位", 500, 550, 950), (4, "T2-FLAIR 轴位", 500, 650, 200),
             (5, "DWI b1000", 200, 800, 150))  # fmt: skip
# View, rows' and columns' direction (PS3.3 §C.7.6.1.1.1), code of CID 4014.
BREAST_VIEWS = {
    "RCC": ("P", "L", "399162004"),
    "LCC": ("A", "R", "399162004"),
    "RMLO": ("P", "FL", "399368009"),
    "LMLO": ("A", "FR", "399368009"),
}


def head_mr(folder: Path, seed: str, slices: int = 8, size: int = 96) -> list[Path]:
    """A localizer of three images and four series of one frame of reference."""
    paths = []
    for series_number, description, skull, brain, ventricles in MR_SERIES:
        for number in range(1, (4 if series_number == 1 else slices + 1)):
            image = new_instance(folder, seed, series_number, number, MRImageStorage, Modality="MR", SeriesDescription=description)
            image.StudyDescription, image.BodyPartExamined = "颅脑MR平扫", "HEAD"
            image.FrameOfReferenceUID = generate_uid(entropy_srcs=[seed, "frame of reference"])
            image.PixelSpacing, image.SliceThickness = [2.0, 2.0], 6.0
            image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-96.0, -96.0, 7.0 * number]
            image.WindowCenter, image.WindowWidth = 500, 1000
            set_pixels(image, _head(size, number / slices, skull, brain, ventricles), bits_stored=12)
            paths.append(save(image, folder, series_number, number, {}))
    return paths


def chest_in_two_views(folder: Path, seed: str, size: int = 384) -> list[Path]:
    """Frontal and lateral radiograph in one series, as many devices send them."""
    paths = []
    for number, (view, description) in enumerate((("PA", "胸部正位"), ("LL", "胸部侧位")), 1):
        image = new_instance(folder, seed, 1, number, DigitalXRayImageStorageForPresentation, Modality="DX", SeriesDescription=description)
        image.ViewPosition, image.BodyPartExamined, image.ImagerPixelSpacing = view, "CHEST", [0.4, 0.4]
        image.PatientOrientation = ["L", "F"] if view == "PA" else ["A", "F"]
        image.WindowCenter, image.WindowWidth = 2000, 4000
        set_pixels(image, _chest(size, lateral=view != "PA"), bits_stored=12)
        paths.append(save(image, folder, 1, number, {}))
    return paths


def abdominal_us(folder: Path, seed: str, stills: int = 4, size: int = 160) -> list[Path]:
    """Stills in one series, as a scanner stores them, and a clip."""
    paths = []
    for number in range(1, stills + 1):
        image = new_instance(folder, seed, 1, number, UltrasoundImageStorage, Modality="US", SeriesDescription="腹部")
        image.BodyPartExamined = "ABDOMEN"
        set_pixels(image, _fan(size, number).astype("<u2"), bits_stored=8)
        image.BitsAllocated, image.PixelData = 8, _fan(size, number).astype(np.uint8).tobytes()
        paths.append(save(image, folder, 1, number, {}))
    return [*paths, *colour_clip(folder, seed, frames=6, size=size, series_number=2)]


def mammograms(folder: Path, seed: str, size: int = 240, views: tuple[str, ...] = tuple(BREAST_VIEWS)) -> list[Path]:
    """Views of both breasts, each in a series of its own, not in the order in which they hang."""
    paths = []
    for series_number, view in enumerate(reversed(views), 1):
        across, down, code = BREAST_VIEWS[view]
        image = new_instance(
            folder, seed, series_number, 1, DigitalMammographyXRayImageStorageForPresentation, Modality="MG", SeriesDescription=view
        )
        image.BodyPartExamined, image.ImageLaterality, image.ViewPosition = "BREAST", view[0], view[1:]
        image.PatientOrientation, image.ImagerPixelSpacing = [across, down], [0.5, 0.5]
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "SCT", view[1:]
        item.ViewModifierCodeSequence = Sequence()
        image.ViewCodeSequence = Sequence([item])
        image.WindowCenter, image.WindowWidth = 2000, 4000
        set_pixels(image, _breast(size, chest_wall_right=across == "P", slanted="MLO" in view), bits_stored=12)
        paths.append(save(image, folder, series_number, 1, {}))
    return paths


def _grid(size: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Right and down, from -1 to 1."""
    line = np.linspace(-1, 1, size)
    return line[None, :] * np.ones((size, 1)), line[:, None] * np.ones((1, size))


def _head(size: int, height: float, skull: int, brain: int, ventricles: int) -> npt.NDArray[Any]:
    right, down = _grid(size)
    pixels = np.zeros((size, size))
    pixels[(right / 0.75) ** 2 + (down / 0.92) ** 2 < 1] = skull
    pixels[(right / 0.68) ** 2 + (down / 0.85) ** 2 < 1] = brain
    for side in (-0.16, 0.16):
        pixels[((right - side) / 0.1) ** 2 + ((down + 0.1) / (0.15 + 0.25 * height)) ** 2 < 1] = ventricles
    return pixels.astype("<u2")


def _chest(size: int, lateral: bool) -> npt.NDArray[Any]:
    right, down = _grid(size)
    pixels = 2600 - 400 * np.abs(right)
    for side in (0.0,) if lateral else (-0.42, 0.42):
        pixels[((right - side) / 0.34) ** 2 + ((down + 0.1) / 0.7) ** 2 < 1] = 900
    pixels[(np.abs(right + (0.6 if lateral else 0.0)) < 0.08)] = 3300
    pixels[((right - 0.15) / 0.25) ** 2 + ((down - 0.3) / 0.3) ** 2 < 1] = 2900
    return pixels.clip(0, 4095).astype("<u2")


def _fan(size: int, number: int) -> npt.NDArray[np.float64]:
    right, down = _grid(size)
    depth, angle = np.hypot(right, down + 1), np.arctan2(right, down + 1)
    echo = 90 + 60 * np.sin(25 * depth + number) + np.random.default_rng(number).normal(0, 25, (size, size))
    echo[((right + 0.2) / 0.25) ** 2 + ((down - 0.1) / 0.2) ** 2 < 1] = 10
    return np.where((depth < 1.9) & (depth > 0.2) & (np.abs(angle) < 0.7), echo.clip(0, 255), 0)


def _breast(size: int, chest_wall_right: bool, slanted: bool) -> npt.NDArray[Any]:
    right, down = _grid(size)
    from_wall = (1 - right) if chest_wall_right else (1 + right)
    pixels = np.zeros((size, size))
    breast = (from_wall / 1.3) ** 2 + ((down - (0.1 if slanted else 0.0)) / 0.8) ** 2 < 1
    pixels[breast] = (1400 + 900 * np.cos(9 * from_wall) * np.cos(7 * down))[breast]
    if slanted:
        pixels[from_wall < 0.5 * (-down + 0.2)] = 3000
    return pixels.clip(0, 4095).astype("<u2")
