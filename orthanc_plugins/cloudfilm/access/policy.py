# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one decision that every door asks: may this holder do this, now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, InternalHolder, Scope


class Action(StrEnum):
    """What can be asked for."""

    QUERY = "query"
    RETRIEVE_IMAGES = "retrieve images"
    STORE_IMAGES = "store images"
    READ_REPORT = "read report"
    SUBMIT_REPORT = "submit report"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One thing that is asked for.

    ``hospital_id`` is the owner of what is asked for, None when it does not exist or nothing is named.
    """

    action: Action
    hospital_id: str | None = None
    study_instance_uid: str | None = None
    report_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Deny:
    """No, with the reason for the record; the asker is never told more than that there is nothing."""

    reason: str


type Decision = Allow | Deny

_SCOPE_FOR = {
    Action.QUERY: Scope.QUERY,
    Action.RETRIEVE_IMAGES: Scope.RETRIEVE,
    Action.STORE_IMAGES: Scope.STORE,
    Action.READ_REPORT: Scope.REPORTS,
    Action.SUBMIT_REPORT: Scope.REPORTS,
}


def decide(request: AccessRequest, holder: Holder, now: datetime) -> Decision:
    """Decide whether the holder may do what is requested. Whatever is not named here is denied."""
    match holder:
        case GrantHolder():
            return _decide_for_grant(request, holder, now)
        case ApiHolder():
            return _decide_for_api(request, holder, now)
        case InternalHolder():
            return Allow()


def _decide_for_grant(request: AccessRequest, holder: GrantHolder, now: datetime) -> Decision:
    if holder.revoked_at is not None:
        return Deny("the grant is revoked")
    if holder.expires_at is not None and now >= holder.expires_at:
        return Deny("the grant has expired")
    if not holder.consented:
        return Deny("the disclaimer has not been accepted")
    match request.action:
        case Action.RETRIEVE_IMAGES if request.study_instance_uid in holder.study_instance_uids:
            return Allow()
        case Action.QUERY if request.study_instance_uid is None or request.study_instance_uid in holder.study_instance_uids:
            return Allow()
        case Action.READ_REPORT if holder.sees_report and request.report_id == holder.report_id:
            return Allow()
    return Deny("outside the grant")


def _decide_for_api(request: AccessRequest, holder: ApiHolder, now: datetime) -> Decision:
    if holder.revoked_at is not None:
        return Deny("the token is revoked")
    if now >= holder.expires_at:
        return Deny("the token has expired")
    scope = _SCOPE_FOR.get(request.action)
    if scope is None or scope not in holder.scopes:
        return Deny("not in the token's scope")
    names_something = request.study_instance_uid is not None or request.report_id is not None
    if names_something and request.action is not Action.STORE_IMAGES and request.hospital_id != holder.hospital_id:
        return Deny("not the token's hospital")
    return Allow()
