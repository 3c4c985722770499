# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report's life on a running installation: issued, amended, withdrawn, and what the holder of the old paper sees; several exams on one report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.mint import Mint
from tests.support.samples import change, ct_study, fields_for, study_uid
from tests.support.staff import add_member


@pytest.fixture(scope="module")
def program(instance: Instance) -> requests.Session:
    return instance.client(instance.token("jia", "reports"))


def submit(program: requests.Session, seed: str, said: dict[str, str] | None = None, **changes: str | None) -> dict[str, Any]:
    pdf = make_report_pdf(replace(fields_for(seed), **changes))
    answer = program.post("/api/v1/reports", files={"file": pdf}, data={"metadata": json.dumps(said)} if said else None)
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body


def send(instance: Instance, folder: Path, seed: str, **changes: object) -> str:
    paths = ct_study(folder / seed, seed, slices=1)
    assert instance.dcmtk("storescu", *map(str, change(paths, **changes) if changes else paths)).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count > 0", study_uid(seed)))
    return study_uid(seed)


def visit(instance: Instance, link: str) -> requests.Session:
    patient = instance.client()
    patient.headers["Accept-Language"] = "en"
    assert patient.get(link).status_code == 303
    assert patient.post("/consent", data={"accepted": "yes"}).status_code == 303
    return patient


def exam(patient: requests.Session, query: str = "") -> str:
    answer = patient.get(f"/exam?lang=en{query}")
    assert answer.status_code == 200
    return answer.text


def steps(instance: Instance, report_id: str) -> list[str]:
    rows = instance.sql("SELECT to_status FROM report_transition WHERE report_id = %s ORDER BY happened_at", report_id)
    return [row[0] for row in rows]


def test_a_report_is_issued_when_its_paper_has_left(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    fetched = submit(program, "30100")
    assert program.get(fetched["stamped_pdf"]).status_code == 200
    assert steps(instance, fetched["report_id"]) == ["received", "read", "waiting"], "it waits for its images all the same"
    send(instance, tmp_path, "30100")
    wait_for(lambda: steps(instance, fetched["report_id"]) == ["received", "read", "waiting", "matched", "issued"])
    opened = submit(program, "30100", report_kind="三维重建报告单")
    assert opened["status"] == "matched"
    visit(instance, opened["link"])
    assert steps(instance, opened["report_id"])[-1] == "issued"


def test_the_old_paper_shows_the_amended_report_and_says_so(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    uid = send(instance, tmp_path, "30110")
    first = submit(program, "30110", {"report_status": "P"}, impression="初步意见。")
    patient = visit(instance, first["link"])
    page = exam(patient)
    assert "初步意见。" in page
    assert "This is a preliminary report" in page
    second = submit(program, "30110", {"report_status": "C"}, impression="更正后的意见。", report_time="2026-03-05T15:00")
    assert (second["status"], second["study_instance_uid"]) == ("matched", uid)
    wait_for(lambda: "更正后的意见。" in exam(patient))
    page = exam(patient)
    assert "初步意见。" not in page
    assert "The hospital amended this report on" in page
    assert f'href="/exam?report={first["report_id"]}"' in page
    older = exam(patient, f"&report={first['report_id']}")
    assert "初步意见。" in older
    assert "It no longer holds" in older
    assert "It no longer holds" in patient.get(f"/report?report={first['report_id']}&lang=en").text
    assert steps(instance, first["report_id"]) == ["received", "read", "matched", "issued", "amended"]
    assert program.get(f"/api/v1/reports/{first['report_id']}").json()["superseded_by"] == second["report_id"]
    assert "更正后的意见。" in exam(visit(instance, second["link"]))


def test_an_older_version_that_comes_late_is_not_shown_as_current(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    send(instance, tmp_path, "30120")
    final = submit(program, "30120", impression="正式意见。", report_time="2026-03-05T15:00")
    late = submit(program, "30120", impression="初步意见。", report_time="2026-03-05T10:00")
    assert (late["status"], late["superseded_by"]) == ("amended", final["report_id"])
    page = exam(visit(instance, late["link"]))
    assert "正式意见。" in page
    assert "初步意见。" not in page


def test_versions_that_come_before_the_images_are_one_report_too(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    first = submit(program, "30130", impression="初步意见。")
    second = submit(program, "30130", impression="正式意见。", report_time="2026-03-05T15:00")
    assert second["status"] == "waiting"
    uid = send(instance, tmp_path, "30130")
    wait_for(lambda: instance.sql("SELECT study_instance_uid FROM report WHERE report_id = %s", second["report_id"]) == [(uid,)])
    patient = visit(instance, first["link"])
    page = exam(patient)
    assert "正式意见。" in page
    assert 'data-images="waiting"' not in page
    assert patient.get("/images/desktop").status_code == 303


def test_another_kind_of_report_on_the_same_study_replaces_nothing(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    send(instance, tmp_path, "30140")
    first = submit(program, "30140", impression="平扫意见。")
    second = submit(program, "30140", report_kind="三维重建报告单", impression="重建意见。", report_time="2026-03-05T15:00")
    assert (first["status"], second["status"]) == ("matched", "matched")
    page = exam(visit(instance, first["link"]))
    assert "平扫意见。" in page
    assert f'href="/exam?report={second["report_id"]}"' in page


def test_what_the_sender_withdraws_is_not_shown(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    uid = send(instance, tmp_path, "30150")
    first = submit(program, "30150", impression="错误的意见。")
    patient = visit(instance, first["link"])
    assert "错误的意见。" in exam(patient)
    again = submit(program, "30150", {"report_status": "X"}, impression="错误的意见。")
    assert again["report_id"] == first["report_id"], "the same document, with another word of its sender"
    wait_for(lambda: "错误的意见。" not in exam(patient))
    page = exam(patient)
    assert "The hospital withdrew this report on" in page
    for path in ("", "/pages/1", "/original.pdf"):
        assert patient.get(f"/api/v1/reports/{first['report_id']}{path}").status_code == 404
    assert patient.get("/report").status_code == 404
    assert "REPORT1.PDF" not in patient.get(f"/api/v1/studies/{uid}/archive").content.decode("latin-1")
    assert patient.get("/images/desktop").status_code == 303, "the images are still the patient's"
    assert submit(program, "30150", {"report_status": "F"}, impression="错误的意见。")["status"] == "issued"
    wait_for(lambda: "错误的意见。" in exam(patient))


def test_staff_withdraw_a_report_and_restore_it(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    from tests.integration.test_review import decide

    instance.sql("DELETE FROM wrong_try")
    send(instance, tmp_path, "30160")
    report = submit(program, "30160", impression="张冠李戴。")
    patient = visit(instance, report["link"])
    registrar = add_member(instance, "registrar", "jia").client()
    assert decide(registrar, report["report_id"], "withdraw", reason="wrong patient").status_code == 303
    wait_for(lambda: "张冠李戴。" not in exam(patient))
    assert "The hospital withdrew this report on" in exam(patient)
    newer = submit(program, "30160", impression="真正的意见。", report_time="2026-03-06T08:00")
    wait_for(lambda: "真正的意见。" in exam(patient))
    assert steps(instance, report["report_id"])[-1] == "withdrawn", "a newer version does not undo a withdrawal"
    assert report["report_id"] not in exam(patient)
    assert decide(registrar, newer["report_id"], "withdraw", reason="wrong content").status_code == 303
    wait_for(lambda: "真正的意见。" not in exam(patient))
    assert "张冠李戴。" not in exam(patient)
    assert decide(registrar, newer["report_id"], "undo").status_code == 303
    wait_for(lambda: "真正的意见。" in exam(patient))
    told = "SELECT detail FROM audit_event WHERE kind = 'report reviewed' AND report_id = %s AND detail <> '' ORDER BY sequence"
    assert instance.sql(told, newer["report_id"]) == [("withdraw: wrong content",), ("undone: withdraw",)]


def test_one_report_on_several_exams_opens_all_of_them(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    chest = send(instance, tmp_path, "30170", BodyPartExamined="CHEST", StudyDescription="胸部CT")
    report = submit(program, "30170", body_part="胸部、上腹部")
    assert report["study_instance_uid"] == chest
    abdomen = send(
        instance, tmp_path, "30171", PatientID="P30170", AccessionNumber="A30170", BodyPartExamined="ABDOMEN", StudyDescription="上腹部CT"
    )
    wait_for(lambda: len(instance.sql("SELECT 1 FROM report_study WHERE report_id = %s", report["report_id"])) == 2)
    assert set(program.get(f"/api/v1/reports/{report['report_id']}").json()["study_instance_uids"]) == {chest, abdomen}
    patient = visit(instance, report["link"])
    page = exam(patient)
    for uid in (chest, abdomen):
        assert f"/images?study={uid}" in page
        assert uid in patient.get("/images/desktop").headers["Location"]
        assert patient.get(f"/dicom-web/studies/{uid}/metadata").status_code == 200
    kept = "SELECT study_instance_uid, count(*) FROM kept_instance WHERE report_id = %s AND stored_at IS NOT NULL GROUP BY 1"
    wait_for(lambda: dict(instance.sql(kept, report["report_id"])) == {chest: 2, abdomen: 2}, what="the report kept in both studies")


def orthanc_id(instance: Instance, uid: str) -> str:
    rows = wait_for(
        lambda: instance.sql("SELECT orthanc_study_id FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", uid),
        what="the study's completion",
    )
    return str(rows[0][0])


def take_the_other_patient(instance: Instance, uid: str) -> None:
    """The exam was sent again under another patient: staff say that this is the right one."""
    wait_for(
        lambda: instance.sql("SELECT 1 FROM set_aside WHERE study_instance_uid = %s AND facts IS NOT NULL", uid), what="what is kept aside"
    )
    answer = add_member(instance, "registrar", "jia").client().post(f"/staff/conflicts/patient/{uid}", data={"step": "take"})
    assert answer.status_code == 303


def test_a_study_whose_patient_was_changed_keeps_its_report(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    """The modality sends it again under the right patient: another study to Orthanc, which staff put in the place of the wrong one."""
    uid = send(instance, tmp_path, "30180")
    report = submit(program, "30180")
    assert report["status"] == "matched"
    old = orthanc_id(instance, uid)
    send(instance, tmp_path / "again", "30180", PatientID="P30180-new", PatientName="Wang^XinMing=王^新明")
    take_the_other_patient(instance, uid)
    wait_for(lambda: instance.sql("SELECT patient_id FROM study WHERE study_instance_uid = %s", uid) == [("P30180-new",)])
    wait_for(lambda: orthanc_id(instance, uid) != old, what="the study under the right patient")
    assert instance.sql("SELECT status, study_instance_uid FROM report WHERE report_id = %s", report["report_id"]) == [("matched", uid)]
    assert visit(instance, report["link"]).get("/images/desktop").status_code == 303


def test_a_waiting_report_finds_a_study_whose_patient_was_put_right(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    report = submit(program, "30190")
    uid = send(instance, tmp_path, "30190", AccessionNumber="", PatientID="P-unknown", PatientName="Unknown")
    orthanc_id(instance, uid)
    assert instance.sql("SELECT status FROM report WHERE report_id = %s", report["report_id"]) == [("waiting",)]
    send(instance, tmp_path / "again", "30190", AccessionNumber="")
    take_the_other_patient(instance, uid)
    wait_for(lambda: instance.sql("SELECT study_instance_uid FROM report WHERE report_id = %s", report["report_id"]) == [(uid,)])


def test_when_the_only_images_are_deleted_the_report_waits_and_of_several_the_others_stay(
    instance: Instance, program: requests.Session, tmp_path: Path
) -> None:
    chest = send(instance, tmp_path, "30210", BodyPartExamined="CHEST")
    abdomen = send(instance, tmp_path, "30211", PatientID="P30210", AccessionNumber="A30210", BodyPartExamined="ABDOMEN")
    report = submit(program, "30210", body_part="胸部、上腹部")["report_id"]
    headers = {"Authorization": f"Bearer {Mint(instance).internal()}"}
    for uid, left in ((chest, [("matched", abdomen)]), (abdomen, [("waiting", None)])):
        old = orthanc_id(instance, uid)
        assert requests.delete(f"{instance.orthanc_url}/studies/{old}", headers=headers, timeout=60).status_code == 200
        wait_for(lambda left=left: instance.sql("SELECT status, study_instance_uid FROM report WHERE report_id = %s", report) == left)  # type: ignore[misc]


def test_a_study_with_nothing_but_our_own_documents_left_is_deleted(instance: Instance, program: requests.Session, tmp_path: Path) -> None:
    """Its images were deleted one by one, or a report was being stored while the study was deleted."""
    uid = send(instance, tmp_path, "49010")
    report = submit(program, "49010")["report_id"]
    kept = "SELECT count(*) FROM kept_instance WHERE report_id = %s AND stored_at IS NOT NULL"
    wait_for(lambda: instance.sql(kept, report) == [(2,)])
    headers = {"Authorization": f"Bearer {Mint(instance).internal()}"}
    for one in requests.get(f"{instance.orthanc_url}/studies/{orthanc_id(instance, uid)}/series", headers=headers, timeout=30).json():
        if one["MainDicomTags"]["Modality"] == "CT":
            assert requests.delete(f"{instance.orthanc_url}/series/{one['ID']}", headers=headers, timeout=30).status_code == 200
    instance.sql(
        "UPDATE study SET complete_at = NULL, recorded_at = NULL, claimed_at = now() - interval '1 hour' WHERE study_instance_uid = %s", uid
    )
    wait_for(lambda: instance.sql("SELECT status FROM report WHERE report_id = %s", report) == [("waiting",)])
    assert instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s", uid) == []
    wait_for(lambda: instance.sql("SELECT count(*) FROM kept_instance WHERE report_id = %s", report) == [(0,)])


def test_the_database_refuses_a_step_that_is_none(instance: Instance, program: requests.Session) -> None:
    report = submit(program, "30200")["report_id"]
    for wrong in ("received", "issued", "refused", "read"):
        with pytest.raises(psycopg2.errors.CheckViolation):
            instance.sql("UPDATE report SET status = %s WHERE report_id = %s", wrong, report)
    assert instance.sql("SELECT status FROM report WHERE report_id = %s", report) == [("waiting",)]
