# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everybody who might knock: each with the headers that they send, and the holder that a door must take them for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind
from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, Role, Scope, StaffHolder
from cloudfilm.doors.asker import DEVICE_COOKIE, KIOSK_COOKIE, SESSION_COOKIE, STAFF_COOKIE
from tests.support.exam_of_hospital import Exam, Registry
from tests.support.mint import Mint

_AN_HOUR = timedelta(hours=1)
_TYPICAL = ("expired grant", "revoked grant")
_GARBAGE = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.x"


@dataclass(frozen=True)
class Knock:
    """Somebody at a door. ``holder`` is None for whoever must not be taken for anybody; ``typical`` stands for others of its sort."""

    name: str
    headers: dict[str, str] = field(default_factory=dict)
    holder: Holder | None = None
    typical: bool = False


def bearer(name: str, token: str, holder: Holder | None = None, typical: bool = False) -> Knock:
    return Knock(name, {"Authorization": f"Bearer {token}"}, holder, typical)


def cookie(name: str, which: str, token: str, holder: Holder | None = None, typical: bool = False) -> Knock:
    return Knock(name, {"Cookie": f"{which}={token}"}, holder, typical)


def with_invalid_credentials(target: Exam, registry: Registry, mint: Mint) -> Iterator[Knock]:
    """Nobody, forgeries, and what once opened this very exam."""
    now = datetime.now(UTC)
    good = registry.api_holder(target.hospital_id, now + _AN_HOUR)
    yield Knock("no credential", typical=True)
    yield bearer("garbage as bearer", "garbage")
    yield bearer("unsigned token", _GARBAGE, typical=True)
    yield Knock("basic authentication", {"Authorization": "Basic b3J0aGFuYzpvcnRoYW5j"})
    yield Knock("garbage in every cookie", {"Cookie": f"{SESSION_COOKIE}={_GARBAGE}; {STAFF_COOKIE}=1; {DEVICE_COOKIE}=x"})
    yield from _of_closed_grants(target, registry, mint, now)
    yield bearer("expired session token", mint.session(target.grant_id, lifetime=-_AN_HOUR))
    yield cookie("expired session", SESSION_COOKIE, mint.session(target.grant_id, lifetime=-_AN_HOUR))
    yield bearer("expired viewer token", mint.viewer(target.grant_id, target.study_instance_uid, lifetime=-_AN_HOUR))
    yield bearer("expired API token", mint.api(good.token_id, lifetime=-_AN_HOUR))
    ended = registry.api_holder(target.hospital_id, now - _AN_HOUR)
    yield bearer("API token that has expired in the database", mint.api(ended.token_id), ended)
    revoked = registry.api_holder(target.hospital_id, now + _AN_HOUR, revoked_at=now)
    yield bearer("revoked API token", mint.api(revoked.token_id), revoked, typical=True)
    for name, doctor in {
        "doctor who has signed out": registry.staff_holder(Role.DOCTOR, target.hospital_id, ended=True),
        "doctor whose account is disabled": registry.staff_holder(Role.DOCTOR, target.hospital_id, disabled=True),
    }.items():
        yield cookie(name, STAFF_COOKIE, mint.staff(doctor.session_id), doctor)
    yield from _of_the_wrong_kind(target, registry, mint, good)


def _of_closed_grants(target: Exam, registry: Registry, mint: Mint, now: datetime) -> Iterator[Knock]:
    dead, _ = registry.grant(target, revoked_at=now)
    closed = {
        "expired grant": registry.grant(target, expires_at=now - _AN_HOUR)[0],
        "revoked grant": dead,
        "grant of tomorrow": registry.grant(target, not_before=now + _AN_HOUR)[0],
        "share of a revoked grant": registry.grant(target, kind=GrantKind.SHARE, parent=dead)[0],
    }
    for name, grant in closed.items():
        yield cookie(f"{name}, session", SESSION_COOKIE, mint.session(grant.grant_id), GrantHolder(grant, consented=True), name in _TYPICAL)
        narrowed = GrantHolder(grant, consented=True, narrowed_to=frozenset({target.study_instance_uid}))
        yield bearer(f"{name}, viewer", mint.viewer(grant.grant_id, target.study_instance_uid), narrowed)


def _of_the_wrong_kind(target: Exam, registry: Registry, mint: Mint, good: ApiHolder) -> Iterator[Knock]:
    """Every token here is valid, and would open the exam in its own place."""
    doctor = registry.staff_holder(Role.DOCTOR, target.hospital_id)
    session, viewer = mint.session(target.grant_id), mint.viewer(target.grant_id, target.study_instance_uid)
    yield bearer("session as bearer", session, typical=True)
    yield cookie("session in the staff cookie", STAFF_COOKIE, session)
    yield cookie("viewer token in the session cookie", SESSION_COOKIE, viewer, typical=True)
    yield cookie("API token in the session cookie", SESSION_COOKIE, mint.api(good.token_id))
    yield bearer("API token as a gateway's", mint.gateway(good.token_id))
    yield bearer("staff session as bearer", mint.staff(doctor.session_id))
    yield cookie("staff session in the session cookie", SESSION_COOKIE, mint.staff(doctor.session_id))
    yield bearer("grant as an API token", mint.api(target.grant_id))
    yield bearer("device as bearer", mint.device())
    yield cookie("device in the session cookie", SESSION_COOKIE, mint.device())
    kiosk, pairing_id = registry.kiosk_holder(target.hospital_id)
    yield bearer("kiosk as bearer", mint.kiosk(kiosk.kiosk_id, pairing_id))
    yield cookie("kiosk in the session cookie", SESSION_COOKIE, mint.kiosk(kiosk.kiosk_id, pairing_id))
    yield cookie("kiosk whose browser was exchanged", KIOSK_COOKIE, mint.kiosk(kiosk.kiosk_id, kiosk.kiosk_id), replace(kiosk, closed=True))
    revoked, its_pairing = registry.kiosk_holder(target.hospital_id, revoked=True)
    yield cookie("revoked kiosk", KIOSK_COOKIE, mint.kiosk(revoked.kiosk_id, its_pairing), revoked, typical=True)
    yield Knock("viewer token in the query", {"X-CloudFilm-Query": f"token={viewer}"})


def of_another_hospital(own: Exam, target: Exam, registry: Registry, mint: Mint) -> Iterator[Knock]:
    """Valid credentials, of another hospital or for another exam."""
    program = registry.api_holder(own.hospital_id, datetime.now(UTC) + _AN_HOUR)
    gateway = registry.gateway_holder(own.hospital_id)
    grant, _ = registry.grant(own)
    yield bearer("foreign hospital's gateway", mint.gateway(gateway.token_id), gateway, typical=True)
    yield bearer("foreign hospital's API token", mint.api(program.token_id), program, typical=True)
    yield cookie(
        "foreign patient's session", SESSION_COOKIE, mint.session(grant.grant_id), GrantHolder(grant, consented=True), typical=True
    )
    narrowed = GrantHolder(grant, consented=True, narrowed_to=frozenset({own.study_instance_uid}))
    yield bearer("foreign viewer token", mint.viewer(grant.grant_id, own.study_instance_uid), narrowed, typical=True)
    # A viewer's token cannot say more than its grant.
    named = GrantHolder(grant, consented=True, narrowed_to=frozenset({target.study_instance_uid}))
    yield bearer("foreign viewer token that names the exam", mint.viewer(grant.grant_id, target.study_instance_uid), named)
    share, _ = registry.grant(own, kind=GrantKind.SHARE, parent=grant)
    yield cookie("foreign share's session", SESSION_COOKIE, mint.session(share.grant_id), GrantHolder(share, consented=True))
    for role in Role:
        member = registry.staff_holder(role, None if role is Role.OPERATOR else own.hospital_id)
        yield cookie(f"{role} of another hospital", STAFF_COOKIE, mint.staff(member.session_id), member, role is Role.ADMINISTRATOR)


def with_too_little(target: Exam, registry: Registry, mint: Mint) -> Iterator[Knock]:
    """Valid credentials of the exam's own hospital or patient: each lacks something, or is enough for the exam but not for the machine."""
    everything = registry.api_holder(target.hospital_id, datetime.now(UTC) + _AN_HOUR)
    yield bearer("API token of the hospital, at what no token opens", mint.api(everything.token_id), everything, typical=True)
    for scope in Scope:
        program = registry.api_holder(target.hospital_id, datetime.now(UTC) + _AN_HOUR, scopes=frozenset(Scope) - {scope})
        yield bearer(f"API token without {scope}", mint.api(program.token_id), program)
    for right in sorted(ALL_RIGHTS):
        grant, _ = registry.grant(target, rights=ALL_RIGHTS - {right})
        yield cookie(f"session without {right}", SESSION_COOKIE, mint.session(grant.grant_id), GrantHolder(grant, consented=True))
    hiding, _ = registry.grant(target, hides_names=True)
    yield cookie("session that hides names", SESSION_COOKIE, mint.session(hiding.grant_id), GrantHolder(hiding, consented=True))
    own = own_grant(target)
    yield cookie(
        "the patient, at what no patient opens",
        SESSION_COOKIE,
        mint.session(target.grant_id),
        GrantHolder(own, consented=True),
        typical=True,
    )
    yield cookie(
        "session before consent", SESSION_COOKIE, mint.session(target.grant_id, consented=False), GrantHolder(own, consented=False)
    )
    kiosk, pairing_id = registry.kiosk_holder(target.hospital_id)
    yield cookie("kiosk of the hospital", KIOSK_COOKIE, mint.kiosk(kiosk.kiosk_id, pairing_id), kiosk, typical=True)
    yield from _of_role_or_place(target, registry, mint, own)


def _of_role_or_place(target: Exam, registry: Registry, mint: Mint, own: Grant) -> Iterator[Knock]:
    narrowed = GrantHolder(own, consented=True, narrowed_to=frozenset({target.study_instance_uid}))
    yield bearer("viewer token of the exam", mint.viewer(own.grant_id, target.study_instance_uid), narrowed, typical=True)
    for role in Role:
        if role is not Role.OPERATOR:
            member = registry.staff_holder(role, target.hospital_id)
            yield cookie(f"{role} of the hospital", STAFF_COOKIE, mint.staff(member.session_id), member, typical=True)


def rightful(target: Exam, registry: Registry, mint: Mint) -> list[Knock]:
    """Who may see this exam with everything that there is of it, and the operator: each route must open to one of them, else the walk would prove nothing."""
    program = registry.api_holder(target.hospital_id, datetime.now(UTC) + _AN_HOUR)
    gateway = registry.gateway_holder(target.hospital_id)
    own = GrantHolder(own_grant(target), consented=True)
    kiosk, pairing_id = registry.kiosk_holder(target.hospital_id)
    members = [registry.staff_holder(role, None if role is Role.OPERATOR else target.hospital_id) for role in Role]
    return [
        bearer("API token of the hospital", mint.api(program.token_id), program),
        bearer("gateway of the hospital", mint.gateway(gateway.token_id), gateway),
        cookie("the patient", SESSION_COOKIE, mint.session(target.grant_id), own),
        cookie("kiosk of the hospital", KIOSK_COOKIE, mint.kiosk(kiosk.kiosk_id, pairing_id), kiosk),
        *(cookie(f"{one.role} of the hospital", STAFF_COOKIE, mint.staff(one.session_id), one) for one in members),
    ]


def own_grant(target: Exam) -> Grant:
    """The grant of the exam's own paper."""
    return Grant(
        target.grant_id, target.hospital_id, GrantKind.PATIENT, ALL_RIGHTS, datetime.now(UTC), target.report_id,
        frozenset({target.study_instance_uid}), frozenset({target.report_id}),
    )  # fmt: skip


def internal_at_public_door(mint: Mint) -> Knock:
    """Worth everything on the loopback, nothing from outside."""
    return bearer("internal token", mint.internal(), typical=True)


def is_open_staff(holder: Holder | None) -> bool:
    return isinstance(holder, StaffHolder) and not holder.closed
