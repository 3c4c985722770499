# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a hospital says of itself on the pages of those who look; nothing where a share hides whose exam it is."""

from __future__ import annotations

from dataclasses import dataclass

from cloudfilm.access.grant import Grant
from cloudfilm.db.hospital_settings import logo_name, settings_of
from portal.services import services


@dataclass(frozen=True, slots=True)
class HospitalSays:
    """Texts as they were written; ``logo`` is the SHA-256 of its address."""

    disclaimer: str = ""
    contact: str = ""
    footer: str = ""
    filing_number: str = ""
    logo: str | None = None


def hospital_says(grant: Grant) -> HospitalSays:
    """What stands on the pages of this visit."""
    if not grant.shows_names:
        return HospitalSays()
    with services().database.transaction() as cursor:
        known = settings_of(cursor, grant.hospital_id)
        return HospitalSays(known.disclaimer, known.contact, known.footer, known.filing_number, logo_name(cursor, grant.hospital_id))
