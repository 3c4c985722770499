# SPDX-License-Identifier: AGPL-3.0-or-later
"""One gateway: its version, and, where its hospital has consented at the gateway itself, its log and its settings."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.database import Cursor
from cloudfilm.db.gateway_maintenance import ask_for_log, ask_for_settings, asked_of
from cloudfilm.db.gateways import Gateway, gateway_with_id
from cloudfilm.errors import NotFound, SettingInvalid
from cloudfilm.gateway_settings import KEEP_DAYS, parse_speed_limits
from portal.services import services
from portal.session import asker
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

gateway_maintenance = Blueprint("staff_gateway_maintenance", __name__, url_prefix="/staff/gateways")
_LONGEST_LIMITS = 300


@gateway_maintenance.get("/<uuid:gateway_id>")
def show_gateway(gateway_id: UUID) -> Response:
    """``?trouble=`` is what was wrong with a form: ``limits`` or ``days``."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    with services().database.transaction() as cursor:
        gateway = _gateway(cursor, gateway_id, holder.hospital_id)
        asked = asked_of(cursor, gateway_id)
    trouble = next((one for one in ("limits", "days") if one == request.args.get("trouble")), "")
    return staff_page(
        "staff/gateway.html", holder, gateway=gateway, asked=asked, trouble=trouble, is_answered=_is_answered(gateway, asked.settings_order)
    )  # fmt: skip


@gateway_maintenance.post("/<uuid:gateway_id>")
def ask(gateway_id: UUID) -> Response:
    """``step``: ``log`` asks for the log, ``settings`` for other ``speed_limits`` and ``keep_days``; an empty field is the gateway's own setting."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    trail, now, step = services().audit_trail, services().clock(), request.form.get("step", "")
    page, detail = f"/staff/gateways/{gateway_id}", ""
    limits, days = request.form.get("speed_limits", "").strip(), request.form.get("keep_days", "").strip()
    if step == "settings" and (trouble := _trouble(limits, days)):
        return to_page(f"{page}?trouble={trouble}")
    with services().database.transaction() as cursor:
        gateway = _gateway(cursor, gateway_id, holder.hospital_id)
        if gateway.told.get("remote_allowed") is not True:
            return to_page(page)  # its hospital has ended it meanwhile
        if step == "log":
            ask_for_log(cursor, gateway_id, holder.full_name, now)
            detail = f"asked gateway {gateway_id} for its log"
        elif step == "settings":
            ask_for_settings(cursor, gateway_id, limits or None, int(days) if days else None, holder.full_name, now)
            detail = f"set gateway {gateway_id}: speed limits {limits or 'its own'}, days of keeping {days or 'its own'}"
        if detail:
            trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=detail))
    return to_page(page)


def _gateway(cursor: Cursor, gateway_id: UUID, hospital_id: str | None) -> Gateway:
    gateway = gateway_with_id(cursor, gateway_id)
    if gateway is None or gateway.hospital_id != hospital_id:
        raise NotFound
    return gateway


def _is_answered(gateway: Gateway, order: str) -> bool:
    return bool(order) and gateway.told.get("settings_order") == order


def _trouble(limits: str, days: str) -> str:
    try:
        parse_speed_limits(limits)
    except SettingInvalid:
        return "limits"
    if len(limits) > _LONGEST_LIMITS:
        return "limits"
    return "days" if days and not (days.isascii() and days.isdigit() and int(days) in KEEP_DAYS) else ""
