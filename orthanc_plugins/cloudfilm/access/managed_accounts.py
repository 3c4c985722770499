# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose accounts somebody manages: an administrator those of the own hospital, an operator all administrators and operators."""

from __future__ import annotations

from cloudfilm.access.holder import Role, StaffHolder

_MANAGED = {
    Role.ADMINISTRATOR: (Role.DOCTOR, Role.REGISTRAR, Role.ADMINISTRATOR),
    Role.OPERATOR: (Role.ADMINISTRATOR, Role.OPERATOR),
}


def managed_roles(holder: StaffHolder) -> tuple[Role, ...]:
    """The roles that this member of staff gives and takes."""
    return _MANAGED.get(holder.role, ())


def may_manage(holder: StaffHolder, role: Role, hospital_id: str | None) -> bool:
    """Whether an account of this role and hospital is this member's to manage."""
    return role in managed_roles(holder) and (holder.role is Role.OPERATOR or hospital_id == holder.hospital_id)
