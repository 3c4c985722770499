# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a gateway makes of its line: a backlog that waits for it, and a study that arrives while it is sent on."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.failure import BenchFailed
from bench.gateway_pair import MODALITY, BenchGateway, Pair, pair
from bench.processor_time import seconds_by_part
from bench.sending import send_files, send_folders
from bench.whole.ct_series import CtSeries, write_series
from cloudfilm.reports.fields import ReportFields
from demo.report_form import make_report_pdf
from machine.installation import TLS
from portal.form_token import FIELD

_MOST_SECONDS = 150.0
_SENT_AT_ONCE_SECONDS = 0.25
_NAME = "Wang^XiaoMing=王^小明"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Megabits are of the images' own bytes: what TLS, HTTP and receipts need comes on top.

    ``seconds`` is from the first batch that was taken from the queue to the last receipt; ``starting_seconds`` what the forwarder needed before.
    ``processor_seconds`` by part, the line's own process included.
    """

    megabytes: float
    starting_seconds: float
    seconds: float
    megabits: float
    share: float
    processor_seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Seconds after the C-STORE of the last instance was answered: the gateway had every receipt; the patient's page counted all images, which
    can be opened then; it called the exam complete."""

    megabytes: float
    sent_in_seconds: float
    confirmed_after: float
    all_shown_after: float
    complete_after: float


@dataclass(frozen=True, slots=True)
class GatewaySpeed:
    """Both."""

    megabits: float
    milliseconds: float
    publishes: bool
    backlog: Forwarded
    live: Arrived


def measure_gateway(megabits: float, milliseconds: float, slices: int, side: int, publishes: bool) -> GatewaySpeed:
    """Start all, measure, stop all."""
    with tempfile.TemporaryDirectory(prefix="cloudfilm-bench-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o711)
        with pair(folder, megabits, milliseconds, publishes) as both:
            live = _live(both, write_series(folder / "live", "live", slices, side, _NAME), megabits)
            backlog = _backlog(both, write_series(folder / "backlog", "backlog", slices, side), megabits)
    return GatewaySpeed(megabits, milliseconds, publishes, backlog, live)


def _backlog(both: Pair, series: CtSeries, megabits: float) -> Forwarded:
    gateway = both.gateway
    gateway.switch_forwarder("stop")
    send_folders([series.folder], "the gateway", gateway.dicom_port, "CLOUDFILM", MODALITY)
    before, started = _processor(both), time.time()
    gateway.switch_forwarder("start")
    _wait(lambda: _count(gateway, series, "<> 'waiting'") > 0, "nothing was sent", every=0.02)
    began = time.time()
    _wait(lambda: _count(gateway, series, "= 'confirmed'") == len(series.files), "not everything was confirmed")
    spent = _processor(both)
    total, last = gateway.rows(
        "SELECT sum(size_bytes), max(settled_at) FROM instance WHERE study_instance_uid = ?", series.study_instance_uid
    )[0]
    rate = total * 8e-6 / (last - began)
    processor = {name: round(float(seconds), 2) for name, seconds in (spent - before).most_common() if seconds >= 0.1}
    return Forwarded(total / 1e6, began - started, last - began, rate, rate / megabits, processor)


def _live(both: Pair, series: CtSeries, megabits: float) -> Arrived:
    """The modality sends no faster than the line could carry."""
    page = PatientPage(both, series)
    size = sum(path.stat().st_size for path in series.files)
    began = time.monotonic()
    _send_at(both.gateway, series, megabits * 0.95)
    sent = time.monotonic()
    seen: dict[str, float] = {}
    watching = threading.Thread(target=page.watch, args=(len(series.files), seen, sent), daemon=True)
    watching.start()
    _wait(lambda: _count(both.gateway, series, "= 'confirmed'") == len(series.files), "not everything was confirmed")
    confirmed = time.monotonic() - sent
    watching.join(_MOST_SECONDS)
    if "complete" not in seen:
        raise BenchFailed("the patient's page did not become complete")
    return Arrived(size / 1e6, sent - began, confirmed, seen["all"], seen["complete"])


def _send_at(gateway: BenchGateway, series: CtSeries, megabits: float) -> None:
    """C-STORE at no more than a rate: some files at a time, each time an association of its own."""
    size = series.files[0].stat().st_size
    at_once = max(1, int(megabits * 125_000 * _SENT_AT_ONCE_SECONDS / size))
    due = time.monotonic()
    for start in range(0, len(series.files), at_once):
        time.sleep(max(0.0, due - time.monotonic()))
        files = series.files[start : start + at_once]
        send_files(files, "the gateway", gateway.dicom_port, "CLOUDFILM", MODALITY)
        due += len(files) * size * 8e-6 / megabits


class PatientPage:
    """The report is handed in before its images; the patient waits."""

    def __init__(self, both: Pair, series: CtSeries) -> None:
        self._url = f"https://localhost:{both.cloud.https_port}"
        token = both.cloud.admin("token", "issue", "--hospital", "bench", "--scope", "reports", "--days", "1")["token"]
        fields = ReportFields(
            hospital_name="Bench", report_kind="CT检查报告单", modality="CT", patient_name="王小明", patient_sex="O",
            patient_id=series.accession_number, accession_number=series.accession_number, exam_time="2026-03-05T09:30",
            report_time="2026-03-05T10:30", body_part="头颅", findings="未见异常。", impression="未见异常。",
        )  # fmt: skip
        self._session = requests.Session()
        self._session.verify, self._session.trust_env = str(TLS / "certificate.pem"), False
        answer = requests.post(
            f"{self._url}/api/v1/reports", files={"file": make_report_pdf(fields)}, headers={"Authorization": f"Bearer {token}"},
            verify=self._session.verify, timeout=120,
        )  # fmt: skip
        if not answer.ok:
            raise BenchFailed(f"the report was answered {answer.status_code}")
        opened = self._session.get(answer.json()["link"], timeout=60)
        found = re.search(rf'name="{FIELD}" value="([^"]+)"', opened.text)
        if found is None:
            raise BenchFailed("the patient's link did not open")
        self._session.post(f"{self._url}/consent", data={FIELD: found[1], "accepted": "yes"}, timeout=60)

    def watch(self, images: int, seen: dict[str, float], since: float) -> None:
        """Note when the page counted all images, and when it called the exam complete, in seconds since the last C-STORE."""
        while "complete" not in seen and time.monotonic() - since < _MOST_SECONDS:
            page = self._session.get(f"{self._url}/exam", timeout=60).text
            moment = time.monotonic() - since
            state = re.search(r'data-images="(\w+)"', page)
            if re.search(rf"(?<!\d){images} (幅|images?)", page):
                seen.setdefault("all", moment)
                if state is not None and state[1] == "complete":
                    seen["complete"] = moment
            time.sleep(0.2)


def _processor(both: Pair) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, pid in (("cloud", both.cloud.supervisor_pid), ("gateway", both.gateway.supervisor_pid)):
        for part, seconds in seconds_by_part(pid).items():
            found[f"{name} {part}"] += seconds
    found["line"] = seconds_by_part(both.line_pid).total()
    return found


def _count(gateway: BenchGateway, series: CtSeries, state: str) -> int:
    statement = f"SELECT count(*) FROM instance WHERE study_instance_uid = ? AND state {state}"
    return int(gateway.rows(statement, series.study_instance_uid)[0][0])


def _wait(done: Callable[[], bool], otherwise: str, every: float = 0.1) -> None:
    until = time.monotonic() + _MOST_SECONDS
    while not done():
        if time.monotonic() > until:
            raise BenchFailed(otherwise)
        time.sleep(every)
