# SPDX-License-Identifier: AGPL-3.0-or-later
"""STOW-RS (PS3.18 §10.5): only with the store scope, never into another hospital's study, and what failed is listed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import requests
from pydicom import dcmread
from pydicom.dataset import Dataset

from cloudfilm.dicom.preflight import MAXIMUM_DEPTH, Flaw
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, study_uid
from tests.support.stow import failed, stored, stow


@pytest.fixture(scope="module")
def yi(instance: Instance) -> requests.Session:
    """A program of 乙 that may store."""
    return instance.client(instance.token("yi", "query", "retrieve", "store"))


def sop_of(path: Path) -> str:
    return str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)


def recorded(instance: Instance, seed: str, count: int) -> None:
    select = "SELECT hospital_id, instance_count FROM study WHERE study_instance_uid = %s"
    wait_for(lambda: instance.sql(select, study_uid(seed)) == [("yi", count)], what=f"{count} instances of {seed}")


def test_what_is_stored_is_listed_and_found(instance: Instance, yi: requests.Session, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "stow good", slices=2)
    answer = stow(yi, [path.read_bytes() for path in paths])
    assert answer.status_code == 200
    assert (sorted(stored(answer)), failed(answer)) == (sorted(map(sop_of, paths)), {})
    recorded(instance, "stow good", 2)


def test_of_a_mixture_the_good_are_stored_and_the_foreign_listed(
    instance: Instance, yi: requests.Session, stored_study: str, tmp_path: Path
) -> None:
    good, foreign = (
        ct_study(tmp_path / "good", "stow mixed", slices=1)[0],
        ct_study(tmp_path / "bad", "stow bad", 1, study_seed="stored")[0],
    )
    answer = stow(yi, [good.read_bytes(), foreign.read_bytes()])
    assert answer.status_code == 202
    assert stored(answer) == [sop_of(good)]
    # 0110H, processing failure: no more is said.
    assert failed(answer) == {sop_of(foreign): 0x0110}
    assert "jia" not in answer.text
    recorded(instance, "stow mixed", 1)
    assert instance.sql("SELECT instance_count FROM study WHERE study_instance_uid = %s", stored_study) == [(3,)]


@pytest.mark.parametrize("scopes", [("query",), ("retrieve",), ("reports",), ("query", "retrieve", "reports")])
@pytest.mark.parametrize("path", ["/dicom-web/studies", "/dicom-web/studies/1.2.3"])
def test_without_the_store_scope_nothing_is_stored(instance: Instance, tmp_path: Path, scopes: tuple[str, ...], path: str) -> None:
    content = ct_study(tmp_path, "stow scope", slices=1)[0].read_bytes()
    assert stow(instance.client(instance.token("yi", *scopes)), [content], path).status_code == 404
    assert stow(instance.client(), [content], path).status_code == 401
    assert instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s", study_uid("stow scope")) == []


def test_instances_of_another_study_than_the_path_names_are_not_stored(instance: Instance, yi: requests.Session, tmp_path: Path) -> None:
    named, other = ct_study(tmp_path / "a", "stow path", slices=1)[0], ct_study(tmp_path / "b", "stow other", slices=1)[0]
    answer = stow(yi, [named.read_bytes(), other.read_bytes()], f"/dicom-web/studies/{study_uid('stow path')}")
    assert stored(answer) == [sop_of(named)]
    assert list(failed(answer)) == [sop_of(other)]
    recorded(instance, "stow path", 1)
    assert yi.get("/dicom-web/studies", params={"StudyInstanceUID": study_uid("stow other")}).status_code == 204


def test_a_foreign_studys_path_takes_nothing(instance: Instance, yi: requests.Session, stored_study: str, tmp_path: Path) -> None:
    content = ct_study(tmp_path, "stow into", slices=1, study_seed="stored")[0].read_bytes()
    answer = stow(yi, [content], f"/dicom-web/studies/{stored_study}")
    assert answer.status_code in (200, 202, 400, 404, 409)
    assert answer.status_code == 404 or stored(answer) == []
    assert instance.sql("SELECT instance_count FROM study WHERE study_instance_uid = %s", stored_study) == [(3,)]


def test_what_is_no_dicom_does_not_keep_the_rest_from_being_stored(instance: Instance, yi: requests.Session, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "stow garbage", slices=2)
    answer = stow(yi, [paths[0].read_bytes(), b"no DICOM at all", paths[1].read_bytes()])
    assert answer.status_code == 202
    assert sorted(stored(answer)) == sorted(map(sop_of, paths))
    # It does not say what it is: it stands among the other failures (PS3.3 §C.9, Other Failures Sequence).
    assert [item["00081197"]["Value"] for item in answer.json()["0008119A"]["Value"]] == [[0xC000]]
    recorded(instance, "stow garbage", 2)


def nested(tmp_path: Path, seed: str, depth: int) -> bytes:
    inner = Dataset()
    for _ in range(depth):
        outer = Dataset()
        outer.RequestAttributesSequence = [inner]
        inner = outer
    return change(ct_study(tmp_path / seed, seed, slices=1), RequestAttributesSequence=[inner])[0].read_bytes()


def hostile(tmp_path: Path) -> dict[str, bytes]:
    content = ct_study(tmp_path, "hostile", slices=1)[0].read_bytes()
    return {
        "nothing": b"",
        "text": b"no DICOM at all",
        "preamble only": content[:132],
        "no study": content[:200],
        "random": bytes(range(256)) * 64,
        "cut short": content[: len(content) // 2],
    }


@pytest.mark.parametrize("kind", ["nothing", "text", "preamble only", "no study", "random", "cut short"])
def test_what_is_no_dicom_is_refused_and_the_server_lives(yi: requests.Session, tmp_path: Path, kind: str) -> None:
    answer = stow(yi, [hostile(tmp_path)[kind]])
    assert answer.status_code == 409
    assert stored(answer) == []
    assert yi.get("/dicom-web/studies?limit=1").status_code in (200, 204)


def test_sequences_nested_to_the_limit_are_stored_and_read_back(yi: requests.Session, tmp_path: Path) -> None:
    content = nested(tmp_path, "stow deep", MAXIMUM_DEPTH - 1)  # one more is what holds the first
    assert len(stored(stow(yi, [content]))) == 1
    study = f"/dicom-web/studies/{study_uid('stow deep')}"
    assert yi.get(f"{study}/metadata", headers={"Accept": "application/dicom+json"}).status_code == 200
    assert yi.get(study, headers={"Accept": 'multipart/related; type="application/dicom"'}).status_code == 200


def test_sequences_nested_deeper_are_refused_kept_aside_and_the_server_lives(
    instance: Instance, yi: requests.Session, tmp_path: Path
) -> None:
    content, good = nested(tmp_path, "stow deeper", 200), ct_study(tmp_path / "good", "stow beside", slices=1)[0]
    answer = stow(yi, [content, good.read_bytes()])
    assert answer.status_code == 202
    assert stored(answer) == [sop_of(good)]
    assert list(failed(answer).values()) == [0xC000]
    kept = "SELECT reason, sender, size_bytes, bytes_kept FROM set_aside WHERE hospital_id = 'yi' AND content_sha256 = %s"
    assert instance.sql(kept, hashlib.sha256(content).hexdigest()) == [(Flaw.TOO_DEEP.value, "STOW-RS", len(content), True)]


def test_the_answer_comes_as_xml_where_nothing_else_is_asked_for(yi: requests.Session, tmp_path: Path) -> None:
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + ct_study(tmp_path, "stow xml", slices=1)[0].read_bytes() + b"\r\n--b--\r\n"
    answer = yi.post("/dicom-web/studies", data=body, headers={"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/dicom+xml"
    assert 'keyword="ReferencedSOPSequence"' in answer.text


def test_a_body_that_is_cut_off_is_an_error_and_what_was_whole_is_stored_at_most(yi: requests.Session, tmp_path: Path) -> None:
    head = b"--b\r\nContent-Type: application/dicom\r\n\r\n"
    body = head + ct_study(tmp_path, "stow cut", slices=1)[0].read_bytes()
    answer = yi.post("/dicom-web/studies", data=body, headers={"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'})
    assert answer.status_code == 400
    assert "boundary" in answer.json()["detail"]
    assert yi.get("/dicom-web/studies", params={"StudyInstanceUID": study_uid("stow cut")}).status_code == 204


def test_a_large_instance_goes_through_a_file(instance: Instance, yi: requests.Session, tmp_path: Path) -> None:
    path = change(
        ct_study(tmp_path, "stow large", slices=1), Rows=2048, Columns=2048, PixelData=bytes(range(256)) * (2048 * 2048 * 2 // 256)
    )[0]
    assert stored(stow(yi, [path.read_bytes()])) == [sop_of(path)]
    recorded(instance, "stow large", 1)


def test_a_huge_part_header_is_refused(yi: requests.Session) -> None:
    body = b"--b\r\nContent-Type: application/dicom\r\nX: " + b"y" * 5_000_000 + b"\r\n\r\nx\r\n--b--\r\n"
    answer = yi.post("/dicom-web/studies", data=body, headers={"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'})
    assert answer.status_code == 400
    assert yi.get("/dicom-web/studies?limit=1").status_code in (200, 204)


@pytest.mark.parametrize(
    "content_type", ["application/dicom", "text/plain", 'multipart/related; type="application/dicom"', "multipart/form-data; boundary=b"]
)
def test_other_forms_are_not_taken(yi: requests.Session, content_type: str) -> None:
    assert yi.post("/dicom-web/studies", data=b"x", headers={"Content-Type": content_type}).status_code in (400, 415)
