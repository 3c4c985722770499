# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures at the default window, and the list of them."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from cloudfilm.publish.answers import metadata_answer
from cloudfilm.publish.codestream import pixels_of
from cloudfilm.publish.dicom_file import DicomFile
from cloudfilm.publish.instance import PublishedInstance
from cloudfilm.publish.picture_list import key_picture, picture_list
from cloudfilm.publish.pictures import default_window, drawing, jpeg, smaller
from tests.support.pictures import picture


@pytest.mark.parametrize(
    "attributes",
    [
        {"WindowCenter": 40, "WindowWidth": 80, "RescaleSlope": 1, "RescaleIntercept": -1024, "BitsStored": 12},
        {"WindowCenter": [300, 40], "WindowWidth": [1500, 80], "PixelRepresentation": 1},
        {"WindowCenter": 128, "WindowWidth": 256, "BitsAllocated": 8, "BitsStored": 8},
        {"WindowCenter": 500, "WindowWidth": 1, "BitsStored": 12},
    ],
)
def test_the_window_is_applied_as_the_standard_says(attributes: dict[str, Any]) -> None:
    dicom = DicomFile.read(io.BytesIO(picture("36010", **attributes)))
    draw = drawing(dicom.dataset, dicom.facts)
    assert draw is not None
    drawn = draw(pixels_of(next(iter(dicom.native_frames())), dicom.facts))
    image = dcmread(io.BytesIO(picture("36010", **attributes)))
    values = apply_voi_lut(apply_modality_lut(image.pixel_array, image), image)
    lowest, highest = values.min(), values.max()
    expected = (values - lowest) / (highest - lowest) * 255
    assert np.abs(drawn.astype(float) - expected).max() <= 1.0


def test_inverted_pictures_are_drawn_inverted() -> None:
    both = []
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        dicom = DicomFile.read(io.BytesIO(picture("36011", PhotometricInterpretation=photometric, WindowCenter=3000, WindowWidth=900)))
        draw = drawing(dicom.dataset, dicom.facts)
        assert draw is not None
        both.append(draw(pixels_of(next(iter(dicom.native_frames())), dicom.facts)))
    assert np.array_equal(both[0], 255 - both[1])


def test_without_a_window_the_whole_range_is_shown() -> None:
    dicom = DicomFile.read(io.BytesIO(picture("36012", BitsStored=12)))
    draw = drawing(dicom.dataset, dicom.facts)
    assert draw is not None
    drawn = draw(pixels_of(next(iter(dicom.native_frames())), dicom.facts))
    assert (drawn.min(), drawn.max()) == (0, 255)


def test_the_window_of_an_enhanced_picture_stands_in_its_functional_groups() -> None:
    voi, group, dataset = Dataset(), Dataset(), Dataset()
    voi.WindowCenter, voi.WindowWidth = "50", "350"
    group.FrameVOILUTSequence = [voi]
    dataset.PerFrameFunctionalGroupsSequence = [group]
    window = default_window(dataset)
    assert window is not None
    assert (window.center, window.width) == (50, 350)


def test_what_we_cannot_draw_has_no_picture() -> None:
    for attributes in (
        {"PhotometricInterpretation": "PALETTE COLOR"},
        {"VOILUTSequence": [Dataset()]},
        {"ModalityLUTSequence": [Dataset()]},
    ):
        dicom = DicomFile.read(io.BytesIO(picture("36013", **attributes)))
        assert drawing(dicom.dataset, dicom.facts) is None


def test_pictures_are_no_larger_than_they_say_and_hold_nothing_but_pixels() -> None:
    large = jpeg(np.zeros((3000, 2000), dtype=np.uint8), 1024)
    with Image.open(io.BytesIO(large)) as opened:
        assert opened.size == (683, 1024)
        assert "exif" not in opened.info
        assert "comment" not in opened.info
    with Image.open(io.BytesIO(smaller(large, 256))) as opened:
        assert max(opened.size) == 256


def instance(number: int | None, uid: str, frames: int = 1) -> PublishedInstance:
    return PublishedInstance("1.1", "1.2", uid, number, frames, 10, 12, (40.0, 80.0), True, "")


def test_the_list_is_in_the_order_in_which_people_turn_through_a_series() -> None:
    instances = [instance(None, "1.9"), instance(10, "1.3"), instance(2, "1.4"), instance(3, "1.5", frames=0)]
    listed = json.loads(picture_list(instances, documents=["1.4"]))
    assert [one["sop_instance_uid"] for one in listed["instances"]] == ["1.3", "1.9"]
    key = key_picture(instances)
    assert key is not None
    assert key.sop_instance_uid == "1.3"
    assert key_picture([]) is None


def test_bulk_data_are_found_under_whatever_name_the_server_has() -> None:
    stored = [{"7FE00010": {"vr": "OW", "BulkDataURI": "http://127.0.0.1:8042/dicom-web/studies/1.2/bulk/7fe00010"}}]
    nested = [{"00081140": {"vr": "SQ", "Value": stored}}]
    text = gzip.decompress(metadata_answer(nested)).decode()
    assert json.loads(text)[0]["00081140"]["Value"][0]["7FE00010"]["BulkDataURI"] == "/dicom-web/studies/1.2/bulk/7fe00010"
    assert metadata_answer(nested) == metadata_answer(nested)
