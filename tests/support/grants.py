# SPDX-License-Identifier: AGPL-3.0-or-later
"""Grants as a test wants them, written into an instance's database, and tokens for them, signed with its keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from cloudfilm.access.token import Token, ViewerToken, issue_token
from cloudfilm.storage.key_files import load_key_ring
from tests.support.instance import Instance


def share_of(
    instance: Instance, hospital_id: str, studies: Iterable[str], rights: str = "images,report", hides_names: bool = False
) -> UUID:
    """A share of a patient's grant that reaches these studies."""
    parent, share = uuid4(), uuid4()
    columns = "grant_id, hospital_id, kind, rights, created_at, hides_names, parent_grant_id"
    every_right = ["download", "images", "report", "share"]
    for row in (
        (parent, hospital_id, "patient", every_right, datetime.now(UTC), False, None),
        (share, hospital_id, "share", rights.split(","), datetime.now(UTC), hides_names, parent),
    ):
        values = tuple(str(value) if isinstance(value, UUID) else value for value in row)
        instance.sql(f"INSERT INTO access_grant ({columns}) VALUES (%s, %s, %s, %s, %s, %s, %s)", *values)
        for study in studies:
            instance.sql("INSERT INTO grant_study (grant_id, study_instance_uid) VALUES (%s, %s)", str(row[0]), study)
    return share


def viewer_token(instance: Instance, grant_id: UUID, studies: Iterable[str]) -> str:
    """What OHIF gets."""
    return signed(instance, ViewerToken(grant_id, frozenset(studies)))


def signed(instance: Instance, token: Token) -> str:
    """A token as this instance would issue it."""
    return issue_token(token, load_key_ring(instance.data / "keys"), datetime.now(UTC), timedelta(minutes=15), uuid4())
