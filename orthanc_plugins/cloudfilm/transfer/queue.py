# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue: one row for each instance in the gateway's own archive, in SQLite on its disk.

An instance counts as queued from the moment that Orthanc's own transaction holds it: rows are derived from its change log and, at each start, from
its whole list. The queue can be deleted and loses nothing but what it remembers of tries.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloudfilm.transfer.backoff import LONGEST_SECONDS
from cloudfilm.transfer.queue_state import State

_SCHEMA = """
CREATE TABLE IF NOT EXISTS instance (
    orthanc_instance_id TEXT PRIMARY KEY,
    study_instance_uid  TEXT NOT NULL,
    sop_instance_uid    TEXT NOT NULL,
    size_bytes          INTEGER NOT NULL,
    arrived_at          REAL NOT NULL,
    priority            INTEGER NOT NULL,
    state               TEXT NOT NULL DEFAULT 'waiting',
    was_sent            INTEGER NOT NULL DEFAULT 0,
    failures            INTEGER NOT NULL DEFAULT 0,
    tries               INTEGER NOT NULL DEFAULT 0,
    next_try_at         REAL NOT NULL DEFAULT 0,
    reason              TEXT NOT NULL DEFAULT '',
    sha256              TEXT NOT NULL DEFAULT '',
    settled_at          REAL
);
CREATE INDEX IF NOT EXISTS waiting ON instance (state, priority, arrived_at);
CREATE INDEX IF NOT EXISTS of_study ON instance (study_instance_uid, state);
CREATE INDEX IF NOT EXISTS settled ON instance (state, settled_at);
-- Everything that was confirmed later than this is still here, unless something took it away.
CREATE TABLE IF NOT EXISTS forgotten (confirmed_until REAL NOT NULL);
INSERT INTO forgotten SELECT strftime('%s', 'now') WHERE NOT EXISTS (SELECT 1 FROM forgotten);
-- Studies that the cloud asked for again: it is told of them anew once everything of them has its verdict.
CREATE TABLE IF NOT EXISTS owed (study_instance_uid TEXT PRIMARY KEY);
"""
_ALONE_AFTER = 2
# The second half: the clock was set back since (`cloudfilm.transfer.backoff.is_over`).
_DUE = f"(next_try_at <= ? OR next_try_at > ? + {LONGEST_SECONDS})"


class Priority:
    """Who goes first; the newest study goes first among equals."""

    EMERGENCY, NORMAL, BACKFILL = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Arrived:
    """An instance that is to be queued."""

    orthanc_instance_id: str
    study_instance_uid: str
    sop_instance_uid: str
    size_bytes: int
    arrived_at: float
    priority: int


@dataclass(frozen=True, slots=True)
class Queued:
    """A row that somebody is about to send. ``was_sent``: it may be in the cloud already; ``failures``: sendings that ended without a verdict."""

    orthanc_instance_id: str
    study_instance_uid: str
    sop_instance_uid: str
    size_bytes: int
    was_sent: bool
    failures: int
    tries: int


@dataclass(frozen=True, slots=True)
class Held:
    """An instance that is here; ``sha256`` is empty before it was first read."""

    sop_instance_uid: str
    sha256: str
    state: State


@dataclass(frozen=True, slots=True)
class Count:
    """Instances in one state."""

    instances: int
    bytes: int
    oldest_arrived_at: float | None


@dataclass(frozen=True, slots=True)
class CameIn:
    """What arrived since a moment, as far as it is still here; ``last_at`` is of everything that is here, 0 for nothing."""

    instances: int
    bytes: int
    last_at: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What people have to look at."""

    study_instance_uid: str
    sop_instance_uid: str
    state: State
    reason: str
    tries: int
    arrived_at: float


class Queue:
    """One file; threads take turns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)
        if "asked_at" not in {row[1] for row in self._connection.execute("PRAGMA table_info(instance)")}:
            self._connection.execute("ALTER TABLE instance ADD COLUMN asked_at REAL NOT NULL DEFAULT 0")
        # Whoever was sending has ended without a verdict.
        self._connection.execute("UPDATE instance SET state = 'waiting' WHERE state = 'sending'")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def add(self, arrived: Iterable[Arrived]) -> None:
        """Queue instances; what is queued, or settled, stays as it is."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO instance (orthanc_instance_id, study_instance_uid, sop_instance_uid, size_bytes, arrived_at, priority)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [(one.orthanc_instance_id, one.study_instance_uid, one.sop_instance_uid, one.size_bytes, one.arrived_at, one.priority) for one in arrived],
            )  # fmt: skip

    def unknown(self, orthanc_instance_ids: Sequence[str]) -> list[str]:
        """Which of these have no row."""
        with self._transaction() as connection:
            known = {row[0] for row in connection.execute("SELECT orthanc_instance_id FROM instance")}
        return [one for one in orthanc_instance_ids if one not in known]

    def take(self, now: float, largest_bytes: int, most: int) -> list[Queued]:
        """Take the next batch, of one study; from now on it counts as sent. What has failed in company goes alone."""
        with self._transaction() as connection:
            first = connection.execute(
                f"SELECT orthanc_instance_id, study_instance_uid, priority, failures FROM instance WHERE state = 'waiting' AND {_DUE}"
                " ORDER BY priority, arrived_at DESC LIMIT 1",
                (now, now),
            ).fetchone()
            if first is None:
                return []
            if first[3] >= _ALONE_AFTER:
                condition, values = "orthanc_instance_id = ?", [first[0]]
            else:
                condition, values = f"study_instance_uid = ? AND failures < {_ALONE_AFTER}", [first[1]]
            rows = connection.execute(
                "SELECT orthanc_instance_id, study_instance_uid, sop_instance_uid, size_bytes, was_sent, failures, tries FROM instance"
                f" WHERE state = 'waiting' AND {_DUE} AND {condition} ORDER BY arrived_at, rowid LIMIT ?",
                (now, now, *values, most),
            ).fetchall()
            batch: list[Queued] = []
            size = 0
            for row in rows:
                if batch and size + row[3] > largest_bytes:
                    break
                batch.append(Queued(row[0], row[1], row[2], row[3], bool(row[4]), row[5], row[6]))
                size += row[3]
            connection.executemany(
                "UPDATE instance SET state = 'sending', was_sent = 1 WHERE orthanc_instance_id = ?",
                [(one.orthanc_instance_id,) for one in batch],
            )
        return batch

    def settle(self, one: Queued, state: State, sha256: str, reason: str, now: float) -> None:
        """The verdict: confirmed, in conflict, or set aside."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE instance SET state = ?, sha256 = ?, reason = ?, settled_at = ?, tries = ? WHERE orthanc_instance_id = ?",
                (state, sha256, reason, now, one.tries, one.orthanc_instance_id),
            )

    def confirm(self, settled: Iterable[tuple[Queued, str]], now: float) -> None:
        """The cloud has the very bytes, whose SHA-256 stands beside each: one transaction for all, each is synced to the disk."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE instance SET state = 'confirmed', sha256 = ?, reason = '', settled_at = ?, tries = ? WHERE orthanc_instance_id = ?",
                [(sha256, now, one.tries, one.orthanc_instance_id) for one, sha256 in settled],
            )

    def put_back(self, one: Queued, next_try_at: float, reason: str, is_its_own_fault: bool) -> None:
        """To be tried again. A line that was cut is not the instance's fault."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE instance SET state = 'waiting', next_try_at = ?, reason = ?, failures = failures + ?, tries = tries + ?"
                " WHERE orthanc_instance_id = ? AND state = 'sending'",
                (next_try_at, reason, not is_its_own_fault, is_its_own_fault, one.orthanc_instance_id),
            )

    def postpone(self, one: Queued, next_try_at: float, reason: str) -> None:
        """It could not even be read, since our own archive was being started: that says nothing about it or the line."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE instance SET state = 'waiting', next_try_at = ?, reason = ? WHERE orthanc_instance_id = ?",
                (next_try_at, reason, one.orthanc_instance_id),
            )

    def release(self) -> None:
        """An outage is over: what waited for its end goes on at once; what was refused itself keeps its pause."""
        with self._transaction() as connection:
            connection.execute("UPDATE instance SET next_try_at = 0 WHERE state = 'waiting' AND tries = 0")

    def try_again(self) -> int:
        """Everything that is kept aside, and everything that waits for its time, at once."""
        with self._transaction() as connection:
            return connection.execute(
                "UPDATE instance SET state = 'waiting', tries = 0, failures = 0, next_try_at = 0 WHERE state IN ('conflict', 'set aside')"
                " OR (state = 'waiting' AND next_try_at > 0)"
            ).rowcount

    def confirmed_before(self, moment: float, most: int) -> list[str]:
        """Instances that were confirmed before a time, oldest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT orthanc_instance_id FROM instance WHERE state = 'confirmed' AND settled_at < ? ORDER BY settled_at LIMIT ?",
                (moment, most),
            ).fetchall()
        return [row[0] for row in rows]

    def forget_confirmed(self, orthanc_instance_id: str) -> None:
        """It was kept long enough, and is deleted: what was confirmed before it may be gone too."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE forgotten SET confirmed_until = max(confirmed_until, coalesce((SELECT settled_at FROM instance WHERE orthanc_instance_id = ?), 0))",
                (orthanc_instance_id,),
            )
            connection.execute("DELETE FROM instance WHERE orthanc_instance_id = ?", (orthanc_instance_id,))

    def forgotten_until(self) -> float:
        """What was confirmed later is still here."""
        with self._transaction() as connection:
            return float(connection.execute("SELECT max(confirmed_until) FROM forgotten").fetchone()[0])

    def studies(self) -> list[str]:
        """StudyInstanceUIDs of everything that is here."""
        with self._transaction() as connection:
            return [row[0] for row in connection.execute("SELECT DISTINCT study_instance_uid FROM instance ORDER BY study_instance_uid")]

    def held_of(self, study_instance_uid: str) -> list[Held]:
        """What is here of a study."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT sop_instance_uid, sha256, state FROM instance WHERE study_instance_uid = ? ORDER BY sop_instance_uid",
                (study_instance_uid,),
            ).fetchall()
        return [Held(row[0], row[1], State(row[2])) for row in rows]

    def send_again(self, instances: Iterable[tuple[str, str]]) -> int:
        """Queue instances, by the UIDs of study and instance, that have their verdict already; what the cloud has of them, it is asked first.

        The cloud repeats itself until it is told of the study anew: what is owed already is not queued once more.
        """
        sent = 0
        with self._transaction() as connection:
            owed = {row[0] for row in connection.execute("SELECT study_instance_uid FROM owed")}
            for study_instance_uid, sop_instance_uid in instances:
                if study_instance_uid in owed:
                    continue
                changed = connection.execute(
                    "UPDATE instance SET state = 'waiting', tries = 0, failures = 0, next_try_at = 0, reason = '', settled_at = NULL"
                    " WHERE study_instance_uid = ? AND sop_instance_uid = ? AND state NOT IN ('waiting', 'sending')",
                    (study_instance_uid, sop_instance_uid),
                ).rowcount
                sent += changed
                connection.execute("INSERT OR IGNORE INTO owed VALUES (?)", (study_instance_uid,))
        return sent

    def owed(self) -> list[str]:
        """Studies to tell of anew, that have nothing on its way any more."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT study_instance_uid FROM owed WHERE NOT EXISTS (SELECT 1 FROM instance WHERE state IN ('waiting', 'sending')"
                " AND instance.study_instance_uid = owed.study_instance_uid) LIMIT 100"
            ).fetchall()
        return [row[0] for row in rows]

    def told_of(self, study_instance_uid: str) -> None:
        """The cloud knows how it is."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM owed WHERE study_instance_uid = ?", (study_instance_uid,))

    def in_conflict(self, most: int) -> list[tuple[Queued, str]]:
        """Instances that wait for people to decide, each with its SHA-256, the longest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT orthanc_instance_id, study_instance_uid, sop_instance_uid, size_bytes, was_sent, failures, tries, sha256 FROM instance"
                " WHERE state IN ('conflict', 'set aside') AND sha256 <> '' ORDER BY asked_at, settled_at LIMIT ?",
                (most,),
            ).fetchall()
            connection.executemany(
                "UPDATE instance SET asked_at = strftime('%s', 'now') WHERE orthanc_instance_id = ?", [(row[0],) for row in rows]
            )
        return [(Queued(row[0], row[1], row[2], row[3], bool(row[4]), row[5], row[6]), row[7]) for row in rows]

    def all_ids(self) -> list[str]:
        """Orthanc's identifiers of everything that has a row."""
        with self._transaction() as connection:
            return [row[0] for row in connection.execute("SELECT orthanc_instance_id FROM instance")]

    def forget(self, orthanc_instance_id: str) -> None:
        """It is not here any more."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM instance WHERE orthanc_instance_id = ?", (orthanc_instance_id,))

    def counts(self) -> dict[State, Count]:
        """By state."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT state, count(*), coalesce(sum(size_bytes), 0), min(arrived_at) FROM instance GROUP BY state"
            ).fetchall()
        found = {State(row[0]): Count(*row[1:]) for row in rows}
        return {state: found.get(state, Count(0, 0, None)) for state in State}

    def came_in(self, since: float) -> CameIn:
        """Since a moment, in seconds since 1970."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE arrived_at >= ?), coalesce(sum(size_bytes) FILTER (WHERE arrived_at >= ?), 0),"
                " coalesce(max(arrived_at), 0) FROM instance",
                (since, since),
            ).fetchone()
        return CameIn(*row)

    def kept_aside(self, most: int = 50) -> list[Kept]:
        """Conflicts and what was set aside, newest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT study_instance_uid, sop_instance_uid, state, reason, tries, arrived_at FROM instance"
                " WHERE state IN ('conflict', 'set aside') ORDER BY settled_at DESC LIMIT ?",
                (most,),
            ).fetchall()
        return [Kept(row[0], row[1], State(row[2]), *row[3:]) for row in rows]
