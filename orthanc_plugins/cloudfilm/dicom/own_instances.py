# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which instances CloudFilm made itself: their UIDs are computed from what they hold, and they say so in a private block. Pure.

A computed UID makes storing repeatable: the same report of the same version in the same study is the same instance. The block holds what the
UID was computed from, so that an instance that comes back from elsewhere is recognised, and one that only claims to be ours is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from pydicom.dataset import Dataset

PRIVATE_CREATOR = "CLOUDFILM 1"
_GROUP, _REPORT, _KIND, _VERSION = 0x0099, 0x01, 0x02, 0x03
_NAMESPACE = UUID("6f0b6a0e-3a7c-5b7e-9a52-0f7d6b1f7c31")


class KeptKind(StrEnum):
    """What is kept of a report in its study."""

    DOCUMENT = "document"  # the original, as Encapsulated PDF
    FIELDS = "fields"  # what it says, as Basic Text SR


@dataclass(frozen=True, slots=True)
class KeptIdentity:
    """Which report, what of it, and which version: a hash of all that goes into the instance."""

    report_id: UUID
    study_instance_uid: str
    kind: KeptKind
    version: str

    @property
    def sop_instance_uid(self) -> str:
        """A UUID as a UID (PS3.5 §B.2)."""
        return _uid("instance", str(self.report_id), self.study_instance_uid, self.kind, self.version)

    @property
    def series_instance_uid(self) -> str:
        """All versions of one kind are one series."""
        return series_of_kept(self.report_id, self.study_instance_uid, self.kind)


def series_of_kept(report_id: UUID, study_instance_uid: str, kind: KeptKind) -> str:
    """SeriesInstanceUID of what is kept of a report in a study."""
    return _uid("series", str(report_id), study_instance_uid, kind)


def mark_as_own(dataset: Dataset, identity: KeptIdentity) -> None:
    """Write the private block."""
    block = dataset.private_block(_GROUP, PRIVATE_CREATOR, create=True)
    block.add_new(_REPORT, "LO", str(identity.report_id))
    block.add_new(_KIND, "CS", identity.kind.upper())
    block.add_new(_VERSION, "LO", identity.version)


def own_identity(dataset: Dataset) -> KeptIdentity | None:
    """What an instance was made from, None when it is not one of ours."""
    try:
        block = dataset.private_block(_GROUP, PRIVATE_CREATOR)
        identity = KeptIdentity(
            UUID(_text(block[_REPORT].value)),
            str(dataset.StudyInstanceUID),
            KeptKind(_text(block[_KIND].value).lower()),
            _text(block[_VERSION].value),
        )
    except (KeyError, ValueError, AttributeError):
        return None
    return identity if identity.sop_instance_uid == str(dataset.get("SOPInstanceUID", "")) else None


def _text(value: object) -> str:
    """An archive that forgot the VR of private elements hands them back as bytes."""
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip("\0 ")


def _uid(*parts: str) -> str:
    return f"2.25.{uuid5(_NAMESPACE, chr(10).join(parts)).int}"
