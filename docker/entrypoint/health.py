# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the service of this container is well: ``python -m docker.entrypoint.health SERVICE``; the exit status is 0, or 1 after a sentence that says what is wrong.

Each asks for its own part only. A worker waits for a well Orthanc, so that Orthanc must not be called ill for want of a worker.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing

import psycopg2

from cloudfilm.db.workers import count_live_workers
from machine.printing import is_printing_up

_SECONDS = 5
_WORKER_SILENT_SECONDS = 30


class NotWell(Exception):
    """Said in the health log of the container."""


def ask_cloudfilm() -> None:
    """The portal inside Orthanc answers and reaches the database, and DICOM is open."""
    refuse_parts_down(_health("http://127.0.0.1:8042/portal/api/v1/health"), of={"portal", "database"})
    socket.create_connection(("127.0.0.1", 4242), timeout=_SECONDS).close()


def ask_worker() -> None:
    """A worker has told the job queue lately that it lives."""
    with (
        closing(psycopg2.connect(os.environ["CLOUDFILM_DATABASE_URI"], connect_timeout=_SECONDS)) as connection,
        connection.cursor() as cursor,
    ):
        if not count_live_workers(cursor, _WORKER_SILENT_SECONDS):
            raise NotWell("no worker has been heard of lately")


def ask_intake() -> None:
    """It listens for HL7, and films can be printed."""
    for port in (2575, 4243):
        socket.create_connection(("127.0.0.1", port), timeout=_SECONDS).close()


def ask_printer() -> None:
    """The print server answers."""
    if not is_printing_up():
        raise NotWell("the print server does not answer")


def ask_nginx() -> None:
    """The whole way: TLS, nginx, Orthanc, portal."""
    refuse_parts_down(_health("https://127.0.0.1:8443/api/v1/health"), of={"portal"})


QUESTIONS: Mapping[str, Callable[[], None]] = {
    "cloudfilm": ask_cloudfilm,
    "worker": ask_worker,
    "intake": ask_intake,
    "printer": ask_printer,
    "nginx": ask_nginx,
}


def refuse_parts_down(health: Mapping[str, Mapping[str, str]], of: set[str]) -> None:
    """Raise `NotWell` when the health answer does not say "up" of each of these parts."""
    for part in sorted(of):
        state = health.get("parts", {}).get(part, "missing")
        if state != "up":
            raise NotWell(f"{part} is {state}")


def main(service: str) -> int:
    """Ask, and say what is wrong."""
    try:
        QUESTIONS[service]()
    except (NotWell, OSError, ValueError, psycopg2.Error) as error:
        print(f"{service}: {error}", file=sys.stderr)
        return 1
    return 0


def _health(url: str) -> dict[str, dict[str, str]]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own nginx, on the loopback
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS, context=context) as answer:  # noqa: S310
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()  # 503 says which part is down
    health: dict[str, dict[str, str]] = json.loads(body)
    return health


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
