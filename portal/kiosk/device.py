# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which kiosk makes this request, and how a browser becomes one."""

from __future__ import annotations

from cloudfilm.access.access_code import hash_access_code, normalise_access_code
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.device import throttled_network
from cloudfilm.access.holder import KioskHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.kiosks import Kiosk, kiosk_with_id, take_pairing
from cloudfilm.db.wrong_tries import count_try, forgive_try, window_start
from cloudfilm.errors import NotFound, Unauthenticated
from portal.services import services
from portal.session import asker, new_id

_WRONG_PAIRINGS = 10


def this_kiosk() -> Kiosk:
    """The kiosk that this browser is; 401, with the form to become one, for any other."""
    holders = services().doorkeeper.holders(asker())
    holder = next((one for one in holders if isinstance(one, KioskHolder)), None)
    if holder is None or holder.closed:
        raise Unauthenticated("This device is not a kiosk.")
    if services().doorkeeper.would_allow(AccessRequest(Action.PRINT_AT_KIOSK), asker()) is None:
        raise NotFound
    with services().database.transaction() as cursor:
        kiosk = kiosk_with_id(cursor, holder.kiosk_id)
    if kiosk is None:
        raise Unauthenticated("This device is not a kiosk.")
    return kiosk


def pair(typed: str) -> Kiosk | None:
    """Become the kiosk whose code was typed; None for a code that does not work, or when this network has tried too often."""
    now, parts = services().clock(), services()
    subject, window = f"pairing:{throttled_network(asker().address)}", window_start(now)
    with parts.database.transaction() as cursor:
        tries = count_try(cursor, subject, window)
    code = normalise_access_code(typed)
    code_hash = hash_access_code(code or "0" * 12, parts.key_ring.hashing)
    if tries > _WRONG_PAIRINGS or code is None:
        return None
    with parts.database.transaction() as cursor:
        kiosk = take_pairing(cursor, code_hash, new_id(), now)
        if kiosk is not None:
            forgive_try(cursor, subject, window)
            holder = KioskHolder(kiosk.kiosk_id, kiosk.hospital_id, closed=False)
            parts.audit_trail.record_in(cursor, parts.audit_trail.event(AuditKind.SIGNED_IN, holder, asker(), detail=f"kiosk {kiosk.name}"))
    return kiosk
