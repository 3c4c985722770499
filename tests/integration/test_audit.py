# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who saw what: the whole story of one exam is in the trail, each thing once, with where from and with what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from dicomweb_client import DICOMwebClient
from pydicom import dcmread

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50"
COMPUTER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130 Safari/537.36"


class Trail:
    """What was added to the trail since the last look."""

    def __init__(self, instance: Instance) -> None:
        self._instance, self._seen = instance, 0
        self.new()

    def new(self) -> list[tuple[Any, ...]]:
        rows = self._instance.sql(
            "SELECT sequence, kind, outcome, actor_kind, device, study_instance_uid, report_id::text, address, hospital_id, grant_id::text,"
            " actor_id, detail FROM audit_event WHERE sequence > %s ORDER BY sequence",
            self._seen,
        )
        self._seen = rows[-1][0] if rows else self._seen
        self.rows = rows
        return [row[1:7] for row in rows]


@pytest.fixture
def trail(instance: Instance) -> Trail:
    return Trail(instance)


def complete(instance: Instance, uid: str, count: int) -> None:
    select = "SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL AND instance_count = %s"
    wait_for(lambda: instance.sql(select, uid, count))


def browser(instance: Instance, user_agent: str) -> requests.Session:
    client = instance.client()
    client.headers["User-Agent"] = user_agent
    return client


def test_the_story_of_an_exam(instance: Instance, trail: Trail, tmp_path: Path) -> None:
    uid = study_uid("story")
    paths = ct_study(tmp_path / "story", "story", slices=12)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    complete(instance, uid, 12)
    assert trail.new() == [("images stored", "success", "modality", "", uid, None)]
    assert trail.rows[0][7:] == ("127.0.0.1", "jia", None, "CT1", "")

    token = instance.token("jia", "reports")
    issued = instance.client(token).post("/api/v1/reports", files={"file": make_report_pdf(fields_for("story"))}).json()
    report = issued["report_id"]
    ris = instance.client(token)
    assert ris.get(issued["stamped_pdf"]).status_code == 200
    assert ris.get(issued["qr_png"]).status_code == 200
    assert trail.new() == [
        ("administered", "success", "console", "", "", None),
        ("report submitted", "success", "program", "program", "", report),
        ("report downloaded", "success", "program", "program", uid, report),
    ]

    stranger = browser(instance, COMPUTER)
    assert stranger.post("/api/v1/access", json={"access_code": "7K3M-9QXF-2T8B"}).status_code == 401
    assert trail.new() == [("wrong code", "denied", "nobody", "computer", "", None)]

    phone = browser(instance, PHONE)
    assert phone.get(issued["link"]).status_code == 303
    assert phone.get("/exam").status_code == 200
    assert trail.new() == [("grant opened", "success", "patient", "phone", "", None)]
    grant = trail.rows[0][9]
    assert phone.post("/consent", data={"accepted": "yes"}).status_code == 303
    assert trail.new() == [("consent given", "success", "patient", "phone", "", None)]

    for _ in range(2):
        assert phone.get("/exam").status_code == 200
        assert phone.get("/report").status_code == 200
        for _ in range(2):
            assert phone.get(f"/api/v1/reports/{report}/pages/1").status_code == 200
        assert phone.get(f"/api/v1/reports/{report}").status_code == 200
    assert trail.new() == [("report read", "success", "patient", "phone", uid, report)]

    assert phone.get(f"/api/v1/reports/{report}/original.pdf").status_code == 200
    assert trail.new() == [("report downloaded", "success", "patient", "phone", uid, report)]

    series, places = series_and_instances(paths)
    base = f"/dicom-web/studies/{uid}/series/{series}"
    wanted = [f"{base}/metadata", f"/dicom-web/studies/{uid}/metadata", f"/dicom-web/studies/{uid}/series"]
    wanted += [f"{base}/instances/{place}/frames/1" for place in places] * 3 + [f"{base}/instances/{places[0]}/rendered"]
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda path: requests_with(phone, path).status_code, wanted))
    assert set(statuses) == {200}
    assert phone.get("/images/desktop").status_code == 303
    assert sorted(trail.new()) == [(kind, "success", "patient", "phone", uid, None) for kind in ("images viewed", "searched")]
    assert {row[9] for row in trail.rows} == {grant}

    whole = {"Accept": 'multipart/related; type="application/dicom"'}
    assert phone.get(f"{base}/instances/{places[0]}", headers=whole).status_code == 200
    assert trail.new() == [("images downloaded", "success", "patient", "phone", uid, None)]

    computer = browser(instance, COMPUTER)
    computer.cookies.update(phone.cookies)
    assert computer.get(f"/api/v1/studies/{uid}/archive").status_code == 200
    assert trail.new() == [
        ("images downloaded", "success", "patient", "computer", uid, None),
        ("report downloaded", "success", "patient", "computer", uid, report),
    ]

    instance.admin("grant", "revoke", grant)
    wait_for(lambda: phone.get(f"{base}/metadata").status_code != 200)
    assert phone.get(f"{base}/metadata").status_code == 404
    revoked, *denied = trail.new()
    assert revoked == ("grant revoked", "success", "console", "", "", None)
    assert trail.rows[0][8:10] == ("jia", grant)
    assert denied == [("images viewed", "denied", "patient", "phone", uid, None)]
    assert trail.rows[1][11] == "the grant is revoked"


def series_and_instances(paths: list[Path]) -> tuple[str, list[str]]:
    images = [dcmread(path, stop_before_pixels=True) for path in paths]
    return images[0].SeriesInstanceUID, [image.SOPInstanceUID for image in images]


def requests_with(client: requests.Session, path: str) -> requests.Response:
    """In a connection of its own, so that many run at once."""
    with requests.Session() as own:
        own.verify, own.trust_env = client.verify, False
        own.headers.update(client.headers)
        own.cookies.update(client.cookies)
        return own.get(client._base + path, timeout=60)  # type: ignore[attr-defined]


def test_programs_leave_one_event_for_each_study_they_store_and_each_thing_they_do(
    instance: Instance, trail: Trail, tmp_path: Path
) -> None:
    token = instance.token("jia", "query", "retrieve", "store")
    trail.new()
    client = DICOMwebClient(f"{instance.url}/dicom-web", session=instance.client(token))
    for seed in ("stow one", "stow two"):
        for path in ct_study(tmp_path / seed, seed, slices=2):
            client.store_instances([dcmread(path)])
    uids = [study_uid("stow one"), study_uid("stow two")]
    assert trail.new() == [("images stored", "success", "program", "program", uid, None) for uid in uids]
    for uid in uids:
        complete(instance, uid, 2)
    for _ in range(2):
        client.search_for_studies(limit=3)
    assert trail.new() == [("searched", "success", "program", "program", "", None)]
    client.retrieve_study_metadata(uids[0])
    client.retrieve_study(uids[0])
    assert trail.new() == [
        ("images viewed", "success", "program", "program", uids[0], None),
        ("images downloaded", "success", "program", "program", uids[0], None),
    ]


def test_whoever_is_refused_is_written_down_with_the_reason(instance: Instance, trail: Trail, stored_study: str) -> None:
    foreign = instance.client(instance.token("yi", "query", "retrieve", "store"))
    trail.new()
    for _ in range(3):
        assert foreign.get(f"/dicom-web/studies/{stored_study}/metadata").status_code == 404
    assert foreign.get("/api/v1/reports/00000000-0000-0000-0000-000000000000").status_code == 404
    assert foreign.post("/api/v1/reports").status_code == 404
    nobody = instance.client()
    assert nobody.get(f"/dicom-web/studies/{stored_study}/metadata").status_code == 401
    assert nobody.post("/dicom-web/studies").status_code == 401
    rows = trail.new()
    assert [row[:3] + row[4:5] for row in rows] == [
        ("images viewed", "denied", "program", stored_study),
        ("report read", "denied", "program", ""),
        ("report submitted", "denied", "program", ""),
        ("images viewed", "denied", "nobody", stored_study),
        ("images stored", "denied", "nobody", ""),
    ]
    assert [row[11] for row in trail.rows][:3] == ["not the token's hospital", "not in the token's scope", "not in the token's scope"]
    assert [row[8] for row in trail.rows] == ["yi", "yi", "yi", "jia", ""]


def test_each_report_that_is_handed_in_is_an_event_of_its_own(instance: Instance, trail: Trail) -> None:
    client = instance.client(instance.token("jia", "reports"))
    trail.new()
    pdfs = [make_report_pdf(fields_for(seed)) for seed in ("event one", "event two")]
    reports = [client.post("/api/v1/reports", files={"file": pdf}).json()["report_id"] for pdf in (*pdfs, pdfs[0])]
    assert [(row[0], row[5]) for row in trail.new()] == [("report submitted", report) for report in reports]
    assert [row[11] for row in trail.rows] == ["", "", "the same document again"]


def test_the_console_searches_and_that_is_an_event_too(instance: Instance, stored_study: str) -> None:
    found = instance.admin("audit", "search", "--hospital", "jia", "--kind", "images stored", "--text", stored_study)["events"]
    assert [(event["actor_id"], event["address"]) for event in found] == [("CT1", "127.0.0.1")]
    assert instance.admin("audit", "search", "--hospital", "yi", "--text", stored_study, "--outcome", "success")["events"] == []
    (read,) = instance.admin("audit", "search", "--hospital", "yi", "--kind", "log read", "--limit", "1")["events"]
    assert read["actor_kind"] == "console"
