# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/demo: the whole path once, on a running installation: a hospital, a head CT by C-STORE, a Chinese report, the patient's link."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

from cloudfilm.reports.fields import ReportFields
from demo.head_ct import HeadCtStudy, uid_from, write_head_ct
from demo.report_form import make_report_pdf
from demo.voxels import HeadVoxelsError, head_voxels
from machine.installation import APP, DATA, ENVIRONMENT_FILE

CACHE = Path("/opt/cloudfilm/cache")
HOSPITAL_ID, HOSPITAL_NAME, AET, PRINTER = "demo", "云胶片示范医院", "DEMOCT", "demo-ct"
_FINDINGS = (
    "两侧大脑半球对称，灰白质分界清楚，脑实质内未见明显异常密度影。\n"
    "脑室、脑池及脑沟大小、形态未见异常，中线结构居中。\n"
    "小脑及脑干形态、密度未见异常。颅骨骨质结构完整，未见骨折征象。"
)
_IMPRESSION = "1. 颅脑CT平扫未见明显异常。\n2. 请结合临床，必要时行MR进一步检查。"


class DemoFailed(Exception):
    """Said in one sentence."""


def main() -> int:
    """Run the demo; exit status 0 when the patient's page is there."""
    try:
        _run()
    except (DemoFailed, HeadVoxelsError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _run() -> None:
    environment = _environment()
    now = datetime.now(ZoneInfo("Asia/Shanghai")).replace(second=0, microsecond=0, tzinfo=None)  # as the paper says it
    number = now.strftime("%y%m%d%H%M")
    study = HeadCtStudy(
        patient_name="Wang^XiaoMing=王^小明",
        patient_id=f"P{number}",
        patient_sex="M",
        patient_birth_date=date(1980, 5, 1),
        accession_number=f"CT{number}",
        study_datetime=now - timedelta(hours=1),
        study_instance_uid=uid_from(f"CloudFilm demo {number}"),
        institution_name=HOSPITAL_NAME,
    )
    _say("1. A hospital, its CT scanner, a printer for its reports and a token for its report system")
    _admin("hospital", "add", HOSPITAL_ID, "--name", HOSPITAL_NAME)
    _admin("modality", "add", "--hospital", HOSPITAL_ID, "--aet", AET, "--host", "127.0.0.1")
    printer = _admin("station", "add-printer", PRINTER, "--hospital", HOSPITAL_ID)["address"]
    token = _admin("token", "issue", "--hospital", HOSPITAL_ID, "--scope", "query,retrieve,reports", "--days", "1")["token"]

    _say("2. The report is printed, before any image has arrived")
    pdf = make_report_pdf(_fields(study, now))
    _print(environment, pdf)
    print(f"   to {printer}")
    # Printed and handed in by REST, it is one report: so the demo learns what stands on the stamped copy.
    answer = _send_report(environment, token, pdf)
    print(f"   read: {answer['fields']['patient_name']}, {answer['fields']['accession_number']}; status: {answer['status']}")

    _say("3. The scanner sends a head CT (C-STORE)")
    with tempfile.TemporaryDirectory() as folder:
        paths = write_head_ct(study, head_voxels(CACHE), Path(folder))
        started = time.monotonic()
        _dcmsend(environment, folder)
        print(f"   {len(paths)} images in {time.monotonic() - started:.1f} s")

    _say("4. They find each other")
    report = _wait_until_matched(environment, token, answer["report_id"])
    print(f"   study {report['study_instance_uid']}: {report['status_reason']}")
    stamped = _save_stamped(environment, token, answer)
    print(
        f"\n   The patient's link    {answer['link']}\n   Access code           {answer['access_code']}\n   Stamped report        {stamped}\n"
    )


def _environment() -> dict[str, str]:
    if not ENVIRONMENT_FILE.exists():
        raise DemoFailed("CloudFilm is not running on this data folder: start it with scripts/run first.")
    return dict(line.split("=", 1) for line in ENVIRONMENT_FILE.read_text(encoding="utf-8").splitlines())


def _fields(study: HeadCtStudy, now: datetime) -> ReportFields:
    return ReportFields(
        hospital_name=HOSPITAL_NAME,
        report_kind="CT检查报告单",
        modality="CT",
        patient_name="王小明",
        patient_sex="M",
        patient_age="46岁",
        patient_id=study.patient_id,
        department="神经内科",
        outpatient_number="MZ884213",
        bed_number="12床",
        accession_number=study.accession_number,
        exam_time=study.study_datetime.isoformat(timespec="minutes"),
        report_time=now.isoformat(timespec="minutes"),
        body_part="头颅",
        findings=_FINDINGS,
        impression=_IMPRESSION,
        reporting_doctor="李文静",
        reviewing_doctor="张建国",
    )


def _admin(*arguments: str) -> dict[str, Any]:
    result = subprocess.run([sys.executable, "-m", "admin.cli", "--json", *arguments], capture_output=True, text=True, check=False, cwd=APP)
    if result.returncode != 0:
        raise DemoFailed(result.stderr.strip().removeprefix("Error: "))
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def _dcmsend(environment: dict[str, str], folder: str) -> None:
    command = ["dcmsend", "-aet", AET, "-aec", "CLOUDFILM", "127.0.0.1", environment["CLOUDFILM_DICOM_PORT"], "+sd", folder]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TCP_NODELAY": "1"})
    if result.returncode != 0:
        raise DemoFailed(f"dcmsend failed: {(result.stderr or result.stdout).strip().splitlines()[-1]}")


def _print(environment: dict[str, str], pdf: bytes) -> None:
    """As a workstation does; returns when the report was taken in."""
    before, server = _last_printed(), f"127.0.0.1:{environment['CLOUDFILM_IPP_PORT']}"
    command = ["lp", "-d", PRINTER, "-t", "CT检查报告单", "-"]
    result = subprocess.run(command, input=pdf, capture_output=True, check=False, env={**os.environ, "CUPS_SERVER": server})
    if result.returncode != 0:
        raise DemoFailed(f"the printer did not take the report: {result.stderr.decode(errors='replace').strip()}")
    deadline = time.monotonic() + 30
    while _last_printed() == before:
        if time.monotonic() > deadline:
            raise DemoFailed("the printed report was not taken in within half a minute; see log/intake.log in the data folder")
        time.sleep(0.2)


def _last_printed() -> Any:
    """When the printer was last used."""
    return next((one["last_used_at"] for one in _admin("station", "list")["stations"] if one["name"] == PRINTER), None)


def _url(environment: dict[str, str], path: str) -> str:
    return f"https://127.0.0.1:{environment['CLOUDFILM_HTTPS_PORT']}{path}"


def _get(environment: dict[str, str], token: str, path: str) -> requests.Response:
    # Our own server on the loopback; its certificate may be self-signed.
    response = requests.get(_url(environment, path), headers={"Authorization": f"Bearer {token}"}, verify=False, timeout=30)
    response.raise_for_status()
    return response


def _send_report(environment: dict[str, str], token: str, pdf: bytes) -> dict[str, Any]:
    response = requests.post(
        _url(environment, "/api/v1/reports"),
        headers={"Authorization": f"Bearer {token}"},
        files={"file": ("report.pdf", pdf, "application/pdf")},
        verify=False,
        timeout=60,
    )
    if not response.ok:
        raise DemoFailed(f"the report was not taken: {response.json().get('detail', response.status_code)}")
    answer: dict[str, Any] = response.json()
    return answer


def _wait_until_matched(environment: dict[str, str], token: str, report_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        report: dict[str, Any] = _get(environment, token, f"/api/v1/reports/{report_id}").json()
        if report["status"] in ("matched", "issued"):
            return report
        time.sleep(0.5)
    raise DemoFailed(f"the report found no images within a minute: {report['status']}, {report['status_reason']}")


def _save_stamped(environment: dict[str, str], token: str, answer: dict[str, Any]) -> str:
    folder = DATA / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"report-{answer['report_id'][:8]}-stamped.pdf"
    path.write_bytes(_get(environment, token, f"/api/v1/reports/{answer['report_id']}/stamped.pdf").content)
    return str(Path(os.environ.get("CLOUDFILM_DATA_OUTSIDE", str(DATA))) / path.relative_to(DATA))


def _say(step: str) -> None:
    print(step, flush=True)


if __name__ == "__main__":
    requests.packages.urllib3.disable_warnings()  # type: ignore[attr-defined]
    sys.exit(main())
