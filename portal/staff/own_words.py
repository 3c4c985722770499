# SPDX-License-Identifier: AGPL-3.0-or-later
"""What nobody's password may be made of."""

from __future__ import annotations

from cloudfilm.db.hospitals import hospital_named
from portal.services import services


def own_words(login: str, full_name: str, hospital_id: str | None) -> list[str]:
    """The login, the name and the hospital of an account."""
    if hospital_id is None:
        return [login, full_name]
    with services().database.transaction() as cursor:
        known = hospital_named(cursor, hospital_id)
    return [login, full_name, hospital_id, *([known.name] if known else [])]
