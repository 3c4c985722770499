# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the patient sees of an exam, without what differs from exam to exam: numbers made of its seed, secrets, moments."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from demo.report_form import make_report_pdf
from tests.faults.exam import Exam
from tests.faults.site import Site
from tests.support.patients import open_link
from tests.support.samples import fields_for

_NOT_SEEN = {"script", "style", "svg"}
# Made of the seed; which image of the series is shown is not.
_SERIES = re.compile(r"(?<=series=)[0-9.]+|(?<=instance=)[0-9.]+")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _NOT_SEEN
        # What is on the page also counts: which links and pictures, and the state that scripts go by.
        for name, value in attrs:
            if name in ("href", "src", "data-images") and value and not value.startswith("/static/"):
                self.lines.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _NOT_SEEN

    def handle_data(self, data: str) -> None:
        if not self._hidden and (text := " ".join(data.split())):
            self.lines.append(text)


def hand_in_report(site: Site, exam: Exam) -> str:
    """The exam's report, before its images; returns the patient's link."""
    answer = site.cloud.client(site.token).post("/api/v1/reports", files={"file": make_report_pdf(fields_for(exam.seed))})
    assert answer.status_code in (200, 201, 202), answer.text
    return str(answer.json()["link"])


def patient_page(site: Site, exam: Exam, link: str) -> tuple[str, ...]:
    """The page's text, links and pictures."""
    client = open_link(site.cloud, link)
    page = client.get("/exam")
    assert page.status_code == 200, page.status_code
    reader = _Text()
    reader.feed(page.text)
    count = re.compile(rf"(?<!\d){len(exam.images)} 幅")
    lines = [line.replace(exam.study_instance_uid, "STUDY").replace(exam.seed, "SEED") for line in reader.lines]
    return tuple(count.sub("all images", _UUID.sub("UUID", _SERIES.sub("UID", line))) for line in lines)
