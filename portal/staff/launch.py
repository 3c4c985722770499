# SPDX-License-Identifier: AGPL-3.0-or-later
"""The way of staff into a viewer: a grant for this launch, of exactly these studies and of no more rights than the role has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.grant import Grant, GrantKind, Right
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.grants import add_grant, name_studies
from cloudfilm.errors import NotFound
from portal.services import services
from portal.session import asker, new_id
from portal.staff.member import could


def launch_grant(holder: StaffHolder, study_instance_uids: Sequence[str], report_id: UUID | None = None) -> UUID:
    """A new grant. The caller has asked for each study whether it may be seen."""
    if holder.hospital_id is None:
        raise NotFound
    now, trail = services().clock(), services().audit_trail
    rights = {Right.IMAGES, Right.REPORT}
    if all(could(holder, Action.RETRIEVE_ORIGINALS, uid) for uid in study_instance_uids):
        rights.add(Right.DOWNLOAD)
    grant = Grant(
        grant_id=new_id(),
        hospital_id=holder.hospital_id,
        kind=GrantKind.STAFF,
        rights=frozenset(rights),
        created_at=now,
        report_id=report_id,
        expires_at=now + timedelta(hours=services().settings.staff_session_hours),
        account_id=holder.account_id,
    )
    event = replace(trail.event(AuditKind.GRANT_MADE, holder, asker()), grant_id=grant.grant_id)
    with services().database.transaction() as cursor:
        add_grant(cursor, grant, secret_hash=None, code_hash=None, code_start_hash=None)
        name_studies(cursor, grant.grant_id, study_instance_uids)
        for study_instance_uid in study_instance_uids:
            trail.record_in(cursor, replace(event, study_instance_uid=study_instance_uid))
    return grant.grant_id
