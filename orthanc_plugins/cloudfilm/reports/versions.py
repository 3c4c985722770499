# SPDX-License-Identifier: AGPL-3.0-or-later
"""Versions of one report: which documents are versions of each other, and which is the current one. Pure.

Hiding a report behind another is as bad as showing an old one: only what has an equal exam number or study, and differs neither in the patient nor
in the kind of report nor in the body part, is a version of the other. Which one is current does not depend on the order in which they came:

1. The later report time counts, as far as it was read; a time after the arrival cannot be right, so the arrival is the latest it may be.
2. At the same time: what the sender says. A withdrawal comes after a correction, that after a final report, that after a preliminary one.
3. Else what came later.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from cloudfilm.dicom.exam_numbers import exam_numbers
from cloudfilm.reports.body_parts import body_parts
from cloudfilm.reports.evidence import same_name, trimmed
from cloudfilm.reports.fields import ReportFields

_RANK = {"P": 0, None: 1, "F": 1, "C": 2, "X": 3}
# What a title says of the version and not of the kind.
_OF_THE_VERSION = re.compile(r"[(（\[【].*?[)）\]】]|更正|补充|修正|修订|修改|初步|临时|正式|最终|单|\s")


@dataclass(frozen=True, slots=True)
class Version:
    """One document. ``received_at`` is in the hospital's time, like the time that is printed on it."""

    report_id: UUID
    fields: ReportFields
    received_at: datetime
    study_instance_uids: frozenset[str] = frozenset()

    @property
    def is_withdrawal(self) -> bool:
        """Whether its sender says by it that the report no longer holds."""
        return self.fields.report_status == "X"


def current_of(versions: Sequence[Version]) -> Version:
    """The version that is shown."""
    return max(versions, key=_order)


def is_version_of(one: Version, other: Version, unsure: Collection[str] = ()) -> bool:
    """Whether two documents are versions of one report; ``unsure`` names fields that were not read with certainty: they tie nothing together."""
    same_number = "accession_number" not in unsure and _have_common(
        exam_numbers(one.fields.accession_number)[:1], exam_numbers(other.fields.accession_number)[:1]
    )
    no_other_number = not trimmed(one.fields.accession_number) or not trimmed(other.fields.accession_number)
    same_study = bool(one.study_instance_uids) and one.study_instance_uids == other.study_instance_uids
    return (same_number or (same_study and no_other_number)) and not _differ(one.fields, other.fields)


def _order(version: Version) -> tuple[datetime, int, datetime, str]:
    arrived = version.received_at.replace(tzinfo=None)
    return (
        min(_signed(version.fields.report_time, arrived), arrived),
        _RANK.get(version.fields.report_status, 1),
        arrived,
        str(version.report_id),
    )


def _signed(report_time: str | None, arrived: datetime) -> datetime:
    """When it was signed: of a day without an hour the latest moment that is possible."""
    try:
        signed = datetime.fromisoformat(report_time or "")
    except ValueError:
        return arrived
    return signed if len(report_time or "") > len("YYYY-MM-DD") else datetime.combine(signed.date(), time.max)


def _differ(one: ReportFields, other: ReportFields) -> bool:
    """Whether anything says that these are two reports. What one of them does not say does not."""
    names = one.patient_name and other.patient_name and same_name(one.patient_name, other.patient_name) is False
    patients = _unlike(trimmed(one.patient_id), trimmed(other.patient_id))
    kinds = _unlike(_kind(one), _kind(other)) or _unlike(one.modality, other.modality)
    parts = body_parts(one.body_part), body_parts(other.body_part)
    return bool(names or patients or kinds or (all(parts) and not parts[0] & parts[1]) or _unlike(_exam_day(one), _exam_day(other)))


def _unlike(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)


def _kind(fields: ReportFields) -> str:
    return _OF_THE_VERSION.sub("", fields.report_kind or "").casefold()


def _exam_day(fields: ReportFields) -> str:
    return (fields.exam_time or "")[:10]


def _have_common(one: Collection[str], other: Collection[str]) -> bool:
    return not set(one).isdisjoint(other)
