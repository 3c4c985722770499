# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rendered resources of PS3.18 §10.4.1.1.3 in a study that holds its report too: the picture that stands for it, and why there is none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image
from pydicom import dcmread

from demo.report_form import make_report_pdf
from tests.support.dicom_documents import pdf_document, saved
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, fields_for, study_uid

STUDY = study_uid("47000")
ORIGINAL = "multipart/related; type=application/octet-stream; transfer-syntax=*"


@pytest.fixture(scope="module")
def study(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Three slices, of which the middle one is bright, and an Encapsulated PDF that comes first in every order; the paths of their instances."""
    folder = tmp_path_factory.mktemp("pictures")
    slices = ct_study(folder, "47000", slices=3)
    change(slices[1:2], PixelData=np.full((128, 128), 900, "<i2").tobytes(), WindowCenter=900, WindowWidth=100)
    document = saved(pdf_document("47000", make_report_pdf(fields_for("47000"))), folder / "report.dcm")
    assert instance.dcmtk("storescu", *map(str, slices), str(document)).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count >= 4", STUDY))
    return {"slice": path_of(slices[0]), "bright": path_of(slices[1]), "document": path_of(document)}


@pytest.fixture(scope="module")
def reader(instance: Instance) -> requests.Session:
    return instance.client(instance.token("jia", "query", "retrieve"))


def path_of(path: Path) -> str:
    image = dcmread(path, stop_before_pixels=True)
    return f"/dicom-web/studies/{STUDY}/series/{image.SeriesInstanceUID}/instances/{image.SOPInstanceUID}"


def series_of(instance_path: str) -> str:
    return instance_path.split("/instances/", maxsplit=1)[0]


def grey(answer: requests.Response) -> np.ndarray:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg"), answer.text[:200]
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("L")).astype(int)


def test_a_studys_picture_is_the_middle_of_its_images_in_its_window(reader: requests.Session, study: dict[str, str]) -> None:
    expected = grey(reader.get(f"{study['bright']}/rendered?window=900,100,linear"))
    for path in (f"/dicom-web/studies/{STUDY}/rendered", f"{series_of(study['slice'])}/rendered"):
        assert np.abs(grey(reader.get(path)) - expected).max() <= 2, path
    smaller = grey(reader.get(f"/dicom-web/studies/{STUDY}/rendered?viewport=64,64&window=900,100,linear"))
    assert smaller.shape == (64, 64)
    assert grey(reader.get(f"/dicom-web/studies/{STUDY}/thumbnail")).size > 0
    assert reader.head(f"/dicom-web/studies/{STUDY}/rendered").status_code == 200


@pytest.mark.parametrize("form", ["rendered", "thumbnail"])
def test_where_there_are_no_pictures_there_is_none(reader: requests.Session, study: dict[str, str], form: str) -> None:
    answer = reader.get(f"{series_of(study['document'])}/{form}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "There are no pictures here.")
    assert reader.get(f"/dicom-web/studies/{STUDY}/series/1.2.3/{form}").status_code == 404


@pytest.mark.parametrize("what", ["frames/1", "rendered", "thumbnail", "frames/1/rendered", "frames/1/thumbnail"])
def test_a_document_has_no_frames_and_says_so(reader: requests.Session, study: dict[str, str], what: str) -> None:
    answer = reader.get(f"{study['document']}/{what}", headers={"Accept": ORIGINAL if what == "frames/1" else "image/jpeg"})
    assert answer.status_code == 406, (answer.status_code, answer.text)
    assert "no picture" in answer.json()["detail"]
    assert "00420011" in answer.json()["detail"]


@pytest.mark.parametrize("frame", ["2", "0", "1,2", "2/rendered", "99/thumbnail"])
def test_a_frame_that_is_not_there_is_not_found(reader: requests.Session, study: dict[str, str], frame: str) -> None:
    answer = reader.get(f"{study['slice']}/frames/{frame}", headers={"Accept": "image/jpeg" if "/" in frame else ORIGINAL})
    assert (answer.status_code, answer.json()["detail"]) == (404, "This instance has one frame, number 1.")


def test_what_cannot_be_given_says_what_can(reader: requests.Session, study: dict[str, str]) -> None:
    answer = reader.get(f"{study['slice']}/frames/1", headers={"Accept": "text/csv"})
    assert (answer.status_code, "transfer-syntax=*" in answer.json()["detail"]) == (406, True)
    answer = reader.get(f"{study['slice']}/rendered?window=wide", headers={"Accept": "image/jpeg"})
    assert (answer.status_code, "window=center,width,linear" in answer.json()["detail"]) == (400, True)


def test_nobody_else_is_told_why(instance: Instance, study: dict[str, str]) -> None:
    foreign = instance.client(instance.token("yi", "query", "retrieve"))
    for path in (f"{study['document']}/frames/1", f"/dicom-web/studies/{STUDY}/rendered", f"/why{study['document']}/frames/1"):
        assert foreign.get(path).status_code == 404
        assert instance.client().get(path).status_code in (401, 404)
