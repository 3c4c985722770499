# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orders, corrections and merges by HL7: taken when they are stored, once, of the own hospital only, and never an older one over a newer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.report_form import make_report_pdf
from tests.support.hl7_line import code, error, message, order, patient, send
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, fields_for, study_uid


@pytest.fixture(scope="module", autouse=True)
def sender(instance: Instance) -> Iterator[None]:
    """Both hospitals' systems on the loopback, told apart by MSH-3."""
    for hospital_id, application in (("jia", "RIS"), ("yi", "YIRIS")):
        name = "jia-hl7" if hospital_id == "jia" else "yi-register"
        instance.admin("station", "add-hl7", name, "--hospital", hospital_id, "--host", "127.0.0.1", "--application", application)
    yield
    instance.sql("DELETE FROM patient_merge")
    instance.sql("UPDATE intake_source SET sender = '192.0.2.1|' WHERE name = 'yi-register'")


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


def test_the_audit_trail_tells_what_a_station_said_and_names_nobody(instance: Instance) -> None:
    rows = instance.sql(
        "SELECT DISTINCT kind, actor_kind, actor_id FROM audit_event WHERE kind IN ('order taken', 'patient corrected', 'patients merged')"
    )
    assert {row[0] for row in rows} == {"order taken", "patient corrected", "patients merged"}
    assert {row[1] for row in rows} == {"station"}
    details = " ".join(row[0] for row in instance.sql("SELECT detail FROM audit_event WHERE actor_kind = 'station'"))
    assert "王" not in details
    assert "P40" not in details
