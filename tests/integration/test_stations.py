# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports from places that have no token: the virtual printer and watched folders, and the stamped copy's way back."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from demo.report_form import make_report_pdf
from tests.support import workstation
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid


@pytest.fixture(scope="module")
def printer(instance: Instance) -> str:
    """Address of a queue of 甲's virtual printer."""
    return str(instance.admin("station", "add-printer", "jia-ct", "--hospital", "jia")["address"])


@pytest.fixture(scope="module")
def folder(instance: Instance) -> Path:
    """A watched folder of 甲, whose stamped copies come back into it."""
    instance.admin("station", "add-folder", "jia-ris", "--hospital", "jia", "--return-to", "folder")
    path = instance.data / "folders/jia-ris"
    wait_for(lambda: (path / "in").is_dir(), what="the folder")
    return path


def print_to(instance: Instance, document: bytes, title: str, queue: str = "jia-ct", *options: str) -> subprocess.CompletedProcess[bytes]:
    return workstation.print_to(instance, document, title, queue, *options)


def report_titled(instance: Instance, title: str) -> dict[str, Any]:
    rows = wait_for(
        lambda: instance.sql(
            "SELECT report_id, status, hospital_id, origin, source_name, document_sha256, fields, study_instance_uid, status_reason"
            " FROM report WHERE title = %s AND status <> 'received'",
            title,
        ),
        what=f"the report {title}",
    )
    assert len(rows) == 1
    names = "report_id status hospital_id origin source_name document_sha256 fields study_instance_uid status_reason"
    return dict(zip(names.split(), rows[0], strict=True))


def test_a_printed_report_is_read_matched_and_kept_byte_for_byte(instance: Instance, printer: str, tmp_path: Path) -> None:
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "printed", slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid("printed")))
    assert printer.endswith("/printers/jia-ct")
    pdf = make_report_pdf(fields_for("printed"))
    printed = print_to(instance, pdf, "王小明 CT 报告")
    assert printed.returncode == 0, printed.stderr
    report = report_titled(instance, "王小明 CT 报告")
    assert (report["status"], report["study_instance_uid"], report["hospital_id"]) == ("matched", study_uid("printed"), "jia")
    assert (report["origin"], report["source_name"]) == ("printer", "jia-ct")
    assert report["fields"]["patient_name"] == "王小明"
    original = instance.client(instance.token("jia", "reports")).get(f"/api/v1/reports/{report['report_id']}/original.pdf")
    assert hashlib.sha256(original.content).hexdigest() == report["document_sha256"]
    text = pypdfium2.PdfDocument(original.content)[0].get_textpage().get_text_bounded()
    assert "王小明" in text


@pytest.mark.parametrize(("kind", "status"), [("ps", "waiting"), ("jpeg", "waiting")])
def test_postscript_keeps_its_text_and_a_picture_arrives_as_a_page(instance: Instance, printer: str, kind: str, status: str) -> None:
    if kind == "jpeg":
        target = BytesIO()
        pypdfium2.PdfDocument(make_report_pdf(fields_for("as jpeg")))[0].render(scale=2).to_pil().save(target, "JPEG")
        document = target.getvalue()
    else:
        document = (
            b"%!PS\n/Helvetica findfont 14 scalefont setfont 72 760 moveto (Patient ID: PSPOST) show 72 740 moveto (Accession Number: ASPOST)"
            b" show 72 720 moveto (Findings: nothing of note) show 72 700 moveto (Impression: normal) show showpage\n"
        )
    assert print_to(instance, document, f"as {kind}").returncode == 0
    report = report_titled(instance, f"as {kind}")
    assert report["origin"] == "printer"
    assert report["status"] in (status, "review")


def test_twelve_jobs_at_once_are_twelve_reports_and_one_printed_twice_is_one(instance: Instance, printer: str) -> None:
    documents = [make_report_pdf(fields_for(f"parallel {number}")) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda number: print_to(instance, documents[number], f"parallel {number}"), range(12)))
    assert [result.returncode for result in results] == [0] * 12
    wait_for(lambda: instance.sql("SELECT count(*) FROM report WHERE title LIKE 'parallel %%'") == [(12,)], timeout_seconds=60)
    assert print_to(instance, documents[3], "parallel again").returncode == 0
    wait_for(lambda: not list((instance.data / "spool/print/jia-ct").glob("*.pdf")), what="an empty spool")
    assert instance.sql("SELECT count(*) FROM report WHERE title = 'parallel again'") == [(0,)]


def test_a_queue_that_nobody_made_takes_nothing(instance: Instance, printer: str) -> None:
    assert print_to(instance, b"%PDF-1.4", "nowhere", "no-such-queue").returncode != 0


def test_nobody_makes_a_queue_over_the_network(instance: Instance, printer: str) -> None:
    command = ["lpadmin", "-h", f"127.0.0.1:{instance.ipp_port}", "-p", "mine", "-E", "-v", "socket://127.0.0.1:9", "-m", "raw"]
    assert subprocess.run(command, input=b"", capture_output=True, check=False, timeout=60).returncode != 0


def test_over_the_network_nobody_takes_back_a_job_that_waits(instance: Instance, printer: str) -> None:
    assert print_to(instance, make_report_pdf(fields_for("held")), "held", "jia-ct", "-H", "hold").returncode == 0

    def cancel(server: str) -> int:
        return subprocess.run(["cancel", "-h", server, "-a", "jia-ct"], input=b"", capture_output=True, check=False, timeout=60).returncode

    def waiting() -> bytes:
        server = str(instance.data / "run/cups.sock")
        return subprocess.run(["lpstat", "-h", server, "-o", "jia-ct"], capture_output=True, check=True).stdout

    assert cancel(f"127.0.0.1:{instance.ipp_port}") != 0
    assert waiting().startswith(b"jia-ct-")
    assert cancel(str(instance.data / "run/cups.sock")) == 0
    assert waiting() == b""


def test_a_document_in_the_folder_becomes_a_report_and_its_stamped_copy_comes_back(instance: Instance, folder: Path) -> None:
    pdf = make_report_pdf(fields_for("folder"))
    (folder / "in/CT 王小明.pdf").write_bytes(pdf)
    wait_for(lambda: (folder / "done/CT 王小明.pdf").exists(), what="the file among the processed")
    copies = wait_for(
        lambda: [path for path in (folder / "out").glob("*.pdf") if not path.name.startswith(".")],
        what="the stamped copy",
        timeout_seconds=60,
    )
    image = pypdfium2.PdfDocument(copies[0])[0].render(scale=2).to_pil()
    assert [code.text.split("/Q/")[0] for code in zxingcpp.read_barcodes(image)] == [instance.url.upper()]
    assert copies[0].name.startswith("CT_王小明-")
    assert wait_for(lambda: instance.sql("SELECT returned_at IS NOT NULL FROM report WHERE title = 'CT 王小明'")) == [(True,)]


def test_a_file_that_is_still_being_written_is_left_alone(instance: Instance, folder: Path) -> None:
    pdf = make_report_pdf(fields_for("slowly"))
    path = folder / "in/slowly.pdf"
    with path.open("wb") as file:
        for start in range(0, len(pdf), len(pdf) // 6 + 1):
            file.write(pdf[start : start + len(pdf) // 6 + 1])
            file.flush()
            # Slower than a look, faster than what counts as quiet.
            with pytest.raises(AssertionError):
                wait_for(lambda: not path.exists(), timeout_seconds=1.0)
    wait_for(lambda: (folder / "done/slowly.pdf").exists())
    assert report_titled(instance, "slowly")["document_sha256"] == hashlib.sha256(pdf).hexdigest()


def test_a_duplicate_and_what_is_no_report_are_put_aside_and_said_why(instance: Instance, folder: Path) -> None:
    pdf = make_report_pdf(fields_for("twice"))
    (folder / "in/first.pdf").write_bytes(pdf)
    wait_for(lambda: (folder / "done/first.pdf").exists())
    (folder / "in/second.pdf").write_bytes(pdf)
    (folder / "in/letter.docx").write_bytes(b"PK\x03\x04 not a report")
    wait_for(lambda: (folder / "duplicate/second.pdf").exists())
    wait_for(lambda: (folder / "failed/letter.docx.reason.txt").exists())
    assert (folder / "failed/letter.docx.reason.txt").read_text().endswith("\nThe document is not a PDF. Allowed: application/pdf.\n")
    assert not list((folder / "in").iterdir())


def test_a_document_that_cannot_be_read_moves_to_the_failed_ones_with_the_reason(instance: Instance, folder: Path) -> None:
    (folder / "in/broken.pdf").write_bytes(b"%PDF-1.7 and then nothing of a PDF")
    wait_for(lambda: (folder / "failed/broken.pdf.reason.txt").exists())
    assert not (folder / "done/broken.pdf").exists()
    assert "文件已损坏" in (folder / "failed/broken.pdf.reason.txt").read_text()
    assert "damaged" in (folder / "failed/broken.pdf.reason.txt").read_text()


@pytest.fixture
def stopped_database(instance: Instance) -> Iterator[None]:
    """PostgreSQL is down for the test; a healthy installation comes back after it."""
    control = ["supervisorctl", "-s", f"unix://{instance.data}/run/supervisor.sock"]
    subprocess.run([*control, "stop", "postgresql"], check=True, capture_output=True)
    yield
    subprocess.run([*control, "start", "postgresql"], check=False, capture_output=True)
    # Each of Orthanc's connections to its index fails once after that (measured): later tests get a fresh one.
    subprocess.run([*control, "restart", "orthanc"], check=False, capture_output=True)
    wait_for(lambda: instance.client().get("/api/v1/health").status_code == 200, timeout_seconds=60)


def test_what_arrives_while_the_database_is_down_is_taken_later(
    instance: Instance, folder: Path, printer: str, stopped_database: None
) -> None:
    (folder / "in/during.pdf").write_bytes(make_report_pdf(fields_for("during")))
    assert print_to(instance, make_report_pdf(fields_for("during print")), "during print").returncode == 0
    wait_for(lambda: list((instance.data / "spool/print/jia-ct").glob("*.pdf")), what="the job in the spool")
    control = ["supervisorctl", "-s", f"unix://{instance.data}/run/supervisor.sock"]
    subprocess.run([*control, "start", "postgresql"], check=True, capture_output=True)
    wait_for(lambda: (folder / "done/during.pdf").exists(), timeout_seconds=60)
    assert report_titled(instance, "during print")["status"] == "waiting"


def test_every_step_of_a_report_is_recorded(instance: Instance, folder: Path) -> None:
    (folder / "in/steps.pdf").write_bytes(make_report_pdf(fields_for("steps")))
    report = report_titled(instance, "steps")
    steps = instance.sql(
        "SELECT from_status, to_status FROM report_transition WHERE report_id = %s ORDER BY happened_at", str(report["report_id"])
    )
    assert steps == [("", "received"), ("received", "read"), ("read", "waiting")]


def test_a_picture_from_the_printer_can_be_seen(instance: Instance, printer: str) -> None:
    target = BytesIO()
    pypdfium2.PdfDocument(make_report_pdf(fields_for("picture")))[0].render(scale=2).to_pil().save(target, "JPEG")
    assert print_to(instance, target.getvalue(), "picture").returncode == 0
    report = report_titled(instance, "picture")
    page = instance.client(instance.token("jia", "reports")).get(f"/api/v1/reports/{report['report_id']}/pages/1")
    assert Image.open(BytesIO(page.content)).width > 500
