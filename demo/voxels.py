# SPDX-License-Identifier: AGPL-3.0-or-later
"""The voxels of a real head CT, from Debian's package `invesalius-examples`.

The package (InVesalius' sample data, GPL-2) is fetched on first use and never redistributed. Its `Cranium.inv3` is an InVesalius project: a
compressed tar with a description (`main.plist`) and the voxels (`matrix.dat`, HU).
"""

import os
import plistlib
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

_PACKAGE = "invesalius-examples"
_INSTALLED_AS = "usr/share/doc/invesalius-examples/examples/Cranium.inv3"
_APT_TIMEOUT_SECONDS = 300
_AXIAL = 1  # InVesalius' number for a project made from axial slices


class HeadVoxelsError(Exception):
    """The head CT could not be fetched or read; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True, eq=False)
class Voxels:
    """A volume along the axes of the patient-based coordinate system (PS3.3 §C.7.6.2.1.1), head first, supine.

    Attributes
    ----------
    hounsfield
        HU, int16, shape (slices, rows, columns): slices run from the feet to the head (+z), rows from the face to the back of the head
        (+y), columns from the patient's right to the left (+x).
    spacing_mm
        Distance of two neighbours along each axis of `hounsfield`, millimetres, in the same order.

    Raises
    ------
    ValueError
        When the array is not int16 with at least two voxels along each of three axes, or a distance is not positive.
    """

    hounsfield: npt.NDArray[np.int16]
    spacing_mm: tuple[float, float, float]

    def __post_init__(self) -> None:
        if self.hounsfield.dtype != np.int16 or self.hounsfield.ndim != 3 or min(self.hounsfield.shape) < 2:
            raise ValueError(f"voxels must be int16 of shape (≥2, ≥2, ≥2), not {self.hounsfield.dtype} of shape {self.hounsfield.shape}")
        if min(self.spacing_mm) <= 0:
            raise ValueError(f"the spacing must be positive millimetres, not {self.spacing_mm}")

    def position_mm(self, slice_: float, row: float, column: float) -> tuple[float, float, float]:
        """Return the (x, y, z) of a voxel's centre, or of a place between voxels, in millimetres from the middle of the volume."""
        z_mm, y_mm, x_mm = (
            (index - (count - 1) / 2) * distance
            for index, count, distance in zip((slice_, row, column), self.hounsfield.shape, self.spacing_mm, strict=True)
        )
        return x_mm, y_mm, z_mm


def head_voxels(cache: Path) -> Voxels:
    """Return the head CT, fetching it (19 MB) on first use.

    Parameters
    ----------
    cache
        A writable folder that may be emptied at any time; it is made when missing. `Cranium.inv3` is kept there.

    Raises
    ------
    HeadVoxelsError
        When the package cannot be fetched, or does not hold what is expected.
    """
    project = cache / "Cranium.inv3"
    if not project.exists():
        _fetch(project)
    return read_inv3(project)


def read_inv3(project: Path) -> Voxels:
    """Read an InVesalius project made from axial slices.

    InVesalius stacks the slices from the feet to the head and stores each upside down (last row first) with its columns as they were.
    Turning the rows round gives back what the scanner made: face up, the patient's right on the viewer's left.

    Parameters
    ----------
    project
        An `.inv3` file.

    Raises
    ------
    HeadVoxelsError
        When the file is damaged or is another kind of project.
    """
    try:
        with tarfile.open(project) as tar:
            description = next(member for member in tar if PurePosixPath(member.name).name == "main.plist")
            facts: dict[str, Any] = plistlib.loads(_content(tar, description.name))
            matrix = facts["matrix"]
            if facts["orientation"] != _AXIAL or matrix["dtype"] != "int16":
                raise HeadVoxelsError(f"{project} holds {matrix['dtype']} slices of orientation {facts['orientation']}, not axial int16.")
            content = _content(tar, str(PurePosixPath(description.name).with_name(matrix["filename"])))
        x_mm, y_mm, z_mm = (float(distance) for distance in facts["spacing"])
        stored = np.frombuffer(content, "<i2").reshape(matrix["shape"])
        return Voxels(np.ascontiguousarray(stored[:, ::-1, :], np.int16), (z_mm, y_mm, x_mm))
    except (tarfile.TarError, plistlib.InvalidFileException, zlib.error, EOFError, OSError, StopIteration, KeyError, ValueError) as error:
        raise HeadVoxelsError(f"{project} cannot be read ({type(error).__name__}): delete it and it will be fetched again.") from error


def _content(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    with file:
        return file.read()


def _fetch(project: Path) -> None:
    """Put the package's project file at `project`, whole or not at all (a rename within one folder)."""
    project.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=project.parent, prefix="invesalius-examples.") as name:
        folder = Path(name)
        # Package lists of our own: the system's may be missing (as in an image) or not ours to write.
        (folder / "lists/partial").mkdir(parents=True)
        (folder / "archives/partial").mkdir(parents=True)
        own = [f"-oDir::State::lists={folder}/lists", f"-oDir::Cache={folder}", "-oAPT::Sandbox::User=", "-oAcquire::Retries=1"]
        _run(["apt-get", "-qq", *own, "-oAPT::Update::Error-Mode=any", "update"], folder)
        _run(["apt-get", "-qq", *own, "download", _PACKAGE], folder)
        package = next(folder.glob(f"{_PACKAGE}_*.deb"))
        _run(["dpkg-deb", "-x", str(package), str(folder / "tree")], folder)
        unpacked = folder / "tree" / _INSTALLED_AS
        if not unpacked.is_file():
            raise HeadVoxelsError(f"{package.name} holds no {_INSTALLED_AS}: this release of Debian packs it differently.")
        os.replace(unpacked, project)


def _run(command: list[str], folder: Path) -> None:
    if shutil.which(command[0]) is None:
        raise HeadVoxelsError(
            f"The demo's head CT comes from a Debian package and this system has no {command[0]}: use Debian or the Docker image."
        )
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_APT_TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise HeadVoxelsError(
            f"The demo's head CT (Debian package {_PACKAGE}) did not arrive within {_APT_TIMEOUT_SECONDS} seconds: is the network up?"
        ) from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise HeadVoxelsError(
            f"The demo's head CT (Debian package {_PACKAGE}) could not be fetched: is the network up? {command[0]} says: {reason}"
        )
