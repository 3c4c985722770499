# SPDX-License-Identifier: AGPL-3.0-or-later
"""WADO-RS (PS3.18 §10.4) and WADO-URI (§9): what is given belongs to the study that was allowed, also where UIDs exist twice."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import requests
from pydicom import dcmread

from tests.support.instance import Instance, wait_for
from tests.support.raw_http import ask
from tests.support.samples import change, ct_study, study_uid

SEEDS = {"wado": 801, "wadotwin": 111, "wadoyi": 222}


@pytest.fixture(scope="module")
def twins(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Three studies, two of 甲 and one of 乙, that hold an instance of the same UIDs with other pixels; and one of 乙 alone."""
    folder = tmp_path_factory.mktemp("twins")
    original = dcmread(ct_study(folder / "wado", "wado", slices=1)[0])
    same = {"SOPInstanceUID": original.SOPInstanceUID, "SeriesInstanceUID": original.SeriesInstanceUID}
    for seed in ("wadotwin", "wadoyi"):
        change(ct_study(folder / seed, seed, slices=1), PixelData=np.full((128, 128), SEEDS[seed], "<i2").tobytes(), **same)
    other = dcmread(ct_study(folder / "wadoother", "wadoother", slices=1)[0])
    for seed, aet in (("wado", "CT1"), ("wadotwin", "CT1"), ("wadoyi", "MR2"), ("wadoother", "MR2")):
        assert instance.dcmtk("storescu", str(folder / seed / "001.dcm"), aet=aet).returncode == 0
    uids = [study_uid(seed) for seed in (*SEEDS, "wadoother")]
    wait_for(lambda: instance.sql("SELECT count(*) FROM study WHERE instance_count = 1 AND study_instance_uid = ANY(%s)", uids) == [(4,)])
    return {
        "series": original.SeriesInstanceUID, "sop": original.SOPInstanceUID,
        "other series": other.SeriesInstanceUID, "other sop": other.SOPInstanceUID,
    }  # fmt: skip


@pytest.fixture(scope="module")
def clients(instance: Instance) -> dict[str, requests.Session]:
    """An integrator of each hospital."""
    return {hospital: instance.client(instance.token(hospital, "query", "retrieve")) for hospital in ("jia", "yi")}


def path_of(seed: str, series: str, sop: str) -> str:
    return f"/dicom-web/studies/{study_uid(seed)}/series/{series}/instances/{sop}"


@pytest.mark.parametrize(("seed", "hospital"), [("wado", "jia"), ("wadotwin", "jia"), ("wadoyi", "yi")])
def test_of_instances_with_one_uid_each_study_gives_its_own(
    twins: dict[str, Any], clients: dict[str, requests.Session], seed: str, hospital: str
) -> None:
    client, path = clients[hospital], path_of(seed, twins["series"], twins["sop"])
    frame = client.get(f"{path}/frames/1").content.split(b"\r\n\r\n", 1)[1]
    bulk = client.get(f"{path}/bulk/7fe00010").content.split(b"\r\n\r\n", 1)[1]
    for pixels in (frame, bulk):
        assert np.frombuffer(pixels[: 128 * 128 * 2], "<i2").max() == SEEDS[seed]
    for level in (path, path.rsplit("/instances", 1)[0], f"/dicom-web/studies/{study_uid(seed)}"):
        metadata = client.get(f"{level}/metadata").json()
        assert [dataset["0020000D"]["Value"][0] for dataset in metadata] == [study_uid(seed)]
        original = client.get(level).content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        assert dcmread(BytesIO(original)).pixel_array.max() == SEEDS[seed]
    wado = {"requestType": "WADO", "studyUID": study_uid(seed), "seriesUID": twins["series"], "objectUID": twins["sop"]}
    original = client.get("/wado", params={**wado, "contentType": "application/dicom"}).content
    assert dcmread(BytesIO(original)).pixel_array.max() == SEEDS[seed]
    for picture in ("rendered", "thumbnail", "frames/1/rendered", "frames/1/thumbnail"):
        assert client.get(f"{path}/{picture}").status_code == 200, picture


@pytest.mark.parametrize("seed", ["wado", "wadotwin"])
@pytest.mark.parametrize(
    "what", ["", "/metadata", "/rendered", "/thumbnail", "/frames/1", "/frames/1/rendered", "/frames/1/thumbnail", "/bulk/7fe00010"]
)
def test_a_foreign_study_does_not_exist_though_its_uids_are_ones_own(
    twins: dict[str, Any], clients: dict[str, requests.Session], seed: str, what: str
) -> None:
    assert clients["yi"].get(path_of(seed, twins["series"], twins["sop"]) + what).status_code == 404


@pytest.mark.parametrize(
    "what", ["", "/metadata", "/rendered", "/thumbnail", "/frames/1", "/frames/1/rendered", "/frames/1/thumbnail", "/bulk/7fe00010"]
)
@pytest.mark.parametrize("mixture", [("series", "other sop"), ("other series", "sop"), ("other series", "other sop")])
def test_foreign_instances_below_an_allowed_study_do_not_exist(
    twins: dict[str, Any], clients: dict[str, requests.Session], what: str, mixture: tuple[str, str]
) -> None:
    """甲 asks below its own study for what 乙 has."""
    answer = clients["jia"].get(path_of("wado", twins[mixture[0]], twins[mixture[1]]) + what)
    assert answer.status_code == 404
    assert b"Value" not in answer.content


@pytest.mark.parametrize("what", ["", "/metadata", "/rendered", "/thumbnail"])
def test_foreign_series_below_an_allowed_study_do_not_exist(twins: dict[str, Any], clients: dict[str, requests.Session], what: str) -> None:
    answer = clients["jia"].get(f"/dicom-web/studies/{study_uid('wado')}/series/{twins['other series']}{what}")
    assert answer.status_code == 404


@pytest.mark.parametrize("content_type", ["image/jpeg", "application/dicom", None])
@pytest.mark.parametrize("mixture", [("series", "other sop"), ("other series", "sop"), ("other series", "other sop"), (None, "other sop")])
def test_wado_uri_gives_nothing_foreign_either(
    twins: dict[str, Any], clients: dict[str, requests.Session], content_type: str | None, mixture: tuple[str | None, str]
) -> None:
    query = {"requestType": "WADO", "studyUID": study_uid("wado"), "objectUID": twins[mixture[1]], "contentType": content_type}
    if mixture[0]:
        query["seriesUID"] = twins[mixture[0]]
    assert clients["jia"].get("/wado", params=query).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "studyUID={allowed}&studyUID={foreign}", "studyUID={foreign}&studyUID={allowed}", "studyUID={allowed}&study%55ID={foreign}",
        "study%55ID={foreign}&studyUID={allowed}", "studyUID={allowed}&STUDYUID={foreign}", "STUDYUID={foreign}&studyUID={allowed}",
        "studyUID={allowed}&objectUID=1&objectUID=2", "studyUID={allowed}&studyUID", "studyUID={allowed}&contentType=image/jpeg&contentType=application/dicom",
        "studyUID={allowed}&studyUID%00=1", "%73tudyUID={foreign}", "studyUID={allowed}&x.y=1", "studyUID={allowed}&a=1&b=2&studyUID={allowed}",
    ],
)  # fmt: skip
def test_a_parameter_of_wado_uri_is_written_once_by_its_plain_name(
    instance: Instance, twins: dict[str, Any], clients: dict[str, requests.Session], query: str
) -> None:
    rest = f"requestType=WADO&seriesUID={twins['series']}"
    query = query.format(allowed=study_uid("wado"), foreign=study_uid("wadoyi"))
    sop = "" if "objectUID" in query else f"&objectUID={twins['sop']}"
    token = str(clients["jia"].headers["Authorization"]).removeprefix("Bearer ")
    for spelling in (f"/wado?{rest}&{query}{sop}", f"/wado?{query}&{rest}{sop}"):
        assert ask(instance, token, "GET", spelling).status == 400


@pytest.mark.parametrize(
    "value", ["{allowed}%00", "{allowed},{foreign}", "{allowed}%2C{foreign}", "{allowed}\\{foreign}", "*", "", "1" * 65, "1" * 5000]
)
def test_a_study_of_wado_uri_is_one_uid(twins: dict[str, Any], clients: dict[str, requests.Session], value: str) -> None:
    study = value.format(allowed=study_uid("wado"), foreign=study_uid("wadoyi"))
    answer = clients["jia"].get(f"/wado?requestType=WADO&studyUID={study}&seriesUID={twins['series']}&objectUID={twins['sop']}")
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    "what", ["/frames/0", "/frames/2", "/frames/99999999999999999999", "/frames/a", "/frames/-1", "/bulk/zz", "/bulk/00990099", "/nothing"]
)
def test_what_an_instance_does_not_have_is_an_error_and_no_content(
    twins: dict[str, Any], clients: dict[str, requests.Session], what: str
) -> None:
    assert clients["jia"].get(path_of("wado", twins["series"], twins["sop"]) + what).status_code in (400, 404)


def test_frames_are_given_once_for_each_time_they_are_named(twins: dict[str, Any], clients: dict[str, requests.Session]) -> None:
    answer = clients["jia"].get(path_of("wado", twins["series"], twins["sop"]) + "/frames/1,1")
    assert answer.content.count(b"Content-Type: application/octet-stream") == 2
