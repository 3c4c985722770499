# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patient's own links for others, through a whole life: made, opened, counted, used up, expired, ended, and gone with the paper."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import requests

from tests.support.instance import Instance, wait_for
from tests.support.patients import Paper, open_link, reported_exam

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
    " MicroMessenger/8.0.47(0x18002f2c) NetType/4G Language/zh_CN"
)
COMPUTER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
NAMES = ("王小明", "Pshares", "Ashares", "MZ884213", "12床", "神经内科", "甲医院", "李文静", "张建国", "Wang")


@pytest.fixture(scope="module")
def paper(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return reported_exam(instance, tmp_path_factory.mktemp("shares"), "shares")


@pytest.fixture(scope="module")
def foreign(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """Another patient's."""
    return reported_exam(instance, tmp_path_factory.mktemp("foreign"), "foreign")


def viewer(client: requests.Session, instance: Instance) -> requests.Session:
    """What OHIF holds: the viewer's token alone."""
    location = client.get("/images/desktop").headers["Location"]
    return instance.client(re.findall(r"token=([^&]+)", location)[0])


def in_list(paper: Paper, share_id: str) -> dict[str, object]:
    shares = paper.visit().get("/api/v1/shares").json()["shares"]
    return next(one for one in shares if one["share_id"] == share_id)  # type: ignore[no-any-return]


def test_a_link_is_made_opened_and_counted(instance: Instance, paper: Paper) -> None:
    made = paper.share(maximum_openings=5)
    assert re.fullmatch(re.escape(instance.url) + "/s/[A-Z2-7]{26}", made["link"])
    secret = made["link"].rsplit("/", 1)[1]
    stored = instance.sql("SELECT to_jsonb(access_grant)::text FROM access_grant WHERE grant_id = %s", made["share_id"])[0][0]
    assert secret not in stored
    listed = in_list(paper, made["share_id"])
    assert (listed["state"], listed["openings"], listed["last_used_at"]) == ("open", 0, None)
    assert "link" not in listed

    client = open_link(instance, made["link"])
    page = client.get("/exam?lang=en").text
    for shown in ("王小明", "颅脑CT平扫未见明显异常", "Shared by the patient", 'href="/report"', 'href="/images"'):
        assert shown in page
    for missing in ('id="share-exam"', 'id="own-log"', 'id="own-shares"'):
        assert missing not in page
    assert client.get(made["link"]).status_code == 303, "the same browser again is no new opening"
    listed = in_list(paper, made["share_id"])
    assert listed["openings"] == 1
    assert listed["last_used_at"]


def test_before_consent_it_says_who_shared_and_until_when_and_no_more(instance: Instance, paper: Paper) -> None:
    made = paper.share(nickname="李医生 <b>", hide_names=True)
    client = instance.client()
    client.get(made["link"])
    page = client.get("/exam?lang=zh-CN").text
    assert "李医生 &lt;b&gt;" in page
    assert "由患者分享，有效期至 20" in page
    assert "此链接隐藏了姓名" in page
    for known in NAMES:
        assert known not in page


def test_as_many_openings_as_allowed_and_not_one_more_at_the_same_time(instance: Instance, paper: Paper) -> None:
    made = paper.share(maximum_openings=7)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: instance.client().get(made["link"]).status_code, range(20)))
    assert sorted(answers) == [303] * 7 + [404] * 13
    listed = in_list(paper, made["share_id"])
    assert (listed["openings"], listed["state"]) == (7, "used up")


def test_an_expired_link_opens_nothing_and_ends_the_visits_it_began(instance: Instance, paper: Paper) -> None:
    made = paper.share()
    client = open_link(instance, made["link"])
    assert client.get("/exam").status_code == 200
    instance.sql("UPDATE access_grant SET expires_at = now() WHERE grant_id = %s", made["share_id"])
    wait_for(lambda: client.get("/exam").status_code == 401, timeout_seconds=10)
    assert instance.client().get(made["link"]).status_code == 404
    assert in_list(paper, made["share_id"])["state"] == "expired"


def test_revoked_it_ends_everywhere_within_ten_seconds(instance: Instance, paper: Paper) -> None:
    made = paper.share(download=True)
    client = open_link(instance, made["link"])
    token = viewer(client, instance)
    metadata = f"/dicom-web/studies/{paper.study_instance_uid}/metadata"
    addresses = [
        (client, "/exam"),
        (client, "/report"),
        (client, f"/api/v1/reports/{paper.report_id}/pages/1"),
        (client, f"/api/v1/reports/{paper.report_id}/original.pdf"),
        (token, metadata),
    ]
    assert [who.get(address).status_code for who, address in addresses] == [200] * 5
    patient = paper.visit()
    assert patient.delete(f"/api/v1/shares/{made['share_id']}").status_code == 204
    revoked = time.monotonic()
    for who, address in addresses:
        wait_for(lambda who=who, address=address: who.get(address).status_code in (401, 404), timeout_seconds=10, what=address)
    assert time.monotonic() - revoked < 10
    assert instance.client().get(made["link"]).status_code == 404
    assert patient.delete(f"/api/v1/shares/{made['share_id']}").status_code == 204, "once more changes nothing"
    assert in_list(paper, made["share_id"])["state"] == "revoked"
    assert patient.get("/exam").status_code == 200, "the patient's own grant goes on"


def test_a_link_dies_with_the_paper(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> None:
    lost = reported_exam(instance, tmp_path_factory.mktemp("lost-paper"), "lost-paper")
    made = lost.share()
    client = open_link(instance, made["link"])
    assert client.get("/exam").status_code == 200
    instance.admin("grant", "revoke", lost.grant_id)
    wait_for(lambda: client.get("/exam").status_code == 401, timeout_seconds=10)
    assert instance.client().get(made["link"]).status_code == 404


def test_a_link_never_outlives_the_paper(instance: Instance, paper: Paper) -> None:
    instance.sql("UPDATE access_grant SET expires_at = now() + interval '2 days' WHERE grant_id = %s", paper.grant_id)
    try:
        client = paper.visit()
        wait_for(lambda: _days(client.post("/api/v1/shares", json={"nickname": "x", "days": 90}).json()) <= 2, timeout_seconds=10)
    finally:
        instance.sql("UPDATE access_grant SET expires_at = NULL WHERE grant_id = %s", paper.grant_id)


def _days(share: dict[str, str]) -> float:
    return (datetime.fromisoformat(share["expires_at"]) - datetime.fromisoformat(share["created_at"])).total_seconds() / 86400


def test_another_patients_links_do_not_exist(paper: Paper, foreign: Paper) -> None:
    made = paper.share()
    stranger = foreign.visit()
    assert made["share_id"] not in stranger.get("/api/v1/shares").text
    assert stranger.delete(f"/api/v1/shares/{made['share_id']}").status_code == 404
    assert stranger.get(f"/shares/{made['share_id']}/end").status_code == 404
    assert stranger.post(f"/shares/{made['share_id']}/end").status_code == 404
    own = stranger.get("/api/v1/shares").json()["shares"]
    assert stranger.post("/api/v1/shares", json={"nickname": "x", "studies": [paper.study_instance_uid]}).status_code == 400
    assert stranger.post(f"/api/v1/shares?report={paper.report_id}", json={"nickname": "x"}).status_code == 404
    assert stranger.get("/api/v1/shares").json()["shares"] == own
    assert in_list(paper, made["share_id"])["state"] == "open"
    # The patient's own grant is no share, and cannot be ended here.
    assert paper.visit().delete(f"/api/v1/shares/{paper.grant_id}").status_code == 404


def test_without_the_report_only_images_are_seen(instance: Instance, paper: Paper) -> None:
    client = open_link(instance, paper.share(report=False)["link"])
    page = client.get("/exam?lang=en").text
    for missing in ("颅脑CT平扫", "脑实质", "李文静", 'href="/report', "pages/1", "original.pdf", "data-read-aloud"):
        assert missing not in page
    assert "This link shows the images only" in page
    base = f"/api/v1/reports/{paper.report_id}"
    addresses = [base, f"{base}/pages/1", f"{base}/original.pdf", f"{base}/stamped.pdf", f"{base}/qr.png", "/report"]
    study = f"/dicom-web/studies/{paper.study_instance_uid}"
    assert [client.get(address).status_code for address in addresses] == [404] * 6
    for who in (client, viewer(client, instance)):
        assert who.get(study).status_code == 404, "originals may hold the report"
        one = who.get(f"{study}/instances").json()[0]
        series, sop = (one[tag]["Value"][0] for tag in ("0020000E", "00080018"))
        assert who.get(f"{study}/series/{series}/instances/{sop}/rendered").status_code == 200
        assert who.get(f"{study}/rendered").headers["Content-Type"] == "image/jpeg", "a picture and no page of the report"


def test_for_looking_only_nothing_can_be_downloaded(instance: Instance, paper: Paper) -> None:
    client = open_link(instance, paper.share()["link"])
    assert client.get(f"/api/v1/reports/{paper.report_id}/pages/1").status_code == 200
    assert client.get(f"/api/v1/reports/{paper.report_id}/original.pdf").status_code == 404
    assert client.get(f"/dicom-web/studies/{paper.study_instance_uid}").status_code == 404
    assert "original.pdf" not in client.get("/report").text


def test_with_hidden_names_nobody_can_tell_whose_exam_it_is(instance: Instance, paper: Paper) -> None:
    client = open_link(instance, paper.share(hide_names=True)["link"])
    page = client.get("/exam?lang=en").text
    assert "Names are hidden in this link" in page
    assert "颅脑CT平扫未见明显异常" in page, "the text itself is shown"
    report = client.get(f"/api/v1/reports/{paper.report_id}")
    assert report.status_code == 200
    for known in NAMES:
        assert known not in page
        assert known not in report.json()["fields"].values()
        assert known not in str(report.json())
    assert "甲医院" not in str(report.json())
    assert client.get("/report").status_code == 404
    for address in (f"/api/v1/reports/{paper.report_id}/pages/1", f"/api/v1/reports/{paper.report_id}/original.pdf"):
        assert client.get(address).status_code == 404
    assert client.get(f"/dicom-web/studies/{paper.study_instance_uid}").status_code == 404


def test_whoever_came_by_a_link_cannot_share_on_nor_read_the_log(instance: Instance, paper: Paper) -> None:
    client = open_link(instance, paper.share(download=True)["link"])
    assert client.post("/api/v1/shares", json={"nickname": "x"}).status_code == 404
    assert client.get("/api/v1/shares").status_code == 404
    assert client.get("/api/v1/access-log").status_code == 404
    for page in ("/shares", "/shares/new", "/access-log"):
        assert client.get(page).status_code == 404
    assert client.post("/shares/new", data={"nickname": "x"}).status_code == 404


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_without_a_visit_or_with_a_programs_or_viewers_token_there_is_nothing(instance: Instance, paper: Paper, method: str) -> None:
    address = f"/api/v1/shares/{paper.grant_id}" if method == "delete" else "/api/v1/shares"
    body = {"nickname": "x"} if method == "post" else None
    assert instance.client().request(method, address, json=body).status_code == 401
    program = instance.client(instance.token("jia", "query", "retrieve", "store", "reports"))
    for client in (program, viewer(paper.visit(), instance)):
        assert client.request(method, address, json=body).status_code == 404
    unasked = instance.client()
    unasked.get(paper.link)
    assert unasked.request(method, address, json=body).status_code == 404


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"nickname": "x", "days": 91}, "1 to 90"), ({"nickname": "x", "maximum_openings": 0}, "1 to 1000"), ({}, "1 to 60"),
        ({"nickname": "x", "hide_names": True, "download": True}, "exclude each other"),
        ({"nickname": "x", "report": False, "download": True}, "needs report"), ({"nickname": "x", "colour": 1}, "nickname and"),
        ([], "JSON object"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_with_what_is_allowed(paper: Paper, body: object, named: str) -> None:
    client = paper.visit()
    before = client.get("/api/v1/shares").text
    answer = client.post("/api/v1/shares", json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert named in answer.json()["detail"]
    assert client.get("/api/v1/shares").text == before


def test_no_more_than_fifty_links_are_open_however_many_are_asked_for_at_once(
    instance: Instance, tmp_path_factory: pytest.TempPathFactory
) -> None:
    many = reported_exam(instance, tmp_path_factory.mktemp("many"), "many")
    client = many.visit()
    for _ in range(45):
        assert client.post("/api/v1/shares", json={"nickname": "x"}).status_code == 201
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: many.visit().post("/api/v1/shares", json={"nickname": "x"}).status_code, range(10)))
    assert sorted(answers) == [201] * 5 + [400] * 5
    first = client.get("/api/v1/shares").json()["shares"][0]["share_id"]
    client.delete(f"/api/v1/shares/{first}")
    assert client.post("/api/v1/shares", json={"nickname": "x"}).status_code == 201


def test_by_the_pages_alone_without_scripts(instance: Instance, paper: Paper) -> None:
    client = paper.visit()
    assert 'href="/shares/new"' in client.get("/exam").text
    assert 'action="/shares/new"' in client.get("/shares/new").text
    refused = client.post(
        "/shares/new?lang=en", data={"nickname": "Dr Li", "days": "7", "hide_names": "yes", "report": "yes", "download": "yes"}
    )
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert 'value="Dr Li"' in refused.text
    made = client.post("/shares/new", data={"nickname": "Dr Li", "days": "3", "maximum_openings": "5", "report": "yes"})
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    link = re.findall(r"https://[^<]+/s/[A-Z2-7]{26}", made.text)[0]
    assert "data:image/png;base64," in made.text
    open_link(instance, link)
    page = client.get("/shares?lang=en").text
    assert link.rsplit("/", 1)[1] not in page
    share_id = re.findall(r'data-share="([0-9a-f-]{36})"', page)[0]
    assert "opened 1 of 5 times" in page
    assert f'action="/shares/{share_id}/end"' in client.get(f"/shares/{share_id}/end").text
    ended = client.post(f"/shares/{share_id}/end")
    assert (ended.status_code, ended.headers["Location"]) == (303, "/shares")
    assert instance.client().get(link).status_code == 404


def test_leaving_ends_the_visit_in_this_browser(paper: Paper) -> None:
    client = paper.visit()
    assert 'action="/leave"' in client.get("/exam").text
    assert client.post("/leave").status_code == 303
    assert client.get("/exam").status_code == 401


def test_the_access_log_tells_the_story(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> None:
    story = reported_exam(instance, tmp_path_factory.mktemp("story"), "linkstory")
    patient = open_link(instance, story.link, PHONE)
    patient.get("/exam")
    made = patient.post("/api/v1/shares", json={"nickname": "李医生", "maximum_openings": 1}).json()
    doctor = open_link(instance, made["link"], COMPUTER)
    doctor.get("/exam")
    assert viewer(doctor, instance).get(f"/dicom-web/studies/{story.study_instance_uid}/rendered", headers={"User-Agent": COMPUTER}).ok
    assert doctor.get(f"/api/v1/reports/{story.report_id}/original.pdf").status_code == 404
    assert instance.client().get(made["link"]).status_code == 404
    instance.sql("DELETE FROM wrong_try")
    nearly = story.access_code[:-1] + ("0" if story.access_code[-1] != "0" else "1")
    assert instance.client().post("/api/v1/access", json={"access_code": nearly}).status_code == 401
    patient.delete(f"/api/v1/shares/{made['share_id']}")

    answer = patient.get("/api/v1/access-log")
    events = answer.json()["events"]
    told = [(one["who"], one["link"], one["what"], one["about"], one["device"], one["outcome"]) for one in reversed(events)]
    link = ("link", "李医生")
    expected = [
        ("patient", "", "grant opened", "", "phone", "success"),
        ("patient", "", "consent given", "", "phone", "success"),
        ("patient", "", "report read", "", "phone", "success"),
        ("patient", "", "share made", "李医生", "phone", "success"),
        (*link, "grant opened", "", "computer", "success"),
        (*link, "consent given", "", "computer", "success"),
        (*link, "report read", "", "computer", "success"),
        (*link, "images viewed", "", "computer", "success"),
        (*link, "report downloaded", "", "computer", "denied"),
        (*link, "grant opened", "", "program", "denied"),
        ("somebody", "", "wrong code", "", "program", "denied"),
        ("patient", "", "grant revoked", "李医生", "phone", "success"),
        ("patient", "", "log read", "", "phone", "success"),
    ]
    places = [told.index(one) for one in expected]
    assert places == sorted(places)
    assert {one["address"] for one in events} == {"127.0.0.*"}
    for secret in (made["link"], story.access_code, "王小明", made["share_id"]):
        assert secret not in answer.text

    english, chinese = patient.get("/access-log?lang=en").text, patient.get("/access-log?lang=zh-CN").text
    for phrase in (
        "a computer ·", "the link “李医生”: looked at the images", "the paper report: made the link “李医生”",
        "the link “李医生”: somebody tried to download a report, which was refused", "the paper report: ended the link “李医生”",
    ):  # fmt: skip
        assert phrase in " ".join(english.split())
    for phrase in ("电脑 ·", "链接“李医生”：查看了影像", "链接“李医生”：有人尝试下载报告，被拒绝", "周"):
        assert phrase in " ".join(chinese.split())
    other = story.instance.client()
    other.get(story.link)
    assert other.get("/api/v1/access-log").status_code == 404, "before consent"


def test_a_grant_for_all_exams_lists_the_others_and_shares_the_chosen(
    instance: Instance, paper: Paper, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The other exam has another seed but the same patient: his number is changed in our own table."""
    earlier = reported_exam(instance, tmp_path_factory.mktemp("earlier"), "earlier")
    wide = reported_exam(instance, tmp_path_factory.mktemp("wide"), "wide")
    instance.sql("UPDATE study SET patient_id = 'Pwide' WHERE study_instance_uid = %s", earlier.study_instance_uid)
    instance.sql("UPDATE access_grant SET patient_wide = true WHERE grant_id = %s", wide.grant_id)
    patient = wide.visit()
    page = patient.get("/exam").text
    assert f'href="/exam?report={earlier.report_id}"' in page
    assert paper.report_id not in page
    other = patient.get(f"/exam?report={earlier.report_id}").text
    assert "Aearlier" in other
    assert f'href="/images?study={earlier.study_instance_uid}"' in other
    assert patient.get(f"/exam?report={paper.report_id}").status_code == 404
    location = patient.get(f"/images/desktop?study={earlier.study_instance_uid}").headers["Location"]
    assert f"StudyInstanceUIDs={earlier.study_instance_uid}&" in location
    assert patient.get(f"/images?study={paper.study_instance_uid}").status_code == 404

    # One exam is what a link shows unless more are chosen.
    one = open_link(instance, patient.post("/api/v1/shares", json={"nickname": "one"}).json()["link"])
    assert earlier.report_id not in one.get("/exam").text
    assert one.get(f"/exam?report={earlier.report_id}").status_code == 404
    assert one.get(f"/dicom-web/studies/{earlier.study_instance_uid}/rendered").status_code == 404
    both = [wide.study_instance_uid, earlier.study_instance_uid]
    two = open_link(instance, patient.post("/api/v1/shares", json={"nickname": "two", "studies": both}).json()["link"])
    assert f'href="/exam?report={earlier.report_id}"' in two.get("/exam").text
    assert two.get(f"/dicom-web/studies/{earlier.study_instance_uid}/metadata").status_code == 200
    made = patient.post(
        f"/shares/new?report={earlier.report_id}", data={"nickname": "form", "report": "yes", "studies": wide.study_instance_uid}
    )
    three = open_link(instance, re.findall(r"https://[^<]+/s/[A-Z2-7]{26}", made.text)[0])
    assert "Aearlier" in three.get("/exam").text
    assert f'href="/exam?report={wide.report_id}"' in three.get("/exam").text
