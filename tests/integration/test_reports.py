# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports by REST: read, matched, stamped, kept as they were, and shown to nobody else."""

from __future__ import annotations

import json
import re
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from cloudfilm.access.access_code import normalise_access_code
from demo.forms.scan import Scan, scanned_pdf
from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid

SCANNED = "2603050417"


def submit(instance: Instance, pdf: bytes, hospital_id: str = "jia") -> Any:
    return instance.client(instance.token(hospital_id, "reports")).post(
        "/api/v1/reports", files={"file": ("r.pdf", pdf, "application/pdf")}
    )


@pytest.mark.parametrize("layout", ["table", "lines", "labels_first"])
def test_a_report_after_its_images_is_read_and_matched(instance: Instance, tmp_path: Path, layout: str) -> None:
    seed = f"after-{layout}"
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, seed, slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid(seed)))
    answer = submit(instance, make_report_pdf(fields_for(seed), layout))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["status"], body["study_instance_uid"]) == ("matched", study_uid(seed))
    expected = fields_for(seed).to_json()
    assert {name: _without_spaces(value) for name, value in body["fields"].items()} == {n: _without_spaces(v) for n, v in expected.items()}
    reading = body["readings"]["accession_number"]
    assert (reading["confidence"] >= 0.8, reading["page"], len(reading["box"])) == (True, 1, 4)


def test_a_scanned_report_is_recognised_and_matched_by_two_numbers(instance: Instance, tmp_path: Path) -> None:
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, SCANNED, slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid(SCANNED)))
    report_id = submit(instance, scanned_pdf(make_report_pdf(fields_for(SCANNED)), Scan(200, 1.0))).json()["report_id"]
    client = instance.client(instance.token("jia", "reports"))
    report = wait_for(
        lambda: [one for one in [client.get(f"/api/v1/reports/{report_id}").json()] if one["status"] != "received"], timeout_seconds=120
    )[0]
    assert (report["status"], report["study_instance_uid"]) == ("matched", study_uid(SCANNED)), report["status_reason"]
    assert report["readings"]["accession_number"]["confidence"] < 1


def test_a_report_before_its_images_waits_for_them(instance: Instance, tmp_path: Path) -> None:
    body = submit(instance, make_report_pdf(fields_for("before"))).json()
    assert (body["status"], body["study_instance_uid"]) == ("waiting", None)
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "before"))).returncode == 0
    client = instance.client(instance.token("jia", "reports"))
    report = wait_for(lambda: [one for one in [client.get(f"/api/v1/reports/{body['report_id']}").json()] if one["status"] == "matched"])[0]
    assert report["study_instance_uid"] == study_uid("before")


def test_images_of_another_hospital_with_the_same_numbers_are_not_taken(instance: Instance, tmp_path: Path) -> None:
    body = submit(instance, make_report_pdf(fields_for("twin"))).json()
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "twin", slices=1)), aet="MR2").returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid("twin")))
    assert instance.sql("SELECT status FROM report WHERE report_id = %s", body["report_id"]) == [("waiting",)]


def test_the_stamped_copy_carries_the_link_and_the_code_and_the_original_nothing(instance: Instance) -> None:
    original = make_report_pdf(fields_for("stamp"))
    body = submit(instance, original).json()
    client = instance.client(instance.token("jia", "reports"))
    stamped = client.get(body["stamped_pdf"]).content
    image = pypdfium2.PdfDocument(stamped)[0].render(scale=2).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [body["link"].upper()]
    assert body["access_code"] in pypdfium2.PdfDocument(stamped)[0].get_textpage().get_text_bounded()
    assert client.get(f"/api/v1/reports/{body['report_id']}/original.pdf").content == original
    page = client.get(f"/api/v1/reports/{body['report_id']}/pages/1")
    assert (page.headers["Content-Type"], page.content[8:12]) == ("image/webp", b"WEBP")
    from PIL import Image

    assert [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(client.get(body["qr_png"]).content)))] == [body["link"].upper()]


def test_neither_key_is_anywhere_on_the_server(instance: Instance) -> None:
    """Not in the database, not in a file of the data folder, not in a log: on paper only."""
    body = submit(instance, make_report_pdf(fields_for("secret"))).json()
    secret, code = body["link"].rsplit("/", 1)[1], body["access_code"]
    instance.client().get(f"/q/{secret}")
    dump = ["pg_dumpall", "-h", str(instance.data / "run/postgresql"), "-U", "postgres"]
    dumped = subprocess.run(["/usr/lib/postgresql/17/bin/pg_dump", *dump[1:], "cloudfilm"], capture_output=True, check=True).stdout
    texts = [dumped] + [path.read_bytes() for path in instance.data.rglob("*") if path.is_file() and "postgresql/base" not in str(path)]
    for needle in (secret, code, normalise_access_code(code) or "", secret.lower()):
        assert not any(needle.encode() in text for text in texts)


def test_the_same_document_again_is_the_same_report(instance: Instance) -> None:
    pdf = make_report_pdf(fields_for("again"))
    first, second = submit(instance, pdf), submit(instance, pdf)
    assert (first.status_code, second.status_code) == (201, 200)
    for member in ("report_id", "link", "access_code"):
        assert first.json()[member] == second.json()[member]
    assert submit(instance, pdf, "yi").json()["report_id"] != first.json()["report_id"]


def test_a_document_without_any_label_goes_to_review(instance: Instance) -> None:
    from reportlab.pdfgen.canvas import Canvas

    target = BytesIO()
    canvas = Canvas(target, invariant=1)
    canvas.drawString(100, 700, "nothing that anybody would call a report")
    canvas.save()
    report_id = submit(instance, target.getvalue()).json()["report_id"]
    # It is recognised as a picture too, which may take longer than the answer waits.
    found = "SELECT status FROM report WHERE report_id = %s AND status NOT IN ('received', 'read')"
    assert wait_for(lambda: instance.sql(found, report_id), timeout_seconds=120) == [("review",)]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"GIF89a", 415), (b"", 415), (b"%PDF-1.4\n" + b"\0" * 22 * 1024 * 1024, 413)],
    ids=["gif", "empty", "too large"],
)
def test_what_is_no_report_is_refused_and_nothing_is_stored(instance: Instance, content: bytes, status: int) -> None:
    before = instance.sql("SELECT count(*) FROM report")
    answer = submit(instance, content)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert instance.sql("SELECT count(*) FROM report") == before


def test_a_broken_pdf_ends_as_failed_with_a_reason(instance: Instance) -> None:
    body = submit(instance, b"%PDF-1.7\nthis is not what it says").json()
    assert body["status"] == "failed"
    assert "damaged" in body["status_reason"]


def test_a_request_without_a_file_says_what_is_missing(instance: Instance) -> None:
    answer = instance.client(instance.token("jia", "reports")).post("/api/v1/reports", data={"metadata": "{}"})
    assert answer.status_code == 400
    assert '"file"' in answer.json()["detail"]


@pytest.mark.parametrize("path", ["", "/pages/1", "/original.pdf", "/stamped.pdf", "/qr.png"])
def test_a_report_exists_for_its_hospital_only(instance: Instance, path: str) -> None:
    report_id = submit(instance, make_report_pdf(fields_for("ours"))).json()["report_id"]
    address = f"/api/v1/reports/{report_id}{path}"
    assert instance.client(instance.token("jia", "reports")).get(address).status_code == 200
    assert instance.client(instance.token("yi", "reports")).get(address).status_code == 404
    assert instance.client(instance.token("jia", "query", "retrieve")).get(address).status_code == 404
    assert instance.client().get(address).status_code == 401


def _without_spaces(value: str | None) -> str | None:
    return re.sub(r"\s", "", value) if value else value


def test_what_the_sender_says_beside_the_file_goes_before_what_is_read(instance: Instance) -> None:
    client = instance.client(instance.token("jia", "reports"))
    pdf = make_report_pdf(fields_for("beside"))
    said = {"accession_number": "Abeside", "body_part": "颅脑", "unknown": "kept out"}
    body = client.post("/api/v1/reports", files={"file": pdf}, data={"metadata": json.dumps(said)}).json()
    assert (body["fields"]["body_part"], body["fields"]["patient_name"]) == ("颅脑", "王小明")
    assert "unknown" not in body["fields"]
    assert body["status"] == "waiting"


def test_what_the_sender_says_against_the_paper_is_left_to_people(instance: Instance) -> None:
    client = instance.client(instance.token("jia", "reports"))
    pdf = make_report_pdf(fields_for("against"))
    body = client.post("/api/v1/reports", files={"file": pdf}, data={"metadata": '{"patient_id": "P-somebody-else"}'}).json()
    assert (body["status"], body["status_reason"]) == ("review", "the message and the paper differ in the image number")


@pytest.mark.parametrize("metadata", ["no json", "[]", '{"patient_id": 7}', '"text"'])
def test_metadata_that_cannot_be_read_is_refused_and_nothing_is_stored(instance: Instance, metadata: str) -> None:
    client = instance.client(instance.token("jia", "reports"))
    before = instance.sql("SELECT count(*) FROM report")
    answer = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for("bad"))}, data={"metadata": metadata})
    assert (answer.status_code, "accession_number" in answer.json()["detail"]) == (400, True)
    assert instance.sql("SELECT count(*) FROM report") == before
