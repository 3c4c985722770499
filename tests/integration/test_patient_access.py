# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patient's side, without a browser: link, code, consent, revocation."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid


@pytest.fixture(scope="module")
def issued(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A matched report: what POST /api/v1/reports answered."""
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path_factory.mktemp("patient"), "patient"))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid("patient")))
    client = instance.client(instance.token("jia", "reports"))
    answer: dict[str, Any] = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for("patient"))}).json()
    assert answer["status"] == "matched"
    return answer


def visit(instance: Instance, issued: dict[str, Any], consent: bool = True) -> requests.Session:
    client = instance.client()
    opened = client.get(issued["link"])
    assert (opened.status_code, opened.headers["Location"]) == (303, "/exam")
    if consent:
        assert client.post("/consent", data={"accepted": "yes"}).status_code == 303
    return client


def test_nothing_of_the_patient_is_shown_before_consent(instance: Instance, issued: dict[str, Any]) -> None:
    client = instance.client()
    client.get(issued["link"])
    page = client.get("/exam")
    assert page.status_code == 200
    for known in ("王小明", "Apatient", "颅脑CT平扫未见明显异常"):
        assert known not in page.text
    assert client.get(f"/api/v1/reports/{issued['report_id']}/pages/1").status_code == 404
    assert client.get("/images").status_code == 404


def test_after_consent_the_page_shows_exam_findings_and_impression(instance: Instance, issued: dict[str, Any]) -> None:
    page = visit(instance, issued).get("/exam").text
    for known in ("王小明", "Apatient", "头颅", "脑实质内未见异常密度影", "颅脑CT平扫未见明显异常", "李文静", "张建国"):
        assert known in page


@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_the_link_works_in_either_case(instance: Instance, issued: dict[str, Any], spelling: Any) -> None:
    secret = issued["link"].rsplit("/", 1)[1]
    assert instance.client().get(spelling(f"/q/{secret}")).status_code == 303


def test_unknown_malformed_and_revoked_links_look_the_same(instance: Instance, issued: dict[str, Any]) -> None:
    client = instance.client(instance.token("jia", "reports"))
    revoked = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for("revoked"))}).json()
    grants = instance.admin("grant", "list", "--hospital", "jia")["grants"]
    instance.admin("grant", "revoke", next(one["grant_id"] for one in grants if one["report_id"] == revoked["report_id"]))
    pages = [instance.client().get(f"/q/{secret}") for secret in ("A" * 26, "short", revoked["link"].rsplit("/", 1)[1])]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1


def test_a_visit_ends_within_ten_seconds_of_revocation(instance: Instance) -> None:
    client = instance.client(instance.token("jia", "reports"))
    lost = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for("lost"))}).json()
    visitor = visit(instance, lost)
    address = f"/api/v1/reports/{lost['report_id']}/pages/1"
    assert visitor.get(address).status_code == 200
    grants = instance.admin("grant", "list", "--hospital", "jia")["grants"]
    instance.admin("grant", "revoke", next(one["grant_id"] for one in grants if one["report_id"] == lost["report_id"]))
    wait_for(lambda: visitor.get(address).status_code != 200, timeout_seconds=10)


def test_the_viewer_token_opens_this_study_and_nothing_else(instance: Instance, issued: dict[str, Any], stored_study: str) -> None:
    location = visit(instance, issued).get("/images/desktop").headers["Location"]
    assert location.startswith(f"/viewer/viewer?StudyInstanceUIDs={study_uid('patient')}&token=")
    client = instance.client(location.rsplit("token=", 1)[1])
    assert client.get(f"/dicom-web/studies/{study_uid('patient')}/metadata").status_code == 200
    assert [one["0020000D"]["Value"][0] for one in client.get("/dicom-web/studies").json()] == [study_uid("patient")]
    assert client.get(f"/dicom-web/studies/{stored_study}/metadata").status_code == 404
    assert client.get(f"/api/v1/reports/{issued['report_id']}").status_code == 404
    assert client.post("/dicom-web/studies", data=b"").status_code in (400, 404)


def test_revocation_reaches_what_nginx_remembers_within_ten_seconds(instance: Instance, issued: dict[str, Any]) -> None:
    token = instance.admin("token", "issue", "--hospital", "jia", "--scope", "query,retrieve")
    client = instance.client(token["token"])
    study = f"/dicom-web/studies/{study_uid('patient')}"
    one = next(one for one in client.get(f"{study}/metadata").json() if one["00080060"]["Value"] == ["CT"])
    paths = [
        f"{study}/metadata",
        f"{study}/series",
        f"{study}/series/{one['0020000E']['Value'][0]}/instances/{one['00080018']['Value'][0]}/frames/1",
        f"{study}/series/{one['0020000E']['Value'][0]}/instances/{one['00080018']['Value'][0]}/rendered",
    ]
    assert [client.get(path).status_code for path in paths] == [200] * 4
    instance.admin("token", "revoke", token["token_id"])
    revoked = time.monotonic()
    while [client.get(path).status_code for path in paths] != [404] * 4:
        assert time.monotonic() - revoked < 10


def test_what_nginx_remembers_is_not_on_the_disk(instance: Instance, issued: dict[str, Any]) -> None:
    token = instance.token("jia", "retrieve")
    assert instance.client(token).get(f"/dicom-web/studies/{study_uid('patient')}/metadata").status_code == 200
    assert not [path for path in (instance.data / "run").rglob("*") if path.is_file() and token.encode() in path.read_bytes()]


def test_the_typed_code_opens_the_exam_however_it_is_typed(instance: Instance, issued: dict[str, Any]) -> None:
    typed = issued["access_code"].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    client = instance.client()
    assert client.post("/api/v1/access", json={"access_code": typed}).json() == {"next": "/exam"}
    assert client.get("/exam").status_code == 200


def test_wrong_codes_are_counted_and_parallel_guesses_cannot_slip_through(instance: Instance) -> None:
    """The limit is 5 in this instance. Every guess comes from one address: it is all that the loopback has."""
    instance.sql("DELETE FROM wrong_try")

    def guess(number: int) -> requests.Response:
        return instance.client().post("/api/v1/access", json={"access_code": f"0000-0000-{number:04}"})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(40)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 35
    assert sorted(answer.json()["remaining_attempts"] for answer in answers if answer.status_code == 401) == [0, 1, 2, 3, 4]
    assert all(0 < int(answer.headers["Retry-After"]) <= 901 for answer in answers if answer.status_code == 429)
    instance.sql("DELETE FROM wrong_try")


def test_a_form_from_another_site_is_refused(instance: Instance, issued: dict[str, Any]) -> None:
    client = visit(instance, issued, consent=False)
    assert client.post("/consent", data={"accepted": "yes"}, headers={"Origin": "https://elsewhere.example"}).status_code == 400
    assert client.post("/consent", data={"accepted": "yes"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert client.get("/images").status_code == 404


@pytest.mark.parametrize("token", ["", "AAAA", "another browser's"])
def test_a_form_without_its_own_token_is_refused(instance: Instance, issued: dict[str, Any], token: str) -> None:
    client, other = visit(instance, issued, consent=False), instance.client()
    sent = other.form_token() if token == "another browser's" else token  # type: ignore[attr-defined]
    assert client.post("/consent", data={"accepted": "yes", "form_token": sent}).status_code == 400
    assert client.get("/images").status_code == 404
    assert client.post("/", data={"access_code": issued["access_code"], "form_token": sent}).status_code == 400
    assert client.post("/consent", data={"accepted": "yes"}).status_code == 303


def test_the_session_cookie_cannot_be_read_by_scripts_or_sent_elsewhere(instance: Instance, issued: dict[str, Any]) -> None:
    cookies = instance.client().get(issued["link"]).raw.headers.getlist("Set-Cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-session"))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(session.split("; "))


@pytest.mark.parametrize("path", ["pages/1", "original.pdf"])
def test_what_a_browser_keeps_of_a_report_it_must_ask_about_before_it_shows_it_again(
    instance: Instance, issued: dict[str, Any], path: str
) -> None:
    client = visit(instance, issued)
    address = f"/api/v1/reports/{issued['report_id']}/{path}"
    first = client.get(address)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    left = client.post("/leave", data={})
    assert left.headers["Clear-Site-Data"] == '"cache"'
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 401
