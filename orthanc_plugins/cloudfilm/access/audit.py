# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who saw what: one event, and the chain that shows when a row was changed or taken out.

Each event is sealed by an HMAC over itself and the seal before it, with a key that is not in the database: whoever can write to the database
still cannot write history.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from cloudfilm.access.policy import Action


class AuditKind(StrEnum):
    """What happened."""

    GRANT_OPENED = "grant opened"
    CONSENT_GIVEN = "consent given"
    WRONG_CODE = "wrong code"
    SEARCHED = "searched"
    IMAGES_VIEWED = "images viewed"
    IMAGES_DOWNLOADED = "images downloaded"
    IMAGES_STORED = "images stored"
    IMAGES_SET_ASIDE = "images set aside"
    REPORT_READ = "report read"
    REPORT_DOWNLOADED = "report downloaded"
    REPORT_SUBMITTED = "report submitted"
    REPORT_PRINTED = "report printed"
    REPORT_REVIEWED = "report reviewed"
    ORDER_TAKEN = "order taken"
    PATIENT_CORRECTED = "patient corrected"
    PATIENTS_MERGED = "patients merged"
    MISTAKE_REPORTED = "mistake reported"
    MISTAKE_ANSWERED = "mistake answered"
    LOG_READ = "log read"
    SHARE_MADE = "share made"
    GRANT_MADE = "grant made"
    GRANT_REVOKED = "grant revoked"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    ADMINISTERED = "administered"
    GATEWAY_SILENT = "gateway silent"
    GATEWAY_HEARD = "gateway heard again"
    CONFLICT_SETTLED = "conflict settled"
    OTHER = "other"


KIND_OF_ACTION = {
    Action.QUERY: AuditKind.SEARCHED,
    Action.VIEW_IMAGES: AuditKind.IMAGES_VIEWED,
    Action.READ_METADATA: AuditKind.IMAGES_VIEWED,
    Action.READ_CLEANED_METADATA: AuditKind.IMAGES_VIEWED,
    Action.RETRIEVE_BULK_DATA: AuditKind.IMAGES_VIEWED,
    Action.RETRIEVE_ORIGINALS: AuditKind.IMAGES_DOWNLOADED,
    Action.STORE_IMAGES: AuditKind.IMAGES_STORED,
    Action.READ_REPORT: AuditKind.REPORT_READ,
    Action.SEE_REPORT_PAGES: AuditKind.REPORT_READ,
    Action.DOWNLOAD_REPORT: AuditKind.REPORT_DOWNLOADED,
    Action.SUBMIT_REPORT: AuditKind.REPORT_SUBMITTED,
    Action.FETCH_DELIVERY: AuditKind.REPORT_DOWNLOADED,
    Action.PRINT_AT_KIOSK: AuditKind.REPORT_PRINTED,
    Action.REVIEW_REPORTS: AuditKind.REPORT_REVIEWED,
    Action.SETTLE_CONFLICTS: AuditKind.IMAGES_VIEWED,
    Action.SHARE: AuditKind.SHARE_MADE,
    Action.READ_OWN_LOG: AuditKind.LOG_READ,
    Action.REPORT_MISTAKE: AuditKind.MISTAKE_REPORTED,
    Action.READ_AUDIT: AuditKind.LOG_READ,
    Action.MANAGE_GRANTS: AuditKind.ADMINISTERED,
    Action.ISSUE_PAPER: AuditKind.ADMINISTERED,
    Action.READ_STUDY_LOG: AuditKind.LOG_READ,
    Action.MANAGE_TOKENS: AuditKind.ADMINISTERED,
    Action.MANAGE_ACCOUNTS: AuditKind.ADMINISTERED,
    Action.TEACH_FORMS: AuditKind.ADMINISTERED,
    Action.MANAGE_HOSPITAL: AuditKind.ADMINISTERED,
    Action.READ_STATISTICS: AuditKind.OTHER,
    Action.OPERATE: AuditKind.OTHER,
    Action.ADMINISTER: AuditKind.OTHER,
}


class ActorKind(StrEnum):
    """What sort of credential somebody came with."""

    PATIENT = "patient"
    SHARE = "share"
    STAFF = "staff"
    PROGRAM = "program"
    CONSOLE = "console"  # scripts/cloudfilm on the machine itself
    MODALITY = "modality"
    STATION = "station"  # a printer queue, a folder or an HL7 sender
    KIOSK = "kiosk"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event. ``detail`` never holds a secret, a code, a token or a patient's name.

    ``outcome`` is ``success`` or ``denied``; ``actor_id`` is a grant's, an account's or a token's identifier, or an AE title.
    """

    happened_at: datetime
    kind: AuditKind
    outcome: str
    actor_kind: ActorKind
    actor_id: str = ""
    hospital_id: str = ""
    grant_id: UUID | None = None
    study_instance_uid: str = ""
    report_id: UUID | None = None
    address: str = ""
    device: str = ""
    detail: str = ""


NO_SEAL = b"\0" * 32


def seal_of(event: AuditEvent, sequence: int, previous: bytes, key: bytes) -> bytes:
    """The seal (HMAC-SHA-256, 32 bytes) of an event that follows the one sealed ``previous``."""
    content = [
        sequence,
        event.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
        *(str(value) if value is not None else "" for value in _values(event)),
    ]
    return hmac.digest(key, previous + json.dumps(content, ensure_ascii=True).encode("ascii"), hashlib.sha256)


def _values(event: AuditEvent) -> tuple[object, ...]:
    return (
        event.kind, event.outcome, event.actor_kind, event.actor_id, event.hospital_id, event.grant_id, event.study_instance_uid,
        event.report_id, event.address, event.device, event.detail,
    )  # fmt: skip
