# SPDX-License-Identifier: AGPL-3.0-or-later
"""One sender: takes a batch from the queue, sends it, asks for receipts, compares, and only then calls anything confirmed."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cloudfilm.errors import CloudFilmError
from cloudfilm.transfer.backoff import is_over, pause_seconds
from cloudfilm.transfer.cloud import Cloud, LineFailure, Refusal, Wanted
from cloudfilm.transfer.queue import Queue, Queued
from cloudfilm.transfer.queue_state import State

_MOST_IN_A_BATCH = 100
_NO_RECEIPT = Refusal("the cloud gave no receipt for it", may_pass=True)
DECIDED = "people decided for another content"
_log = logging.getLogger(__name__)


@dataclass
class Line:
    """What all senders know of the line: failures in a row, until when to keep still, how many were confirmed, the last trouble in words."""

    failures: int = 0
    still_until: float = 0.0
    confirmed: int = 0
    last_error: str = ""
    last_error_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    confirmed_at_failure: dict[str, int] = field(default_factory=dict)

    def good(self, confirmed: int) -> bool:
        """The cloud answered; return whether this ends an outage."""
        with self.lock:
            ends_outage = self.failures > 0
            self.failures, self.still_until = 0, 0.0
            self.confirmed += confirmed
            return ends_outage

    def bad(self, reason: str, now: float, random: float) -> None:
        """It did not. What several connections lose at once is one failure: the pause grows with outages, not with connections."""
        with self.lock:
            if is_over(self.still_until, now):
                self.failures += 1
                self.still_until = now + pause_seconds(self.failures, random)
            self.last_error, self.last_error_at = reason, now

    def others_got_through(self, orthanc_instance_id: str) -> bool:
        """Whether anything was confirmed since this instance failed last: then the line is not to blame for it."""
        with self.lock:
            before = self.confirmed_at_failure.get(orthanc_instance_id)
            self.confirmed_at_failure[orthanc_instance_id] = self.confirmed
            return before is not None and self.confirmed > before


@dataclass(frozen=True, slots=True)
class _Loaded:
    row: Queued
    file: bytes
    sha256: str

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.row.study_instance_uid, self.row.sop_instance_uid)


@dataclass(frozen=True, slots=True)
class Sender:
    """Works alone, beside others like it.

    Parameters
    ----------
    read_file : Callable
        The bytes of an instance of our own archive, None when it is not there any more.
    clock, random : Callable
        Seconds since 1970; a number from 0 to 1.
    line_is_back : Callable
        What is to be done at the end of an outage.
    """

    queue: Queue
    cloud: Cloud
    line: Line
    read_file: Callable[[str], bytes | None]
    batch_bytes: int
    most_tries: int
    clock: Callable[[], float]
    random: Callable[[], float]
    line_is_back: Callable[[], None]

    def send_next(self) -> bool:
        """Send one batch; False when there is nothing to do now."""
        now = self.clock()
        if not is_over(self.line.still_until, now):
            return False
        batch = self.queue.take(now, self.batch_bytes, _MOST_IN_A_BATCH)
        if not batch:
            return False
        loaded = self._load(batch)
        try:
            self._send(loaded)
        except LineFailure as failure:
            self.line.bad(str(failure), self.clock(), self.random())
            _log.warning("%s %d instances will be tried again.", failure, len(loaded))
            for one in loaded:
                self._failed_without_verdict(one.row, str(failure), is_alone=len(loaded) == 1)
        return True

    def _load(self, batch: Sequence[Queued]) -> list[_Loaded]:
        loaded = []
        for row in batch:
            try:
                file = self.read_file(row.orthanc_instance_id)
            except CloudFilmError as error:
                self.queue.postpone(row, self.clock() + pause_seconds(1, self.random()), error.public_message)
                continue
            if file is None:
                self.queue.forget(row.orthanc_instance_id)
            else:
                loaded.append(_Loaded(row, file, hashlib.sha256(file).hexdigest()))
        return loaded

    def _send(self, loaded: list[_Loaded]) -> None:
        # What was sent before may have been committed though the answer never came: ask first.
        doubtful = [one for one in loaded if one.row.was_sent]
        known = self.cloud.receipts([one.wanted for one in doubtful]) if doubtful else {}
        there = [one for one in doubtful if one.sha256 in known[one.wanted].stored]
        self._confirm(there)
        rest = [one for one in loaded if one not in there]
        if not rest:
            return
        refused = self.cloud.store([one.file for one in rest])
        receipts = self.cloud.receipts([one.wanted for one in rest])
        stored = [one for one in rest if one.sha256 in receipts[one.wanted].stored]
        self._confirm(stored)
        doubted: list[tuple[_Loaded, str]] = []
        for one in rest:
            if one in stored:
                continue
            receipt, refusal = receipts[one.wanted], refused.get(one.row.sop_instance_uid, _NO_RECEIPT)
            if one.sha256 in receipt.decided:
                self.queue.settle(one.row, State.CONFIRMED, one.sha256, DECIDED, self.clock())
            elif one.sha256 in receipt.set_aside:
                self._settle(one, State.CONFLICT, "the cloud keeps it aside until people have decided")
            elif receipt.stored:
                self._settle(one, State.CONFLICT, "the cloud has other content under the same SOPInstanceUID")
            elif receipt.refused:
                self._refused(one, receipt.refused)
            elif refusal.may_pass:
                doubted.append((one, refusal.reason))
            else:
                self._refused(one, refusal.reason)
        if doubted and not stored:
            # A cloud that can store nothing for an hour must not make people look at every image of that hour.
            raise LineFailure(doubted[0][1])
        self._answered(0)
        for one, reason in doubted:
            self._failed_without_verdict(one.row, reason, is_alone=True)

    def _confirm(self, loaded: Sequence[_Loaded]) -> None:
        if loaded:
            self.queue.confirm([(one.row, one.sha256) for one in loaded], self.clock())
            self._answered(len(loaded))

    def _answered(self, confirmed: int) -> None:
        if self.line.good(confirmed):
            self.line_is_back()

    def _settle(self, one: _Loaded, state: State, reason: str) -> None:
        _log.warning("%s: an instance of study %s: %s", state, one.row.study_instance_uid, reason)
        self.queue.settle(one.row, state, one.sha256, reason, self.clock())

    def _refused(self, one: _Loaded, reason: str) -> None:
        row = replace(one.row, tries=one.row.tries + 1)
        if row.tries >= self.most_tries:
            self._settle(replace(one, row=row), State.SET_ASIDE, reason)
        else:
            self.queue.put_back(row, self.clock() + pause_seconds(row.tries, self.random()), reason, is_its_own_fault=True)

    def _failed_without_verdict(self, row: Queued, reason: str, is_alone: bool) -> None:
        """The line's fault, unless this instance fails alone, again and again, while others get through."""
        is_its_own_fault = is_alone and self.line.others_got_through(row.orthanc_instance_id)
        if is_its_own_fault and row.tries + 1 >= self.most_tries:
            self.queue.settle(replace(row, tries=row.tries + 1), State.SET_ASIDE, "", reason, self.clock())
            return
        self.queue.put_back(row, self.clock() + pause_seconds(row.failures + 1, self.random()), reason, is_its_own_fault)
