# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading an InVesalius project made up here; fetching the real one needs the network and is left to the demo itself."""

import io
import plistlib
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demo.voxels import HeadVoxelsError, Voxels, head_voxels, read_inv3

STORED = np.arange(2 * 3 * 4, dtype="<i2").reshape(2, 3, 4)
DESCRIPTION = {
    "matrix": {"dtype": "int16", "filename": "matrix.dat", "shape": [2, 3, 4]},
    "orientation": 1,
    "spacing": [0.9, 0.8, 1.5],
}


def write_inv3(path: Path, description: dict[str, Any]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in (("main.plist", plistlib.dumps(description)), ("matrix.dat", STORED.tobytes())):
            member = tarfile.TarInfo(f"project/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_slices_are_turned_face_up_and_keep_their_columns(tmp_path: Path) -> None:
    write_inv3(tmp_path / "a.inv3", DESCRIPTION)
    voxels = read_inv3(tmp_path / "a.inv3")
    assert voxels.hounsfield.tolist() == STORED[:, ::-1, :].tolist()
    assert voxels.spacing_mm == (1.5, 0.8, 0.9)


def test_a_project_in_the_cache_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    write_inv3(tmp_path / "Cranium.inv3", DESCRIPTION)
    assert head_voxels(tmp_path).hounsfield.shape == (2, 3, 4)


@pytest.mark.parametrize(
    "change",
    [
        {"orientation": 2},
        {"matrix": {"dtype": "uint8", "filename": "matrix.dat", "shape": [2, 3, 4]}},
        {"matrix": {"dtype": "int16", "filename": "matrix.dat", "shape": [9, 9, 9]}},
        {"matrix": {"dtype": "int16", "filename": "missing.dat", "shape": [2, 3, 4]}},
        {"spacing": [0.9, 0.8]},
        {"spacing": [0.9, 0.8, 0.0]},
    ],
)
def test_a_project_of_another_kind_is_refused_by_name(change: dict[str, Any], tmp_path: Path) -> None:
    write_inv3(tmp_path / "a.inv3", DESCRIPTION | change)
    with pytest.raises(HeadVoxelsError, match=r"a\.inv3"):
        read_inv3(tmp_path / "a.inv3")


def test_a_damaged_project_asks_to_be_deleted(tmp_path: Path) -> None:
    write_inv3(tmp_path / "a.inv3", DESCRIPTION)
    whole = (tmp_path / "a.inv3").read_bytes()
    (tmp_path / "a.inv3").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(HeadVoxelsError, match="delete it"):
        read_inv3(tmp_path / "a.inv3")


def test_a_system_without_debians_tools_is_told_so_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HeadVoxelsError, match=r"has no apt-get: use Debian or the Docker image\."):
        head_voxels(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_voxels_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="int16"):
        Voxels(np.zeros((2, 2, 2), np.float64), (1, 1, 1))  # type: ignore[arg-type]
