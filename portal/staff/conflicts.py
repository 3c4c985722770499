# SPDX-License-Identifier: AGPL-3.0-or-later
"""Conflicts: what came for an exam and was not taken into it, beside what is there. People decide, a worker does it, and it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.conflicts import conflict_groups, keep_out, reopen, set_aside_for, take
from cloudfilm.db.database import Cursor
from cloudfilm.db.job_queue import SETTLE_CONFLICT, defer_job
from cloudfilm.db.set_aside import Reason, SetAside, SetAsideState, set_aside_with_id
from cloudfilm.db.studies import StudyRecord, studies_with_uids, study_with_uid
from cloudfilm.dicom.person_name import display_name
from cloudfilm.dicom.values import parse_dicom_date
from cloudfilm.errors import NotFound
from cloudfilm.storage.documents import DocumentStore
from portal.services import services
from portal.session import asker
from portal.staff.member import member_who_may
from portal.staff.page import moment, staff_page, to_page

conflicts = Blueprint("staff_conflicts", __name__, url_prefix="/staff/conflicts")
_MOST = 200
_SHOWN = 60
REASONS = {"content": Reason.OTHER_CONTENT, "patient": Reason.OTHER_PATIENT}
_NAME_OF = {reason: name for name, reason in REASONS.items()}


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """A group in the list; ``kind`` is empty where nobody can decide for the newcomer. ``study`` is None where it is not this hospital's."""

    study_instance_uid: str
    kind: str
    reason: str
    instances: int
    senders: str
    last_at: object
    study: StudyRecord | None
    patient_name: str
    new_name: str
    new_id: str


@conflicts.get("")
def show_conflicts() -> Response:
    """``?show=open`` or ``decided``."""
    holder = member_who_may(Action.SETTLE_CONFLICTS)
    hospital_id = holder.hospital_id or ""
    show = "decided" if request.args.get("show") == "decided" else "open"
    lines = []
    with services().database.transaction() as cursor:
        groups = conflict_groups(cursor, hospital_id, show == "open", _MOST)
        there = {study.study_instance_uid: study for study in studies_with_uids(cursor, {group.study_instance_uid for group in groups})}
    for group in groups:
        study = there.get(group.study_instance_uid)
        mine = study if study is not None and study.hospital_id == hospital_id else None
        facts = group.facts or {}
        lines.append(
            ConflictLine(
                group.study_instance_uid, _NAME_OF.get(Reason(group.reason), "") if group.reason in list(Reason) else "", group.reason,
                group.instances, ", ".join(sorted(set(group.senders))), group.last_at, mine, display_name(mine.patient_name) if mine else "",
                facts.get("name", ""), facts.get("PatientID", ""),
            )
        )  # fmt: skip
    return staff_page("staff/conflicts.html", holder, lines=lines, show=show)


@conflicts.get("/<kind>/<study_instance_uid>")
def show_conflict(kind: str, study_instance_uid: str) -> Response:
    """What came and what is there, side by side."""
    holder = member_who_may(Action.SETTLE_CONFLICTS)
    hospital_id = holder.hospital_id or ""
    with services().database.transaction() as cursor:
        group = set_aside_for(cursor, hospital_id, study_instance_uid, _reason(kind))
        study = study_with_uid(cursor, study_instance_uid)
    if not group:
        raise NotFound
    mine = study if study is not None and study.hospital_id == hospital_id else None
    newcomers = [one for one in group if not (one.facts or {}).get("was_in_archive")]
    return staff_page(
        "staff/conflict.html", holder, kind=kind, study_instance_uid=study_instance_uid, study=mine,
        patient_name=display_name(mine.patient_name) if mine else "", newcomers=newcomers[:_SHOWN],
        total=len(newcomers), when=_when, day=_day, states={one.state for one in newcomers}, is_pending=any(one.is_pending for one in group),
        decided=max((one for one in group if one.decided_at), key=lambda one: one.decided_at or one.received_at, default=None),
    )  # fmt: skip


@conflicts.post("/<kind>/<study_instance_uid>")
def decide(kind: str, study_instance_uid: str) -> Response:
    """``step``: ``keep`` what is there, ``take`` what came, ``undo`` either."""
    holder = member_who_may(Action.SETTLE_CONFLICTS)
    hospital_id, step, reason = holder.hospital_id or "", request.form.get("step", ""), _reason(kind)
    now, decision_id, by, trail = services().clock(), uuid4(), holder.full_name, services().audit_trail
    detail = ""
    with services().database.transaction() as cursor:
        group = set_aside_for(cursor, hospital_id, study_instance_uid, reason)
        if not group:
            raise NotFound
        if step == "keep" and (number := keep_out(cursor, hospital_id, study_instance_uid, reason, by, decision_id, now)):
            detail = f"kept what is there, {number} instances stay aside"
        elif step == "take":
            chosen = _newest([one for one in group if one.state in (SetAsideState.OPEN, SetAsideState.KEPT_OUT)])
            if number := take(cursor, chosen, by, decision_id, now):
                keep_out(cursor, hospital_id, study_instance_uid, reason, by, decision_id, now)
                detail = f"took {number} instances in place of what was there"
        elif step == "undo":
            detail = _undo(cursor, hospital_id, study_instance_uid, reason, group, by, decision_id)
        if detail:
            defer_job(cursor, SETTLE_CONFLICT, lock=study_instance_uid, arguments={"decision_id": str(decision_id)})
            event = trail.event(AuditKind.CONFLICT_SETTLED, holder, asker(), detail=f"{reason}: {detail}")
            trail.record_in(cursor, replace(event, study_instance_uid=study_instance_uid))
    return to_page(f"/staff/conflicts/{kind}/{study_instance_uid}")


@conflicts.get("/pictures/<uuid:set_aside_id>/<side>")
def show_picture(set_aside_id: UUID, side: str) -> Response:
    """The first frame of what came (``new``), or of what is in the archive (``there``), as JPEG."""
    holder = member_who_may(Action.SETTLE_CONFLICTS)
    with services().database.transaction() as cursor:
        one = set_aside_with_id(cursor, set_aside_id)
    if one is None or one.hospital_id != holder.hospital_id:
        raise NotFound
    sha256 = one.picture_sha256 if side == "new" else (one.facts or {}).get("there", {}).get("picture_sha256")
    if not sha256:
        raise NotFound
    try:
        picture = _store().get(sha256)
    except FileNotFoundError:
        raise NotFound from None
    return Response(picture, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})


def _undo(
    cursor: Cursor, hospital_id: str, study_instance_uid: str, reason: Reason, group: Sequence[SetAside], by: str, decision_id: UUID
) -> str:
    """What was replaced goes back into the archive; without that, what was kept out waits again."""
    if before := _newest([one for one in group if one.state == SetAsideState.REPLACED]):
        number = take(cursor, before, by, decision_id, services().clock())
        return f"put {number} instances back that had been replaced" if number else ""
    number = reopen(cursor, hospital_id, study_instance_uid, reason)
    return f"waits again, {number} instances" if number else ""


def _when(text: str) -> str:
    """A moment of the archive's own record, as people here read it."""
    try:
        return moment(datetime.fromisoformat(text))
    except ValueError:
        return ""


def _day(text: str | None) -> str:
    """A date as DICOM writes it (PS3.5 §6.2, DA), as people read it; what is none stays as it is."""
    day = parse_dicom_date(text)
    return day.isoformat() if day else text or ""


def _newest(group: Sequence[SetAside]) -> list[UUID]:
    """One of each SOPInstanceUID: several contents cannot be in the archive at once."""
    return list(
        {one.sop_instance_uid: one.set_aside_id for one in sorted(group, key=lambda one: one.decided_at or one.received_at)}.values()
    )


def _reason(kind: str) -> Reason:
    if kind not in REASONS:
        raise NotFound
    return REASONS[kind]


def _store() -> DocumentStore:
    return DocumentStore(services().settings.set_aside_directory)
