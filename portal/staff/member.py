# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who of the staff makes this request. Only the staff's own session counts here, whatever else the browser or a program presents."""

from __future__ import annotations

from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import AccessRequest, Action, Allow, decide
from cloudfilm.errors import NotFound, Unauthenticated
from portal.services import services
from portal.session import asker, member_of_staff


def member() -> StaffHolder:
    """Whoever is signed in; 401, with the form to sign in, when nobody is."""
    holder = member_of_staff()
    if holder is None:
        raise Unauthenticated("Please sign in.")
    return holder


def member_who_may(action: Action, study_instance_uid: str | None = None) -> StaffHolder:
    """Whoever is signed in and may do this at the own hospital, or with this study; 404 otherwise. Either is written down."""
    holder = member()
    owner = None if study_instance_uid is not None else holder.hospital_id
    wanted = AccessRequest(action, hospital_id=owner, study_instance_uid=study_instance_uid)
    if not services().doorkeeper.lets(holder, wanted, asker()):
        raise NotFound
    return holder


def could(holder: StaffHolder, action: Action, study_instance_uid: str | None = None) -> bool:
    """Whether this may be offered: a study's owner is the own hospital here."""
    wanted = AccessRequest(action, hospital_id=holder.hospital_id, study_instance_uid=study_instance_uid)
    return isinstance(decide(wanted, holder, services().clock()), Allow)
