# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orders, corrections and merges by HL7: taken when they are stored, once, of the own hospital only, and never an older one over a newer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.report_form import make_report_pdf
from tests.support.hl7_line import code, error, message, order, patient, send
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, fields_for, study_uid
from tests.support.staff import add_member


@pytest.fixture(scope="module", autouse=True)
def sender(instance: Instance) -> Iterator[None]:
    """Both hospitals' systems on the loopback, told apart by MSH-3."""
    for hospital_id, application in (("jia", "RIS"), ("yi", "YIRIS")):
        name = "jia-hl7" if hospital_id == "jia" else "yi-register"
        instance.admin("station", "add-hl7", name, "--hospital", hospital_id, "--host", "127.0.0.1", "--application", application)
    yield
    instance.sql("DELETE FROM patient_merge")
    instance.sql("UPDATE intake_source SET sender = '192.0.2.1|' WHERE name = 'yi-register'")


@pytest.fixture(scope="module")
def registrar(instance: Instance) -> requests.Session:
    instance.sql("DELETE FROM wrong_try")
    return add_member(instance, "registrar", "jia").client()


def store(instance: Instance, folder: Path, seed: str) -> str:
    assert instance.dcmtk("storescu", *map(str, ct_study(folder / seed, seed, slices=1))).returncode == 0
    uid = study_uid(seed)
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", uid))
    return uid


def orders(instance: Instance, accession_number: str, hospital_id: str = "jia") -> list[tuple[Any, ...]]:
    return instance.sql(
        "SELECT status, exam, control_id, patient_name FROM exam_order WHERE hospital_id = %s AND exam_number = %s",
        hospital_id,
        accession_number,
    )


def submit(instance: Instance, seed: str, **changes: str | None) -> str:
    client = instance.client(instance.token("jia", "reports"))
    answer = client.post("/api/v1/reports", files={"file": make_report_pdf(replace(fields_for(seed), **changes))}).json()
    return str(answer["report_id"])


def status_of(instance: Instance, report_id: str) -> tuple[str, str]:
    ((status, reason),) = instance.sql("SELECT status, status_reason FROM report WHERE report_id = %s", report_id)
    return str(status), str(reason)


def test_an_order_is_new_changed_and_cancelled_and_an_older_message_that_comes_late_undoes_nothing(instance: Instance) -> None:
    new = message("ORM^O01", "40000-1", patient("P40000"), order("NW", "A40000", "F40000", "R40000"), at="20260305080000")
    changed = message(
        "ORM^O01", "40000-2", patient("P40000"), order("XO", "A40000", "F40000", "R40000", exam="胸部CT平扫"), at="20260305090000"
    )
    cancelled = message("OML^O21", "40000-3", "ORC|CA|R40000|F40000", at="20260305100000")
    assert [code(one) for one in send(instance, new, cancelled, changed, new)] == ["AA"] * 4
    assert orders(instance, "A40000") == [("cancelled", "胸部CT平扫", "40000-3", "Wang^XiaoMing=王^小明")]
    assert instance.sql("SELECT count(*) FROM exam_order WHERE placer_order_number = 'R40000'") == [(1,)]
    ((scheduled,),) = instance.sql("SELECT scheduled_at AT TIME ZONE 'UTC' FROM exam_order WHERE exam_number = 'A40000'")
    assert f"{scheduled:%Y-%m-%d %H:%M}" == "2026-03-05 01:30", "times without an offset are the hospital's"


def test_chinese_characters_are_read_by_msh_18(instance: Instance) -> None:
    text = message("ORM^O01", "40001", patient("P40001", "王^小明"), order("NW", "A40001"), charset="GB 18030-2000").encode("gb18030")
    assert [code(one) for one in send(instance, text)] == ["AA"]
    assert orders(instance, "A40001")[0][1::2] == ("头颅CT平扫", "王^小明")


def test_the_same_message_again_has_no_second_effect(instance: Instance) -> None:
    one = message("ORM^O01", "40002", patient("P40002"), order("NW", "A40002"))
    before = instance.sql("SELECT count(*) FROM audit_event WHERE kind = 'order taken'")[0][0]
    assert [code(answer) for answer in send(instance, one, one, one)] == ["AA"] * 3
    assert instance.sql("SELECT count(*) FROM audit_event WHERE kind = 'order taken'")[0][0] == before + 1
    assert len(orders(instance, "A40002")) == 1


def test_a_hospitals_sender_touches_its_own_hospital_only(instance: Instance) -> None:
    ours = message("ORM^O01", "40003", patient("P40003"), order("NW", "A40003"))
    theirs = message("ORM^O01", "40003", patient("P40003"), order("CA", "A40003"), application="YIRIS", at="20260305110000")
    merge = message("ADT^A40", "40003-m", patient("P40003"), "MRG|P40003-old", application="YIRIS")
    assert [code(one) for one in send(instance, ours, theirs, merge)] == ["AA"] * 3
    assert orders(instance, "A40003")[0][0] == "expected"
    assert orders(instance, "A40003", "yi")[0][0] == "cancelled"
    assert instance.sql("SELECT hospital_id FROM patient_merge WHERE old_patient_id = 'P40003-old'") == [("yi",)]


REFUSED = {
    "an event that is not taken": (message("ADT^A01", "40004", patient("P40004")), "200", "ADT A01"),
    "no order": (message("ORM^O01", "40005", patient("P40004")), "100", "ORC"),
    "no number": (message("ORM^O01", "40006", patient("P40004"), order("NW")), "101", "no number"),
    "an unknown control code": (message("ORM^O01", "40007", patient("P40004"), order("ZZ", "A40004")), "103", "ORC-1"),
    "a number too long": (message("ORM^O01", "40008", patient("P40004"), order("NW", "9" * 65)), "102", "65"),
    "two patients": (message("ORM^O01", "40009", patient("P1"), patient("P2"), order("NW", "A40004")), "100", "several patients"),
    "a birth date that is none": (message("ADT^A08", "40010", patient("P40004", born="19801341")), "102", "PID-7"),
    "a correction of nobody": (message("ADT^A08", "40011", patient("")), "101", "PID-3"),
    "a correction of nothing": (message("ADT^A08", "40012", patient("P40004", "", "", "")), "101", "PID-5"),
    "a merge with itself": (message("ADT^A40", "40013", patient("P40004"), "MRG|P40004"), "102", "the same"),
    "a merge with nobody": (message("ADT^A40", "40014", patient("P40004"), "MRG|"), "101", "MRG-1"),
    "no MRG": (message("ADT^A40", "40015", patient("P40004")), "100", "MRG"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_taken_is_refused_with_the_reason_and_nothing_is_stored(instance: Instance, why: str) -> None:
    text, condition, reason = REFUSED[why]
    (answer,) = send(instance, text)
    assert code(answer) == "AR"
    assert error(answer)[0] == condition
    assert reason in error(answer)[1]
    assert instance.sql("SELECT count(*) FROM hl7_message WHERE control_id = %s", text.split("|")[9]) == [(0,)]
    assert instance.sql("SELECT count(*) FROM exam_order WHERE patient_id = 'P40004'") == [(0,)]


def test_numbers_that_name_several_orders_change_none_of_them(instance: Instance) -> None:
    two = [message("ORM^O01", f"40016-{n}", patient("P40016"), order("NW", f"A40016{n}", f"F40016{n}", "R40016")) for n in "ab"]
    cancel = message("ORM^O01", "40016-c", "ORC|CA|R40016", at="20260305120000")
    answers = send(instance, *two, cancel)
    assert [code(one) for one in answers] == ["AA", "AA", "AR"]
    assert error(answers[2])[0] == "204"
    assert {orders(instance, f"A40016{n}")[0][0] for n in "ab"} == {"expected"}


def test_images_that_are_not_the_patients_of_whom_they_were_ordered_send_the_report_to_review(instance: Instance, tmp_path: Path) -> None:
    store(instance, tmp_path, "40020")
    send(instance, message("ORM^O01", "40020", patient("P77777", "李^大强", "19550101"), order("NW", "A40020")))
    report = submit(instance, "40020")
    wait_for(lambda: status_of(instance, report)[0] not in ("received", "read"))
    assert status_of(instance, report) == ("review", "the order with the images' exam number names another patient")
    store(instance, tmp_path, "40021")
    send(instance, message("ORM^O01", "40021", patient("P40021"), order("NW", "A40021")))
    report = submit(instance, "40021")
    wait_for(lambda: status_of(instance, report)[0] not in ("received", "read"))
    assert status_of(instance, report)[0] == "matched"


def person(instance: Instance, uid: str) -> tuple[Any, ...]:
    return instance.sql(
        "SELECT patient_name, patient_birth_date::text, patient_sex, images_patient_name, correction_waits FROM study WHERE study_instance_uid = %s",
        uid,
    )[0]


def test_a_correction_stands_in_the_record_and_the_images_stay_as_they_are(instance: Instance, tmp_path: Path) -> None:
    uid = store(instance, tmp_path, "40030")
    newer = message("ADT^A08", "40030-2", patient("P40030", "Wang^XiaoMin~王^晓敏", sex="F"), at="20260306090000")
    older = message("ADT^A31", "40030-1", patient("P40030", "Wang^X~王^某"), at="20260305090000")
    assert [code(one) for one in send(instance, newer, older)] == ["AA", "AA"]
    corrected = ("Wang^XiaoMin=王^晓敏", "1980-05-01", "F", "Wang^XiaoMing=王^小明", False)
    assert person(instance, uid) == corrected
    # Another image arrives: the record is read from Orthanc anew, and corrected anew.
    more = ct_study(tmp_path / "40030-more", "40030-more", slices=1, study_seed="40030")
    change(more, PatientID="P40030", AccessionNumber="A40030")
    assert instance.dcmtk("storescu", *map(str, more)).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 2", uid))
    assert person(instance, uid) == corrected
    tags = instance.client(instance.token("jia", "query,retrieve")).get(f"/dicom-web/studies/{uid}/metadata").json()[0]
    assert tags["00100010"]["Value"][0]["Ideographic"] == "王^小明"
    for name in ("王晓敏", "王小明"):
        report = submit(instance, "40030", patient_name=name, patient_sex="F", impression=f"1. {name}")
        wait_for(lambda report=report: status_of(instance, report)[0] not in ("received", "read"))  # type: ignore[misc]
        assert status_of(instance, report)[0] in ("matched", "amended"), "papers of before and after the correction find the exam"


def test_a_correction_that_fits_nothing_in_the_images_waits_for_staff(instance: Instance, tmp_path: Path) -> None:
    uid = store(instance, tmp_path, "40031")
    send(instance, message("ADT^A08", "40031", patient("P40031", "李^大强", "19550101")))
    assert person(instance, uid) == ("Wang^XiaoMing=王^小明", "1980-05-01", "M", None, True)


def test_a_merge_brings_a_waiting_report_to_its_images_and_an_older_merge_undoes_nothing(instance: Instance, tmp_path: Path) -> None:
    report = submit(instance, "40040", accession_number=None)
    wait_for(lambda: status_of(instance, report)[0] == "waiting")
    uid = store(instance, tmp_path, "40041")
    assert status_of(instance, report)[0] == "waiting"
    newer = message("ADT^A40^ADT_A39", "40040-2", patient("P40041"), "PD1|", "MRG|P40040", at="20260306090000")
    older = message("ADT^A18", "40040-1", patient("P40042"), "MRG|P40040", at="20260305090000")
    assert [code(one) for one in send(instance, newer, older)] == ["AA", "AA"]
    assert instance.sql("SELECT study_instance_uid FROM report WHERE report_id = %s", report) == [(uid,)]
    assert instance.sql("SELECT new_patient_id, source_name FROM patient_merge WHERE old_patient_id = 'P40040'") == [("P40041", "jia-hl7")]


def test_while_the_database_is_away_the_sender_is_asked_to_try_again_and_nothing_is_lost(instance: Instance) -> None:
    text = message("ORM^O01", "40050", patient("P40050"), order("NW", "A40050"))
    instance.sql("ALTER TABLE exam_order RENAME TO exam_order_away")
    try:
        (answer,) = send(instance, text)
        assert (code(answer), error(answer)[0]) == ("AE", "207")
    finally:
        instance.sql("ALTER TABLE exam_order_away RENAME TO exam_order")
    assert instance.sql("SELECT count(*) FROM hl7_message WHERE control_id = '40050'") == [(0,)]
    assert [code(one) for one in send(instance, text)] == ["AA"]
    assert len(orders(instance, "A40050")) == 1


def test_staff_see_exams_without_images_and_images_without_a_report(
    instance: Instance, tmp_path: Path, registrar: requests.Session
) -> None:
    uid = store(instance, tmp_path, "40060")
    send(
        instance,
        message("ORM^O01", "40060", patient("P40060"), order("NW", "A40060")),
        message("ORM^O01", "40061", patient("P40061"), order("NW", "A40061")),
        message("ORM^O01", "40062", patient("P40062"), order("CA", "A40062")),
        message("ORM^O01", "40063", patient("P40063"), order("NW", "A40063", at="20990101080000")),
    )

    def listed(show: str, **more: str) -> str:
        page = registrar.get("/staff/orders", params={"show": show, "days": "0", **more})
        assert page.status_code == 200
        return page.text

    missing = listed("without-images")
    assert [number in missing for number in ("A40060", "A40061", "A40062", "A40063")] == [False, True, False, False]
    assert "A40060" in listed("without-report")
    assert "A40063" in listed("to-come")
    assert all(f"A4006{n}" in listed("all") for n in "0123")
    assert "A40061" not in listed("without-images", text="nobody")
    assert "A40061" in listed("without-images", text="P40061")
    report = submit(instance, "40060")
    wait_for(lambda: instance.sql("SELECT 1 FROM report WHERE report_id = %s AND study_instance_uid = %s", report, uid))
    assert "A40060" not in listed("without-report")
    theirs = add_member(instance, "registrar", "yi").client().get("/staff/orders", params={"show": "all", "days": "0"}).text
    assert "A40060" not in theirs


def test_a_list_in_csv_is_read_in_whole_or_not_at_all(instance: Instance, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    bad.write_text("检查号,性别\nA40070,男\nA40071,x\n", encoding="utf-8")
    good.write_bytes(
        "检查号,姓名,检查类型,预约时间,状态\nA40070,王小明,CT,2026-03-05 09:30,待检查\nA40071,李强,MR,2026-03-05 10:00,已取消\n".encode(
            "gb18030"
        )
    )
    refused = instance.admin("order", "import", str(bad), "--hospital", "jia", check=False)
    assert refused.returncode != 0
    assert "Line 3: patient_sex" in refused.stderr
    assert orders(instance, "A40070") == []
    assert instance.admin("order", "import", str(good), "--hospital", "jia") == {"exams": 2, "changed": 2}
    assert instance.admin("order", "import", str(good), "--hospital", "jia") == {"exams": 2, "changed": 0}
    assert [orders(instance, number)[0][0] for number in ("A40070", "A40071")] == ["expected", "cancelled"]
    # The RIS knows better, and a list of the day before changes nothing of that.
    send(instance, message("ORM^O01", "40070", "ORC|SC||||CM", f"OBR|1{'|' * 17}A40070", at="20991231"))
    instance.admin("order", "import", str(good), "--hospital", "jia", "--as-of", "2026-03-01")
    assert orders(instance, "A40070")[0][0] == "completed"
    missing = instance.admin("order", "missing", "--hospital", "jia")
    assert "A40070" in {one["exam_number"] for one in missing["without_images"]}
    assert "A40071" not in {one["exam_number"] for one in missing["without_images"]}


def test_staff_decide_about_a_correction_and_take_it_back(instance: Instance, tmp_path: Path, registrar: requests.Session) -> None:
    uid = store(instance, tmp_path, "40080")
    send(instance, message("ADT^A08", "40080", patient("P40080", "李^大强", "19550101")))
    assert "李大强" in registrar.get("/staff/register", params={"text": "P40080"}).text
    theirs = add_member(instance, "registrar", "yi").client()
    assert theirs.post("/staff/register/accept", data={"patient_id": "P40080"}).status_code == 303
    assert person(instance, uid)[4] is True, "another hospital's staff decide nothing"
    assert registrar.post("/staff/register/accept", data={"patient_id": "P40080"}).status_code == 303
    assert person(instance, uid) == ("李^大强", "1955-01-01", "M", "Wang^XiaoMing=王^小明", False)
    assert registrar.post("/staff/register/refuse", data={"patient_id": "P40080"}).status_code == 303
    assert person(instance, uid) == ("Wang^XiaoMing=王^小明", "1980-05-01", "M", None, False)
    # A newer word of the register is a new question.
    send(instance, message("ADT^A08", "40081", patient("P40080", "李^小强", "19550101"), at="20260307000000"))
    assert person(instance, uid)[4] is True


def test_a_merge_that_is_taken_back_brings_its_reports_to_people_and_its_message_does_not_bring_it_back(
    instance: Instance, tmp_path: Path, registrar: requests.Session
) -> None:
    merge = message("ADT^A40", "40090", patient("P40091"), "MRG|P40090")
    send(instance, merge)
    store(instance, tmp_path, "40091")
    report = submit(instance, "40090", accession_number=None)
    wait_for(lambda: status_of(instance, report)[0] == "matched")
    assert "P40090" in registrar.get("/staff/register").text
    assert registrar.post("/staff/register/unmerge", data={"old_patient_id": "P40090"}).status_code == 303
    assert status_of(instance, report) == ("review", "two patients' numbers were taken for one's")
    assert [code(one) for one in send(instance, merge.replace("|40090|", "|40090-again|"))] == ["AA"]
    assert instance.sql("SELECT undone_at IS NOT NULL FROM patient_merge WHERE old_patient_id = 'P40090'") == [(True,)]


def test_the_audit_trail_tells_what_a_station_said_and_names_nobody(instance: Instance) -> None:
    kinds = ["order taken", "patient corrected", "patients merged"]
    rows = instance.sql("SELECT kind, actor_kind, actor_id, detail FROM audit_event WHERE kind = ANY(%s)", kinds)
    assert {row[0] for row in rows if row[1:3] == ("station", "jia-hl7")} == set(kinds)
    details = " ".join(row[3] for row in rows)
    assert "ORM^O01, orders: 1" in details
    assert [trace for trace in ("王", "李", "P40", "A40") if trace in details.replace("ADT^A40", "")] == []
