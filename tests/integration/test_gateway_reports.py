# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports through a hospital's gateway, all parts real: printed, dropped and sent there, read in the cloud, and back at the station with the code."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from demo.report_form import make_report_pdf
from tests.faults.line import Line, Trouble, relayed
from tests.support.gateway import Gateway, paired_gateway
from tests.support.hl7_line import code, error, message, order, patient, send
from tests.support.instance import Instance, free_ports, wait_for
from tests.support.paper_printer import PaperPrinter
from tests.support.samples import ct_study, fields_for, study_uid
from tests.support.system_calls import traced
from tests.support.workstation import print_to


@pytest.fixture(scope="module")
def paper() -> Iterator[PaperPrinter]:
    """The printer in the hospital."""
    printer = PaperPrinter()
    printer.start()
    yield printer
    printer.stop()


@pytest.fixture(scope="module")
def line(instance: Instance) -> Iterator[Line]:
    """The line between the two."""
    with relayed(instance.https_port) as line:
        yield line


@pytest.fixture(scope="module")
def gateway(instance: Instance, line: Line, paper: PaperPrinter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """甲's gateway with a printer, a folder and a reporting system. It takes larger documents than the cloud does."""
    running = paired_gateway(
        instance, tmp_path_factory.mktemp("gateway"), "jia", f"https://localhost:{line.port}",
        CLOUDFILM_MAXIMUM_REPORT_MEGABYTES="50", CLOUDFILM_GATEWAY_HEARTBEAT_SECONDS="1",
    )  # fmt: skip
    running.raw_port = free_ports(1)[0]
    raw = ("--raw-port", str(running.raw_port), "--raw-host", "127.0.0.1")
    running.admin("station", "add-printer", "desk", "--return-to", paper.address, *raw)
    running.admin("station", "add-folder", "ris", "--return-to", "folder")
    running.admin("station", "add-hl7", "his", "--host", "127.0.0.1", "--application", "RIS", "--references")
    wait_for(lambda: (running.data / "folders/his/in").is_dir(), what="the folders")
    yield running
    running.stop()


@pytest.fixture
def cut(line: Line) -> Iterator[Line]:
    """The line is down, until the test mends it."""
    line.go_down()
    yield line
    line.trouble = Trouble.NONE


def folder(gateway: Gateway) -> Path:
    return gateway.data / "folders/ris"


def report_titled(instance: Instance, title: str) -> dict[str, Any]:
    names = "report_id status hospital_id origin source_name fields study_instance_uid status_reason"
    rows = wait_for(
        lambda: instance.sql(f"SELECT {names.replace(' ', ', ')} FROM report WHERE title = %s AND status <> 'received'", title),
        what=f"the report {title}",
    )
    assert len(rows) == 1
    return dict(zip(names.split(), rows[0], strict=True))


def codes_on(path: Path) -> list[str]:
    return [found.text.split("/Q/")[0] for found in zxingcpp.read_barcodes(pypdfium2.PdfDocument(path)[0].render(scale=2).to_pil())]


def copies_of(gateway: Gateway, title: str) -> list[Path]:
    return list((folder(gateway) / "out").glob(f"{title}-*.pdf"))


def kill(gateway: Gateway, part: str) -> None:
    os.kill(wait_for(lambda: gateway.part_pid(part), what=f"{part} to be up"), signal.SIGKILL)


def test_a_report_that_is_printed_at_the_gateway_is_read_in_the_cloud_and_comes_out_of_the_hospitals_printer_with_the_code(
    gateway: Gateway, instance: Instance, paper: PaperPrinter, tmp_path: Path
) -> None:
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "48001", slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid("48001")))
    before = len(paper.sheets())
    printed = print_to(gateway, make_report_pdf(fields_for("48001")), "王小明 48001", "desk")
    assert printed.returncode == 0, printed.stderr
    report = report_titled(instance, "王小明 48001")
    assert (report["status"], report["study_instance_uid"], report["hospital_id"]) in (
        ("matched", study_uid("48001"), "jia"),
        ("issued", study_uid("48001"), "jia"),
    )
    assert (report["origin"], report["source_name"]) == ("printer", "desk@放射科机房")
    (sheet,) = wait_for(lambda: paper.sheets()[before:], what="the sheet")
    assert codes_on(sheet) == [instance.url.upper()]
    assert instance.sql("SELECT count(*) FROM print_order WHERE report_id = %s", report["report_id"]) == [(0,)]
    used = {one["name"]: one["last_used_at"] for one in gateway.admin("station", "list")["stations"]}
    assert used["desk"] is not None
    assert "desk@放射科机房" in {one["name"] for one in instance.admin("station", "list")["stations"]}


def test_a_file_in_the_gateways_folder_comes_back_once_and_what_is_no_report_is_refused_there(gateway: Gateway, instance: Instance) -> None:
    pdf = make_report_pdf(fields_for("48002"))
    (folder(gateway) / "in/48002.pdf").write_bytes(pdf)
    wait_for(lambda: (folder(gateway) / "done/48002.pdf").exists(), what="the file among the processed")
    (copy,) = wait_for(lambda: copies_of(gateway, "48002"), what="the stamped copy")
    assert codes_on(copy) == [instance.url.upper()]
    (folder(gateway) / "in/again.pdf").write_bytes(pdf)
    (folder(gateway) / "in/letter.docx").write_bytes(b"PK\x03\x04 not a report")
    wait_for(lambda: (folder(gateway) / "duplicate/again.pdf").exists())
    wait_for(lambda: (folder(gateway) / "failed/letter.docx.reason.txt").exists())
    reasons = (folder(gateway) / "failed/letter.docx.reason.txt").read_text(encoding="utf-8").splitlines()
    assert reasons == ["文件不是 PDF 或图片，请重新打印报告。", "The document is not a PDF. Allowed: application/pdf."]
    assert instance.sql("SELECT count(*) FROM report WHERE title IN ('48002', 'again', 'letter')") == [(1,)]


def test_a_picture_and_a_raw_job_become_reports_too(gateway: Gateway, instance: Instance, paper: PaperPrinter) -> None:
    before = len(paper.sheets())
    picture = BytesIO()
    pypdfium2.PdfDocument(make_report_pdf(fields_for("48008")))[0].render(scale=2).to_pil().save(picture, "JPEG")
    (folder(gateway) / "in/48008.jpg").write_bytes(picture.getvalue())
    with socket.create_connection(("127.0.0.1", gateway.raw_port), timeout=10) as line:
        line.sendall(make_report_pdf(fields_for("48009")))
    assert wait_for(lambda: paper.sheets()[before:], what="the sheet of the raw job")
    wait_for(
        lambda: instance.sql("SELECT 1 FROM report WHERE title = 'RAW' AND accession_number = 'A48009' AND source_name = 'desk@放射科机房'")
    )
    assert wait_for(lambda: copies_of(gateway, "48008"), what="the picture's stamped copy")


def result(seed: str, *observations: str) -> str:
    of_the_exam = f"OBR|1||A{seed}|CT1^头颅|||20260305093000|||||||||||||||20260305103200||CT|F"
    return message("ORU^R01^ORU_R01", f"M{seed}", patient(f"P{seed}"), of_the_exam, *observations)


def test_results_orders_and_patient_data_are_handled_as_if_they_had_been_sent_to_the_cloud(gateway: Gateway, instance: Instance) -> None:
    (gateway.data / "folders/his/in/named.pdf").write_bytes(make_report_pdf(fields_for("48004")))
    answers = send(
        gateway,
        result("48003", "OBX|1|TX|F^影像所见||两侧大脑半球对称。||||||F", "OBX|2|FT|I^诊断意见||1. 颅脑CT平扫未见异常。||||||F"),
        result("48004", "OBX|1|RP|PDF^报告||named.pdf||||||F"),
        message("ORM^O01", "48005", patient("P48005"), order("NW", "A48005")),
        message("ADT^A08", "48006", patient("P48005", "Wang^DaMing~王^大明")),
    )
    assert [code(one) for one in answers] == ["AA"] * 4
    assert report_titled(instance, "HL7 M48003")["fields"]["findings"] == "两侧大脑半球对称。"
    report = report_titled(instance, "HL7 M48004")
    assert (report["fields"]["accession_number"], report["source_name"]) == ("A48004", "his@放射科机房")
    assert wait_for(lambda: instance.sql("SELECT hospital_id, source_name FROM exam_order WHERE accession_number = 'A48005'")) == [
        ("jia", "his@放射科机房")
    ]
    wait_for(lambda: instance.sql("SELECT 1 FROM patient_correction WHERE hospital_id = 'jia' AND patient_id = 'P48005'"), what="the name")


def test_what_the_gateway_can_know_to_be_wrong_its_sender_hears_at_once(gateway: Gateway) -> None:
    answers = send(
        gateway,
        message("ADT^A01", "48007", patient("P48007")),
        result("48007"),
        result("48007", "OBX|1|RP|PDF^报告||not-there.pdf||||||F"),
        message("ORM^O01", "48007", patient("P48007"), order("NW", "A48007"), application="HIS"),
        "hello",
    )
    assert [code(one) for one in answers] == ["AR", "AR", "AE", "AR", "AR"]
    assert "ADT A01 is not taken" in error(answers[0])[1]


def test_whatever_dies_and_however_the_line_is_cut_each_report_arrives_once_and_comes_back_once(
    gateway: Gateway, instance: Instance, paper: PaperPrinter, cut: Line
) -> None:
    before, expects_nothing = len(paper.sheets()), lambda: gateway.told()["copies_expected"] == 0
    wait_for(expects_nothing)
    for number in range(3):
        assert print_to(gateway, make_report_pdf(fields_for(f"4801{number}")), f"4801{number}", "desk").returncode == 0
        (folder(gateway) / f"in/4802{number}.pdf").write_bytes(make_report_pdf(fields_for(f"4802{number}")))
        answers = send(gateway, message("ORM^O01", f"4803{number}", patient("P48030"), order("NW", f"A4803{number}")))
        assert [code(one) for one in answers] == ["AA"]
    wait_for(lambda: gateway.told()["reports_waiting"] == 9, what="all of it on the gateway's disk")
    assert instance.sql("SELECT count(*) FROM report WHERE title LIKE '4801%%'") == [(0,)]
    kill(gateway, "forwarder")
    cut.trouble = Trouble.ANSWER_LOST
    wait_for(gateway.answers, what="the forwarder to be up again")
    lost = cut.cuts
    gateway.try_again()
    wait_for(lambda: cut.cuts >= lost + 2, what="answers that were lost after the cloud had committed")
    kill(gateway, "forwarder")
    kill(gateway, "intake")
    cut.trouble = Trouble.NONE
    wait_for(gateway.answers, what="the forwarder to be up again")
    wait_for(lambda: [gateway.told()[name] for name in ("reports_waiting", "copies_expected")] == [0, 0], what="everything there and back")
    assert instance.sql("SELECT title FROM report WHERE title ~ '^480[12].$' ORDER BY title") == [
        (f"480{n}",) for n in (10, 11, 12, 20, 21, 22)
    ]
    assert instance.sql("SELECT count(*) FROM exam_order WHERE accession_number LIKE 'A4803%%'") == [(3,)]
    wait_for(lambda: len(paper.sheets()) >= before + 3, what="three sheets")
    assert [len(copies_of(gateway, f"4802{number}")) for number in range(3)] == [1, 1, 1]
    assert (gateway.told()["reports_set_aside"], gateway.told()["copies_failed"]) == (0, 0)
    assert len(paper.sheets()) == before + 3


def test_what_the_cloud_refuses_is_set_aside_with_its_reason_while_the_rest_goes_on_and_may_be_tried_again(
    gateway: Gateway, instance: Instance
) -> None:
    two = [message("ORM^O01", f"48040-{n}", patient("P48040"), order("NW", f"A48040{n}", f"F48040{n}", "R48040")) for n in "ab"]
    assert [code(one) for one in send(gateway, *two)] == ["AA", "AA"]
    wait_for(lambda: instance.sql("SELECT count(*) FROM exam_order WHERE patient_id = 'P48040'") == [(2,)])
    # Only the cloud can know: which of the two? And only the cloud knows how large a report it takes.
    assert [code(one) for one in send(gateway, message("ORM^O01", "48040-c", "ORC|CA|R48040", at="20260305120000"))] == ["AA"]
    (folder(gateway) / "in/48041.pdf").write_bytes(make_report_pdf(fields_for("48041")) + bytes(21 << 20))
    wait_for(lambda: gateway.told()["reports_set_aside"] == 2, what="both set aside")
    (folder(gateway) / "in/48042.pdf").write_bytes(make_report_pdf(fields_for("48042")))
    wait_for(lambda: copies_of(gateway, "48042"), what="the copy of the report after them")
    page = gateway.page("en")
    assert "The document is larger than 20 MB." in page
    assert "Reports to look at" in page
    assert "请处理以下报告" in gateway.page("zh-CN")
    wait_for(lambda: ("2",) in instance.sql("SELECT told ->> 'reports_set_aside' FROM gateway"), what="the heartbeat that says so")
    # People see to it, and press the button.
    instance.sql("DELETE FROM exam_order WHERE accession_number = 'A48040a'")
    gateway.try_again()
    wait_for(lambda: instance.sql("SELECT status FROM exam_order WHERE accession_number = 'A48040b'") == [("cancelled",)])
    wait_for(lambda: gateway.told()["reports_set_aside"] == 1, what="the larger one set aside again")
    ((number,),) = gateway.arrivals("SELECT substr(arrival_id, 1, 8) FROM arrival WHERE title = '48041'")
    assert number in gateway.page("en")
    file = gateway.data / gateway.admin("gateway", "take-out", number)["file"]
    assert file.read_bytes().startswith(make_report_pdf(fields_for("48041")))
    assert gateway.told()["reports_set_aside"] == 0


def test_a_report_that_cannot_be_read_has_no_copy_and_the_gateway_says_why(gateway: Gateway) -> None:
    failed = gateway.told()["copies_failed"]
    (folder(gateway) / "in/48050.pdf").write_bytes(b"%PDF-1.7\nnothing of a document")
    wait_for(lambda: gateway.told()["copies_failed"] == failed + 1, what="the copy that will not come")
    assert "The report cannot be read: the cloud&#39;s review page says why." in gateway.page("en")


def test_a_gateway_reaches_its_own_hospital_and_nothing_else(gateway: Gateway, instance: Instance) -> None:
    foreign = instance.client(instance.token("yi", "reports"))
    submitted = foreign.post("/api/v1/reports", files={"file": ("r.pdf", make_report_pdf(fields_for("48060")), "application/pdf")}).json()
    mine = instance.client(json.loads((gateway.data / "gateway/pairing.json").read_text())["token"])
    (told,) = mine.post("/api/v1/gateways/copies", json={"report_ids": [submitted["report_id"]]}).json()["copies"]
    assert told["state"] == "gone"
    assert mine.get(f"/api/v1/reports/{submitted['report_id']}/stamped.pdf").status_code == 404
    assert mine.get(f"/api/v1/reports/{submitted['report_id']}/original.pdf").status_code == 404
    facts = {"station": "desk", "kind": "folder", "title": "48061", "peer": "", "came_seconds_ago": 0}
    files = {"content": ("content", make_report_pdf(fields_for("48061")))}
    # A program of the hospital hands in by /api/v1/reports: only a gateway speaks for stations.
    for token, status in ((instance.token("jia", "reports"), 404), (None, 401)):
        client = instance.client(token)
        client.headers.setdefault("Authorization", "Bearer none")
        assert client.post("/api/v1/gateways/arrivals", data={"facts": json.dumps(facts)}, files=files).status_code == status
    for wrong in ({"station": "../desk"}, {"kind": "console"}, {"came_seconds_ago": -1}, {"title": 3}):
        assert mine.post("/api/v1/gateways/arrivals", data={"facts": json.dumps(facts | wrong)}, files=files).status_code == 400
    taken = mine.post("/api/v1/gateways/arrivals", data={"facts": json.dumps(facts)}, files=files).json()
    assert taken["verdict"] == "taken"
    assert instance.sql("SELECT hospital_id FROM report WHERE report_id = %s", taken["report_id"]) == [("jia",)]
    # Another hospital has a gateway and a station of the same names: its own report, from a station of its own.
    pairing_code = instance.admin("gateway", "add", "--hospital", "yi", "--name", "放射科机房")["pairing_code"]
    theirs = instance.client(instance.client().post("/api/v1/gateways/pair", json={"pairing_code": pairing_code}).json()["token"])
    taken_too = theirs.post("/api/v1/gateways/arrivals", data={"facts": json.dumps(facts)}, files=files).json()
    both = "SELECT r.hospital_id, s.hospital_id FROM report r JOIN intake_source s ON s.name = r.source_name WHERE r.report_id IN (%s, %s) ORDER BY 1"
    assert instance.sql(both, taken["report_id"], taken_too["report_id"]) == [("jia", "jia"), ("yi", "yi")]


def test_a_message_is_synced_to_the_disk_before_its_sender_hears_of_it(gateway: Gateway, tmp_path: Path) -> None:
    with traced(tmp_path, "fsync,fdatasync,pwrite64,write,sendto", [gateway.part_pid("intake")]) as trace:
        assert [code(one) for one in send(gateway, message("ORM^O01", "48070", patient("P48070"), order("NW", "A48070")))] == ["AA"]
    (tmp_path / "trace.txt").write_text("\n".join(trace.lines))
    written = trace.ended("pwrite64|write", r"gateway/reports\.db-wal>")
    synced = trace.ended("fsync|fdatasync", r"gateway/reports\.db-wal>", written)
    answered = trace.ended("write|sendto", rf"TCP:\[127\.0\.0\.1:{gateway.hl7_port}->", written)
    assert 0 <= written < synced < answered


def test_commands_for_stations_know_that_they_are_on_a_gateway(gateway: Gateway) -> None:
    for arguments in (
        ("add-folder", "other", "--hospital", "jia"),
        ("add-console", "film", "--aet", "US1", "--host", "127.0.0.1"),
        ("add-folder", "desk"),
    ):
        refused = gateway.admin("station", *arguments, check=False)
        assert refused.returncode != 0
        assert re.search("gateway|taken", refused.stderr)
