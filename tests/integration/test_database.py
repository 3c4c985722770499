# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pool of connections over a database that is restarted."""

from __future__ import annotations

from contextlib import ExitStack

from cloudfilm.db.database import Database, only_value
from tests.support.instance import Instance, wait_for


def test_a_pool_whose_connections_all_died_gives_good_ones(instance: Instance) -> None:
    database = Database(f"postgresql:///cloudfilm?host={instance.data}/run/postgresql&user=cloudfilm")
    pids = []
    with ExitStack() as stack:
        for _ in range(4):
            cursor = stack.enter_context(database.transaction())
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(only_value(cursor))
    instance.sql("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", pids)
    wait_for(lambda: instance.sql("SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%s)", pids) == [])
    with database.transaction() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert only_value(cursor) not in pids
    database.close()


def test_connections_are_used_again(instance: Instance) -> None:
    """Else each transaction costs a new process of the server."""
    database = Database(f"postgresql:///cloudfilm?host={instance.data}/run/postgresql&user=cloudfilm", maximum_connections=2)
    pids = []
    for _ in range(5):
        with database.transaction() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(only_value(cursor))
    database.close()
    assert len(set(pids)) == 1
