# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stamped copies on a real second print server: back at the station and at the kiosk, once each, whatever dies in between."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pypdfium2
import pytest
import zxingcpp

from cloudfilm.access.holder import Role
from cloudfilm.db.job_queue import defer_job
from cloudfilm.doors.asker import STAFF_COOKIE
from demo.report_form import make_report_pdf
from tests.support.exam_of_hospital import Registry
from tests.support.instance import Instance, wait_for
from tests.support.mint import Mint
from tests.support.paper_printer import PaperPrinter
from tests.support.samples import ct_study, fields_for, study_uid
from tests.support.staff import add_member


@pytest.fixture(scope="module")
def paper() -> Iterator[PaperPrinter]:
    printer = PaperPrinter()
    printer.start()
    yield printer
    printer.stop()


@pytest.fixture(scope="module")
def token(instance: Instance) -> str:
    return instance.token("jia", "reports")


@pytest.fixture(scope="module")
def kiosk(instance: Instance, paper: PaperPrinter) -> Any:
    """The browser of a kiosk of 甲 with a real printer."""
    made = instance.admin("kiosk", "add", "jia-hall", "--hospital", "jia", "--printer", paper.address)
    browser = instance.client()
    assert browser.get("/kiosk").status_code == 401
    wrong = browser.post("/kiosk/pair", data={"pairing_code": "0000-0000-0000"})
    assert wrong.status_code == 401
    assert browser.post("/kiosk/pair", data={"pairing_code": made["pairing_code"]}).status_code == 303
    assert instance.client().post("/kiosk/pair", data={"pairing_code": made["pairing_code"]}).status_code == 401, "it works once"
    return browser


def codes_on(path: Path) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(pypdfium2.PdfDocument(path)[0].render(scale=2).to_pil())]


def submit(instance: Instance, token: str, seed: str) -> dict[str, Any]:
    answer = instance.client(token).post("/api/v1/reports", files={"file": ("r.pdf", make_report_pdf(fields_for(seed)), "application/pdf")})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def send_images(instance: Instance, folder: Path, seed: str) -> None:
    assert instance.dcmtk("storescu", *map(str, ct_study(folder, seed, slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed)))


def step(kiosk: Any, name: str, **fields: str) -> str:
    answer = kiosk.post("/kiosk", data={"step": name, **fields})
    assert (answer.status_code, answer.headers["Location"], answer.headers["Cache-Control"]) == (303, "/kiosk", "no-store")
    page = kiosk.get("/kiosk?lang=en")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    return str(page.text)


def orders(instance: Instance, report_id: str) -> list[tuple[Any, ...]]:
    return instance.sql("SELECT kind, queued_at IS NOT NULL, cups_job FROM print_order WHERE report_id = %s ORDER BY ordered_at", report_id)


def test_the_stamped_copy_comes_out_of_the_stations_real_printer_and_decodes(instance: Instance, paper: PaperPrinter) -> None:
    instance.admin("station", "add-folder", "jia-prints", "--hospital", "jia")
    instance.admin("station", "add-printer", "jia-desk", "--hospital", "jia", "--return-to", paper.address)
    before = len(paper.sheets())
    printed = subprocess.run(
        ["lp", "-d", "jia-desk", "-t", "王小明 CT 33020", "-"],
        input=make_report_pdf(fields_for("33020")), capture_output=True, check=False,
        env={**os.environ, "CUPS_SERVER": f"127.0.0.1:{instance.ipp_port}"},
    )  # fmt: skip
    assert printed.returncode == 0, printed.stderr
    sheets = wait_for(lambda: paper.sheets()[before:], what="the sheet", timeout_seconds=120)
    (code,) = codes_on(sheets[0])
    assert code.startswith(f"{instance.url.upper()}/Q/")
    assert "王小明" in pypdfium2.PdfDocument(sheets[0])[0].get_textpage().get_text_bounded()
    ((report_id,),) = instance.sql("SELECT report_id::text FROM report WHERE title = '王小明 CT 33020' AND returned_at IS NOT NULL")
    assert [order[:2] for order in orders(instance, report_id)] == [("return", True)]
    # After a crash between the release and its note the job is asked for by its number and not printed again.
    instance.sql("UPDATE print_order SET queued_at = NULL WHERE report_id = %s", report_id)
    instance.sql("UPDATE report SET returned_at = NULL WHERE report_id = %s", report_id)
    _defer(instance, "return_stamped", {"report_id": report_id})
    wait_for(
        lambda: instance.sql("SELECT 1 FROM report WHERE report_id = %s AND returned_at IS NOT NULL", report_id), what="the second try"
    )
    assert len(paper.sheets()) == before + 1


def test_a_print_server_that_is_down_is_tried_again_and_the_sheet_comes_once(instance: Instance, paper: PaperPrinter) -> None:
    instance.admin("station", "add-folder", "jia-files", "--hospital", "jia")
    before = len(paper.sheets())
    wait_for(lambda: (instance.data / "folders/jia-files/in").is_dir())
    instance.sql("UPDATE intake_source SET return_to = %s WHERE name = 'jia-files'", paper.address)
    # The queue is not there yet, as if the printer had been set up wrongly.
    (instance.data / "folders/jia-files/in/late.pdf").write_bytes(make_report_pdf(fields_for("33021")))
    trouble = wait_for(
        lambda: instance.sql("SELECT trouble, attempts FROM print_order WHERE queue = 'return-jia-files' AND attempts > 0"),
        what="the trouble", timeout_seconds=90,
    )  # fmt: skip
    assert trouble[0][0] == "The printer queue return-jia-files did not take the stamped copy."
    made = instance.admin("station", "add-hl7", "jia-spare", "--hospital", "jia", "--host", "127.0.0.99", "--return-to", paper.address)
    assert made["name"] == "jia-spare"
    instance.sql("UPDATE print_order SET queue = 'return-jia-spare' WHERE queue = 'return-jia-files'")
    sheets = wait_for(lambda: paper.sheets()[before:], what="the sheet after the mending", timeout_seconds=120)
    assert len(sheets) == 1
    assert len(codes_on(sheets[0])) == 1


def test_a_held_job_that_nobody_noted_never_prints(instance: Instance, paper: PaperPrinter, token: str, kiosk: Any) -> None:
    """The worker died between handing the copy over and writing down its number."""
    before = len(paper.sheets())
    held = subprocess.run(
        ["lp", "-d", "kiosk-jia-hall", "-H", "hold", "-"], input=make_report_pdf(fields_for("33022")), capture_output=True, check=True,
        env={**os.environ, "CUPS_SERVER": str(instance.data / "run/cups.sock")},
    )  # fmt: skip
    assert b"request id is kiosk-jia-hall-" in held.stdout
    body = submit(instance, token, "33023")
    assert "Is this your report?" in step(kiosk, "number", number=body["access_code"])
    step(kiosk, "print", report=body["report_id"])
    sheets = wait_for(lambda: paper.sheets()[before:], what="the sheet", timeout_seconds=90)
    assert codes_on(sheets[0]) == [body["link"].upper()]
    assert len(paper.sheets()) == before + 1


def test_somebody_types_the_exam_number_and_the_birth_date_and_the_report_is_printed_once(
    instance: Instance, paper: PaperPrinter, token: str, kiosk: Any, tmp_path: Path
) -> None:
    send_images(instance, tmp_path, "33024")
    body = submit(instance, token, "33024")
    before = len(paper.sheets())
    asked = step(kiosk, "number", number="A33024")
    assert "date of birth" in asked
    assert "A33024" not in asked
    found = step(kiosk, "proof", proof="1980-05-01")
    assert "王*" in found
    for hidden in ("王小明", "A33024", "P33024", "1980"):
        assert hidden not in found
    assert "being printed" in step(kiosk, "print", report=body["report_id"])
    sheets = wait_for(lambda: paper.sheets()[before:], what="the sheet", timeout_seconds=90)
    assert codes_on(sheets[0]) == [body["link"].upper()]
    assert "王" not in step(kiosk, "again")
    # Again: by the QR code this time, as a scanner types it.
    assert "Already printed" in step(kiosk, "number", number=body["link"].upper())
    assert "Already printed" in step(kiosk, "print", report=body["report_id"])
    registry, mint = Registry(instance), Mint(instance)
    registrar = registry.staff_holder(Role.REGISTRAR, "jia")
    registry.close()
    staff = instance.client()
    staff.cookies.set(STAFF_COOKIE, mint.staff(registrar.session_id), domain="localhost.local", secure=True)
    page = staff.get("/staff/prints?lang=en").text
    (order_id,) = {one for one in re.findall(r"/staff/prints/([0-9a-f-]{36})/allow", page) if _is_of(instance, one, body["report_id"])}
    assert staff.post(f"/staff/prints/{order_id}/allow").status_code == 303
    assert "Print" in step(kiosk, "number", number=body["link"].upper())
    assert "being printed" in step(kiosk, "print", report=body["report_id"])
    wait_for(lambda: len(paper.sheets()) == before + 2, what="the second sheet", timeout_seconds=90)
    events = instance.sql("SELECT actor_kind FROM audit_event WHERE kind = 'report printed' AND report_id = %s", body["report_id"])
    assert events == [("kiosk",)] * 2


def test_a_wrong_proof_and_a_number_that_does_not_exist_look_the_same_and_tries_end(
    instance: Instance, token: str, kiosk: Any, tmp_path: Path
) -> None:
    send_images(instance, tmp_path, "33025")
    submit(instance, token, "33025")

    def tried(number: str, proof: str) -> str:
        step(kiosk, "number", number=number)
        return re.sub(r'value="[^"]{20,}"', "", step(kiosk, "proof", proof=proof))

    wrong, unknown = tried("A33025", "19790501"), tried("A33999", "19800501")
    assert wrong == unknown
    assert "No report was found" in wrong
    for _ in range(4):
        tried("A33025", "19810501")
    assert "Too many attempts" in tried("A33025", "19800501"), "the right proof comes too late"
    instance.sql("DELETE FROM wrong_try")


def test_the_end_of_another_number_proves_it_where_the_hospital_wants_that(instance: Instance, token: str, kiosk: Any) -> None:
    instance.admin("kiosk", "ask-for", "jia", "number-end")
    submit(instance, token, "33026")
    assert "last 4 characters" in step(kiosk, "number", number="A33026")
    assert "No report was found" in step(kiosk, "proof", proof="3026"), "the number itself proves nothing"
    step(kiosk, "number", number="A33026")
    assert "王*" in step(kiosk, "proof", proof="4213"), "of the outpatient number MZ884213"
    instance.admin("kiosk", "ask-for", "jia", "birth-date")


def test_of_many_at_once_one_prints(instance: Instance, token: str, kiosk: Any) -> None:
    body = submit(instance, token, "33027")
    assert "Is this your report?" in step(kiosk, "number", number=body["access_code"])
    form = {"step": "print", "report": body["report_id"], "form_token": kiosk.form_token()}
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: kiosk.post("/kiosk", data=form), range(6)))
    assert len(orders(instance, body["report_id"])) == 1


def test_the_screen_forgets_and_a_kiosk_opens_nothing_else(instance: Instance, token: str, kiosk: Any) -> None:
    body = submit(instance, token, "33028")
    assert "王*" in step(kiosk, "number", number=body["access_code"])
    page = kiosk.get("/kiosk?lang=en").text
    assert '<meta http-equiv="refresh" content="30; url=/kiosk/end">' in page
    instance.sql("UPDATE kiosk SET visit_until = now() - interval '1 second'")
    assert "王*" not in kiosk.get("/kiosk").text
    assert "王*" in step(kiosk, "number", number=body["access_code"])
    assert kiosk.get("/kiosk/end").status_code == 303
    assert "王*" not in kiosk.get("/kiosk").text
    for path in (f"/api/v1/reports/{body['report_id']}", "/staff/prints", "/exam", "/dicom-web/studies"):
        assert kiosk.get(path).status_code in (401, 404), path
    assert kiosk.get("/kiosk/paper.pdf").headers["Location"] == "/kiosk"


def test_another_hospitals_paper_is_not_printed_here(instance: Instance, kiosk: Any) -> None:
    theirs = submit(instance, instance.token("yi", "reports"), "33029")
    assert "No report was found" in step(kiosk, "number", number=theirs["link"])


def test_the_copy_is_kept_for_the_kiosk_alone_and_sealed(instance: Instance, token: str, kiosk: Any) -> None:
    body = submit(instance, token, "33030")
    instance.sql("UPDATE delivery SET expires_at = now() - interval '1 minute' WHERE report_id = %s", body["report_id"])
    _defer(instance, "tidy", {"timestamp": 0})
    wait_for(lambda: instance.sql("SELECT 1 FROM delivery WHERE report_id = %s AND sealed_keys IS NULL", body["report_id"]), what="tidying")
    assert instance.client(token).get(body["stamped_pdf"]).status_code == 410
    ((sealed,),) = instance.sql("SELECT sealed_stamped FROM delivery WHERE report_id = %s", body["report_id"])
    assert b"%PDF" not in bytes(sealed)
    assert "王*" in step(kiosk, "number", number=body["access_code"])
    instance.sql("UPDATE delivery SET kiosk_until = now() - interval '1 minute' WHERE report_id = %s", body["report_id"])
    _defer(instance, "tidy", {"timestamp": 1})
    wait_for(lambda: not instance.sql("SELECT 1 FROM delivery WHERE report_id = %s", body["report_id"]), what="the end")


def test_without_a_printer_the_kiosks_browser_prints(instance: Instance, token: str, kiosk: Any) -> None:
    made = instance.admin("kiosk", "add", "jia-browser", "--hospital", "jia")
    browser = instance.client()
    browser.post("/kiosk/pair", data={"pairing_code": made["pairing_code"]})
    body = submit(instance, token, "33031")
    step(browser, "number", number=body["access_code"])
    assert "Open and print" in step(browser, "print", report=body["report_id"])
    shown = browser.get("/kiosk/paper.pdf")
    assert (shown.headers["Content-Type"], shown.headers["Cache-Control"], shown.content[:5]) == ("application/pdf", "no-store", b"%PDF-")
    assert instance.sql("SELECT printed_at IS NOT NULL FROM print_order WHERE report_id = %s", body["report_id"]) == [(True,)]
    instance.admin("kiosk", "revoke", "jia-browser")
    assert browser.get("/kiosk").status_code == 401
    assert browser.get("/kiosk/paper.pdf").status_code == 401


def _is_of(instance: Instance, order_id: str, report_id: str) -> bool:
    return bool(instance.sql("SELECT 1 FROM print_order WHERE print_order_id = %s AND report_id = %s", order_id, report_id))


def _defer(instance: Instance, task: str, arguments: dict[str, Any]) -> None:
    connection = psycopg2.connect(host=str(instance.data / "run/postgresql"), dbname="cloudfilm", user="cloudfilm")
    with connection, connection.cursor() as cursor:
        defer_job(cursor, task, lock=str(uuid4()), arguments=arguments)
    connection.close()


def test_staff_print_a_slip_and_the_stamped_report_at_a_printer_of_their_hospital(
    instance: Instance, paper: PaperPrinter, token: str, tmp_path: Path
) -> None:
    report = submit(instance, token, "33046")
    send_images(instance, tmp_path, "33046")
    wait_for(lambda: instance.sql("SELECT 1 FROM report WHERE report_id = %s AND status IN ('matched', 'issued')", report["report_id"]))
    registrar, administrator = add_member(instance, "registrar", "jia").client(), add_member(instance, "administrator", "jia").client()
    place = f"/staff/studies/{study_uid('33046')}"
    assert 'name="destination"' not in registrar.get(place).text, "there is no printer yet"
    instance.admin("printer", "add", "jia-desk-1", "--hospital", "jia", "--printer", paper.address)
    instance.admin("printer", "add", "yi-desk-1", "--hospital", "yi", "--printer", paper.address)
    ours, theirs = (
        instance.sql("SELECT destination_id::text FROM print_destination WHERE name = %s", name)[0][0]
        for name in ("jia-desk-1", "yi-desk-1")
    )
    settings = administrator.get("/staff/hospital").text
    assert paper.address in settings
    assert theirs not in settings
    named = administrator.post("/staff/hospital/printers", data={f"title-{ours}": "登记台", f"title-{theirs}": "x", "destination": ours})
    assert named.status_code == 303
    page = registrar.get(place).text
    assert f'<option value="{ours}" selected>登记台</option>' in page
    assert theirs not in page

    before = len(paper.sheets())
    made = registrar.post(f"{place}/reports/{report['report_id']}/paper", data={"destination": ours})
    assert made.status_code == 200
    assert 'id="sent"' in made.text
    slip = wait_for(lambda: paper.sheets()[before:], what="the slip", timeout_seconds=120)[0]
    (opened,) = codes_on(slip)
    access_code = re.search(r'id="access-code">([^<]+)<', made.text)
    text = pypdfium2.PdfDocument(slip)[0].get_textpage().get_text_bounded()
    assert access_code
    assert access_code[1] in text
    assert "王小明" in text
    assert instance.client().get(opened.replace(instance.url.upper(), "")).status_code == 303
    wait_for(
        lambda: instance.sql("SELECT sealed_slip IS NULL FROM print_order WHERE kind = 'desk'") == [(True,)],
        what="the keys to be forgotten",
    )

    assert registrar.post(f"{place}/reports/{report['report_id']}/print", data={"destination": ours}).headers["Location"] == "/staff/prints"
    stamped = wait_for(lambda: paper.sheets()[before + 1 :], what="the stamped report", timeout_seconds=120)[0]
    assert codes_on(stamped) == [report["link"].upper()]
    assert registrar.get("/staff/prints").text.count("desk-jia-desk-1") == 2
    for path, form in (
        (f"{place}/reports/{report['report_id']}/print", {"destination": theirs}),
        (f"{place}/reports/{report['report_id']}/paper", {"destination": theirs}),
    ):
        assert registrar.post(path, data=form).status_code == 404
    assert administrator.post(f"{place}/reports/{report['report_id']}/print", data={"destination": ours}).status_code == 404

    instance.admin("printer", "remove", "jia-desk-1")
    assert 'name="destination"' not in registrar.get(place).text
