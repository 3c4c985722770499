# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API's description against the running server: every operation answers what it says it does, and every example runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from requests.adapters import HTTPAdapter
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from demo.report_form import make_report_pdf
from portal.openapi.description import document, examples, operations
from tests.support.instance import Instance
from tests.support.samples import ct_study, fields_for, study_uid

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(document())
DESCRIBED = {f"{one.method} {one.path}": one for one in operations()}
# A body of parts, each a DICOM file: tests/integration/test_stow.py sends those.
GENERATED = sorted(DESCRIBED.keys() - {"POST /dicom-web/studies"})


class FromElsewhere(HTTPAdapter):
    """Comes from another address of the loopback: wrong codes are counted by address, and other tests have theirs."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, source_address=("127.0.0.77", 0), **kwargs)


@pytest.fixture(scope="module")
def client(instance: Instance) -> requests.Session:
    """A program of 甲 with every scope."""
    made = instance.client(instance.token("jia", "query", "retrieve", "store", "reports"))
    made.mount("https://", FromElsewhere())
    return made


@pytest.mark.parametrize("name", GENERATED)
@pytest.mark.parametrize("with_token", [True, False], ids=["token", "nobody"])
def test_whatever_is_asked_the_answer_is_one_that_is_described(
    instance: Instance, client: requests.Session, name: str, with_token: bool
) -> None:
    described = DESCRIBED[name]
    operation = SCHEMA[described.path][described.method]
    headers = {} if with_token else {"Authorization": "Bearer none"}

    @settings(
        max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
    )
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=instance.url, session=client, headers=headers, checks=CHECKS, verify=client.verify)

    ask()


@pytest.fixture(scope="module")
def environment(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("examples")
    ct_study(folder / "dicom", "api examples", slices=2)
    (folder / "report.pdf").write_bytes(make_report_pdf(fields_for("api examples")))
    certificate = str(instance.client().verify)
    return {
        "PATH": os.environ["PATH"], "CLOUDFILM_URL": instance.url, "CLOUDFILM_TOKEN": instance.token("jia", "query", "retrieve", "store", "reports"),
        "REPORT_PDF": str(folder / "report.pdf"), "ACCESSION_NUMBER": "Aapi examples", "DICOM_FOLDER": str(folder / "dicom"),
        "STUDY_INSTANCE_UID": study_uid("api examples"), "CURL_CA_BUNDLE": certificate, "REQUESTS_CA_BUNDLE": certificate,
    }  # fmt: skip


def run(name: str, language: str, environment: dict[str, str], folder: Path) -> str:
    (example,) = [one for one in examples() if (one.name, one.language) == (name, language)]
    command = ["sh", "-eu", "-c", example.text] if language == "curl" else [sys.executable, "-c", example.text]
    ended = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_examples_run_one_after_the_other(instance: Instance, environment: dict[str, str], tmp_path: Path) -> None:
    assert "2 stored, 0 not taken" in run("store_instances", "Python", environment, tmp_path)
    told = json.loads(run("submit_report", "curl", environment, tmp_path))
    assert told["link"].startswith(f"{instance.url}/q/")
    assert "status:" in run("submit_report", "Python", environment, tmp_path)
    assert Path(environment["REPORT_PDF"]).with_name("stamped.pdf").read_bytes().startswith(b"%PDF")
    assert "1 series, first frame 32768 bytes" in run("fetch_images", "Python", environment, tmp_path)
    assert isinstance(json.loads(run("search_studies", "curl", environment, tmp_path)), list)
    run("download_study", "curl", environment, tmp_path)
    with zipfile.ZipFile(tmp_path / "study.zip") as archive:
        assert "DICOMDIR" in archive.namelist()


def test_all_examples_are_run_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for example in examples():
        assert f'run("{example.name}", "{example.language}"' in text


def test_the_page_and_the_document_need_no_credential(instance: Instance) -> None:
    anybody = instance.client()
    page, described = anybody.get("/api/docs"), anybody.get("/api/v1/openapi.json")
    assert page.status_code == described.status_code == 200
    assert described.json()["servers"] == [{"url": instance.url}]
    assert "/api/v1/reports/{report_id}/stamped.pdf" in page.text
