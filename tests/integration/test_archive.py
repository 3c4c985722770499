# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole study as one ZIP: complete and unchanged for whoever may have it, nothing for anybody else, cut off when access ends."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from pydicom import dcmread
from pydicom.fileset import FileSet

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid


def complete(instance: Instance, seed: str) -> None:
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed)))


@pytest.fixture(scope="module")
def exam(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], bytes, dict[str, Any]]:
    """The files of a study, its report's PDF, and what handing that in answered."""
    paths = ct_study(tmp_path_factory.mktemp("archived"), "archived", slices=4)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    complete(instance, "archived")
    pdf = make_report_pdf(fields_for("archived"))
    answer = instance.client(instance.token("jia", "reports")).post("/api/v1/reports", files={"file": pdf}).json()
    assert answer["study_instance_uid"] == study_uid("archived")
    return paths, pdf, answer


def visit(instance: Instance, issued: dict[str, Any]) -> requests.Session:
    client = instance.client()
    client.get(issued["link"])
    assert client.post("/consent", data={"accepted": "yes"}).status_code == 303
    return client


def address(seed: str) -> str:
    return f"/api/v1/studies/{study_uid(seed)}/archive"


def test_the_patient_gets_every_instance_unchanged_a_dicomdir_and_the_report(
    instance: Instance, exam: tuple[list[Path], bytes, dict[str, Any]], tmp_path: Path
) -> None:
    paths, pdf, issued = exam
    answer = visit(instance, issued).get(address("archived"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    assert 'filename="exam-2026-03-05.zip"' in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.read("REPORT1.PDF") == pdf
        archive.extractall(tmp_path)
    kept = {one.SOPInstanceUID: dcmread(one.path) for one in FileSet(tmp_path / "DICOMDIR")}
    sent = {image.SOPInstanceUID: image for image in map(dcmread, paths)}
    # Datasets, since storescu writes a file meta header of its own.
    ours = {uid: kept.pop(uid).Modality for uid in kept.keys() - sent.keys()}
    assert kept == sent
    # The report is kept in the study too (jobs/keep_report.py): it may be there already.
    assert set(ours.values()) <= {"DOC", "SR"}


def test_a_program_gets_the_report_only_with_the_scope_for_reports(instance: Instance, exam: object) -> None:
    for scopes, expected in ((("retrieve",), False), (("retrieve", "reports"), True)):
        answer = instance.client(instance.token("jia", *scopes)).get(address("archived"))
        assert ("REPORT1.PDF" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()) == expected


def test_nobody_else_gets_anything(instance: Instance, exam: object) -> None:
    assert instance.client().get(address("archived")).status_code == 401
    assert instance.client(instance.token("yi", "query", "retrieve", "store", "reports")).get(address("archived")).status_code == 404
    assert instance.client(instance.token("jia", "query", "store", "reports")).get(address("archived")).status_code == 404
    assert instance.client(instance.token("jia", "retrieve")).get("/api/v1/studies/1.2.3/archive").status_code == 404
    assert instance.client(instance.token("jia", "retrieve")).get("/api/v1/studies/..%2f1/archive").status_code in (400, 404)


def test_a_download_is_cut_off_when_its_grant_is_revoked(instance: Instance, tmp_path: Path) -> None:
    noise = np.random.default_rng(7)
    paths = ct_study(tmp_path, "large", slices=30)
    for path in paths:
        image = dcmread(path)
        image.Rows = image.Columns = 1024
        image.PixelData = noise.integers(-1000, 1000, (1024, 1024), dtype=np.int16).tobytes()
        image.save_as(path)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    complete(instance, "large")
    issued = (
        instance.client(instance.token("jia", "reports"))
        .post("/api/v1/reports", files={"file": make_report_pdf(fields_for("large"))})
        .json()
    )
    client = visit(instance, issued)
    whole = len(client.get(address("large")).content)
    grant_id = next(
        one["grant_id"] for one in instance.admin("grant", "list", "--hospital", "jia")["grants"] if one["report_id"] == issued["report_id"]
    )
    received = 0
    with client.get(address("large"), stream=True) as running:
        assert running.status_code == 200
        portions = running.iter_content(64 * 1024)
        received += len(next(portions))
        instance.admin("grant", "revoke", grant_id)
        # The doorkeeper's memory; the sender waits for us meanwhile, since its buffers are full.
        time.sleep(5)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            received += sum(map(len, portions))
    assert received < whole
    assert client.get(address("large")).status_code in (401, 404)
