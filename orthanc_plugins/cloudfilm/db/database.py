# SPDX-License-Identifier: AGPL-3.0-or-later
"""Transactions on PostgreSQL: a bounded pool, one ``with`` per transaction."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2.extras import register_uuid
from psycopg2.pool import ThreadedConnectionPool

from cloudfilm.errors import Unavailable

type Cursor = psycopg2.extensions.cursor
register_uuid()  # type: ignore[no-untyped-call]


class Database:
    """A pool of connections, opened on first use: whoever waits for one waits at most ``wait_seconds``.

    Parameters
    ----------
    uri : str
        libpq connection URI.
    maximum_connections : int
        psycopg2's own pool raises when it is empty; here callers queue instead.
    autocommit : bool
        For a database that is only asked: each statement stands alone, which saves the two round trips of BEGIN and COMMIT.
    """

    def __init__(self, uri: str, maximum_connections: int = 8, wait_seconds: float = 10.0, autocommit: bool = False) -> None:
        self._uri = uri
        self._autocommit = autocommit
        self._maximum = maximum_connections
        self._wait_seconds = wait_seconds
        self._free = threading.BoundedSemaphore(maximum_connections)
        self._opening = threading.Lock()
        self._pool: ThreadedConnectionPool | None = None

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """Yield a cursor; commit at the end of the block, roll back on an exception.

        Raises
        ------
        Unavailable
            The database does not answer, or no connection came free in time.
        """
        if not self._free.acquire(timeout=self._wait_seconds):
            raise Unavailable("The database is busy. Please try again in a moment.")
        try:
            connection = self._connect()
            try:
                with connection, connection.cursor() as cursor:
                    yield cursor
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                connection.close()
                raise Unavailable("The database does not answer. Please try again in a moment.") from error
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close every connection."""
        with self._opening:
            if self._pool is not None:
                self._pool.closeall()
                self._pool = None

    def _connect(self) -> psycopg2.extensions.connection:
        try:
            with self._opening:
                if self._pool is None:
                    self._pool = ThreadedConnectionPool(0, self._maximum, self._uri, connect_timeout=5)
                    # Of what is given back psycopg2 keeps so many and closes the others; the constructor would open them all at once.
                    self._pool.minconn = self._maximum
            # The server may have been restarted while all connections of the pool lay in it.
            for _ in range(self._maximum + 1):
                connection: psycopg2.extensions.connection = self._pool.getconn()
                if not _is_stale(connection):
                    connection.autocommit = self._autocommit
                    return connection
                self._pool.putconn(connection, close=True)
        except psycopg2.OperationalError as error:
            raise Unavailable("The database does not answer. Please try again in a moment.") from error
        raise Unavailable("The database closes every connection. Please try again in a moment.")

    def _give_back(self, connection: psycopg2.extensions.connection) -> None:
        pool = self._pool
        if pool is not None:
            pool.putconn(connection, close=bool(connection.closed))


def only_value(cursor: Cursor) -> Any:
    """The one value of the one row that a statement always gives."""
    row = cursor.fetchone()
    if row is None:
        raise AssertionError("a statement that always gives a row gave none")
    return row[0]


def _is_stale(connection: psycopg2.extensions.connection) -> bool:
    """Whether the server has closed the connection.

    A server that closes one says so, and libpq knows only when it reads that. Where nothing waits to be read, nothing was said; where something
    does, which may be a notice or a part of TLS, a round trip tells.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        return True
    return False
