# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient with a paper: an exam that was sent and reported, and a visit to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid


@dataclass(frozen=True)
class Paper:
    """What the hospital printed for an exam."""

    instance: Instance
    seed: str
    report_id: str
    link: str
    access_code: str

    @property
    def study_instance_uid(self) -> str:
        return study_uid(self.seed)

    @property
    def grant_id(self) -> str:
        rows = self.instance.sql("SELECT grant_id FROM access_grant WHERE report_id = %s AND kind = 'patient'", self.report_id)
        return str(rows[0][0])

    def visit(self) -> requests.Session:
        """The patient scans the QR code and agrees."""
        return open_link(self.instance, self.link)

    def share(self, **wish: Any) -> dict[str, Any]:
        """The patient makes a link."""
        answer = self.visit().post("/api/v1/shares", json={"nickname": "李医生", **wish})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


def reported_exam(instance: Instance, folder: Path, seed: str) -> Paper:
    """An exam of 甲 whose images and report are there."""
    assert instance.dcmtk("storescu", *map(str, ct_study(folder, seed))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed)))
    client = instance.client(instance.token("jia", "reports"))
    answer = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seed))}).json()
    assert answer["status"] == "matched"
    return Paper(instance, seed, answer["report_id"], answer["link"], answer["access_code"])


def open_link(instance: Instance, link: str, user_agent: str = "") -> requests.Session:
    """Open a patient's or a shared link and agree."""
    client = instance.client()
    if user_agent:
        client.headers["User-Agent"] = user_agent
    assert client.get(link).status_code == 303
    assert client.post("/consent", data={"accepted": "yes"}).status_code == 303
    return client
