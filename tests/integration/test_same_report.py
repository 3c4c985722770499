# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report that is printed twice is one report; a document that breaks the reader ends there, and the worker lives on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader, PdfWriter

from cloudfilm.reports.fields import ReportFields
from demo.report_form import make_report_pdf
from tests.support.hostile_pdfs import armed, flate_bomb, locked, nested_arrays, pdf_of, written
from tests.support.instance import Instance, wait_for
from tests.support.samples import fields_for


@pytest.fixture(scope="module")
def program(instance: Instance) -> Any:
    return instance.client(instance.token("jia", "reports"))


def printed_at(pdf: bytes, moment: str) -> bytes:
    """The same page as another print job makes it: other dates and identifiers in the file."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.add_metadata({"/CreationDate": f"D:{moment}", "/Title": f"job {moment}"})
    return written(writer)


def submit(program: Any, pdf: bytes) -> Any:
    return program.post("/api/v1/reports", files={"file": ("r.pdf", pdf, "application/pdf")})


def code_on(pdf: bytes) -> str:
    (code,) = zxingcpp.read_barcodes(pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil())
    return code.text


def test_a_second_print_of_the_same_page_is_the_same_report_with_the_same_code(instance: Instance, program: Any) -> None:
    pdf = make_report_pdf(fields_for("33040"))
    first = submit(program, printed_at(pdf, "20260305103200"))
    second = submit(program, printed_at(pdf, "20260305114500"))
    assert (first.status_code, second.status_code) == (201, 200)
    assert {name: first.json()[name] for name in ("report_id", "link", "access_code")} == {
        name: second.json()[name] for name in ("report_id", "link", "access_code")
    }
    assert instance.sql("SELECT count(*) FROM report WHERE accession_number = 'A33040'") == [(1,)]
    assert instance.sql("SELECT count(*) FROM access_grant WHERE report_id = %s", first.json()["report_id"]) == [(1,)]
    third = submit(program, printed_at(pdf, "20260305114500"))
    assert (third.status_code, third.json()["report_id"]) == (200, first.json()["report_id"])


def test_one_other_character_is_another_report(instance: Instance, program: Any) -> None:
    first = submit(program, make_report_pdf(fields_for("33041"))).json()
    changed = fields_for("33041").to_json() | {"impression": "1. 颅脑CT平扫未见明显异常！\n2. 请结合临床。"}
    second = submit(program, make_report_pdf(ReportFields.from_json(changed)))
    assert (second.status_code, second.json()["report_id"] != first["report_id"]) == (201, True)


def test_a_second_print_after_the_keys_are_gone_gets_a_code_that_opens_the_one_report(instance: Instance, program: Any) -> None:
    pdf = make_report_pdf(fields_for("33042"))
    first = submit(program, printed_at(pdf, "20260305103200")).json()
    instance.sql("DELETE FROM delivery WHERE report_id = %s", first["report_id"])
    second = submit(program, printed_at(pdf, "20260705103200"))
    body = second.json()
    assert (second.status_code, body["report_id"]) == (200, first["report_id"])
    assert body["link"] != first["link"]
    assert code_on(program.get(body["stamped_pdf"]).content) == body["link"].upper()
    for link in (first["link"], body["link"]):
        patient = instance.client()
        assert patient.get(f"/q/{link.rsplit('/', 1)[1]}").status_code == 303
        patient.post("/consent", data={"accepted": "yes"})
        assert "颅脑CT平扫未见明显异常" in patient.get("/exam").text


def test_prints_that_are_read_at_the_same_time_are_one_report(instance: Instance, program: Any) -> None:
    pdf = make_report_pdf(fields_for("33043"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: submit(program, printed_at(pdf, f"2026030511{number}500")), range(4)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert instance.sql("SELECT count(*) FROM report WHERE accession_number = 'A33043'") == [(1,)]
    for answer in answers:
        # Whatever its sender was told opens and is found.
        assert instance.client().get(f"/q/{answer.json()['link'].rsplit('/', 1)[1]}").status_code == 303
        assert program.get(f"/api/v1/reports/{answer.json()['report_id']}").status_code == 200


def test_a_second_print_comes_back_to_its_station_stamped(instance: Instance) -> None:
    instance.admin("station", "add-folder", "jia-again", "--hospital", "jia", "--return-to", "folder")
    folder = instance.data / "folders/jia-again"
    wait_for(lambda: (folder / "in").is_dir())
    pdf = make_report_pdf(fields_for("33044"))
    for moment in ("20260305103200", "20260305114500"):
        (folder / f"in/{moment}.pdf").write_bytes(printed_at(pdf, moment))

    def copies() -> list[Path]:
        return [path for path in (folder / "out").glob("*.pdf") if not path.name.startswith(".")]

    wait_for(lambda: len(copies()) == 2, what="both copies", timeout_seconds=60)
    assert len({code_on(path.read_bytes()) for path in copies()}) == 1
    assert instance.sql("SELECT count(*) FROM report WHERE accession_number = 'A33044'") == [(1,)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("locked", "the document needs a password"),
        ("pages", "the document has 10000 pages"),
        ("giant page", "page 1 has an impossible size"),
        ("bomb", "reading the document took too long|needs too much memory|is damaged"),
        ("nested", "is damaged|too much memory|took too long"),
        ("armed", "the document carries scripts or files"),
    ],
)
def test_a_hostile_document_ends_with_a_reason_and_the_worker_lives_on(instance: Instance, program: Any, name: str, reason: str) -> None:
    documents = {
        "locked": lambda: locked("secret"), "pages": lambda: pdf_of(b"", pages=10_000), "giant page": lambda: pdf_of(b"", media_box="0 0 9000000 9000000"),
        "bomb": flate_bomb, "nested": nested_arrays,
        "armed": lambda: armed(make_report_pdf(fields_for("33047"))),
    }  # fmt: skip
    worker = instance.part_pid("worker")
    answer = submit(program, documents[name]())
    assert answer.status_code == 201, answer.text
    report = wait_for(
        lambda: [one for one in [program.get(f"/api/v1/reports/{answer.json()['report_id']}").json()] if one["status"] != "received"],
        timeout_seconds=60, what="the end of it",
    )[0]  # fmt: skip
    assert report["status"] == "failed"
    patient = instance.client()
    patient.get(f"/q/{answer.json()['link'].rsplit('/', 1)[1]}")
    patient.post("/consent", data={"accepted": "yes"})
    assert patient.get(f"/api/v1/reports/{report['report_id']}/original.pdf").status_code == 404
    assert any(one in report["status_reason"] for one in reason.split("|"))
    assert instance.part_pid("worker") == worker


@pytest.fixture
def disarming(tmp_path: Path) -> Iterator[Instance]:
    """An installation whose report system writes PDFs that print themselves."""
    mine = Instance(tmp_path / "data", environment={"CLOUDFILM_ACTIVE_DOCUMENTS": "disarm"})
    mine.start()
    mine.admin("hospital", "add", "jia", "--name", "甲医院")
    yield mine
    mine.stop()


def test_where_it_is_taken_what_would_run_reaches_no_person_and_the_original_stays_as_it_was(disarming: Instance) -> None:
    pdf, program = armed(make_report_pdf(fields_for("33045"))), disarming.client(disarming.token("jia", "reports"))
    body = submit(program, pdf).json()
    original = f"/api/v1/reports/{body['report_id']}/original.pdf"
    assert program.get(original).content == pdf
    patient = disarming.client()
    patient.get(f"/q/{body['link'].rsplit('/', 1)[1]}")
    patient.post("/consent", data={"accepted": "yes"})
    shown = patient.get(original).content
    assert "王小明" in pypdfium2.PdfDocument(shown)[0].get_textpage().get_text_bounded()
    for copy in (shown, program.get(body["stamped_pdf"]).content):
        for sign in (b"ARMED", b"/JavaScript", b"/EmbeddedFiles", b"/OpenAction"):
            assert sign not in copy
