# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a report goes through: its statuses, and which may follow which. Pure; the table ``report_step`` holds the same in the database.

received → read → matched | waiting | review → issued → amended | withdrawn, and failed. *Issued*: bound to its study, and its paper or QR code
has left (fetched, sent back to the station, or opened by the patient). *Amended*: a newer version has taken its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ReportStatus(StrEnum):
    """Where a report stands."""

    RECEIVED = "received"
    READ = "read"
    WAITING = "waiting"
    MATCHED = "matched"
    REVIEW = "review"
    ISSUED = "issued"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


_S = ReportStatus
STEPS: Mapping[ReportStatus, frozenset[ReportStatus]] = {
    _S.RECEIVED: frozenset({_S.READ, _S.FAILED}),
    _S.READ: frozenset({_S.MATCHED, _S.WAITING, _S.REVIEW}),
    _S.WAITING: frozenset({_S.MATCHED, _S.REVIEW, _S.AMENDED, _S.WITHDRAWN, _S.FAILED}),
    _S.REVIEW: frozenset({_S.MATCHED, _S.WAITING, _S.WITHDRAWN, _S.FAILED}),
    # Back to waiting when the images were deleted, back to review when people take their decision back.
    _S.MATCHED: frozenset({_S.ISSUED, _S.AMENDED, _S.WITHDRAWN, _S.WAITING, _S.REVIEW}),
    _S.ISSUED: frozenset({_S.AMENDED, _S.WITHDRAWN, _S.WAITING, _S.REVIEW}),
    # Back when the newer version was taken away, or the withdrawal.
    _S.AMENDED: frozenset({_S.MATCHED, _S.WAITING, _S.WITHDRAWN}),
    _S.WITHDRAWN: frozenset({_S.MATCHED, _S.WAITING, _S.REVIEW, _S.AMENDED}),
    _S.FAILED: frozenset({_S.WAITING, _S.REVIEW}),
}
# The report has a study, and it is the current version of what is said of it.
BOUND = frozenset({_S.MATCHED, _S.ISSUED})


def may_become(before: str, after: str) -> bool:
    """Whether a report of one status may become the other in one step."""
    return ReportStatus(after) in STEPS[ReportStatus(before)]
