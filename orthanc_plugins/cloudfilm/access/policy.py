# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one decision that every door asks: may this holder do this, now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloudfilm.access.grant import Grant, GrantKind, Right
from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, InternalHolder, KioskHolder, Role, Scope, StaffHolder


class Action(StrEnum):
    """What can be asked for."""

    QUERY = "query"
    # Pixels: frames, rendered pictures, thumbnails.
    VIEW_IMAGES = "view images"
    # Attributes as they were stored, with the patient's name: metadata, and searches below one study.
    READ_METADATA = "read metadata"
    # The same without documents and, where the grant hides them, without names.
    READ_CLEANED_METADATA = "read cleaned metadata"
    # Values too large for metadata; among them encapsulated documents, so reports.
    RETRIEVE_BULK_DATA = "retrieve bulk data"
    # Whole instances as they were stored.
    RETRIEVE_ORIGINALS = "retrieve originals"
    STORE_IMAGES = "store images"
    READ_REPORT = "read report"
    SEE_REPORT_PAGES = "see report pages"
    DOWNLOAD_REPORT = "download report"
    SUBMIT_REPORT = "submit report"
    FETCH_DELIVERY = "fetch delivery"
    PRINT_AT_KIOSK = "print at a kiosk"
    # Say which exam a report belongs to, withdraw it, take that back.
    REVIEW_REPORTS = "review reports"
    # Of two contents under one UID, or two patients under one exam, say which is right.
    SETTLE_CONFLICTS = "settle conflicts"
    SHARE = "share"
    READ_OWN_LOG = "read own log"
    REPORT_MISTAKE = "report a mistake"
    MANAGE_GRANTS = "manage grants"
    # Give a report's patient new keys. Whoever may not see the exam gets none to it.
    ISSUE_PAPER = "issue paper"
    # Who has looked at one study.
    READ_STUDY_LOG = "read a study's log"
    MANAGE_TOKENS = "manage tokens"
    MANAGE_ACCOUNTS = "manage accounts"
    TEACH_FORMS = "teach forms"
    READ_AUDIT = "read audit"
    MANAGE_HOSPITAL = "manage hospital"
    # Numbers only, of no patient.
    READ_STATISTICS = "read statistics"
    # All hospitals in numbers; jobs.
    OPERATE = "operate"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One thing that is asked for.

    ``hospital_id`` is the owner of what is asked for, None when it does not exist or nothing is named. ``carries_key``: the report's page has the
    patient's own QR code on it.
    """

    action: Action
    hospital_id: str | None = None
    study_instance_uid: str | None = None
    report_id: UUID | None = None
    carries_key: bool = False

    @property
    def names_something(self) -> bool:
        """Whether one study or report is asked for."""
        return self.study_instance_uid is not None or self.report_id is not None


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Deny:
    """No, with the reason for the record; the asker is never told more than that there is nothing."""

    reason: str


type Decision = Allow | Deny

# What a grant must hold. Originals and bulk data of a study may hold its report as a document: who may not see the report may not see them.
_RIGHTS_FOR = {
    Action.VIEW_IMAGES: {Right.IMAGES},
    Action.READ_CLEANED_METADATA: {Right.IMAGES},
    Action.READ_METADATA: {Right.IMAGES, Right.REPORT},
    Action.RETRIEVE_BULK_DATA: {Right.IMAGES, Right.REPORT},
    Action.RETRIEVE_ORIGINALS: {Right.IMAGES, Right.REPORT, Right.DOWNLOAD},
    Action.QUERY: {Right.IMAGES},
    Action.READ_REPORT: {Right.REPORT},
    Action.SEE_REPORT_PAGES: {Right.REPORT},
    Action.DOWNLOAD_REPORT: {Right.REPORT, Right.DOWNLOAD},
    Action.SHARE: {Right.SHARE},
    Action.READ_OWN_LOG: set[Right](),
    Action.REPORT_MISTAKE: set[Right](),
}
_OF_A_STUDY = {
    Action.VIEW_IMAGES, Action.READ_METADATA, Action.READ_CLEANED_METADATA, Action.RETRIEVE_BULK_DATA, Action.RETRIEVE_ORIGINALS,
}  # fmt: skip
_OF_A_REPORT = {Action.READ_REPORT, Action.SEE_REPORT_PAGES, Action.DOWNLOAD_REPORT}
_SHOWS_NAMES = {
    Action.READ_METADATA, Action.RETRIEVE_BULK_DATA, Action.RETRIEVE_ORIGINALS, Action.SEE_REPORT_PAGES, Action.DOWNLOAD_REPORT,
}  # fmt: skip
_SHOWS_PAPER = {Action.SEE_REPORT_PAGES, Action.DOWNLOAD_REPORT}
_OF_THE_PATIENT = {Action.SHARE, Action.READ_OWN_LOG, Action.REPORT_MISTAKE}

_SCOPE_FOR = {
    Action.QUERY: Scope.QUERY,
    Action.VIEW_IMAGES: Scope.RETRIEVE,
    Action.READ_METADATA: Scope.RETRIEVE,
    Action.RETRIEVE_BULK_DATA: Scope.RETRIEVE,
    Action.RETRIEVE_ORIGINALS: Scope.RETRIEVE,
    Action.STORE_IMAGES: Scope.STORE,
    Action.READ_REPORT: Scope.REPORTS,
    Action.SEE_REPORT_PAGES: Scope.REPORTS,
    Action.DOWNLOAD_REPORT: Scope.REPORTS,
    Action.SUBMIT_REPORT: Scope.REPORTS,
    Action.FETCH_DELIVERY: Scope.REPORTS,
}

_READING = {Action.QUERY, Action.VIEW_IMAGES, Action.READ_METADATA, Action.RETRIEVE_BULK_DATA, *_OF_A_REPORT}
_ACTIONS_OF = {
    Role.DOCTOR: _READING | {Action.RETRIEVE_ORIGINALS, Action.REVIEW_REPORTS, Action.SETTLE_CONFLICTS},
    Role.REGISTRAR: _READING | {
        Action.MANAGE_GRANTS, Action.ISSUE_PAPER, Action.READ_STUDY_LOG, Action.SUBMIT_REPORT, Action.REVIEW_REPORTS, Action.TEACH_FORMS,
        Action.SETTLE_CONFLICTS,
    },
    Role.ADMINISTRATOR: {
        Action.QUERY, Action.MANAGE_GRANTS, Action.MANAGE_TOKENS, Action.MANAGE_ACCOUNTS, Action.TEACH_FORMS, Action.READ_AUDIT,
        Action.READ_STUDY_LOG, Action.MANAGE_HOSPITAL, Action.READ_STATISTICS,
    },
    Role.OPERATOR: {Action.MANAGE_ACCOUNTS, Action.READ_AUDIT, Action.OPERATE},
}  # fmt: skip


def decide(request: AccessRequest, holder: Holder, now: datetime) -> Decision:
    """Decide whether the holder may do what is requested. Whatever is not named here is denied."""
    match holder:
        case GrantHolder():
            return _decide_for_grant_holder(request, holder, now)
        case ApiHolder():
            return _decide_for_api(request, holder, now)
        case StaffHolder():
            return _decide_for_staff(request, holder)
        case KioskHolder():
            return _decide_for_kiosk(request, holder)
        case InternalHolder():
            return Allow()


def _decide_for_grant_holder(request: AccessRequest, holder: GrantHolder, now: datetime) -> Decision:
    if not holder.consented:
        return Deny("the disclaimer has not been accepted")
    if not holder.is_session and (
        request.action in _OF_A_REPORT | _OF_THE_PATIENT or not _within(request, holder.narrowed_to or frozenset())
    ):
        return Deny("outside the viewer's token")
    return _decide_for_grant(request, holder.grant, now)


def _within(request: AccessRequest, study_instance_uids: frozenset[str]) -> bool:
    return request.study_instance_uid is None or request.study_instance_uid in study_instance_uids


def _decide_for_grant(request: AccessRequest, grant: Grant, now: datetime) -> Decision:
    """What a parent denies, no child allows; sharing and the log are the patient's own."""
    if grant.parent is not None and isinstance(denied := _decide_for_grant(request, grant.parent, now), Deny):
        return denied
    if (closed := grant.why_closed(now)) is not None:
        return Deny(closed)
    rights = _RIGHTS_FOR.get(request.action)
    if rights is None or not rights <= grant.rights:
        return Deny("not among the grant's rights")
    if request.action in _OF_THE_PATIENT and grant.kind is not GrantKind.PATIENT:
        return Deny("not a patient's grant")
    if request.action in _SHOWS_NAMES and not grant.shows_names:
        return Deny("the grant hides names")
    if request.carries_key and grant.parent is not None and request.action in _SHOWS_PAPER:
        return Deny("the paper carries the patient's own key")
    if request.action in _OF_A_STUDY and request.study_instance_uid not in grant.study_instance_uids:
        return Deny("outside the grant")
    if request.action in _OF_A_REPORT and request.report_id not in grant.report_ids:
        return Deny("outside the grant")
    if request.action is Action.QUERY and not _within(request, grant.study_instance_uids):
        return Deny("outside the grant")
    return Allow()


def _decide_for_api(request: AccessRequest, holder: ApiHolder, now: datetime) -> Decision:
    if holder.revoked_at is not None:
        return Deny("the token is revoked")
    if now >= holder.expires_at:
        return Deny("the token has expired")
    scope = _SCOPE_FOR.get(request.action)
    if scope is None or scope not in holder.scopes:
        return Deny("not in the token's scope")
    # Storing names a study that may not exist yet: whose it is, is judged for each instance.
    if request.names_something and request.action is not Action.STORE_IMAGES and request.hospital_id != holder.hospital_id:
        return Deny("not the token's hospital")
    return Allow()


def _decide_for_kiosk(request: AccessRequest, holder: KioskHolder) -> Decision:
    if holder.closed:
        return Deny("the kiosk is revoked")
    if request.action is not Action.PRINT_AT_KIOSK:
        return Deny("a kiosk prints and does nothing else")
    if request.names_something and request.hospital_id != holder.hospital_id:
        return Deny("not the kiosk's hospital")
    return Allow()


def _decide_for_staff(request: AccessRequest, holder: StaffHolder) -> Decision:
    if holder.closed:
        return Deny("the session has ended")
    if request.action not in _ACTIONS_OF[holder.role]:
        return Deny("not the role's")
    if holder.role is Role.OPERATOR:
        return Deny("operators see no patients") if request.names_something else Allow()
    if (request.names_something or request.hospital_id is not None) and request.hospital_id != holder.hospital_id:
        return Deny("not the account's hospital")
    return Allow()
