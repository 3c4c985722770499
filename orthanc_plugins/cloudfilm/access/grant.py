# SPDX-License-Identifier: AGPL-3.0-or-later
"""A grant: the right to see something of one hospital, with what it reaches, until when, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class GrantKind(StrEnum):
    """Who was given it."""

    PATIENT = "patient"  # the holder of the paper
    SHARE = "share"  # whoever the patient passed a link to
    STAFF = "staff"  # a member of staff, for one launch of the viewer


class Right(StrEnum):
    """What a grant may be used for."""

    IMAGES = "images"
    REPORT = "report"
    DOWNLOAD = "download"
    SHARE = "share"


ALL_RIGHTS = frozenset(Right)


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant with what it reaches now.

    ``study_instance_uids`` and ``report_ids`` are what its scope (a report, named studies, or all exams of the report's patient at this
    hospital) means at this moment: a report's study is known only when its images have come. ``parent`` is the grant that a share was made
    from: a share can never do more, and dies with it.
    """

    grant_id: UUID
    hospital_id: str
    kind: GrantKind
    rights: frozenset[Right]
    created_at: datetime
    report_id: UUID | None = None
    study_instance_uids: frozenset[str] = frozenset()
    report_ids: frozenset[UUID] = frozenset()
    patient_wide: bool = False
    hides_names: bool = False
    not_before: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    maximum_openings: int | None = None
    openings: int = 0
    nickname: str = ""
    account_id: UUID | None = None
    last_used_at: datetime | None = None
    parent: Grant | None = None

    def line(self) -> Iterator[Grant]:
        """This grant and those that it came from."""
        grant: Grant | None = self
        while grant is not None:
            yield grant
            grant = grant.parent

    def why_closed(self, now: datetime) -> str | None:
        """Why nothing can be seen with it now; None while it is open."""
        for grant in self.line():
            if grant.revoked_at is not None:
                return "the grant is revoked"
            if grant.expires_at is not None and now >= grant.expires_at:
                return "the grant has expired"
            if grant.not_before is not None and now < grant.not_before:
                return "the grant is not valid yet"
        return None

    def is_open(self, now: datetime) -> bool:
        """Neither revoked nor expired nor too early, and neither is any grant that it came from."""
        return self.why_closed(now) is None

    @property
    def shows_names(self) -> bool:
        """Whether names and numbers may be seen: never below a grant that hides them."""
        return not any(grant.hides_names for grant in self.line())

    @property
    def reached_studies(self) -> frozenset[str]:
        """StudyInstanceUIDs that this grant and every grant that it came from reach."""
        return frozenset.intersection(*(grant.study_instance_uids for grant in self.line()))

    @property
    def reached_reports(self) -> frozenset[UUID]:
        """Reports that this grant and every grant that it came from reach."""
        return frozenset.intersection(*(grant.report_ids for grant in self.line()))
