# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stations handed in at the gateway: a row each, with its bytes, in SQLite on its disk.

The intake writes, the forwarder reads on. Whoever handed something in hears that it was taken when its row is committed and synced (WAL with
synchronous FULL syncs at each commit), and never before. Unlike the queue of images this file is the only place where they are: it is not to be
deleted. Weighed: files beside the rows, which would have to be kept in step with them over two processes and every kill.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloudfilm.db.origin import Way
from cloudfilm.errors import Unavailable
from cloudfilm.transfer.backoff import LONGEST_SECONDS
from cloudfilm.transfer.reports.arrival import Arrival, Copy, CopyState, Counts, Trouble

_SCHEMA = """
CREATE TABLE IF NOT EXISTS arrival (
    arrival_id    TEXT PRIMARY KEY,
    station       TEXT NOT NULL,
    kind          TEXT NOT NULL,
    title         TEXT NOT NULL,
    peer          TEXT NOT NULL,
    sha256        TEXT NOT NULL,
    arrived_at    REAL NOT NULL,
    state         TEXT NOT NULL DEFAULT 'waiting',
    failures      INTEGER NOT NULL DEFAULT 0,
    tries         INTEGER NOT NULL DEFAULT 0,
    next_try_at   REAL NOT NULL DEFAULT 0,
    reason        TEXT NOT NULL DEFAULT '',
    delivered_at  REAL,
    report_id     TEXT,
    copy          TEXT NOT NULL DEFAULT 'none',
    copy_next_at  REAL NOT NULL DEFAULT 0,
    copy_tries    INTEGER NOT NULL DEFAULT 0,
    cups_job      TEXT,
    content       BLOB NOT NULL,
    named_file    BLOB,
    UNIQUE (station, kind, sha256)
);
CREATE INDEX IF NOT EXISTS arrival_waiting ON arrival (state, arrived_at);
CREATE INDEX IF NOT EXISTS arrival_counts ON arrival (state, copy, arrived_at);
CREATE INDEX IF NOT EXISTS arrival_copy ON arrival (copy, copy_next_at);
"""
# The second half of each: the clock was set back since (`cloudfilm.transfer.backoff.is_over`).
_DUE = f"(next_try_at <= ? OR next_try_at > ? + {LONGEST_SECONDS})"
_COPY_DUE = f"(copy_next_at <= ? OR copy_next_at > ? + {LONGEST_SECONDS})"
_WAIT_SECONDS = 30.0
_AGAIN_AND_AGAIN = 3


class Arrivals:
    """One file; threads take turns, and so do processes."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=_WAIT_SECONDS)
        self._lock = threading.Lock()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise Unavailable("The gateway's disk takes nothing at the moment. Please try again later.") from error

    def keep(self, one: Arrival) -> bool:
        """Keep what was handed in; False when the station handed the same in before. What was set aside, or a copy that did not come, is tried anew.

        Raises
        ------
        Unavailable
            It was not kept: the disk is full, for example.
        """
        with self._transaction() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO arrival (arrival_id, station, kind, title, peer, sha256, arrived_at, content, named_file)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (one.arrival_id, one.station, one.kind, one.title, one.peer, one.sha256, one.arrived_at, one.content, one.named_file),
            ).rowcount
            if not added:
                connection.execute(
                    "UPDATE arrival SET state = 'waiting', tries = 0, failures = 0, next_try_at = 0"
                    " WHERE station = ? AND kind = ? AND sha256 = ? AND state = 'set aside'",
                    (one.station, one.kind, one.sha256),
                )
                connection.execute(
                    "UPDATE arrival SET copy = 'expected', copy_tries = 0, copy_next_at = 0"
                    " WHERE station = ? AND kind = ? AND sha256 = ? AND copy = 'failed'",
                    (one.station, one.kind, one.sha256),
                )
        return bool(added)

    def next_due(self, now: float) -> Arrival | None:
        """The oldest that is to be sent now; what has failed again and again comes after all others."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT arrival_id, station, kind, title, peer, sha256, arrived_at, content, named_file, failures, tries FROM arrival"
                f" WHERE state = 'waiting' AND {_DUE} ORDER BY failures + tries >= {_AGAIN_AND_AGAIN}, arrived_at LIMIT 1",
                (now, now),
            ).fetchone()
        return Arrival(row[0], row[1], Way(row[2]), *row[3:]) if row else None

    def delivered(self, arrival_id: str, report_id: str | None, expects_copy: bool, now: float) -> None:
        """The cloud has stored it; the station may expect the stamped copy of what it became."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE arrival SET state = 'delivered', reason = '', delivered_at = ?, report_id = ?, copy = ? WHERE arrival_id = ?",
                (now, report_id, CopyState.EXPECTED if expects_copy and report_id else CopyState.NONE, arrival_id),
            )

    def put_back(self, arrival_id: str, next_try_at: float, reason: str, is_its_own_fault: bool) -> None:
        """To be tried again. A line that was cut is not its fault."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE arrival SET next_try_at = ?, reason = ?, failures = failures + ?, tries = tries + ? WHERE arrival_id = ?",
                (next_try_at, reason, not is_its_own_fault, is_its_own_fault, arrival_id),
            )

    def set_aside(self, arrival_id: str, reason: str) -> None:
        """It is not sent any more until somebody asks for it."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE arrival SET state = 'set aside', reason = ?, tries = tries + 1 WHERE arrival_id = ?", (reason, arrival_id)
            )

    def release(self) -> None:
        """An outage is over: what waited for its end goes on at once."""
        with self._transaction() as connection:
            connection.execute("UPDATE arrival SET next_try_at = 0 WHERE state = 'waiting' AND tries = 0")

    def try_again(self) -> None:
        """Everything that is set aside or waits for its time, and every copy that did not come back, at once."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE arrival SET state = 'waiting', tries = 0, failures = 0, next_try_at = 0 WHERE state IN ('waiting', 'set aside')"
            )
            connection.execute(
                "UPDATE arrival SET copy = 'expected', copy_tries = 0, copy_next_at = 0 WHERE copy IN ('expected', 'failed')"
            )

    def copies_due(self, now: float, most: int) -> list[Copy]:
        """Copies to ask for now, the longest awaited first."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT arrival_id, station, title, report_id, delivered_at, cups_job, copy_tries FROM arrival"
                f" WHERE copy = 'expected' AND {_COPY_DUE} ORDER BY copy_next_at, delivered_at LIMIT ?",
                (now, now, most),
            ).fetchall()
        return [Copy(*row) for row in rows]

    def copy_later(self, arrival_id: str, next_at: float, trouble: str = "") -> None:
        """It is not there yet, or could not be handed over."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE arrival SET copy_next_at = ?, reason = ?, copy_tries = copy_tries + ? WHERE arrival_id = ?",
                (next_at, trouble, bool(trouble), arrival_id),
            )

    def copy_held(self, arrival_id: str, cups_job: str) -> None:
        """The copy is in the printer's queue, held: from here on it is this job and no other."""
        with self._transaction() as connection:
            connection.execute("UPDATE arrival SET cups_job = ? WHERE arrival_id = ?", (cups_job, arrival_id))

    def copy_done(self, arrival_id: str) -> None:
        """The station has its copy, or the printer's queue has."""
        with self._transaction() as connection:
            connection.execute("UPDATE arrival SET copy = 'done', reason = '' WHERE arrival_id = ?", (arrival_id,))

    def copy_failed(self, arrival_id: str, reason: str) -> None:
        """There is none, or it could not be handed over."""
        with self._transaction() as connection:
            connection.execute("UPDATE arrival SET copy = 'failed', reason = ? WHERE arrival_id = ?", (reason, arrival_id))

    def forget_before(self, moment: float) -> None:
        """Forget what was delivered before a time and has nothing to wait for."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM arrival WHERE state = 'delivered' AND copy <> 'expected' AND delivered_at < ?", (moment,))

    def counts(self) -> Counts:
        """How many are where."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT coalesce(sum(state = 'waiting'), 0), coalesce(sum(state = 'set aside'), 0), coalesce(sum(copy = 'expected'), 0),"
                " coalesce(sum(copy = 'failed'), 0), min(CASE state WHEN 'waiting' THEN arrived_at END) FROM arrival"
            ).fetchone()
        return Counts(*row)

    def troubles(self, most: int = 50) -> list[Trouble]:
        """What people have to look at, newest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT arrival_id, station, kind, reason, CASE state WHEN 'set aside' THEN tries ELSE copy_tries END, arrived_at,"
                " state = 'delivered' FROM arrival WHERE state = 'set aside' OR copy = 'failed' ORDER BY arrived_at DESC LIMIT ?",
                (most,),
            ).fetchall()
        return [Trouble(row[0], row[1], Way(row[2]), row[3], row[4], row[5], bool(row[6])) for row in rows]

    def trouble_numbered(self, number: str) -> Arrival | None:
        """What people have to look at, by the beginning of its identifier; None when it is nothing, or more than one."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT arrival_id, station, kind, title, peer, sha256, arrived_at, content, named_file, failures, tries FROM arrival"
                " WHERE substr(arrival_id, 1, ?) = ? AND (state = 'set aside' OR copy = 'failed') LIMIT 2",
                (len(number), number),
            ).fetchall()
        return Arrival(rows[0][0], rows[0][1], Way(rows[0][2]), *rows[0][3:]) if len(rows) == 1 else None

    def let_go(self, arrival_id: str) -> None:
        """Somebody has taken care of it: what was set aside is forgotten, a copy that did not come is not awaited any more."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM arrival WHERE arrival_id = ? AND state = 'set aside'", (arrival_id,))
            connection.execute("UPDATE arrival SET copy = 'none' WHERE arrival_id = ? AND copy = 'failed'", (arrival_id,))

    def last_used(self) -> dict[str, float]:
        """When each station was last heard of."""
        with self._transaction() as connection:
            return dict(connection.execute("SELECT station, max(arrived_at) FROM arrival GROUP BY station").fetchall())
