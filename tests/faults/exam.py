# SPDX-License-Identifier: AGPL-3.0-or-later
"""A study that is to be sent, and what each of its files holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import generate_uid

from tests.support.samples import ct_study, study_uid

_META_LENGTH_ENDS = 144  # preamble, DICM and (0002,0000), whose value counts the rest of the file's meta information (PS3.10 §7.1)


@dataclass(frozen=True)
class Image:
    """One instance: its file, and its data set, which is all that C-STORE carries."""

    study_instance_uid: str
    sop_instance_uid: str
    file: bytes

    @property
    def data_set_sha256(self) -> str:
        return data_set_sha256(self.file)


@dataclass(frozen=True)
class Exam:
    """A study made of a seed."""

    seed: str
    images: tuple[Image, ...]

    @property
    def study_instance_uid(self) -> str:
        return study_uid(self.seed)


def make_exam(folder: Path, seed: str, slices: int) -> Exam:
    """A CT study; the same seed gives the same bytes."""
    paths = ct_study(folder / seed, seed, slices)
    uids = [str(generate_uid(entropy_srcs=[seed, "instance", str(number)])) for number in range(1, slices + 1)]
    return Exam(seed, tuple(Image(study_uid(seed), uid, path.read_bytes()) for uid, path in zip(uids, paths, strict=True)))


def data_set_sha256(file: bytes) -> str:
    """Of what follows the file's meta information: a C-STORE's receiver writes meta information of its own."""
    start = _META_LENGTH_ENDS + int.from_bytes(file[_META_LENGTH_ENDS - 4 : _META_LENGTH_ENDS], "little")
    return hashlib.sha256(file[start:]).hexdigest()
