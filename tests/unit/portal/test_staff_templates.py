# SPDX-License-Identifier: AGPL-3.0-or-later
"""The staff's pages, rendered from sample values in both languages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.access.device import Device
from cloudfilm.access.grant import GrantKind
from cloudfilm.access.holder import ApiHolder, Role, Scope, StaffHolder
from cloudfilm.access.password import PasswordFault
from cloudfilm.db.accounts import Account
from cloudfilm.db.api_tokens import ApiTokenRecord
from cloudfilm.db.audit_events import RecordedEvent
from cloudfilm.db.exam_orders import ExamOrder, OrderStatus
from cloudfilm.db.gateway_maintenance import Asked
from cloudfilm.db.gateways import Gateway
from cloudfilm.db.grant_list import GrantLine
from cloudfilm.db.hospital_statistics import COUNTS, Holdings
from cloudfilm.db.hospitals import Hospital
from cloudfilm.db.mistakes import Mistake
from cloudfilm.db.operation import FailedJob, HospitalNumbers, Queue
from cloudfilm.db.patient_corrections import Person
from cloudfilm.db.patient_merges import PatientMerge
from cloudfilm.db.print_destinations import PrintDestination
from cloudfilm.db.print_orders import PrintOrder
from cloudfilm.db.printed_films import PrintedFilm
from cloudfilm.db.reconciliation import Difference
from cloudfilm.db.report_forms import FormRecord
from cloudfilm.db.report_review import ReportDecision
from cloudfilm.db.report_status import ReportStatus
from cloudfilm.db.report_texts import Picture, RecentReport
from cloudfilm.db.reports import ReportPage, ReportRecord, Transition
from cloudfilm.db.set_aside import SetAside
from cloudfilm.db.staff_filters import StaffFilter
from cloudfilm.db.studies import StudyRecord
from cloudfilm.db.study_list import STATES
from cloudfilm.db.study_page import StudyGrant
from cloudfilm.orthanc_api.study_pictures import SeriesVersion
from cloudfilm.reports.evidence import Evidence, Sign
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.placement import CORNERS
from cloudfilm.reports.taught_form import KINDS, MARKABLE, TaughtForm
from cloudfilm.reports.text_layer import PageText
from portal.form_view import Draft, Shown, ShownAnchor, ShownField, ShownLine, Tried
from portal.staff.conflicts import ConflictLine
from portal.staff.decisions import DISMISSALS, MAY_DECIDE, WITHDRAWALS
from portal.staff.films import ShownExam, ShownFilm
from portal.staff.form_samples import Source, SourceKind
from portal.staff.forms import ShownReport
from portal.staff.gateways import DifferenceLine
from portal.staff.grants import REASONS, ShownGrant
from portal.staff.hospital import LONGEST
from portal.staff.mistakes import ShownMistake
from portal.staff.orders import DAYS as ORDER_DAYS
from portal.staff.orders import LISTS as ORDER_LISTS
from portal.staff.orders import OrderLine, UnreportedLine
from portal.staff.patients import HistoryLine
from portal.staff.prints import ShownOrder
from portal.staff.register import CorrectionLine
from portal.staff.review import LISTS
from portal.staff.review_view import ShownCandidate, shown_fields, shown_pages
from portal.staff.statistics import Numbers
from portal.staff.studies import KeptSearch, StudyLine
from portal.staff.study import GrantOfStudy, LogLine, report_lines
from portal.staff.study_search import FIELDS, MODALITIES

TEMPLATES = Path(__file__).resolve().parents[3] / "portal/templates/staff"
APP = Path(__file__).resolve().parents[3] / "orthanc_plugins/cloudfilm"
HOSTILE = "<script>alert(1)</script>\"'"
NOW = datetime(2026, 5, 11, 9, 42, tzinfo=UTC)
ID = UUID(int=7)
ME = StaffHolder(ID, "li", HOSTILE, Role.ADMINISTRATOR, "jia", UUID(int=8), closed=False)
ALL = ["studies", "orders", "review", "grants", "prints", "forms", "users", "tokens", "audit", "statistics", "hospital", "operation"]
KEPT = StaffFilter(ID, HOSTILE, {"text": HOSTILE})
PAPER = StudyGrant(ID, GrantKind.SHARE, HOSTILE, ID, NOW, NOW, NOW, HOSTILE, 3, NOW, HOSTILE, ID)
DAYS = [date(2026, 5, 10), date(2026, 5, 11)]
STUDY = StudyRecord(
    "1.2.3", "jia", None, HOSTILE, "", "F", date(1958, 1, 1), HOSTILE, date(2026, 5, 11), time(9, 42), HOSTILE, "", ["CT"], 2, 172, None
)
EXPECTED_EXAM = ExamOrder(
    ID, "jia", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, "F", date(1958, 1, 1), "CT", HOSTILE, "expected", NOW, NOW, {}, "ris", "1", NOW, NOW,
    NOW, HOSTILE,
)  # fmt: skip
ACCOUNT = Account(UUID(int=9), "jia", "wang", HOSTILE, Role.DOCTOR, NOW, sealed_totp=b"sealed")
GRANT = GrantLine(ID, GrantKind.SHARE, HOSTILE, NOW, NOW, None, "", 3, NOW, ID, HOSTILE, HOSTILE, "", "")
REPORT = ReportRecord(
    ID,
    "jia",
    "review",
    HOSTILE,
    "0" * 64,
    {"patient_name": HOSTILE, "readings": {"patient_name": {"confidence": 0.4, "page": 1, "box": [1, 2, 3, 4]}}},
    None,
    NOW,
    NOW,
    "printer",
    HOSTILE,
    HOSTILE,
)
CANDIDATE = ShownCandidate(
    STUDY,
    HOSTILE,
    "CT",
    40,
    tuple(Evidence(sign, agrees, HOSTILE, HOSTILE) for sign in Sign for agrees in (True, False)),
    (Sign.NAME,),
    "1",
    is_bound=True,
)
DECISION = ReportDecision(ID, ID, NOW, ID, "match", "review", "", [], None, HOSTILE)
GATEWAY = Gateway(ID, "jia", HOSTILE, None, ID, NOW, NOW, NOW, {"waiting": 3, "disk_state": "good", "free_bytes": 5_000_000})
DIFFERENCE = Difference(
    ID, HOSTILE, "1.2.3", 3, 2, ["1.2.4"], ["1.2.5"], ["1.2.6"], True, False, ["1.2.4"], NOW, HOSTILE, None, HOSTILE, NOW
)
TOLD = dict.fromkeys(("name", "PatientID", "PatientSex", "StudyDescription", "SeriesDescription"), HOSTILE)
NEWCOMER = SetAside(
    ID, "jia", "1.2.3", "1.2.6", HOSTILE, HOSTILE, "0" * 64, 5, NOW, bytes_kept=True, picture_sha256="0" * 64,
    facts={**TOLD, "there": {**TOLD, "sender": HOSTILE, "received_at": HOSTILE, "sha256": HOSTILE, "picture_sha256": "0" * 64}},
)  # fmt: skip
TOKEN = ApiTokenRecord(ApiHolder(ID, "jia", frozenset(Scope), NOW, None, is_gateway=True), HOSTILE, NOW, None)
ORDER = PrintOrder(ID, ID, "jia", "kiosk", None, ID, "kiosk-hall", NOW, attempts=2, trouble=HOSTILE)
ORDER_STATES: list[dict[str, Any]] = [
    {}, {"queued_at": NOW}, {"printed_at": NOW, "repeat_allowed_at": NOW, "repeat_allowed_by": HOSTILE}, {"failed_at": NOW},
]  # fmt: skip
DESTINATION = PrintDestination(ID, "jia", "desk", HOSTILE, HOSTILE, NOW)
PICTURE = Picture("0" * 64, 1240, 1754)
BOX = (1.0, 2.0, 30.0, 40.0)
FORM = FormRecord(ID, 2, "jia", HOSTILE, {"kind": "CT", "areas": [], "anchors": []}, True, False, "edited", (PICTURE,), NOW, HOSTILE)
TEXT = PageText(HOSTILE, (), 595.0, 842.0)
SHOWN = Shown(
    (ShownField("patient_name", 1, BOX, HOSTILE, is_sure=False), ShownField("findings")), (ShownAnchor(HOSTILE, HOSTILE, 1, BOX, True),), "",
    TaughtForm("new", 0, HOSTILE, "", ((595.0, 842.0),), (), ()),
)  # fmt: skip
RECENT = ShownReport(RecentReport(ID, NOW, HOSTILE, {}, b""), HOSTILE, HOSTILE, 1, 0)
MISTAKE = Mistake(ID, "jia", ID, ID, "1.2.3", "other", HOSTILE, HOSTILE, NOW, answer=HOSTILE, changed_at=NOW, changed_by=HOSTILE)
FILM = PrintedFilm(ID, "jia", HOSTILE, "0" * 64, [], [HOSTILE], NOW, NOW, "identified", HOSTILE, [[HOSTILE, 0.9]])
SHOWN_FILM = ShownFilm(FILM, "/dicom-web/x", "/dicom-web/x")
PAGES: dict[str, dict[str, object]] = {
    "studies": {
        "lines": [StudyLine(STUDY, HOSTILE, "CT")], "asked": dict.fromkeys(FIELDS, HOSTILE), "is_limited": True, "may_open": True,
        "modalities": MODALITIES, "states": list(STATES), "kept": [KeptSearch(KEPT, "/staff/?text=x", is_shown=True)], "removed": KEPT, "silent": [GATEWAY],
    },
    "study": {
        "study": STUDY, "patient_name": HOSTILE, "series": [SeriesVersion("1.2.4", 1, "CT", 3, "1", HOSTILE), SeriesVersion("1.2.5", 2, "SR", 1, "1", HOSTILE)],
        "reports": report_lines([replace(REPORT, status="issued"), REPORT]), "grants": [GrantOfStudy(PAPER, "open"), GrantOfStudy(PAPER, "revoked")],
        "set_aside": [SetAside(ID, "jia", "1.2.3", "1.2.6", HOSTILE, HOSTILE, "0" * 64, 5, NOW, bytes_kept=True)], "film_to_identify": FILM,
        "reasons": REASONS, "may": {"images", "grants", "paper", "log", "review"}, "phone": True, "destinations": [DESTINATION],
        "first_destination": ID, "stamped": {ID},
    },
    "study_log": {"study": STUDY, "patient_name": HOSTILE,
                  "lines": [LogLine(AuditEvent(NOW, AuditKind.IMAGES_VIEWED, "denied", ActorKind.STAFF, device="phone"), HOSTILE)]},
    "patient": {"study": STUDY, "patient_name": HOSTILE, "lines": [HistoryLine(STUDY, HOSTILE, 1, differs=True, is_picked=True)] * 2,
                "may_open": True, "trouble": "two"},
    "paper": {"study": STUDY, "patient_name": HOSTILE, "fields": ReportFields(), "access_code": "7K3M", "public_url": "https://a.example",
              "qr_code": "data:image/png;base64,AAAA", "ended": 1, "printed_at": NOW, "destination": DESTINATION},
    "hospital": {"shown": dict.fromkeys((*LONGEST, "paper_days", "stamp_corner"), HOSTILE), "reaches_all": True, "logo": "0" * 64, "longest": LONGEST,
                 "corners": CORNERS, "destinations": [DESTINATION], "first_destination": ID, "trouble": "logo format", "is_saved": True},
    "operation": {"hospitals": [HospitalNumbers("jia", HOSTILE, 1, 2, 3, 4, 5, NOW)], "queues": [Queue("read_report", 1, 2, 3)],
                  "failed": [FailedJob(7, "read_report", 3, NOW)], "workers": 1, "disk": shutil.disk_usage("/")},
    "statistics": {"numbers": Numbers(DAYS, {name: [0, 7] for name in COUNTS}, Holdings(1, 2, 3, 4, 5)), "by_week": True, "counts": COUNTS,
                   "width": 720, "height": 160},
    "welcome": {},
    "account": {"own": ACCOUNT, "code_trouble": "wrong"},
    "one_time_code_new": {"pending": "sealed", "picture": "AAAA", "secret": HOSTILE, "trouble": True},
    "users": {"accounts": [ACCOUNT, replace(ACCOUNT, disabled_at=NOW)], "hospitals": [Hospital("jia", HOSTILE)], "roles": list(Role),
              "filled": {"login": HOSTILE}, "trouble": "taken"},
    "password_issued": {"login": HOSTILE, "password": "secret"},
    "grants": {"lines": [ShownGrant(GRANT, HOSTILE, state) for state in ("open", "expired", "revoked")], "text": "", "reasons": REASONS},
    "prints": {"lines": [ShownOrder(replace(ORDER, **more), HOSTILE, HOSTILE) for more in ORDER_STATES]},
    "forms": {"forms": [FORM, replace(FORM, is_on=False, version=1)], "read": {str(ID): 3}, "recent": [RECENT], "undoable": FORM, "bin": [FORM],
              "trouble": "no PDF"},
    "form_waiting": {"reason": HOSTILE},
    "form_teaching": {"source": Source(SourceKind.REPORT, ID, b"", (TEXT,), (PICTURE,)), "draft": Draft(HOSTILE), "shown": SHOWN,
                      "lines": [ShownLine(1, HOSTILE, BOX)], "markable": MARKABLE, "kinds": KINDS, "trouble": "no name",
                      "tried": [Tried("1", HOSTILE, True, SHOWN.fields[:1], frozenset({"patient_name"})), Tried("2", HOSTILE, False, (), frozenset())]},
    "orders": {"lines": [OrderLine(EXPECTED_EXAM, HOSTILE, 3, trouble) for trouble in ("", "another patient", "cancelled")], "unreported": [],
               "is_more": True, "lists": ORDER_LISTS, "show": "all", "days": 30, "all_days": ORDER_DAYS, "text": HOSTILE},
    "register": {"lines": [CorrectionLine(replace(STUDY, correction_waits=waits), Person(HOSTILE, "F", None), Person(HOSTILE, "M", date(1958, 1, 1)))
                           for waits in (True, False)],
                 "merges": [PatientMerge(HOSTILE, HOSTILE, NOW, HOSTILE, None), PatientMerge("1", "2", NOW, "", NOW)], "text": HOSTILE},
    "films": {"films": [SHOWN_FILM, ShownFilm(replace(FILM, state="unidentified"), "", "")], "every": False, "number": 2, "done": FILM},
    "film": {"shown": SHOWN_FILM, "exams": [ShownExam(STUDY, HOSTILE, "CT", (HOSTILE,), is_chosen=True)], "searched": HOSTILE, "trouble": "Conflict",
             "done": None, "following": ID, "lines": [HOSTILE]},
    "mistakes": {"lines": [ShownMistake(MISTAKE, HOSTILE, HOSTILE), ShownMistake(replace(MISTAKE, state="settled"), "", "")], "show": "open",
                 "lists": ["open", "settled"], "most": 2, "longest": 500},
    "review": {"has_films": True, "films_to_look_at": 2,
               "reports": [REPORT], "counts": dict.fromkeys(LISTS, 3), "lists": LISTS, "show": "review", "text": HOSTILE, "in_review": 3, "done": None},
    "review_report": {
        "report": REPORT, "fields": shown_fields(REPORT.fields), "pages": shown_pages([ReportPage(1, "a", 10, 10, 595.0, 842.0)], REPORT),
        "candidates": [CANDIDATE], "searched": HOSTILE, "seen": 3, "versions": [replace(REPORT, superseded_by=ID)], "following": ID,
        "steps": [Transition(NOW, "read", "review", HOSTILE)], "decisions": [DECISION, replace(DECISION, undone_at=NOW)], "undo": DECISION,
        "may": set(MAY_DECIDE), "dismissals": DISMISSALS, "withdrawals": WITHDRAWALS, "trouble": "meanwhile",
        "done": {"report": REPORT, "decision": "match", "seen": 4},
    },
    "tokens": {"tokens": [TOKEN, replace(TOKEN, last_used_at=NOW)], "scopes": list(Scope), "now": NOW, "filled": {}},
    "gateways": {"gateways": [GATEWAY, replace(GATEWAY, paired_at=None, last_seen_at=None, told={})], "silent_before": NOW,
                 "differences": {ID: 3}, "trouble": True},
    "gateway_added": {"name": HOSTILE, "code": "7K3M-9QXF-2T8B", "public_url": "https://films.example.org"},
    "gateway": {"gateway": replace(GATEWAY, told={**GATEWAY.told, "remote_allowed": True, "speed_limits": HOSTILE, "keep_days": 14}),
                "asked": Asked(HOSTILE, 3, NOW, HOSTILE, NOW, HOSTILE, HOSTILE, NOW), "trouble": "limits", "is_answered": True},
    "differences": {"lines": [DifferenceLine(DIFFERENCE, STUDY, HOSTILE), DifferenceLine(replace(DIFFERENCE, accepted_at=NOW, wanted_again=[]), None, "")],
                    "is_more": True},
    "conflicts": {"lines": [ConflictLine("1.2.3", "content", HOSTILE, 3, HOSTILE, NOW, STUDY, HOSTILE, HOSTILE, HOSTILE)], "show": "open"},
    "conflict": {"kind": "content", "study_instance_uid": "1.2.3", "study": STUDY, "patient_name": HOSTILE, "newcomers": [NEWCOMER],
                 "total": 61, "states": {"open"}, "is_pending": False, "decided": None, "when": str, "day": str},
    "token_issued": {"token": "abc", "label": HOSTILE},
    "audit": {"events": [RecordedEvent(1, AuditEvent(NOW, AuditKind.SEARCHED, "denied", ActorKind.STAFF, str(ID), detail=HOSTILE))],
              "logins": {str(ID): HOSTILE}, "asked": {}, "kinds": list(AuditKind), "older": "before=3", "before": "9"},
}  # fmt: skip
ENTRANCES: dict[str, dict[str, object]] = {
    "sign_in": {"next": "/staff/", "trouble": "wrong", "login": HOSTILE},
    "one_time_code": {"step": HOSTILE, "trouble": "wrong"},
    "choose_password": {"step": HOSTILE, "fault": "common"},
}

type Render = Callable[..., str]


def page_of(render: Render, name: str, **more: object) -> str:
    shared: dict[str, object] = {"me": ME, "hospital_name": HOSTILE, "offered": ALL, "moment": lambda when: f"{when:%H:%M}" if when else ""}
    return render(f"staff/{name}.html", **(shared | PAGES[name] | more))


def test_every_template_is_rendered_here() -> None:
    parts = {
        "silent_gateways",
        "review_done",
        "film_done",
        "exam_search",
        "review_candidates",
        "base",
        "words",
        "study_head",
        "sign_in_base",
        "new_password",
        "failure",
        "form_words",
    }
    assert {path.stem for path in TEMPLATES.glob("*.html")} - parts <= set(PAGES) | set(ENTRANCES) | {"oidc"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_escapes_what_it_shows_and_has_one_heading(render: Render, name: str) -> None:
    page = page_of(render, name)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<h1") == 1
    assert 'action="/staff/sign-out"' in page


@pytest.mark.parametrize("name", ENTRANCES)
def test_the_forms_to_sign_in_escape_and_explain(render: Render, name: str) -> None:
    page = render(f"staff/{name}.html", **ENTRANCES[name])
    assert "<script>" not in page
    assert page.count("<h1") == 1
    assert 'role="alert"' in page
    assert 'role="alert"' not in render(f"staff/{name}.html")
    assert " 7 " in render(f"staff/{name}.html", trouble="too many", minutes=7)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.stem)
def test_every_form_that_changes_something_has_room_for_its_token_first(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    forms = re.findall(r'<form[^>]*method="post"[^>]*>\s*(.{0,80})', text)
    assert all(first.startswith("{{ csrf_field() }}") for first in forms), path.name


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("offered", [[], ALL])
def test_the_navigation_shows_what_the_role_may(render: Render, role: Role, offered: list[str]) -> None:
    page = page_of(render, "welcome", me=replace(ME, role=role), offered=offered)
    for name in ALL[1:]:
        assert (f'href="/staff/{name}"' in page) == (name in offered)


@pytest.mark.parametrize("fault", [*PasswordFault, "not the same twice", "the same", "wrong", "too many"])
def test_every_fault_of_a_password_is_said(render: Render, fault: str) -> None:
    assert 'role="alert"' in page_of(render, "account", password_trouble=fault)


def test_every_kind_of_event_actor_and_device_has_a_word(render: Render) -> None:
    def event(kind: AuditKind, actor: ActorKind, device: str) -> RecordedEvent:
        return RecordedEvent(1, AuditEvent(NOW, kind, "success", actor, device=device))

    events = [event(kind, ActorKind.STAFF, "") for kind in AuditKind] + [event(AuditKind.OTHER, actor, "") for actor in ActorKind]
    page = page_of(render, "audit", events=events + [event(AuditKind.OTHER, ActorKind.STAFF, device) for device in Device])
    if 'lang="zh-CN"' in page.split(">", 2)[1]:
        rows = page.split("<tbody>")[1].split("</tbody>")[0]
        for stored in (*AuditKind, *(actor for actor in ActorKind if actor != "nobody")):
            assert f">{stored}" not in rows


def test_every_reason_of_the_machine_has_a_word(render: Render) -> None:
    """Each reason as matching and the versions write it is said in the reader's language."""
    sources = [APP / "reports/matching.py", APP / "reports/binding.py"]
    reasons = {
        reason
        for path in sources
        for pattern in (
            r'(?:Ambiguous|NoMatch|Matched)\([^"]*?"([^"{]+)"',
            r'(?:set_status|set_amended|set_withdrawn|return_to_life_in)\([^"]*?"([^"{]+)"',
        )
        for reason in re.findall(pattern, path.read_text(encoding="utf-8"), re.DOTALL)
    }
    reasons |= {
        f"the accession number is equal, {said} not" for said in re.findall(r'"(the [a-z\' ]+ is)"', sources[0].read_text(encoding="utf-8"))
    }
    assert len(reasons) > 20
    page = page_of(render, "review", reports=[replace(REPORT, status_reason=reason) for reason in reasons])
    if 'lang="zh-CN"' in page.split(">", 2)[1]:
        assert [reason for reason in reasons if reason in page] == []


@pytest.mark.parametrize("status", list(OrderStatus))
def test_every_status_of_an_order_has_a_word(render: Render, status: OrderStatus) -> None:
    page = page_of(render, "orders", lines=[OrderLine(replace(EXPECTED_EXAM, status=status), HOSTILE)])
    shown = re.search(r'class="mark [a-z]+">([^<]+)<', page)
    assert shown
    if 'lang="zh-CN"' in page.split(">", 2)[1]:
        assert shown[1] != status
    assert HOSTILE not in page_of(render, "orders", lines=[], unreported=[UnreportedLine(STUDY, HOSTILE, "CT")], show="without-report")


def test_why_a_document_was_not_taken_is_said_with_what_to_do(render: Render) -> None:
    sources = [APP / "reports" / name for name in ("document.py", "limited_process.py", "document_process.py", "picture_process.py")]
    written = [
        found
        for path in sources
        for found in re.findall(r'(?:DocumentRefused\(\s*f?|"refused": )"([^"]+)"', path.read_text(encoding="utf-8"))
    ]
    reasons = [re.sub(r"\{[^}]+\}", "7", one) for one in written]
    assert len(reasons) > 8
    page = page_of(
        render, "review", show="failed", reports=[replace(REPORT, status="failed", status_reason=f"{one}; more") for one in reasons]
    )
    assert [reason for reason in reasons if f"{reason}; more" in page] == []


@pytest.mark.parametrize("status", list(ReportStatus))
def test_every_status_of_a_report_has_a_word(render: Render, status: ReportStatus) -> None:
    page = page_of(render, "review_report", report=replace(REPORT, status=status), trouble="")
    shown = re.search(r'id="status">([^<]+)<', page)
    assert shown
    assert ('lang="zh-CN"' in page.split(">", 2)[1]) == (shown[1].isascii() is False)


@pytest.mark.parametrize("status", [400, 404, 405, 500, 503])
def test_a_failure_leads_back(render: Render, status: int) -> None:
    page = render("staff/failure.html", status=status)
    assert page.count("<h1") == 1
    assert 'href="/staff/"' in page


@pytest.mark.parametrize("trouble", ["no name", "no fields", "no fixed texts", "not recognised", "off the page", "malformed"])
def test_every_trouble_with_a_form_is_said(render: Render, trouble: str) -> None:
    assert 'role="alert"><svg' in page_of(render, "form_teaching", trouble=trouble).replace("\n", "").replace("  ", "")
