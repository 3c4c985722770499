# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures that somebody marked, read from Key Object Selection documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from cloudfilm.dicom.key_objects import MarkedPicture, marked_pictures
from tests.support.key_objects import key_object
from tests.support.samples import ct_study


def test_pictures_are_marked_in_the_documents_order(tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "46000")
    images = [dcmread(path) for path in (paths[2], paths[0])]
    document = dcmread(key_object(tmp_path, [paths[2], paths[0], paths[2]])).to_json_dict()
    assert marked_pictures(document) == [MarkedPicture(one.SeriesInstanceUID, one.SOPInstanceUID) for one in images]


@pytest.mark.parametrize("title", ["113001", "113037", "113030", "113010", "113004", ""])
def test_rejected_pictures_manifests_and_the_like_are_not_key_pictures(tmp_path: Path, title: str) -> None:
    paths = ct_study(tmp_path, "46000")
    assert marked_pictures(dcmread(key_object(tmp_path, paths, title=title)).to_json_dict()) == []


def test_a_frame_is_named(tmp_path: Path) -> None:
    document = dcmread(key_object(tmp_path, ct_study(tmp_path, "46000", slices=1)))
    named = document.ContentSequence[0].ReferencedSOPSequence[0]
    named.ReferencedFrameNumber = [7, 9]
    assert [one.frame for one in marked_pictures(document.to_json_dict())] == [7]


@pytest.mark.parametrize(
    "broken",
    [
        {"0040A730": {"Value": None}},
        {"0040A730": {"Value": ["text"]}},
        {"0040A375": {}},
        {"0040A730": {"Value": [{"0040A040": {"Value": ["IMAGE"]}, "00081199": {"Value": [{"00081155": {"Value": ["9.9"]}}]}}]}},
    ],
    ids=str,
)
def test_what_is_broken_marks_nothing(tmp_path: Path, broken: dict[str, object]) -> None:
    document = dcmread(key_object(tmp_path, ct_study(tmp_path, "46000", slices=1))).to_json_dict()
    assert marked_pictures({**document, **broken}) == []


def test_another_document_marks_nothing(tmp_path: Path) -> None:
    document = dcmread(key_object(tmp_path, ct_study(tmp_path, "46000", slices=1))).to_json_dict()
    assert marked_pictures({**document, "00080016": {"Value": ["1.2.840.10008.5.1.4.1.1.88.11"]}}) == []
