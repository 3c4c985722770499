# SPDX-License-Identifier: AGPL-3.0-or-later
"""Conflicts at the gateway are decided in the cloud: their files are handed over to be kept aside there, and the decision is asked for."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from cloudfilm.dicom.preflight import Unsound, check
from cloudfilm.transfer.cloud import Cloud, Wanted
from cloudfilm.transfer.forwarding import DECIDED
from cloudfilm.transfer.queue import Queue
from cloudfilm.transfer.queue_state import State

_AT_ONCE = 100
_log = logging.getLogger(__name__)


class Conflicts:
    """Asked once in a while."""

    def __init__(self, queue: Queue, cloud: Cloud, folder: Path, clock: Callable[[], float]) -> None:
        self._queue, self._cloud, self._folder, self._clock = queue, cloud, folder, clock

    def follow(self) -> None:
        """
        Hand over what lies beside the archive here, and ask what became of what is in conflict.

        Raises
        ------
        LineFailure
            The next time.
        """
        for path in sorted(self._folder.glob("*.dcm"))[:_AT_ONCE]:
            self._hand_over(path)
        waiting = self._queue.in_conflict(_AT_ONCE)
        if not waiting:
            return
        receipts = self._cloud.receipts([Wanted(row.study_instance_uid, row.sop_instance_uid) for row, _ in waiting])
        for row, sha256 in waiting:
            receipt = receipts[Wanted(row.study_instance_uid, row.sop_instance_uid)]
            if sha256 in receipt.stored:
                self._queue.settle(row, State.CONFIRMED, sha256, "", self._clock())
            elif sha256 in receipt.decided:
                self._queue.settle(row, State.CONFIRMED, sha256, DECIDED, self._clock())

    def _hand_over(self, path: Path) -> None:
        """The file stays here until the cloud says that it has these very bytes, in its archive or aside."""
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            told = check(content)
        except Unsound:
            return
        wanted = Wanted(told.study_instance_uid, told.sop_instance_uid)
        if not self._is_there(wanted, sha256):
            self._cloud.store([content])
        if self._is_there(wanted, sha256):
            path.unlink()
            _log.info("handed a conflicting file over to the cloud")

    def _is_there(self, wanted: Wanted, sha256: str) -> bool:
        receipt = self._cloud.receipts([wanted])[wanted]
        return sha256 in receipt.stored | receipt.set_aside
