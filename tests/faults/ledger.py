# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the senders were promised: every acknowledgement, by whom and when; and what was deleted on purpose."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.faults.exam import Image
from tests.support.instance import wait_for

NOT_TOGETHER = "an association had to wait until another was closed"
_TOGETHER_SECONDS = 15.0


@dataclass(frozen=True)
class Promise:
    """One instance that somebody said to have. ``whole_file``: the bytes of the file itself were sent (STOW-RS), not only its data set."""

    image: Image
    whole_file: bool
    began: float
    ended: float


@dataclass(frozen=True)
class Deletion:
    """A study that was deleted meanwhile."""

    study_instance_uid: str
    ended: float


@dataclass
class Ledger:
    """Written by the senders' threads, read by the fault, which waits for its moment, and by the invariants.

    ``reported`` is the study that the patient looks at in the end.
    """

    reported: str
    expected: int = 0
    promises: list[Promise] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    # Where all associations are to be open at once: each waits for the others before its first image.
    gate: threading.Barrier | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def promised(self, image: Image, whole_file: bool, began: float) -> None:
        """The answer to a sending that began then was success."""
        with self._lock:
            self.promises.append(Promise(image, whole_file, began, time.monotonic()))

    def refused(self, answer: str) -> None:
        """It was anything else; senders try again."""
        with self._lock:
            self.refusals[answer] += 1

    def wait_for_others(self) -> None:
        """Wait until every association is open."""
        if self.gate is not None:
            try:
                self.gate.wait(_TOGETHER_SECONDS)
            except threading.BrokenBarrierError:
                self.refused(NOT_TOGETHER)

    def deleted(self, study_instance_uid: str) -> None:
        """From now on what was promised before need not be there."""
        with self._lock:
            self.deletions.append(Deletion(study_instance_uid, time.monotonic()))

    def owed(self) -> list[Promise]:
        """What must be readable: everything acknowledged whose sending did not begin before its study was deleted."""
        with self._lock:
            gone = {one.study_instance_uid: one.ended for one in self.deletions}
            return [one for one in self.promises if one.began > gone.get(one.image.study_instance_uid, 0.0)]

    def wait_for_share(self, share: float) -> None:
        """Wait until so much of everything (0 to 1) is acknowledged: the moment of a fault."""
        wait_for(lambda: len(self.promises) >= share * self.expected, 120, f"{share:.0%} of the sending")
