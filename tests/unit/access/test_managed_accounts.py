# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose accounts somebody manages: every pair of roles, at home and elsewhere."""

from __future__ import annotations

from uuid import UUID

import pytest

from cloudfilm.access.holder import Role, StaffHolder
from cloudfilm.access.managed_accounts import may_manage

MANAGED = {
    (Role.ADMINISTRATOR, Role.DOCTOR, "jia"), (Role.ADMINISTRATOR, Role.REGISTRAR, "jia"), (Role.ADMINISTRATOR, Role.ADMINISTRATOR, "jia"),
    (Role.OPERATOR, Role.OPERATOR, None), (Role.OPERATOR, Role.ADMINISTRATOR, "jia"), (Role.OPERATOR, Role.ADMINISTRATOR, "yi"),
}  # fmt: skip


@pytest.mark.parametrize("mine", Role)
@pytest.mark.parametrize("theirs", Role)
@pytest.mark.parametrize("hospital_id", ["jia", "yi"])
def test_who_manages_whom(mine: Role, theirs: Role, hospital_id: str) -> None:
    home = None if mine is Role.OPERATOR else "jia"
    where = None if theirs is Role.OPERATOR else hospital_id
    holder = StaffHolder(UUID(int=1), "li", "李", mine, home, UUID(int=2), closed=False)
    assert may_manage(holder, theirs, where) == ((mine, theirs, where) in MANAGED)
