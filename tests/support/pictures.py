# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of every kind that an archive meets, made from a seed; compressed ones are pydicom's own examples."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from pydicom import Dataset, FileMetaDataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

# One file for each compressed transfer syntax, as pydicom brings it.
COMPRESSED = {
    "1.2.840.10008.1.2.4.50": "SC_rgb_jpeg_dcmtk.dcm",
    "1.2.840.10008.1.2.4.51": "JPEG-lossy.dcm",
    "1.2.840.10008.1.2.4.70": "SC_rgb_jpeg_gdcm.dcm",
    "1.2.840.10008.1.2.4.80": "MR_small_jpeg_ls_lossless.dcm",
    "1.2.840.10008.1.2.4.81": "SC_rgb_jls_lossy_line.dcm",
    "1.2.840.10008.1.2.4.90": "MR_small_jp2klossless.dcm",
    "1.2.840.10008.1.2.4.91": "JPEG2000.dcm",
    "1.2.840.10008.1.2.5": "SC_rgb_rle_2frame.dcm",
}


def picture(seed: str, side: int = 70, frames: int = 1, **attributes: Any) -> bytes:
    """A DICOM file: grey, 16 bits unsigned, unless attributes (DICOM keywords) say otherwise; pixels fill BitsStored."""
    wanted = {
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16, "BitsStored": 16, "PixelRepresentation": 0,
        **attributes,
    }  # fmt: skip
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[seed, "picture"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = SecondaryCaptureImageStorage, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID = generate_uid(entropy_srcs=[seed, "study of pictures"])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=[seed, "series of pictures"])
    image.PatientName, image.PatientID, image.Modality, image.InstanceNumber = "Wang^Kinds", f"K{seed}", "OT", 1
    image.Rows, image.Columns = side, side + 3
    for keyword, value in wanted.items():
        if keyword != "PixelData":
            setattr(image, keyword, value)
    image.HighBit = image.BitsStored - 1 if "HighBit" not in wanted else wanted["HighBit"]
    if frames > 1:
        image.NumberOfFrames = frames
    image.PixelData = wanted.get("PixelData") or _pixels(image, seed, frames)
    target = io.BytesIO()
    image.save_as(target, enforce_file_format=True)
    return target.getvalue()


def compressed(transfer_syntax_uid: str) -> bytes:
    """pydicom's example of this syntax, as an instance of a study of its own: some of the examples share their UIDs."""
    path = get_testdata_file(COMPRESSED[transfer_syntax_uid], download=False)
    assert isinstance(path, str), COMPRESSED[transfer_syntax_uid]
    image = dcmread(path)
    assert image.file_meta.TransferSyntaxUID == transfer_syntax_uid
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(image, keyword, generate_uid(entropy_srcs=["36120", keyword, transfer_syntax_uid]))
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    target = io.BytesIO()
    image.save_as(target, enforce_file_format=True)
    return target.getvalue()


def in_syntax(content: bytes, transfer_syntax_uid: str, frames: list[bytes]) -> bytes:
    """The same instance with frames that were compressed already."""
    image = dcmread(io.BytesIO(content))
    image.file_meta.TransferSyntaxUID = transfer_syntax_uid
    image.PixelData = encapsulate(frames)
    image["PixelData"].is_undefined_length = True
    target = io.BytesIO()
    image.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _pixels(image: Dataset, seed: str, frames: int) -> bytes:
    lowest, highest = 0, (1 << image.BitsStored) - 1
    if image.PixelRepresentation:
        lowest, highest = -(1 << (image.BitsStored - 1)), (1 << (image.BitsStored - 1)) - 1
    shape = (frames, image.Rows, image.Columns, image.SamplesPerPixel)
    kind = ("i" if image.PixelRepresentation else "u") + str(image.BitsAllocated // 8)
    random = np.random.default_rng([*seed.encode()])
    smooth = np.linspace(lowest, highest, int(np.prod(shape))).reshape(shape)
    noisy = np.clip(smooth + random.normal(0, (highest - lowest) / 100, shape), lowest, highest)
    return noisy.astype(f"<{kind}").tobytes() + (b"\0" if noisy.size * image.BitsAllocated // 8 % 2 else b"")
