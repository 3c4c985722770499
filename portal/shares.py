# SPDX-License-Identifier: AGPL-3.0-or-later
"""The links that a patient makes for others from their own visit: making, listing, ending them, each with its event in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.grant import Grant
from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.access.secret import SECRET_BYTES, hash_secret, secret_from
from cloudfilm.access.share import MOST_OPEN_SHARES, Flaw, ShareRefused, ShareWish, make_share
from cloudfilm.db.database import Cursor
from cloudfilm.db.grants import add_grant, count_open_shares, grant_with_id, lock_grant, name_studies, revoke_grant, shares_of_grant
from cloudfilm.db.reports import reports_with_ids
from cloudfilm.errors import NotFound
from portal.services import services
from portal.session import asker, new_id, require


@dataclass(frozen=True, slots=True)
class MadeShare:
    """A share that has just been made, with its secret: shown once, stored nowhere. ``repr`` does not show it."""

    share: Grant
    secret: str

    def __repr__(self) -> str:
        return "MadeShare(…)"

    @property
    def link(self) -> str:
        """What is passed on."""
        return f"{services().settings.public_url}/s/{self.secret}"

    @property
    def qr_url(self) -> str:
        """The same in upper case throughout, which a QR code encodes more compactly."""
        return self.link.upper()


def sharing_patient() -> GrantHolder:
    """The patient's visit, which may make links for others; 401 without one, 404 for anybody else, whose try is written down."""
    wanted = AccessRequest(Action.SHARE)
    holder = services().doorkeeper.would_allow(wanted, asker()) or require(wanted)
    if not isinstance(holder, GrantHolder) or (holder.grant.report_id is None and not holder.grant.reached_reports):
        # Given out before its report: there is nothing to pass on yet.
        raise NotFound
    return holder


def share_exam(holder: GrantHolder, wish: ShareWish, report_id: UUID) -> MadeShare:
    """Make a link.

    Parameters
    ----------
    report_id : UUID
        The exam that is looked at.

    Raises
    ------
    ShareRefused
        The wish exceeds what the patient's own grant allows, or too many links are open.
    """
    secret, now = secret_from(services().entropy(SECRET_BYTES)), services().clock()
    parent, trail = holder.grant, services().audit_trail
    with services().database.transaction() as cursor:
        # One at a time, so that of many at once no more than the limit are made.
        lock_grant(cursor, parent.grant_id)
        if count_open_shares(cursor, parent.grant_id, now) >= MOST_OPEN_SHARES:
            raise ShareRefused(Flaw.TOO_MANY)
        share = make_share(parent, wish, _first_report(cursor, parent, wish, report_id), new_id(), now)
        add_grant(cursor, share, hash_secret(secret), None, None)
        name_studies(cursor, share.grant_id, wish.studies or ())
        trail.record_in(cursor, trail.event(AuditKind.SHARE_MADE, holder, asker(), detail=f"share {share.grant_id}"))
    return MadeShare(share, secret)


def own_shares(holder: GrantHolder) -> list[Grant]:
    """The newest two hundred links that were made from the visit's grant, newest first."""
    with services().database.transaction() as cursor:
        return shares_of_grant(cursor, holder.grant.grant_id)


def own_share(holder: GrantHolder, share_id: UUID) -> Grant:
    """One of them; another patient's does not exist."""
    with services().database.transaction() as cursor:
        share = grant_with_id(cursor, share_id)
    if share is None or share.parent is None or share.parent.grant_id != holder.grant.grant_id:
        raise NotFound
    return share


def end_share(holder: GrantHolder, share_id: UUID) -> None:
    """Revoke one of the visit's own links, for good and at once. Doing it again changes nothing."""
    share = own_share(holder, share_id)
    if share.revoked_at is None:
        trail = services().audit_trail
        with services().database.transaction() as cursor:
            revoke_grant(cursor, share_id, services().clock(), by=f"grant {holder.grant.grant_id}")
            trail.record_in(cursor, trail.event(AuditKind.GRANT_REVOKED, holder, asker(), detail=f"share {share_id}"))
    services().doorkeeper.forget_grant(share_id)


def _first_report(cursor: Cursor, parent: Grant, wish: ShareWish, report_id: UUID) -> UUID:
    """The report that a link is for first: the one that is looked at, unless other studies are wished for."""
    if wish.studies is None:
        return report_id
    reports = [one for one in reports_with_ids(cursor, parent.reached_reports) if one.study_instance_uid in wish.studies]
    if not reports:
        raise ShareRefused(Flaw.STUDIES)
    return next((one.report_id for one in reports if one.report_id == report_id), reports[0].report_id)
