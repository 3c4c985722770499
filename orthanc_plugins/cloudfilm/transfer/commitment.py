# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the gateway commits to: what the cloud has confirmed with a receipt, or, by setting, what is on its own disk.

A modality asks right after it has sent, while the images are on their way: the answer waits for their verdicts, up to a limit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cloudfilm.orthanc_api.storage_commitment import Transaction, Verdict, instances_with_uid, verdict_of_stored
from cloudfilm.transfer.queue_state import State

WAIT_SECONDS = 600.0
_LOOK_EVERY_SECONDS = 0.5
_ON_THE_WAY = frozenset({State.WAITING, State.SENDING})


@dataclass(frozen=True, slots=True)
class GatewayCommitment:
    """Judges one instance.

    Parameters
    ----------
    queue
        The forwarder's queue, to read.
    is_durable_enough
        Whether being on this disk is enough.
    get, post, failure
        As Orthanc's module has them.
    """

    queue: Path
    is_durable_enough: bool
    get: Callable[[str], bytes]
    post: Callable[[str, bytes], bytes]
    failure: type[Exception]
    clock: Callable[[], float]
    wait: Callable[[float], object]

    def judge(self, transaction: Transaction, sop_class_uid: str, sop_instance_uid: str) -> Verdict:
        """Confirmed, or here and sound; nothing else is a yes."""
        here = instances_with_uid(self.post, sop_instance_uid)
        if not here:
            return Verdict.NO_SUCH_OBJECT_INSTANCE
        verdicts = {verdict_of_stored(self.get, self.post, self.failure, one, sop_class_uid) for one in here}
        if verdicts != {Verdict.COMMITTED}:
            return verdicts.pop() if len(verdicts) == 1 else Verdict.PROCESSING_FAILURE
        if self.is_durable_enough:
            return Verdict.COMMITTED
        while (states := self._states(here)) is None or states & _ON_THE_WAY:
            if self.clock() - transaction.asked_at >= WAIT_SECONDS:
                return Verdict.PROCESSING_FAILURE
            self.wait(_LOOK_EVERY_SECONDS)
        return Verdict.COMMITTED if states == {State.CONFIRMED} else Verdict.PROCESSING_FAILURE

    def _states(self, here: list[str]) -> set[State] | None:
        """Where these are on their way; None as long as the forwarder has not seen all of them."""
        marks = ", ".join("?" * len(here))
        with closing(sqlite3.connect(f"file:{self.queue}?mode=ro", uri=True, timeout=10)) as connection:
            rows = connection.execute(f"SELECT state FROM instance WHERE orthanc_instance_id IN ({marks})", here).fetchall()
        return {State(row[0]) for row in rows} if len(rows) == len(here) else None
